/* body: bytes to send, as spans that are pulled.
 *
 * A span is memory or a range of a file. A body lends spans when the writer has room for them and
 * is told what was taken, so back-pressure needs no code and nothing is copied. Filters are bodies
 * that pull from another body. */
#ifndef SKIFF_BASE_BODY_H
#define SKIFF_BASE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct span {
    union {
        const char *mem; /* where the bytes are ... */
        off_t at;        /* ... or where in the file */
    };
    size_t len;
    int fd;            /* -1: memory; any when there are no bytes */
    uint32_t headroom; /* bytes in front of mem that whoever sends it may write over */
};

enum {
    BODY_END = 0,   /* nothing more will come */
    BODY_WAIT = -1, /* nothing yet; the owner will be run when there is */
    BODY_FAIL = -2, /* cannot go on: the connection must close */
};

struct body;

struct body_ops {
    /* Lends at most `cap` spans that stay valid until took(); the number of spans, or BODY_*. A
     * second call before took() lends the same bytes again. */
    int (*lend)(struct body *b, struct span *v, int cap);
    /* The first n lent bytes are finished with. */
    void (*took)(struct body *b, size_t n);
    /* Called exactly once, also after a failure. */
    void (*close)(struct body *b);
};

struct body {
    const struct body_ops *ops;
    struct source *owner; /* who to run when BODY_WAIT is over */
    int64_t left;         /* bytes still to come; -1 when unknown */
};

static inline struct span span_of_memory(const char *p, size_t n)
{
    return (struct span){.mem = p, .len = n, .fd = -1};
}

static inline struct span span_of_file(int fd, off_t at, size_t n)
{
    return (struct span){.len = n, .at = at, .fd = fd};
}

static inline bool span_is_file(const struct span *s)
{
    return s->fd >= 0;
}

/* n bytes of a span, from its at-th on; both lie inside. */
static inline struct span span_part(struct span s, uint64_t at, uint64_t n)
{
    if (span_is_file(&s))
        s.at += (off_t)at;
    else
        s.mem += at;
    if (at > 0)
        s.headroom = 0; /* what is in front is content */
    s.len = (size_t)n;
    return s;
}

/* A span without its first n bytes. */
static inline struct span span_from(struct span s, size_t n)
{
    return span_part(s, n, s.len - n);
}

#endif
