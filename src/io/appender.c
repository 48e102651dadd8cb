/* appender: a thread, a pair of sockets, one write at a time. */
#include "io/appender.h"

#include "base/check.h"
#include "base/log.h"
#include "io/pass.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREAD_STACK = 128 * 1024 }; /* as those of the pool; it needs a few KiB */

/* --- files --- */

static void close_file(int fd)
{
    if (fd > STDERR_FILENO)
        (void)close(fd); /* errors were seen by write */
}

/* Writes all of it, waiting as long as it takes. */
static struct write_outcome write_all(int fd, struct str text)
{
    struct write_outcome o = {0};
    while (o.n < text.n && o.error == 0) {
        ssize_t w = write(fd, text.p + o.n, text.n - o.n);
        if (w >= 0) {
            o.n += (size_t)w;
        } else if (errno == EAGAIN) { /* somebody else made it non-blocking */
            struct pollfd pfd = {.fd = fd, .events = POLLOUT};
            (void)poll(&pfd, 1, -1); /* whatever it says, write tells more */
        } else if (errno != EINTR) {
            o.error = errno;
        }
    }
    return o;
}

static struct write_outcome append(struct log_file *f, struct str lines)
{
    if (f->is_torn) {
        struct write_outcome end = write_all(f->fd, STR("\n"));
        if (end.error)
            return (struct write_outcome){.error = end.error};
        f->is_torn = false;
    }
    struct write_outcome o = write_all(f->fd, lines);
    f->is_torn = o.error && o.n > 0 && lines.p[o.n - 1] != '\n';
    return o;
}

/* --- the thread's side --- */

/* Leaves the loop's descriptor table for a copy with nothing but `kept` and the standard ones,
 * which a sanitizer may need. false: it is still shared (before Linux 5.9). */
static bool leave_table(unsigned kept)
{
    if (syscall(SYS_close_range, kept + 1, ~0U, CLOSE_RANGE_UNSHARE) < 0)
        return false;
    if (kept > STDERR_FILENO + 1)
        (void)syscall(SYS_close_range, STDERR_FILENO + 1, kept - 1, 0); /* as the one before */
    return true;
}

/* One order: a new file, or lines. false: the loop's end is closed. */
static bool obey_next(struct appender *a)
{
    struct str lines;
    struct passed file;
    ssize_t n = pass_receive(a->thread_end, &lines, sizeof lines, 0, &file);
    if (n != sizeof lines)
        return n < 0 && errno == EINTR;
    if (file.count > 0) {
        if (a->file.fd >= 0)
            (void)close(a->file.fd); /* errors were seen by write */
        a->file = (struct log_file){.fd = file.fds[0]};
    }
    if (lines.n > 0) {
        struct write_outcome o = append(&a->file, lines);
        (void)send(a->thread_end, &o, sizeof o, MSG_NOSIGNAL); /* fails when nobody waits */
    }
    return true;
}

static void *thread_main(void *arg)
{
    struct appender *a = arg;
    bool left = leave_table((unsigned)a->thread_end);
    (void)send(a->thread_end, &left, sizeof left, MSG_NOSIGNAL); /* appender_init() waits for it */
    while (obey_next(a))
        ;
    if (a->file.fd >= 0)
        (void)close(a->file.fd); /* errors were seen by write */
    (void)close(a->thread_end);  /* nobody is at the other */
    return NULL;
}

/* --- the loop's side --- */

static void on_ready(struct source *s)
{
    struct appender *a = container_of(s, struct appender, src);
    s->ready = 0;
    if (!a->has_outcome && recv(s->fd, &a->outcome, sizeof a->outcome, MSG_DONTWAIT) <= 0)
        return;
    a->has_outcome = false;
    a->is_busy = false;
    a->done(a, a->outcome);
}

/* With all signals blocked: they are the loop's. 0 or an errno. */
static int start_thread(struct appender *a)
{
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&a->thread, &attr, thread_main, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return error;
}

/* Returns when the thread has a table of its own, so that it never has copies of connections: what
 * is open elsewhere is not closed by closing it, and stays in the loop's set. */
static void wait_for_thread(struct appender *a)
{
    bool left = false;
    while (recv(a->src.fd, &left, sizeof left, 0) < 0 && errno == EINTR)
        ;
    if (left)
        (void)close(a->thread_end); /* our copy; it has its own */
}

static void close_pair(struct appender *a)
{
    (void)close(a->src.fd); /* which takes it from the loop */
    (void)close(a->thread_end);
    a->src.fd = -1;
}

bool appender_init(struct appender *a, struct loop *l, int fd,
                   void (*done)(struct appender *a, struct write_outcome o))
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    *a = (struct appender){
        .src = {.on_ready = on_ready, .fd = pair[0]},
        .loop = l,
        .done = done,
        .thread_end = pair[1],
        .file.fd = -1,
    };
    if (!loop_add_reader(l, &a->src)) {
        close_pair(a);
        return false;
    }
    errno = start_thread(a);
    a->has_thread = errno == 0;
    if (a->has_thread) {
        wait_for_thread(a);
    } else {
        log_warn(
            "no thread to be had for the access log, its disk is waited for until a reload: %m");
        close_pair(a);
    }
    appender_switch(a, fd);
    return true;
}

void appender_write(struct appender *a, struct str lines)
{
    CHECK(!a->is_busy);
    a->is_busy = true;
    if (a->has_thread && pass_send(a->src.fd, &lines, sizeof lines, NULL, 0))
        return;
    a->has_outcome = true;
    a->outcome = a->has_thread ? (struct write_outcome){.error = errno} : append(&a->file, lines);
    loop_run_later(a->loop, &a->src);
}

void appender_switch(struct appender *a, int fd)
{
    static const struct str none;
    if (!a->has_thread) {
        close_file(a->file.fd);
        a->file = (struct log_file){.fd = fd};
        return;
    }
    if (!pass_send(a->src.fd, &none, sizeof none, &fd, 1))
        log_error("the access log cannot be changed, the old one is written on: %m");
    close_file(fd); /* the thread has a copy */
}

bool appender_done(struct appender *a)
{
    if (a->is_busy)
        return false;
    if (!a->has_thread) {
        close_file(a->file.fd);
        return true;
    }
    (void)close(a->src.fd); /* which takes it from the loop, and ends the thread */
    a->src.fd = -1;
    (void)pthread_join(a->thread, NULL); /* cannot fail: it is ours, and nobody else waits */
    return true;
}
