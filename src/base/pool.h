/* pool: objects of one size, last in first out.
 *
 * What was put back last is handed out next, because it is the one still in the CPU's cache. The
 * pool keeps at most `spare_max` unused objects and frees the rest, so a peak is given back. */
#ifndef SKIFF_BASE_POOL_H
#define SKIFF_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
    void *spare;        /* singly linked through the first word of each unused object */
    size_t size;        /* bytes of one object */
    uint32_t spares;    /* length of the list */
    uint32_t spare_max; /* unused objects kept; more are freed */
    uint32_t made;      /* objects there are, unused or handed out */
    void *(*alloc)(size_t align, size_t size); /* aligned_alloc; tests make it fail */
};

/* Objects handed out and not put back. */
static inline uint32_t pool_used(const struct pool *p)
{
    return p->made - p->spares;
}

/* `size` is over 0 and is rounded up to whole cache lines. */
void pool_init(struct pool *p, size_t size, uint32_t spare_max);
/* Frees the unused objects; every object must have been put back. */
void pool_done(struct pool *p);
/* An object with undefined contents, aligned to 64 bytes, or NULL when memory is out. */
void *pool_get(struct pool *p);
void pool_put(struct pool *p, void *object);

#endif
