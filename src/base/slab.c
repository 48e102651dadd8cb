/* slab: a block knows its free objects; an object finds its block by its address. */
#include "base/slab.h"

#include "base/check.h"
#include "base/poison.h"

#include <string.h>
#include <sys/mman.h>

enum {
    SLAB_ALIGN = 64,        /* a cache line */
    SLAB_BLOCK = 64 * 1024, /* bytes at least */
    OBJECTS_MIN = 3,        /* in a block */
    SIZE_MOST = 1024 * 1024,
};

struct block {
    struct link link; /* in slab.partial; alone: no object is free */
    void *spare;      /* what was put back, linked through the first word of each object */
    uint32_t fresh;   /* from here on none was handed out yet: so far they take no memory */
    uint32_t used;
};

static_assert(sizeof(struct block) <= SLAB_ALIGN, "the first object comes behind it");

static struct block *block_of(const struct slab *s, void *object)
{
    return (struct block *)((uintptr_t)object & ~((uintptr_t)s->block - 1));
}

void slab_init(struct slab *s, size_t size, uint32_t spares)
{
    CHECK(size > 0 && size <= SIZE_MOST);
    size = (size + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN;
    uint32_t block = SLAB_BLOCK;
    while ((block - SLAB_ALIGN) / size < OBJECTS_MIN)
        block *= 2;
    *s = (struct slab){.size = size, .block = block, .map = slab_map};
    s->per_block = (uint32_t)((block - SLAB_ALIGN) / size);
    s->empty_max = spares > 0 ? (spares + s->per_block - 1) / s->per_block : 1;
    link_init(&s->partial);
}

static char *map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* The kernel puts a mapping just below the last one: when one is aligned the next mostly is. If
 * not, twice as much has an aligned half somewhere. */
void *slab_map(size_t size)
{
    char *p = map(size);
    if (!p || (uintptr_t)p % size == 0)
        return p;
    (void)munmap(p, size);
    p = map(2 * size);
    if (!p)
        return NULL;
    size_t before = -(uintptr_t)p % size;
    if (before > 0)
        (void)munmap(p, before);
    (void)munmap(p + before + size, size - before);
    return p + before;
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
    char *fresh = (char *)block + SLAB_ALIGN + block->fresh * s->size;
    void *object = block->spare ? block->spare : fresh;
    ASAN_UNPOISON_MEMORY_REGION(object, s->size);
    if (block->spare)
        memcpy(&block->spare, object, sizeof block->spare);
    else
        block->fresh++;
    return object;
}

static struct block *new_block(struct slab *s)
{
    struct block *block = s->map(s->block);
    if (!block)
        return NULL;
    *block = (struct block){0};
    link_init(&block->link);
    ASAN_POISON_MEMORY_REGION((char *)block + SLAB_ALIGN, s->block - SLAB_ALIGN);
    link_after(&s->partial, &block->link);
    s->blocks++;
    s->empty++;
    return block;
}

static void free_block(struct slab *s, struct block *block)
{
    link_remove(&block->link);
    ASAN_UNPOISON_MEMORY_REGION(block, s->block);
    (void)munmap(block, s->block);
    s->blocks--;
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
    if (block->used == s->per_block)
        link_remove(&block->link);
    return object;
}

void slab_put(struct slab *s, void *object)
{
    struct block *block = block_of(s, object);
    CHECK(block->used > 0);
    bool was_full = block->used == s->per_block;
    push(s, block, object);
    s->used--;
    block->used--;
    if (was_full)
        link_after(&s->partial, &block->link);
    s->empty += block->used == 0;
    if (s->empty > s->empty_max)
        free_block(s, block);
}
