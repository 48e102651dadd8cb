/* writer: a thread, a pair of sockets, one write at a time. */
#include "io/writer.h"

#include "base/check.h"
#include "base/log.h"

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

/* --- datagrams --- */

/* What is to be written, or a new file, unless `fd` is -1. false with errno when the kernel
 * refuses.
 */
static bool send_order(int to, struct str lines, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec v = {.iov_base = &lines, .iov_len = sizeof lines};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    return sendmsg(to, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof lines;
}

/* Waits. false: the loop's end is closed. *fd is -1 when none came along. */
static bool receive_order(int from, struct str *lines, int *fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec v = {.iov_base = lines, .iov_len = sizeof *lines};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    ssize_t n;
    while ((n = recvmsg(from, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    *fd = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    return n == sizeof *lines;
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

static void obey(struct writer *w, struct str lines, int fd)
{
    if (fd >= 0) {
        if (w->file.fd >= 0)
            (void)close(w->file.fd); /* errors were seen by write */
        w->file = (struct log_file){.fd = fd};
    }
    if (lines.n > 0) {
        struct write_outcome o = append(&w->file, lines);
        (void)send(w->thread_end, &o, sizeof o, MSG_NOSIGNAL); /* fails when nobody waits */
    }
}

static void *thread_main(void *arg)
{
    struct writer *w = arg;
    struct str lines;
    int fd;
    bool left = leave_table((unsigned)w->thread_end);
    (void)send(w->thread_end, &left, sizeof left, MSG_NOSIGNAL); /* writer_init() waits for it */
    while (receive_order(w->thread_end, &lines, &fd))
        obey(w, lines, fd);
    if (w->file.fd >= 0)
        (void)close(w->file.fd); /* errors were seen by write */
    (void)close(w->thread_end);  /* nobody is at the other */
    return NULL;
}

/* --- the loop's side --- */

static void on_ready(struct source *s)
{
    struct writer *w = container_of(s, struct writer, src);
    s->ready = 0;
    if (!w->has_outcome && recv(s->fd, &w->outcome, sizeof w->outcome, MSG_DONTWAIT) <= 0)
        return;
    w->has_outcome = false;
    w->is_busy = false;
    w->done(w, w->outcome);
}

/* With all signals blocked: they are the loop's. 0 or an errno. */
static int start_thread(struct writer *w)
{
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&w->thread, &attr, thread_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return error;
}

/* Returns when the thread has a table of its own, so that it never has copies of connections: what
 * is open elsewhere is not closed by closing it, and stays in the loop's set. */
static void wait_for_thread(struct writer *w)
{
    bool left = false;
    while (recv(w->src.fd, &left, sizeof left, 0) < 0 && errno == EINTR)
        ;
    if (left)
        (void)close(w->thread_end); /* our copy; it has its own */
}

static void close_pair(struct writer *w)
{
    (void)close(w->src.fd); /* which takes it from the loop */
    (void)close(w->thread_end);
    w->src.fd = -1;
}

bool writer_init(struct writer *w, struct loop *l, int fd,
                 void (*done)(struct writer *w, struct write_outcome o))
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    *w = (struct writer){
        .src = {.on_ready = on_ready, .fd = pair[0]},
        .loop = l,
        .done = done,
        .thread_end = pair[1],
        .file.fd = -1,
    };
    if (!loop_add_reader(l, &w->src)) {
        close_pair(w);
        return false;
    }
    errno = start_thread(w);
    w->has_thread = errno == 0;
    if (w->has_thread) {
        wait_for_thread(w);
    } else {
        log_warn(
            "no thread to be had for the access log, its disk is waited for until a reload: %m");
        close_pair(w);
    }
    writer_switch(w, fd);
    return true;
}

void writer_write(struct writer *w, struct str lines)
{
    CHECK(!w->is_busy);
    w->is_busy = true;
    if (w->has_thread && send_order(w->src.fd, lines, -1))
        return;
    w->has_outcome = true;
    w->outcome = w->has_thread ? (struct write_outcome){.error = errno} : append(&w->file, lines);
    loop_run_later(w->loop, &w->src);
}

void writer_switch(struct writer *w, int fd)
{
    if (!w->has_thread) {
        close_file(w->file.fd);
        w->file = (struct log_file){.fd = fd};
        return;
    }
    if (!send_order(w->src.fd, (struct str){0}, fd))
        log_error("the access log cannot be changed, the old one is written on: %m");
    close_file(fd); /* the thread has a copy */
}

bool writer_done(struct writer *w)
{
    if (w->is_busy)
        return false;
    if (!w->has_thread) {
        close_file(w->file.fd);
        return true;
    }
    (void)close(w->src.fd); /* which takes it from the loop, and ends the thread */
    w->src.fd = -1;
    (void)pthread_join(w->thread, NULL); /* cannot fail: it is ours, and nobody else waits */
    return true;
}
