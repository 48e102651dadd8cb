/* launcher: folders, files and processes; the talking is in launcher_talk.c. */
#include "support/launcher.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ARGS_MAX = 16,
    POLL_MS = 5,
    PORTS_LOCKED = 64,
    PORT_FIRST = 16384, /* below those that the kernel gives to clients */
    PORT_COUNT = 16384
};

const char server_plain_config[] = "version: 1\n"
                                   "process: {workers: 2}\n"
                                   "listen: [\"127.0.0.1:@PORT@\"]\n"
                                   "vhosts:\n"
                                   "  - root: @DIR@/www\n";

/* What this process must clean up when it exits, even by a failed test. */
static struct server *prepared[SERVERS_MAX];

uint64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};
    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

static void release_all(void)
{
    for (int i = 0; i < SERVERS_MAX; i++)
        if (prepared[i] && prepared[i]->owner == getpid())
            server_release(prepared[i]);
}

static void remember(struct server *s)
{
    static bool is_set;
    if (!is_set)
        is_set = atexit(release_all) == 0;
    for (int i = 0; i < SERVERS_MAX; i++)
        if (!prepared[i] || prepared[i]->owner != getpid()) {
            prepared[i] = s;
            return;
        }
    ck_abort_msg("more than %d servers at once", SERVERS_MAX);
}

static int bind_to(int type, const void *address, size_t n)
{
    const struct sockaddr *a = address;
    int fd = socket(a->sa_family, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, a, (socklen_t)n) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd); /* bound to nothing */
    return -1;
}

/* Tests run beside others: a name without a file is a lock on the port, seen where the port is
 * seen, and gone with the process. A process remembers its last ones. */
static bool lock_port(uint16_t port)
{
    static int locks[PORTS_LOCKED];
    static unsigned count;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int n = snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "skiff-test-port-%u", port);
    int fd = bind_to(SOCK_DGRAM, &a, offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    if (fd < 0)
        return false;
    int *place = &locks[count++ % PORTS_LOCKED];
    if (*place > 0)
        (void)close(*place); /* a lock whose test has ended */
    *place = fd;
    return true;
}

static bool is_unused(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = bind_to(SOCK_STREAM, &a, sizeof a); /* on all addresses */
    return fd >= 0 && close(fd) == 0;
}

uint16_t port_free(void)
{
    for (int tries = 0; tries < 1000; tries++) {
        uint16_t port;
        ck_assert_int_eq(getrandom(&port, sizeof port, 0), sizeof port);
        port = (uint16_t)(PORT_FIRST + port % PORT_COUNT);
        if (is_unused(port) && lock_port(port))
            return port;
    }
    ck_abort_msg("no free port");
    return 0;
}

void server_prepare(struct server *s)
{
    const char *base = getenv("TMPDIR");
    *s = (struct server){.owner = getpid()};
    int n = snprintf(s->dir, sizeof s->dir, "%s/skiff-test-XXXXXX", base && *base ? base : "/tmp");
    ck_assert_msg(n < (int)sizeof s->dir, "TMPDIR is too long");
    ck_assert_msg(mkdtemp(s->dir) != NULL, "%s: %s", s->dir, strerror(errno));
    remember(s);
    ck_assert_int_eq(chmod(s->dir, 0755), 0);
    char *www = server_path(s, "www");
    ck_assert_int_eq(mkdir(www, 0755), 0);
    free(www);
    s->port = port_free();
}

char *server_path(const struct server *s, const char *path)
{
    char *out = NULL;
    ck_assert_int_ge(asprintf(&out, "%s/%s", s->dir, path), 0);
    return out;
}

static void make_parents(char *path, size_t from)
{
    for (size_t i = from; path[i]; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        ck_assert_msg(mkdir(path, 0755) == 0 || errno == EEXIST, "%s: %s", path, strerror(errno));
        path[i] = '/';
    }
}

void server_put(const struct server *s, const char *path, const void *bytes, size_t n)
{
    char *full = server_path(s, path);
    make_parents(full, strlen(s->dir) + 1);
    FILE *f = fopen(full, "we");
    ck_assert_msg(f != NULL, "%s: %s", full, strerror(errno));
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
    free(full);
}

/* The text with @DIR@ and @PORT@ replaced, for free(). */
static char *fill_in(const struct server *s, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    ck_assert_ptr_nonnull(f);
    while (*text) {
        if (strncmp(text, "@DIR@", 5) == 0) {
            (void)fputs(s->dir, f);
            text += 5;
        } else if (strncmp(text, "@PORT@", 6) == 0) {
            (void)fprintf(f, "%u", s->port);
            text += 6;
        } else {
            (void)fputc(*text++, f);
        }
    }
    ck_assert_int_eq(fclose(f), 0); /* tells of any failure before */
    return out;
}

void server_put_text(const struct server *s, const char *path, const char *text)
{
    char *filled = fill_in(s, text);
    server_put(s, path, filled, strlen(filled));
    free(filled);
}

char *server_get(const struct server *s, const char *path, size_t *n)
{
    char *full = server_path(s, path), *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size), *in = fopen(full, "re");
    ck_assert_ptr_nonnull(out);
    char piece[16 * 1024];
    for (size_t got = 1; in && got > 0;) {
        got = fread(piece, 1, sizeof piece, in);
        (void)fwrite(piece, 1, got, out); /* fclose() tells of a failure */
    }
    if (in)
        (void)fclose(in); /* only read */
    ck_assert_int_eq(fclose(out), 0);
    free(full);
    if (n)
        *n = size;
    return bytes;
}

/* --- processes --- */

static int open_output(const struct server *s, const char *name)
{
    char *path = server_path(s, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    free(path);
    return fd;
}

/* In the child: never returns. */
static void become_skiff(const struct server *s, char **args, int out, int err)
{
    int in = open("/dev/null", O_RDONLY);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* no server outlives its test */
    if (chdir(s->dir) == 0 && in >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
        dup2(err, 2) == 2) {
        if (in > 2)
            (void)close(in);
        (void)execv(args[0], args);
    }
    (void)dprintf(err, "launcher: %s: %s\n", args[0], strerror(errno));
    _exit(127);
}

static void launch(struct server *s, char **args)
{
    int out = open_output(s, "stdout"), err = open_output(s, "stderr");
    ck_assert_int_eq(s->pid, 0);
    s->pid = fork();
    ck_assert_int_ge(s->pid, 0);
    if (s->pid == 0)
        become_skiff(s, args, out, err);
    (void)close(out); /* the child's */
    (void)close(err);
}

void server_launch(struct server *s, const char *const *args)
{
    char *filled[ARGS_MAX] = {getenv("SKIFF")};
    int count = 1;
    ck_assert_msg(filled[0] && filled[0][0] == '/', "SKIFF must be the binary's absolute path");
    for (; args[count - 1]; count++) {
        ck_assert_int_lt(count, ARGS_MAX - 1);
        filled[count] = fill_in(s, args[count - 1]);
    }
    launch(s, filled);
    while (--count > 0)
        free(filled[count]);
}

void server_launch_shell(struct server *s, const char *command)
{
    char shell[] = "/bin/sh", option[] = "-c", *filled = fill_in(s, command);
    char *args[] = {shell, option, filled, NULL};
    launch(s, args);
    free(filled);
}

void server_await(struct server *s)
{
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; now_ms() < end; sleep_ms(POLL_MS)) {
        int code = server_wait(s, 0);
        if (code >= 0) {
            char *said = server_stderr(s);
            ck_abort_msg("the server ended with %d and said:\n%s", code, said);
        }
        int fd = port_dial(s->port);
        if (fd >= 0) {
            (void)close(fd);
            return;
        }
    }
    ck_abort_msg("the server does not accept");
}

void server_start(struct server *s, const char *text)
{
    const char *const args[] = {"run", "-c", "@DIR@/skiff.yaml", NULL};
    server_put_text(s, "skiff.yaml", text);
    server_launch(s, args);
    server_await(s);
}

void server_start_all(struct server *s, const char *text)
{
    server_start(s, text);
    server_must_say(s, "serving: ");
}

int server_wait(struct server *s, int wait_ms)
{
    int status;
    uint64_t end = now_ms() + (uint64_t)wait_ms;
    ck_assert_int_gt(s->pid, 0);
    for (;;) {
        pid_t got = waitpid(s->pid, &status, WNOHANG);
        ck_assert_msg(got >= 0, "waitpid: %s", strerror(errno));
        if (got == s->pid)
            break;
        if (now_ms() >= end)
            return -1;
        sleep_ms(POLL_MS);
    }
    s->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int server_run(struct server *s, const char *const *args)
{
    server_launch(s, args);
    int code = server_wait(s, LAUNCH_WAIT_MS);
    ck_assert_msg(code >= 0, "skiff %s does not end", args[0] ? args[0] : "");
    return code;
}

void server_signal(const struct server *s, int signal)
{
    ck_assert_int_gt(s->pid, 0);
    ck_assert_int_eq(kill(s->pid, signal), 0);
}

int server_stop(struct server *s)
{
    server_signal(s, SIGTERM);
    int code = server_wait(s, LAUNCH_WAIT_MS);
    ck_assert_msg(code >= 0, "the server does not stop");
    return code;
}

char *server_stderr(const struct server *s)
{
    return server_get(s, "stderr", NULL);
}

bool server_says(const struct server *s, const char *text, int wait_ms)
{
    uint64_t end = now_ms() + (uint64_t)wait_ms;
    for (;;) {
        char *said = server_stderr(s);
        bool found = strstr(said, text) != NULL;
        free(said);
        if (found || now_ms() >= end)
            return found;
        sleep_ms(POLL_MS);
    }
}

unsigned server_said(const struct server *s, const char *text)
{
    unsigned count = 0;
    char *all = server_stderr(s);
    for (const char *p = all; (p = strstr(p, text)); p++)
        count++;
    free(all);
    return count;
}

void server_must_say(const struct server *s, const char *text)
{
    if (server_says(s, text, LAUNCH_WAIT_MS))
        return;
    char *said = server_stderr(s);
    ck_abort_msg("it does not say \"%s\": %s", text, said);
}

/* Is the process a living child of `parent`? */
static bool is_child(const char *pid, pid_t parent)
{
    char path[64], line[512] = "", state;
    int ppid = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false; /* it ended meanwhile */
    char *got = fgets(line, sizeof line, f);
    (void)fclose(f); /* only read */
    const char *end = got ? strrchr(line, ')') : NULL;
    return end && sscanf(end + 1, " %c %d", &state, &ppid) == 2 && ppid == parent && state != 'Z';
}

int server_workers(const struct server *s, pid_t *pids, int max)
{
    int count = 0;
    DIR *proc = opendir("/proc");
    ck_assert_ptr_nonnull(proc);
    for (struct dirent *e; (e = readdir(proc)) && count < max;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_child(e->d_name, s->pid))
            pids[count++] = (pid_t)atoi(e->d_name);
    (void)closedir(proc);
    return count;
}

static int count_entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder))
        count++;
    (void)closedir(folder);
    return count;
}

int server_descriptors(pid_t pid)
{
    char path[64];
    int least = INT_MAX;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    for (int i = 0; i < 10; i++) {
        int count = count_entries(path);
        least = count < least ? count : least;
        sleep_ms(20);
    }
    return least;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void server_release(struct server *s)
{
    if (s->pid > 0 && s->owner == getpid()) {
        (void)kill(s->pid, SIGKILL);
        (void)waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
    (void)nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a leftover in /tmp is no failure */
    for (int i = 0; i < SERVERS_MAX; i++)
        if (prepared[i] == s)
            prepared[i] = NULL;
}
