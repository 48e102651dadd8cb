/* slab: objects of one size, packed into blocks.
 *
 * The allocator's own share of a small object, and what alignment costs there, would be as large as
 * the object; and one small thing that stays keeps all the memory below it from the system. So
 * blocks are mapped, not allocated. One that becomes empty is given back, so a peak leaves nothing;
 * the block that was used last is used first. */
#ifndef SKIFF_BASE_SLAB_H
#define SKIFF_BASE_SLAB_H

#include "base/list.h"

#include <stddef.h>
#include <stdint.h>

struct slab {
    struct link partial; /* blocks with a free object, last used first */
    size_t size;         /* bytes of one object, a multiple of 64 */
    uint32_t block;      /* bytes of a block, a power of two */
    uint32_t per_block;
    uint32_t used;             /* objects handed out */
    uint32_t blocks;           /* there are */
    uint32_t empty;            /* of them without any object in use */
    uint32_t empty_max;        /* at most so many of those are kept */
    void *(*map)(size_t size); /* slab_map; tests make it fail */
};

/* `size` is over 0, at most a MiB, and is rounded up to whole cache lines. As many empty blocks are
 * kept as `spares` objects need, but at least one. */
void slab_init(struct slab *s, size_t size, uint32_t spares);
/* Every object must have been put back. */
void slab_done(struct slab *s);
/* An object with undefined contents, aligned to 64 bytes, or NULL when memory is out. */
void *slab_get(struct slab *s);
void slab_put(struct slab *s, void *object);

/* Zeroed memory from the system, aligned to its size, which is a power of two and whole pages; NULL
 * when there is none. */
void *slab_map(size_t size);

#endif
