/* buf: a fixed block of bytes with a read end and a write end.
 *
 * It never grows: whoever fills it knows what to do when it is full. Blocks of one size come from
 * a buf_pool, last in first out, so that a borrowed one is still in the CPU's cache. */
#ifndef SKIFF_BASE_BUF_H
#define SKIFF_BASE_BUF_H

#include "base/pool.h"

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint32_t r;    /* first byte not consumed yet */
    uint32_t w;    /* behind the last byte filled; r <= w <= cap */
    uint32_t cap;  /* bytes in data */
    uint32_t mark; /* bytes behind r that the reader has looked at already; its own note */
    char data[];   /* cap bytes, and BUF_SLACK more that are never filled */
};

/* Bytes behind the last that may be read, and written, with it: who scans needs not look where the
 * end is. */
enum { BUF_SLACK = 16 };

/* Bytes waiting to be consumed. */
static inline uint32_t buf_used(const struct buf *b)
{
    return b->w - b->r;
}

/* Bytes that still fit behind the write end. */
static inline uint32_t buf_room(const struct buf *b)
{
    return b->cap - b->w;
}

static inline void buf_clear(struct buf *b)
{
    b->r = b->w = b->mark = 0;
}

/* Moves the waiting bytes to the front; offsets counted from `r` stay true. */
void buf_compact(struct buf *b);

struct buf_pool {
    struct pool blocks;
    uint32_t cap;
};

/* `cap` bytes a block; at most `spare_max` unused blocks are kept. */
void buf_pool_init(struct buf_pool *p, uint32_t cap, uint32_t spare_max);
void buf_pool_done(struct buf_pool *p);
/* An empty buffer, or NULL when memory is out. */
struct buf *buf_get(struct buf_pool *p);
void buf_put(struct buf_pool *p, struct buf *b);

#endif
