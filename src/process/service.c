/* service: pid file, background, standard descriptors. */
#include "process/service.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PID_FILE_TRIES = 5 }; /* others may take or drop it at the same moment */

bool service_open_standard(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

/* --- the pid file --- */

static long read_pid(int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

/* The path's present file is this open one. */
static bool is_same_file(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* A file with our number, locked, beside the path; -1 with errno. */
static int write_draft(const char *draft)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
    (void)unlink(draft); /* left by a process with our number that died right here */
    int fd = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && write(fd, text, (size_t)n) == n)
        return fd;
    int error = errno;
    (void)unlink(draft);
    (void)close(fd); /* useless without its contents */
    errno = error;
    return -1;
}

enum taking { TAKEN, TAKE_AGAIN, TAKE_FAILED, TAKE_LIVE };

/* Puts the draft where nothing is, or over a file that nobody has locked. */
static enum taking put_in_place(const char *draft, const char *path, long *live)
{
    if (link(draft, path) == 0)
        return unlink(draft) == 0 ? TAKEN : TAKE_FAILED;
    if (errno != EEXIST)
        return TAKE_FAILED;
    int old = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (old < 0)
        return errno == ENOENT ? TAKE_AGAIN : TAKE_FAILED;
    enum taking result = TAKE_AGAIN;
    if (flock(old, LOCK_EX | LOCK_NB) < 0) {
        *live = read_pid(old);
        result = errno == EWOULDBLOCK ? TAKE_LIVE : TAKE_FAILED;
    } else if (is_same_file(old, path)) {
        result = rename(draft, path) == 0 ? TAKEN : TAKE_FAILED;
    }
    (void)close(old); /* only read and locked */
    return result;
}

static enum taking take(struct pid_file *p, const char *draft, long *live)
{
    int fd = write_draft(draft);
    if (fd < 0)
        return TAKE_FAILED;
    enum taking result = put_in_place(draft, p->path, live);
    if (result == TAKEN) {
        p->fd = fd;
        return TAKEN;
    }
    int error = errno;
    (void)unlink(draft);
    (void)close(fd); /* its file is gone */
    errno = error;
    return result;
}

bool pid_file_take(struct pid_file *p, const char *path)
{
    char draft[PATH_MAX];
    long live = 0;
    enum taking result = TAKE_AGAIN;
    *p = (struct pid_file){.path = path, .fd = -1};
    if (snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid()) >= (int)sizeof draft) {
        errno = ENAMETOOLONG;
        result = TAKE_FAILED;
    }
    for (int i = 0; i < PID_FILE_TRIES && result == TAKE_AGAIN; i++)
        result = take(p, draft, &live);
    if (result == TAKEN)
        return true;
    p->path = NULL;
    if (result == TAKE_LIVE)
        log_error("already running as pid %ld (%s)", live, path);
    else if (result == TAKE_AGAIN)
        log_error("pid file %s: others keep changing it", path);
    else
        log_error("pid file %s: %m", path);
    return false;
}

void pid_file_drop(struct pid_file *p)
{
    if (!p->path)
        return;
    if (is_same_file(p->fd, p->path) && unlink(p->path) < 0)
        log_warn("pid file %s: cannot be removed: %m", p->path);
    (void)close(p->fd); /* nothing is unwritten */
    *p = (struct pid_file){.fd = -1};
}

/* --- the background --- */

/* In the parent: never returns. */
static void await_report(int report, pid_t child)
{
    char word;
    int status = 0;
    ssize_t n;
    do
        n = read(report, &word, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        _exit(EXIT_SUCCESS);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_FAILURE);
}

bool service_detach(int *report)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        log_error("cannot go to the background: %m");
        return false;
    }
    pid_t child = fork();
    if (child > 0) {
        (void)close(ends[1]); /* so that the child's end is the only one */
        await_report(ends[0], child);
    }
    (void)close(ends[0]); /* the parent's */
    if (child < 0 || setsid() < 0 || chdir("/") < 0) {
        log_error("cannot go to the background: %m");
        (void)close(ends[1]); /* nobody waits for it */
        return false;
    }
    *report = ends[1];
    return true;
}

void service_silence(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd); /* what stays open keeps a terminal busy: no more than that */
    if (null > STDERR_FILENO)
        (void)close(null);
}

void service_report(int report)
{
    if (write(report, "k", 1) < 0)
        log_warn("nobody waited for the start: %m");
    (void)close(report); /* has done its duty */
}
