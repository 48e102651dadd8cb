/* slab: many small objects of one size, packed into blocks.
 *
 * For objects that are counted in hundreds of thousands: the allocator's own share, and what
 * alignment costs there, would be as large as they are. A block that becomes empty is given back,
 * so a peak leaves nothing; the block that was used last is used first. */
#ifndef SKIFF_BASE_SLAB_H
#define SKIFF_BASE_SLAB_H

#include "base/list.h"

#include <stddef.h>
#include <stdint.h>

enum { SLAB_BLOCK = 64 * 1024 }; /* bytes; the C library's alignment costs a page of each */

struct slab {
    struct link partial; /* blocks with a free object, last used first */
    size_t size;         /* bytes of one object, a multiple of 64 */
    uint32_t per_block;
    uint32_t used;  /* objects handed out */
    uint32_t empty; /* blocks kept without any object in use: at most one */
    void *(*alloc)(size_t align, size_t size); /* aligned_alloc; tests make it fail */
};

/* `size` is rounded up to whole cache lines; at least two objects must fit a block. */
void slab_init(struct slab *s, size_t size);
/* Every object must have been put back. */
void slab_done(struct slab *s);
/* An object with undefined contents, aligned to 64 bytes, or NULL when memory is out. */
void *slab_get(struct slab *s);
void slab_put(struct slab *s, void *object);

#endif
