/* accesslog: two buffers, one filling, one being written.
 *
 * Each buffer remembers the descriptor that its first line was meant for, so that reopening the
 * log never moves a line and never waits. */
#include "server/accesslog.h"

#include "base/check.h"
#include "base/log.h"
#include "server/accesslog_line.h"
#include "server/conn.h"
#include "server/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CAPTURE_MAX = 1024, /* of a line's request part that is kept for a slow reader */
    FAREWELL_TURN_MS = 10,
};

struct buffer {
    int fd; /* where its lines go */
    size_t n;
    char *data;
};

struct accesslog {
    struct job job; /* writes buffers[1 - filling] */
    const struct access_log_conf *conf;
    struct loop *loop;
    struct offload *offload;
    int fd; /* for lines to come */
    struct buffer buffers[2];
    unsigned filling;
    bool writing;
    struct {       /* the thread's until done() */
        bool mend; /* half a line stands at the end of the file */
        int error; /* 0: all was written */
        size_t n;  /* bytes that were */
    } write;
    int error;                /* of the last write, 0: none */
    int torn_fd;              /* where a write that failed left half a line; -1: nowhere */
    uint64_t lost, lost_told; /* lines that could not be written */
    uint64_t began_us;        /* when the filling buffer got its first line */
    uint64_t dropped, told;
    struct accesslog_texts texts;
};

/* --- the thread's side --- */

/* Writes all of it, waiting as long as it takes. 0 or an errno; *done: how much was written. */
static int write_all(int fd, const char *p, size_t n, size_t *done)
{
    for (*done = 0; *done < n;) {
        ssize_t w = write(fd, p + *done, n - *done);
        if (w >= 0) {
            *done += (size_t)w;
        } else if (errno == EAGAIN) { /* somebody else made it non-blocking */
            struct pollfd pfd = {.fd = fd, .events = POLLOUT};
            (void)poll(&pfd, 1, -1); /* whatever it says, write tells more */
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

static void work(struct job *j)
{
    struct accesslog *a = container_of(j, struct accesslog, job);
    const struct buffer *b = &a->buffers[1 - a->filling];
    a->write.n = 0;
    a->write.error = a->write.mend ? write_all(b->fd, "\n", 1, &a->write.n) : 0;
    a->write.mend = a->write.mend && a->write.error;
    if (!a->write.error)
        a->write.error = write_all(b->fd, b->data, b->n, &a->write.n);
}

/* --- the loop's side --- */

static void close_if_unused(struct accesslog *a, int fd)
{
    bool used = fd == a->fd;
    for (int i = 0; i < 2; i++)
        used |= a->buffers[i].n > 0 && a->buffers[i].fd == fd;
    if (used)
        return;
    if (a->torn_fd == fd)
        a->torn_fd = -1;
    if (fd > STDERR_FILENO)
        (void)close(fd); /* errors were seen by write */
}

/* Starts writing what has been filled, unless the other buffer is still being written. */
static void hand_over(struct accesslog *a)
{
    if (a->writing || a->buffers[a->filling].n == 0)
        return;
    a->write.mend = a->torn_fd == a->buffers[a->filling].fd;
    a->filling = 1 - a->filling;
    a->writing = offload_submit(a->offload, &a->job);
    if (!a->writing)
        a->filling = 1 - a->filling; /* tried again with the next line or tick */
}

static void say_trouble(struct accesslog *a)
{
    if (a->dropped > a->told)
        log_warn("access log: %llu lines dropped: it cannot be written fast enough",
                 (unsigned long long)(a->dropped - a->told));
    a->told = a->dropped;
}

static void say_lost(struct accesslog *a)
{
    if (a->lost > a->lost_told)
        log_warn("access log: %llu lines were lost%s", (unsigned long long)(a->lost - a->lost_told),
                 a->error ? "" : "; it can be written again");
    a->lost_told = a->lost;
}

/* Lines that did not get to the file whole. */
static uint64_t lines_behind(const struct buffer *b, size_t written)
{
    uint64_t lines = 0;
    const char *end = b->data + b->n;
    for (const char *p = b->data + written; p < end; lines++)
        p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1; /* all lines end */
    return lines;
}

/* An error is told when it begins, and what it cost when it is over: a disk that is full for a
 * night is two lines. */
static void take_outcome(struct accesslog *a, const struct buffer *b)
{
    size_t n = a->write.n;
    bool was_failing = a->error != 0;
    a->error = a->write.error;
    if (!a->error) {
        a->torn_fd = -1;
        say_lost(a);
        return;
    }
    if (!was_failing)
        log_error("access log: lines are lost: %s", strerror(a->error));
    a->lost += lines_behind(b, n);
    if (n > 0)
        a->torn_fd = b->data[n - 1] == '\n' ? -1 : b->fd;
    else if (!a->write.mend && a->torn_fd == b->fd)
        a->torn_fd = -1; /* the line was ended, and nothing came behind it */
}

static void done(struct job *j)
{
    struct accesslog *a = container_of(j, struct accesslog, job);
    struct buffer *b = &a->buffers[1 - a->filling];
    take_outcome(a, b);
    b->n = 0;
    a->writing = false;
    close_if_unused(a, b->fd);
    if (a->buffers[a->filling].n + ACCESSLOG_LINE_MAX > a->conf->buffer.size)
        hand_over(a);
}

struct accesslog *accesslog_new(const struct access_log_conf *conf, int fd, struct loop *l,
                                struct offload *o)
{
    struct accesslog *a = calloc(1, sizeof *a);
    char *data = malloc(2 * conf->buffer.size);
    CHECK(conf->buffer.size > ACCESSLOG_LINE_MAX);
    if (!a || !data) {
        free(a);
        free(data);
        return NULL;
    }
    *a = (struct accesslog){
        .job = {.work = work, .done = done},
        .conf = conf,
        .loop = l,
        .offload = o,
        .fd = fd,
        .torn_fd = -1,
        .buffers = {{.data = data}, {.data = data + conf->buffer.size}},
        .texts = {.second = -1},
    };
    return a;
}

__attribute__((noinline)) void accesslog_write(struct accesslog *a, const struct request *r)
{
    struct buffer *b = &a->buffers[a->filling];
    enum access_format format = (enum access_format)a->conf->format;
    if (b->n + ACCESSLOG_LINE_MAX > a->conf->buffer.size) {
        hand_over(a);
        b = &a->buffers[a->filling];
        if (b->n > 0) {
            a->dropped++;
            return;
        }
    }
    if (b->n == 0) {
        b->fd = a->fd;
        a->began_us = a->loop->clock.now_us;
    }
    b->n += accesslog_line(format, r, &a->texts, b->data + b->n, ACCESSLOG_LINE_MAX);
    if (b->n + ACCESSLOG_LINE_MAX > a->conf->buffer.size)
        hand_over(a);
}

bool accesslog_capture(const struct accesslog *a, struct request *r)
{
    char part[CAPTURE_MAX];
    enum access_format format = (enum access_format)a->conf->format;
    size_t n = accesslog_request_part(format, r, part, sizeof part);
    char *kept = request_alloc(r, n);
    if (!kept)
        return false;
    memcpy(kept, part, n);
    r->log = str_make(kept, n);
    return true;
}

void accesslog_switch(struct accesslog *a, int fd)
{
    int before = a->fd;
    hand_over(a);
    a->fd = fd;
    close_if_unused(a, before);
}

void accesslog_tick(struct accesslog *a)
{
    uint64_t age_us = a->loop->clock.now_us - a->began_us;
    if (age_us + 1000 >= a->conf->buffer.flush_ms * UINT64_C(1000))
        hand_over(a);
    say_trouble(a);
}

uint64_t accesslog_dropped(const struct accesslog *a)
{
    return a->dropped + a->lost;
}

static void wait_for_writer(struct accesslog *a, uint64_t until_us)
{
    while (a->writing && a->loop->clock.now_us < until_us)
        loop_turn(a->loop, FAREWELL_TURN_MS);
}

void accesslog_free(struct accesslog *a, uint32_t wait_ms)
{
    if (!a)
        return;
    uint64_t until_us = a->loop->clock.now_us + wait_ms * UINT64_C(1000);
    wait_for_writer(a, until_us);
    hand_over(a);
    wait_for_writer(a, until_us);
    say_trouble(a);
    say_lost(a);
    if (a->writing) {
        log_error("access log: the last lines could not be written in time");
        return; /* the thread still reads them: the process ends anyway */
    }
    if (a->fd > STDERR_FILENO)
        (void)close(a->fd);   /* errors were seen by write */
    free(a->buffers[0].data); /* both are one block */
    free(a);
}
