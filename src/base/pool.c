/* pool: a list of spare objects in front of the allocator. */
#include "base/pool.h"

#include "base/check.h"
#include "base/poison.h"

#include <stdlib.h>
#include <string.h>

enum { POOL_ALIGN = 64 }; /* a cache line */

void pool_init(struct pool *p, size_t size, uint32_t spare_max)
{
    CHECK(size > 0); /* the link of the list needs a place */
    *p = (struct pool){
        .size = (size + POOL_ALIGN - 1) / POOL_ALIGN * POOL_ALIGN,
        .spare_max = spare_max,
        .alloc = aligned_alloc,
    };
}

static void *take_spare(struct pool *p)
{
    void *object = p->spare;
    ASAN_UNPOISON_MEMORY_REGION(object, p->size);
    memcpy(&p->spare, object, sizeof p->spare);
    p->spares--;
    return object;
}

void pool_done(struct pool *p)
{
    CHECK(pool_used(p) == 0);
    while (p->spare)
        free(take_spare(p));
}

static __attribute__((noinline)) void *make(struct pool *p)
{
    void *object = p->alloc(POOL_ALIGN, p->size);
    if (object)
        p->made++;
    return object;
}

inline void *pool_get(struct pool *p)
{
    return p->spare ? take_spare(p) : make(p);
}

inline void pool_put(struct pool *p, void *object)
{
    CHECK(p->spares < p->made);
    if (p->spares == p->spare_max) {
        p->made--;
        free(object);
        return;
    }
    memcpy(object, &p->spare, sizeof p->spare);
    p->spare = object;
    p->spares++;
    /* All but the link: a leak check must find its way along the list. */
    ASAN_POISON_MEMORY_REGION((char *)object + sizeof p->spare, p->size - sizeof p->spare);
}
