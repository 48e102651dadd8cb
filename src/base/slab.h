/* slab: objects of one size, packed into blocks.
 *
 * The allocator's own share of a small object, and what alignment costs there, would be as large as
 * the object; and one small thing that stays keeps all the memory below it from the system. A block
 * is large enough that the C library nearly always maps it by itself. One that becomes empty is
 * given back, so a peak leaves nothing; the block that was used last is used first. */
#ifndef SKIFF_BASE_SLAB_H
#define SKIFF_BASE_SLAB_H

#include "base/list.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes at least. The C library's alignment costs a page of each, and doubles what it asks for:
 * that is mapped by itself. */
enum { SLAB_BLOCK = 64 * 1024 };

struct slab {
    struct link partial; /* blocks with a free object, last used first */
    size_t size;         /* bytes of one object, a multiple of 64 */
    uint32_t block;      /* bytes of a block, a power of two */
    uint32_t per_block;
    uint32_t used;                             /* objects handed out */
    uint32_t blocks;                           /* there are */
    uint32_t empty;                            /* of them without any object in use */
    uint32_t empty_max;                        /* at most so many of those are kept */
    void *(*alloc)(size_t align, size_t size); /* aligned_alloc; tests make it fail */
};

/* `size` is over 0, at most a MiB, and is rounded up to whole cache lines. As many empty blocks are
 * kept as `spares` objects need, but at least one. */
void slab_init(struct slab *s, size_t size, uint32_t spares);
/* Every object must have been put back. */
void slab_done(struct slab *s);
/* An object with undefined contents, aligned to 64 bytes, or NULL when memory is out. */
void *slab_get(struct slab *s);
void slab_put(struct slab *s, void *object);

#endif
