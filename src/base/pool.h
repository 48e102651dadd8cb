/* pool: objects of one size, last in first out.
 *
 * What was put back last is handed out next, because it is the one still in the CPU's cache. At
 * most `spare_max` unused objects are kept, in a list that costs a few instructions; the others go
 * back to their blocks (base/slab), and what a peak took to the system. */
#ifndef SKIFF_BASE_POOL_H
#define SKIFF_BASE_POOL_H

#include "base/slab.h"

struct pool {
    void *spare;        /* singly linked through the first word of each unused object */
    uint32_t spares;    /* length of the list ... */
    uint32_t limit;     /* ... at which another object goes back to its block */
    uint32_t spare_max; /* the limit, but for a while after a peak, and before as many were made */
    struct slab slab;   /* for it, those in the list are handed out, too */
};

/* Objects handed out and not put back. */
static inline uint32_t pool_used(const struct pool *p)
{
    return p->slab.used - p->spares;
}

/* `size` is over 0 and is rounded up to whole cache lines. */
void pool_init(struct pool *p, size_t size, uint32_t spare_max);
/* Frees the unused objects; every object must have been put back. */
void pool_done(struct pool *p);
/* An object with undefined contents, aligned to 64 bytes, or NULL when memory is out. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *object);

#endif
