/* wheel: deadlines, lazily kept.
 *
 * One level of 256 slots of 250 ms. Setting a later deadline writes `due` and moves nothing; when
 * the wheel reaches the slot where the timer hangs, it hangs it again at min(due, farthest slot).
 * Only an earlier deadline moves a timer. So a busy connection never touches the lists.
 * Deadlines are met within WHEEL_TICK_MS, or within a second when nothing else wakes the loop: an
 * idle worker wakes at most once a second. */
#ifndef SKIFF_IO_WHEEL_H
#define SKIFF_IO_WHEEL_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_SLOTS = 256, WHEEL_TICK_MS = 250 };

struct timer {
    struct link link; /* in a slot; alone: not hung */
    uint32_t due;     /* tick at which it expires; meaningless when alone */
    uint16_t hung;    /* low bits of the tick whose slot it hangs in */
    uint8_t kind;     /* index into the wheel's table of expiry functions */
};

typedef void (*timer_fn)(struct timer *t);

struct wheel {
    struct link slots[WHEEL_SLOTS];
    uint64_t occupied[WHEEL_SLOTS / 64]; /* a bit a slot: may hang something */
    uint32_t tick;                       /* the last tick that was served */
    uint32_t armed;                      /* timers hung */
    const timer_fn *expire;              /* by timer kind */
};

/* Empty. `expire` has a function for each kind of timer, and stays the caller's. */
void wheel_init(struct wheel *w, uint64_t now_ms, const timer_fn *expire);
/* Prepares a timer that is not set. */
void timer_init(struct timer *t, uint8_t kind);
/* Sets or moves the deadline to now + ms, rounded up to a tick. */
void timer_set(struct wheel *w, struct timer *t, uint64_t now_ms, uint64_t ms);
/* Takes it off the wheel; harmless when it is not set. */
void timer_stop(struct wheel *w, struct timer *t);
/* Serves all ticks up to now: calls expire[kind] for each timer due; it may set any timer again. */
void wheel_advance(struct wheel *w, uint64_t now_ms);
/* Calls visit for each timer that is hung, from the slot that comes first, until it says false. The
 * visited timer, and only it, may be stopped. */
void wheel_visit(struct wheel *w, bool (*visit)(struct timer *t, void *arg), void *arg);
/* Milliseconds until the next slot that may hold something; -1 when nothing is hung. */
int wheel_next_ms(const struct wheel *w, uint64_t now_ms);

#endif
