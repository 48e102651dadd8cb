/* As a service and as a tool: pid file, background, PID 1, `skiff serve`. */
#include "support/launcher.h"
#include "support/unit.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char with_pid_file[] = "version: 1\nprocess: {pid_file: @DIR@/run/skiff.pid}\n"
                                    "listen: [\"127.0.0.1:@PORT@\"]\n"
                                    "log: {error: {to: @DIR@/error.log}}\n"
                                    "vhosts: [{root: @DIR@/www}]\n";

static struct server s;

static pid_t read_pid(void)
{
    char *text = server_get(&s, "run/skiff.pid", NULL);
    pid_t pid = (pid_t)atoi(text);
    free(text);
    return pid;
}

/* What went to the background is no child of the test: it is found by its pid file. */
static void end_background(void)
{
    pid_t pid = s.dir[0] && s.owner == getpid() ? read_pid() : 0;
    if (pid > 1)
        (void)kill(pid, SIGKILL); /* gone already, most times */
}

static void setup(void)
{
    server_prepare(&s);
    server_put_text(&s, "www/hello.txt", "hello");
    server_put_text(&s, "run/.keep", "");
    ck_assert_int_eq(atexit(end_background), 0); /* runs before the folder is removed */
}

static void teardown(void)
{
    end_background();
    server_release(&s);
    s.dir[0] = '\0';
}

static void wait_for_end(pid_t pid)
{
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; kill(pid, 0) == 0; sleep_ms(5))
        ck_assert_uint_lt(now_ms(), end);
}

static bool has_pid_file(void)
{
    char *path = server_path(&s, "run/skiff.pid");
    bool is_there = access(path, F_OK) == 0;
    free(path);
    return is_there;
}

/* --- the pid file --- */

START_TEST(the_pid_file_holds_the_masters_pid_and_goes_with_it)
{
    server_start(&s, with_pid_file);
    ck_assert_int_eq(read_pid(), s.pid);
    ck_assert_int_eq(server_stop(&s), 0);
    ck_assert(!has_pid_file());
}
END_TEST

START_TEST(a_stale_pid_file_is_replaced_even_when_its_number_lives)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%d\n", (int)getpid());
    server_put_text(&s, "run/skiff.pid", text);
    server_start(&s, with_pid_file);
    ck_assert_int_eq(read_pid(), s.pid);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_second_start_is_refused_and_leaves_the_first_alone)
{
    char expected[64];
    struct server second;
    const char *const args[] = {"run", "-c", "@DIR@/skiff.yaml", NULL};
    server_start(&s, with_pid_file);
    (void)snprintf(expected, sizeof expected, "already running as pid %d", (int)s.pid);
    second = s;
    second.pid = 0;
    ck_assert_int_eq(server_run(&second, args), 1);
    ck_assert(server_says(&second, expected, 0));
    ck_assert_int_eq(read_pid(), s.pid);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_start_that_fails_leaves_no_pid_file)
{
    const char *const args[] = {"run", "-c", "@DIR@/skiff.yaml", NULL};
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nprocess: {pid_file: @DIR@/run/skiff.pid}\n"
                    "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/none}]\n");
    ck_assert_int_eq(server_run(&s, args), 1);
    ck_assert(!has_pid_file());
}
END_TEST

START_TEST(a_pid_file_in_a_missing_folder_is_told_with_1)
{
    const char *const args[] = {"run", "-c", "@DIR@/skiff.yaml", NULL};
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nprocess: {pid_file: @DIR@/none/skiff.pid}\n"
                    "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n");
    ck_assert_int_eq(server_run(&s, args), 1);
    ck_assert(server_says(&s, "/none/skiff.pid", 0));
}
END_TEST

/* --- the background --- */

START_TEST(in_the_background_the_command_returns_when_it_accepts)
{
    const char *const args[] = {"run", "-d", "-c", "skiff.yaml", NULL};
    server_put_text(&s, "skiff.yaml", with_pid_file);
    ck_assert_int_eq(server_run(&s, args), 0);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200); /* at once: no waiting */
    pid_t pid = read_pid();
    ck_assert_int_gt(pid, 1);
    ck_assert_int_eq(kill(pid, SIGHUP), 0); /* the relative path is still found */
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS;; sleep_ms(10)) {
        char *log = server_get(&s, "error.log", NULL);
        bool is_done = strstr(log, "reload: done") != NULL;
        free(log);
        if (is_done)
            break;
        ck_assert_uint_lt(now_ms(), end);
    }
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    wait_for_end(pid);
    ck_assert(!has_pid_file());
}
END_TEST

START_TEST(a_background_start_that_fails_says_why)
{
    const char *const args[] = {"-d", "-c", "skiff.yaml", NULL};
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nlisten: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/none}]\n");
    ck_assert_int_eq(server_run(&s, args), 1);
    ck_assert(server_says(&s, "/none", 0));
    server_put_text(&s, "skiff.yaml", "version: 1\n");
    ck_assert_int_eq(server_run(&s, args), 2);
}
END_TEST

/* What `output=$(skiff -d)` does: it reads to the end, which is when the last writer is gone. */
START_TEST(in_the_background_it_lets_go_of_the_callers_pipe)
{
    int ends[2], status;
    char text[4096];
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nprocess: {pid_file: @DIR@/run/skiff.pid}\n"
                    "listen: [\"127.0.0.1:@PORT@\"]\nlog: {access: stdout}\n"
                    "vhosts: [{root: @DIR@/www}]\n");
    char *file = server_path(&s, "skiff.yaml");
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)(dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0 ||
               close(ends[0]) < 0 || close(ends[1]) < 0);
        execl(getenv("SKIFF"), "skiff", "-d", "-c", file, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    free(file);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    struct pollfd pfd = {.fd = ends[0], .events = POLLIN};
    ssize_t n = 1;
    size_t said = 0;
    for (; n > 0; said += (size_t)n) {
        ck_assert_msg(poll(&pfd, 1, LAUNCH_WAIT_MS) == 1, "the pipe is still held");
        n = read(ends[0], text + said, sizeof text - said);
        ck_assert_int_ge((int)n, 0);
    }
    ck_assert_ptr_nonnull(memmem(text, said, "nobody reads it", strlen("nobody reads it")));
    close(ends[0]);
    pid_t pid = read_pid();
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(kill(pid, SIGHUP), 0); /* nor does a new generation need it */
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    wait_for_end(pid);
}
END_TEST

/* In a process of its own, whose next child is PID 1 of a new namespace. */
static int run_as_pid_1(void)
{
    if (unshare(CLONE_NEWPID) < 0)
        return errno == EPERM ? 0 : 1; /* not ours to do: nothing to see here */
    s.owner = getpid();
    server_start(&s, with_pid_file);
    ck_assert_int_eq(read_pid(), 1);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    return server_stop(&s);
}

START_TEST(it_works_as_pid_1)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_as_pid_1());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* --- serve --- */

static void start_serve(const char *dir)
{
    const char *args[] = {"serve", dir, "--listen", "127.0.0.1:@PORT@", NULL};
    server_launch(&s, args);
    server_await(&s);
}

static void wait_for_output(const char *text)
{
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS;; sleep_ms(10)) {
        char *out = server_get(&s, "stdout", NULL);
        bool found = strstr(out, text) != NULL;
        ck_assert_msg(found || now_ms() < end, "no \"%s\" in: %s", text, out);
        free(out);
        if (found)
            return;
    }
}

START_TEST(serve_prints_the_url_and_the_requests)
{
    char url[64];
    (void)snprintf(url, sizeof url, "/www at http://127.0.0.1:%u/\n", s.port);
    start_serve("www");
    wait_for_output(url);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    wait_for_output("\"GET /hello.txt HTTP/1.1\" 200 5");
    ck_assert_int_eq(server_stop(&s), 0);
    char *said = server_stderr(&s);
    ck_assert_msg(strstr(said, "master") == NULL, "%s", said); /* nothing worth telling */
    free(said);
}
END_TEST

START_TEST(serve_takes_any_folder_name)
{
    static const char name[] = "a \"quoted\" ${HOME} $x \\ # folder: [x]";
    char file[128];
    (void)snprintf(file, sizeof file, "%s/hello.txt", name);
    server_put_text(&s, file, "odd");
    start_serve(name);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(serve_works_as_the_folders_owner)
{
    pid_t worker;
    char *www = server_path(&s, "www"), *hello = server_path(&s, "www/hello.txt"), proc[64];
    uid_t owner = geteuid() == 0 ? 54321 : geteuid();
    ck_assert_int_eq(chown(www, owner, (gid_t)-1), 0);
    ck_assert_int_eq(chown(hello, owner, (gid_t)-1), 0);
    ck_assert_int_eq(chmod(www, 0700), 0);
    start_serve("www");
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_workers(&s, &worker, 1), 1);
    char *status = NULL;
    (void)snprintf(proc, sizeof proc, "/proc/%d/status", (int)worker);
    FILE *f = fopen(proc, "re");
    ck_assert_ptr_nonnull(f);
    size_t size = 0;
    unsigned uid = 0;
    while (getline(&status, &size, f) > 0)
        if (sscanf(status, "Uid: %u", &uid) == 1)
            break;
    ck_assert_uint_eq(uid, owner);
    (void)fclose(f); /* only read */
    free(status), free(www), free(hello);
}
END_TEST

START_TEST(serve_ends_with_its_terminal)
{
    start_serve("www");
    server_signal(&s, SIGHUP);
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 0);
}
END_TEST

START_TEST(serve_suggests_another_address_when_one_is_in_use)
{
    struct server other = s;
    const char *const args[] = {"serve", "www", "--listen", "127.0.0.1:@PORT@", NULL};
    start_serve("www");
    ck_assert_int_eq(server_run(&other, args), 1);
    ck_assert(server_says(&other, "--listen", 0));
}
END_TEST

START_TEST(serve_tells_what_is_no_folder_with_1)
{
    static const char *const words[][3] = {{"serve", "nowhere", NULL},
                                           {"serve", "www/hello.txt", NULL}};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(server_run(&s, words[i]), 1);
        ck_assert(server_says(&s, words[i][1], 0));
    }
}
END_TEST

UNIT_MAIN_WITH("life/service", setup, teardown, the_pid_file_holds_the_masters_pid_and_goes_with_it,
               a_stale_pid_file_is_replaced_even_when_its_number_lives,
               a_second_start_is_refused_and_leaves_the_first_alone,
               a_start_that_fails_leaves_no_pid_file, a_pid_file_in_a_missing_folder_is_told_with_1,
               in_the_background_the_command_returns_when_it_accepts,
               in_the_background_it_lets_go_of_the_callers_pipe,
               a_background_start_that_fails_says_why, it_works_as_pid_1,
               serve_prints_the_url_and_the_requests, serve_takes_any_folder_name,
               serve_works_as_the_folders_owner, serve_ends_with_its_terminal,
               serve_suggests_another_address_when_one_is_in_use,
               serve_tells_what_is_no_folder_with_1)
