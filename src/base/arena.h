/* arena: allocations that are freed together.
 *
 * The configuration lives in one, frozen before fork; a request gets one only when somebody
 * allocates for it. Blocks are linked; an allocation larger than a block gets its own. */
#ifndef SKIFF_BASE_ARENA_H
#define SKIFF_BASE_ARENA_H

#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>

enum { ARENA_MIN = 256 };

struct arena;

/* NULL when memory is out. `block` is the usual block size in bytes. */
struct arena *arena_new(size_t block);
/* One that begins in `memory`: n bytes that stay the caller's, aligned to 16; at least ARENA_MIN.
 * Where that does not do, there are blocks of its own as large as what is left of it. */
struct arena *arena_in(void *memory, size_t n);
/* Frees every allocation and the arena, but not what it began in; NULL is fine. */
void arena_free(struct arena *a);
/* Zeroed, aligned to 16 bytes; NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t n);
/* A terminated copy; .p is NULL when memory is out. */
struct str arena_str(struct arena *a, struct str s);
/* Formats into the arena, terminated; .p is NULL when memory is out. */
struct str arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *a, const char *format, va_list args);
/* Bytes taken from the system, for limits and tests. */
size_t arena_size(const struct arena *a);

#endif
