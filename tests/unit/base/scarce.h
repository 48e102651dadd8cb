/* scarce: a calloc that a test can make refuse, so that "memory is out" is reached.
 *
 * A definition in the program goes before the C library's; memory still comes from malloc, so a
 * sanitizer sees all of it. Include it in one file of a program. */
#ifndef SKIFF_TESTS_SCARCE_H
#define SKIFF_TESTS_SCARCE_H

#include <stdint.h>
#include <stdlib.h>

static unsigned callocs_left = (unsigned)-1; /* how many go well before all are refused */

void *calloc(size_t count, size_t size)
{
    size_t n;
    if (callocs_left == 0 || __builtin_mul_overflow(count, size, &n) || n > PTRDIFF_MAX)
        return NULL;
    callocs_left--;
    volatile char *p = malloc(n); /* volatile: else this is turned into a call of calloc */
    for (size_t i = 0; p && i < n; i++)
        p[i] = 0;
    return (void *)(uintptr_t)p;
}

#endif
