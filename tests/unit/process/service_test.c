#include "process/service.h"

#include "base/log.h"
#include "support/launcher.h"
#include "support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct server place; /* only its folder is used */
static char *path;

static void setup(void)
{
    server_prepare(&place);
    path = server_path(&place, "skiff.pid");
    char *log = server_path(&place, "stderr");
    log_open(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), LOG_NOTICE, "");
    free(log);
}

static void teardown(void)
{
    (void)close(log_fd());
    log_open(STDERR_FILENO, LOG_NOTICE, "");
    free(path);
    server_release(&place);
}

static void check_refused(const char *at, const char *why)
{
    struct pid_file p;
    ck_assert(!pid_file_take(&p, at));
    ck_assert_msg(server_says(&place, why, 0), "%s", server_stderr(&place));
    pid_file_drop(&p); /* nothing was taken: nothing happens */
}

START_TEST(it_holds_the_number_and_nothing_is_left_beside_it)
{
    struct pid_file p;
    char expected[32], *text, *draft = NULL;
    (void)snprintf(expected, sizeof expected, "%d\n", (int)getpid());
    ck_assert(pid_file_take(&p, path));
    text = server_get(&place, "skiff.pid", NULL);
    ck_assert_str_eq(text, expected);
    ck_assert_int_ge(asprintf(&draft, "%s.%d", path, (int)getpid()), 0);
    ck_assert_int_lt(access(draft, F_OK), 0);
    pid_file_drop(&p);
    ck_assert_int_lt(access(path, F_OK), 0);
    free(text), free(draft);
}
END_TEST

START_TEST(a_locked_one_is_live_and_an_unlocked_one_is_replaced)
{
    struct pid_file first, second;
    ck_assert(pid_file_take(&first, path));
    check_refused(path, "already running as pid");
    (void)close(first.fd); /* as if its process had died */
    ck_assert(pid_file_take(&second, path));
    pid_file_drop(&second);
}
END_TEST

START_TEST(one_that_somebody_replaced_is_not_removed)
{
    struct pid_file p;
    ck_assert(pid_file_take(&p, path));
    ck_assert_int_eq(unlink(path), 0);
    server_put_text(&place, "skiff.pid", "1\n");
    pid_file_drop(&p);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(what_is_no_pid_file_is_never_touched)
{
    struct stat st;
    ck_assert_int_eq(symlink("/etc/hostname", path), 0);
    check_refused(path, "skiff.pid: ");
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    check_refused(path, "skiff.pid: ");
}
END_TEST

START_TEST(a_path_that_cannot_be_is_refused)
{
    static char name[5000];
    struct pid_file p;
    memset(name, 'x', sizeof name - 1);
    name[0] = '/';
    ck_assert(!pid_file_take(&p, name));
    check_refused("/nowhere/at/all.pid", "No such file");
}
END_TEST

/* In a process of its own: it closes what everybody has. */
static int close_and_open(void)
{
    struct stat st;
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    if (!service_open_standard())
        return 1;
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &st) < 0)
            return 2;
    service_silence();
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
            return 3;
    return 0;
}

START_TEST(closed_standard_descriptors_are_opened)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(close_and_open());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* A process that goes to the background; the code that its caller sees. */
static int detach_and(bool succeed)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int report;
        if (!service_detach(&report))
            _exit(99);
        if (succeed)
            service_report(report);
        _exit(7); /* seen by the parent only when nothing was reported */
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(the_parent_ends_with_0_after_a_report_and_else_as_the_child_did)
{
    ck_assert_int_eq(detach_and(true), 0);
    ck_assert_int_eq(detach_and(false), 7);
}
END_TEST

UNIT_MAIN_WITH("process/service", setup, teardown,
               it_holds_the_number_and_nothing_is_left_beside_it,
               a_locked_one_is_live_and_an_unlocked_one_is_replaced,
               one_that_somebody_replaced_is_not_removed, what_is_no_pid_file_is_never_touched,
               a_path_that_cannot_be_is_refused, closed_standard_descriptors_are_opened,
               the_parent_ends_with_0_after_a_report_and_else_as_the_child_did)
