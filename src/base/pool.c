/* pool: a list of spare objects in front of a slab.
 *
 * What comes back at a peak's end may lie in as many blocks as there are objects, and kept as
 * spares it would keep them all. So there are no spares while there are more blocks than what is in
 * use, and as many spares, would fill. */
#include "base/pool.h"

#include "base/check.h"
#include "base/poison.h"

#include <stdbool.h>
#include <string.h>

void pool_init(struct pool *p, size_t size, uint32_t spare_max)
{
    *p = (struct pool){.spare_max = spare_max};
    slab_init(&p->slab, size, spare_max);
}

static void *take_spare(struct pool *p)
{
    void *object = p->spare;
    ASAN_UNPOISON_MEMORY_REGION(object, p->slab.size);
    memcpy(&p->spare, object, sizeof p->spare);
    p->spares--;
    return object;
}

static void give_spares_back(struct pool *p)
{
    while (p->spare)
        slab_put(&p->slab, take_spare(p));
}

static void rebalance(struct pool *p)
{
    const struct slab *s = &p->slab;
    bool is_scattered = s->blocks > pool_used(p) / s->per_block + 1 + s->empty_max;
    uint32_t most = is_scattered ? 0 : p->spare_max;
    if (is_scattered)
        give_spares_back(p);
    p->limit = most < s->used ? most : s->used; /* more cannot come back than was handed out */
}

void pool_done(struct pool *p)
{
    CHECK(pool_used(p) == 0);
    give_spares_back(p);
    slab_done(&p->slab);
}

static __attribute__((noinline)) void *make(struct pool *p)
{
    void *object = slab_get(&p->slab);
    if (object)
        rebalance(p);
    return object;
}

inline void *pool_get(struct pool *p)
{
    return p->spare ? take_spare(p) : make(p);
}

static __attribute__((noinline)) void give_back(struct pool *p, void *object)
{
    CHECK(p->spares < p->slab.used);
    slab_put(&p->slab, object);
    rebalance(p);
}

inline void pool_put(struct pool *p, void *object)
{
    if (p->spares >= p->limit) {
        give_back(p, object);
        return;
    }
    memcpy(object, &p->spare, sizeof p->spare);
    p->spare = object;
    p->spares++;
    /* All but the link: a leak check must find its way along the list. */
    ASAN_POISON_MEMORY_REGION((char *)object + sizeof p->spare, p->slab.size - sizeof p->spare);
}
