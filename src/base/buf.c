/* buf: blocks from a pool. */
#include "base/buf.h"

#include <string.h>

void buf_compact(struct buf *b)
{
    if (b->r == 0)
        return;
    memmove(b->data, b->data + b->r, buf_used(b));
    b->w -= b->r;
    b->r = 0;
}

void buf_pool_init(struct buf_pool *p, uint32_t cap, uint32_t spare_max)
{
    pool_init(&p->blocks, sizeof(struct buf) + cap + BUF_SLACK, spare_max);
    p->cap = cap;
}

void buf_pool_done(struct buf_pool *p)
{
    pool_done(&p->blocks);
}

struct buf *buf_get(struct buf_pool *p)
{
    struct buf *b = pool_get(&p->blocks);
    if (!b)
        return NULL;
    b->cap = p->cap;
    buf_clear(b);
    return b;
}

void buf_put(struct buf_pool *p, struct buf *b)
{
    pool_put(&p->blocks, b);
}
