/* pool: a list of spare objects in front of a slab.
 *
 * The spares of a peak's end lie in as many blocks as there are spares, and would keep them all. So
 * where there are more blocks than spares need, the moment at which nobody uses an object gives all
 * of them back. */
#include "base/pool.h"

#include "base/check.h"
#include "base/poison.h"

#include <stdbool.h>
#include <string.h>

static bool is_scattered(const struct slab *s)
{
    return s->blocks > s->empty_max;
}

static void set_limit(struct pool *p)
{
    bool all_could_go = is_scattered(&p->slab) && p->slab.used <= p->spare_max;
    p->limit = all_could_go ? p->slab.used - 1 : p->spare_max;
}

void pool_init(struct pool *p, size_t size, uint32_t spare_max)
{
    *p = (struct pool){.spare_max = spare_max};
    slab_init(&p->slab, size, spare_max);
    set_limit(p);
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
        set_limit(p);
    return object;
}

inline void *pool_get(struct pool *p)
{
    return p->spare ? take_spare(p) : make(p);
}

static __attribute__((noinline)) void give_back(struct pool *p, void *object)
{
    slab_put(&p->slab, object);
    if (pool_used(p) == 0 && is_scattered(&p->slab))
        give_spares_back(p);
    set_limit(p);
}

inline void pool_put(struct pool *p, void *object)
{
    CHECK(p->spares < p->slab.used);
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
