/* pin: keeps something alive while others still point into it.
 *
 * A count and what to do when it reaches zero. One process, one thread: no atomics. */
#ifndef SKIFF_BASE_PIN_H
#define SKIFF_BASE_PIN_H

#include "base/check.h"

#include <stdint.h>

struct pin {
    uint32_t count;
    void (*release)(struct pin *p); /* called once, when the last holder lets go */
};

static inline void pin_init(struct pin *p, void (*release)(struct pin *p))
{
    p->count = 1;
    p->release = release;
}

static inline void pin_hold(struct pin *p)
{
    CHECK(p->count > 0);
    p->count++;
}

static inline void pin_drop(struct pin *p)
{
    CHECK(p->count > 0);
    if (--p->count == 0)
        p->release(p);
}

#endif
