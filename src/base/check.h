/* check: assertions that stay on, and the walk from a member to its struct.
 *
 * CHECK is for our own faults only: it prints where and aborts, the master respawns the worker.
 * A peer's fault is an HTTP status, the machine's fault is a return value. DCHECK is for walks and
 * sums that cost something; release builds leave it out. */
#ifndef SKIFF_BASE_CHECK_H
#define SKIFF_BASE_CHECK_H

#include <assert.h>
#include <stddef.h>

/* Logs what does not hold, and aborts. */
_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (__builtin_expect(!(x), 0))                                                             \
            check_failed(__FILE__, __LINE__, #x);                                                  \
    } while (0)

#ifdef SKIFF_DEBUG
#define DCHECK(x) CHECK(x)
#else
#define DCHECK(x) ((void)sizeof(!(x)))
#endif

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
