/* accesslog: two buffers, one filling, one being written.
 *
 * A new file waits until the lines that were meant for the old one are with the appender. */
#include "server/accesslog.h"

#include "base/check.h"
#include "base/log.h"
#include "io/appender.h"
#include "server/accesslog_line.h"
#include "server/conn.h"
#include "server/worker.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    CAPTURE_MAX = 1024, /* of a line's request part that is kept for a slow reader */
    FAREWELL_TURN_MS = 10,
};

struct buffer {
    size_t n;
    char *data;
};

struct accesslog {
    struct appender appender; /* has buffers[1 - filling] while it is busy */
    const struct access_log_conf *conf;
    struct loop *loop;
    struct buffer buffers[2];
    unsigned filling;
    int next_fd;              /* for lines to come; -1: the same */
    bool is_next_due;         /* those for the file before are with the appender */
    bool file_waits;          /* there, behind a write: one is enough */
    int error;                /* of the last write, 0: none */
    uint64_t lost, lost_told; /* lines that could not be written */
    uint64_t began_us;        /* when the filling buffer got its first line */
    uint64_t dropped, told;
    struct accesslog_texts texts;
};

static void give_next_file(struct accesslog *a)
{
    if (a->next_fd < 0 || !a->is_next_due || a->file_waits)
        return;
    a->file_waits = a->appender.is_busy;
    appender_switch(&a->appender, a->next_fd);
    a->next_fd = -1;
}

/* Starts writing what has been filled, unless the other buffer is still being written. */
static void hand_over(struct accesslog *a)
{
    struct buffer *b = &a->buffers[a->filling];
    if (a->appender.is_busy || b->n == 0)
        return;
    a->filling = 1 - a->filling;
    appender_write(&a->appender, str_make(b->data, b->n));
    a->is_next_due = true;
    give_next_file(a);
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
static void written(struct appender *appender, struct write_outcome o)
{
    struct accesslog *a = container_of(appender, struct accesslog, appender);
    struct buffer *b = &a->buffers[1 - a->filling];
    if (o.error && !a->error)
        log_error("access log: lines are lost: %s", strerror(o.error));
    a->error = o.error;
    if (o.error)
        a->lost += lines_behind(b, o.n);
    else
        say_lost(a);
    b->n = 0;
    a->file_waits = false;
    give_next_file(a);
    if (a->buffers[a->filling].n + ACCESSLOG_LINE_MAX > a->conf->buffer.size)
        hand_over(a);
}

struct accesslog *accesslog_new(const struct access_log_conf *conf, int fd, struct loop *l)
{
    struct accesslog *a = calloc(1, sizeof *a);
    char *data = malloc(2 * conf->buffer.size);
    CHECK(conf->buffer.size > ACCESSLOG_LINE_MAX);
    if (!a || !data || !appender_init(&a->appender, l, fd, written)) {
        free(a);
        free(data);
        return NULL;
    }
    a->conf = conf;
    a->loop = l;
    a->buffers[0].data = data;
    a->buffers[1].data = data + conf->buffer.size;
    a->next_fd = -1;
    a->texts.second = -1;
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
    if (b->n == 0)
        a->began_us = a->loop->clock.now_us;
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
    if (a->next_fd >= 0)
        (void)close(a->next_fd); /* nothing was meant for it alone */
    a->next_fd = fd;
    a->is_next_due = a->buffers[a->filling].n == 0;
    hand_over(a);
    give_next_file(a);
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

static void wait_for_appender(struct accesslog *a, uint64_t until_us)
{
    while (a->appender.is_busy && a->loop->clock.now_us < until_us)
        loop_turn(a->loop, FAREWELL_TURN_MS);
}

void accesslog_free(struct accesslog *a, uint32_t wait_ms)
{
    if (!a)
        return;
    uint64_t until_us = a->loop->clock.now_us + wait_ms * UINT64_C(1000);
    wait_for_appender(a, until_us);
    hand_over(a);
    wait_for_appender(a, until_us);
    say_trouble(a);
    say_lost(a);
    if (!appender_done(&a->appender)) {
        log_error("access log: the last lines could not be written in time");
        return; /* the thread still reads them: the process ends anyway */
    }
    if (a->next_fd >= 0)
        (void)close(a->next_fd);
    free(a->buffers[0].data); /* both are one block */
    free(a);
}
