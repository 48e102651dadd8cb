/* arena: blocks in a list, the newest first; allocations are cut from its front. */
#include "base/arena.h"

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_ALIGN = 16 };

struct block {
    struct block *next;
    size_t size; /* bytes behind this header */
    _Alignas(ARENA_ALIGN) char data[];
};

struct arena {
    struct block *blocks; /* the first one is cut from; NULL at first */
    struct block *lent;   /* lies behind this, in the caller's memory; NULL: none does */
    size_t cut;           /* bytes of the first one in use */
    size_t block;         /* usual size */
    size_t total;         /* bytes taken from the system */
};

struct arena *arena_new(size_t block)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->block = block;
    a->total = sizeof *a;
    return a;
}

struct arena *arena_in(void *memory, size_t n)
{
    struct arena_in {
        struct arena arena;
        struct block first;
    } *a = memory;
    CHECK(n >= ARENA_MIN && (uintptr_t)memory % ARENA_ALIGN == 0);
    size_t block = n - sizeof *a;
    a->first = (struct block){.size = block};
    a->arena = (struct arena){.blocks = &a->first, .lent = &a->first, .block = block};
    return &a->arena;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    bool is_lent = a->lent != NULL;
    for (struct block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        if (b != a->lent)
            free(b);
    }
    if (!is_lent)
        free(a);
}

static struct block *new_block(struct arena *a, size_t size)
{
    struct block *b = size <= SIZE_MAX - sizeof *b ? calloc(1, sizeof *b + size) : NULL;
    if (!b)
        return NULL;
    b->size = size;
    a->total += sizeof *b + size;
    return b;
}

/* A large allocation gets a block of its own, behind the one that is being cut. */
static void *alloc_alone(struct arena *a, size_t n)
{
    struct block *b = new_block(a, n);
    if (!b)
        return NULL;
    if (!a->blocks) {
        a->blocks = b;
        a->cut = b->size;
        return b->data;
    }
    b->next = a->blocks->next;
    a->blocks->next = b;
    return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - ARENA_ALIGN)
        return NULL;
    n = (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (n > a->block / 2)
        return alloc_alone(a, n);
    if (!a->blocks || a->blocks->size - a->cut < n) {
        struct block *b = new_block(a, a->block);
        if (!b)
            return NULL;
        b->next = a->blocks;
        a->blocks = b;
        a->cut = 0;
    }
    char *p = a->blocks->data + a->cut;
    a->cut += n;
    return a->blocks == a->lent ? memset(p, 0, n) : p; /* others were taken zeroed */
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (!p)
        return (struct str){NULL, 0};
    if (s.n)
        memcpy(p, s.p, s.n);
    return str_make(p, s.n);
}

struct str arena_vprintf(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
    if (p)
        (void)vsnprintf(p, (size_t)n + 1, format, again); /* the same length as before */
    va_end(again);
    return p ? str_make(p, (size_t)n) : (struct str){NULL, 0};
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

size_t arena_size(const struct arena *a)
{
    return a->total;
}
