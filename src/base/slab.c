/* slab: a block knows its free objects; an object finds its block by its address. */
#include "base/slab.h"

#include "base/check.h"
#include "base/poison.h"

#include <stdlib.h>
#include <string.h>

enum { SLAB_ALIGN = 64 }; /* a cache line */

struct block {
    struct link link; /* in slab.partial; alone: no object is free */
    void *spare;      /* linked through the first word of each free object */
    uint32_t used;
};

static struct block *block_of(void *object)
{
    return (struct block *)((uintptr_t)object & ~(uintptr_t)(SLAB_BLOCK - 1));
}

void slab_init(struct slab *s, size_t size)
{
    *s = (struct slab){.size = (size + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN,
                       .alloc = aligned_alloc};
    s->per_block = (uint32_t)((SLAB_BLOCK - SLAB_ALIGN) / s->size);
    CHECK(s->per_block >= 2 && sizeof(struct block) <= SLAB_ALIGN);
    link_init(&s->partial);
}

static void push(const struct slab *s, struct block *block, void *object)
{
    memcpy(object, &block->spare, sizeof block->spare);
    block->spare = object;
    /* All but the link: a leak check must find its way along the list. */
    ASAN_POISON_MEMORY_REGION((char *)object + sizeof block->spare, s->size - sizeof block->spare);
}

static void *pop(const struct slab *s, struct block *block)
{
    void *object = block->spare;
    ASAN_UNPOISON_MEMORY_REGION(object, s->size);
    memcpy(&block->spare, object, sizeof block->spare);
    return object;
}

static struct block *new_block(struct slab *s)
{
    struct block *block = s->alloc(SLAB_BLOCK, SLAB_BLOCK);
    if (!block)
        return NULL;
    *block = (struct block){0};
    link_init(&block->link);
    for (uint32_t i = s->per_block; i-- > 0;)
        push(s, block, (char *)block + SLAB_ALIGN + i * s->size);
    link_after(&s->partial, &block->link);
    s->empty++;
    return block;
}

static void free_block(struct slab *s, struct block *block)
{
    link_remove(&block->link);
    ASAN_UNPOISON_MEMORY_REGION(block, SLAB_BLOCK);
    free(block);
    s->empty--;
}

void slab_done(struct slab *s)
{
    CHECK(s->used == 0);
    while (!link_is_alone(&s->partial))
        free_block(s, container_of(s->partial.next, struct block, link));
}

void *slab_get(struct slab *s)
{
    struct block *block = link_is_alone(&s->partial)
                              ? new_block(s)
                              : container_of(s->partial.next, struct block, link);
    if (!block)
        return NULL;
    void *object = pop(s, block);
    s->used++;
    s->empty -= block->used++ == 0;
    if (!block->spare)
        link_remove(&block->link);
    return object;
}

void slab_put(struct slab *s, void *object)
{
    struct block *block = block_of(object);
    CHECK(block->used > 0);
    bool was_full = block->spare == NULL;
    push(s, block, object);
    s->used--;
    block->used--;
    if (was_full)
        link_after(&s->partial, &block->link);
    s->empty += block->used == 0;
    if (s->empty > 1)
        free_block(s, block);
}
