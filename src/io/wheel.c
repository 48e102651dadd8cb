/* wheel: 256 lists and a bitmap. */
#include "io/wheel.h"

#include "base/check.h"

static uint32_t tick_of(uint64_t ms)
{
    return (uint32_t)(ms / WHEEL_TICK_MS);
}

/* Is tick a before tick b, over wrap-around? */
static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

void wheel_init(struct wheel *w, uint64_t now_ms, const timer_fn *expire)
{
    *w = (struct wheel){.tick = tick_of(now_ms), .expire = expire};
    for (unsigned i = 0; i < WHEEL_SLOTS; i++)
        link_init(&w->slots[i]);
}

void timer_init(struct timer *t, uint8_t kind)
{
    *t = (struct timer){.kind = kind};
    link_init(&t->link);
}

/* Hangs it at its due tick, or as far ahead as the wheel reaches. */
static void hang(struct wheel *w, struct timer *t)
{
    uint32_t at = t->due, farthest = w->tick + WHEEL_SLOTS - 1;
    if (!is_before(w->tick, at))
        at = w->tick + 1;
    if (is_before(farthest, at))
        at = farthest;
    unsigned slot = at % WHEEL_SLOTS;
    t->hung = (uint16_t)at;
    link_last(&w->slots[slot], &t->link);
    w->occupied[slot / 64] |= UINT64_C(1) << slot % 64;
}

void timer_set(struct wheel *w, struct timer *t, uint64_t now_ms, uint64_t ms)
{
    t->due = tick_of(now_ms + ms + WHEEL_TICK_MS - 1);
    if (link_is_alone(&t->link)) {
        if (w->armed++ == 0 && is_before(w->tick, tick_of(now_ms)))
            w->tick = tick_of(now_ms); /* nothing hung since: those ticks need not be walked */
        hang(w, t);
        return;
    }
    uint16_t ahead = (uint16_t)(t->hung - (uint16_t)w->tick); /* of where it hangs: < WHEEL_SLOTS */
    if (!is_before(t->due, w->tick + ahead))
        return; /* met in time where it hangs, and moved on then */
    link_remove(&t->link);
    hang(w, t);
}

void timer_stop(struct wheel *w, struct timer *t)
{
    if (link_is_alone(&t->link))
        return;
    link_remove(&t->link);
    w->armed--;
}

static void serve_slot(struct wheel *w, unsigned slot)
{
    struct link here;
    link_take(&here, &w->slots[slot]);
    w->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    while (!link_is_alone(&here)) {
        struct timer *t = container_of(here.next, struct timer, link);
        link_remove(&t->link);
        if (is_before(w->tick, t->due)) {
            hang(w, t);
            continue;
        }
        w->armed--;
        w->expire[t->kind](t);
    }
}

void wheel_advance(struct wheel *w, uint64_t now_ms)
{
    uint32_t now = tick_of(now_ms);
    if (w->armed == 0 && is_before(w->tick, now))
        w->tick = now; /* nothing hangs: no need to walk */
    while (is_before(w->tick, now)) {
        w->tick++;
        serve_slot(w, w->tick % WHEEL_SLOTS);
    }
}

/* The first slot from `slot` on that may hold something, as a distance; WHEEL_SLOTS: none. */
static unsigned next_occupied(const struct wheel *w, unsigned slot)
{
    for (unsigned ahead = 0; ahead < WHEEL_SLOTS;) {
        unsigned at = (slot + ahead) % WHEEL_SLOTS;
        uint64_t bits = w->occupied[at / 64] >> at % 64;
        if (bits)
            return ahead + (unsigned)__builtin_ctzll(bits);
        ahead += 64 - at % 64;
    }
    return WHEEL_SLOTS;
}

void wheel_visit(struct wheel *w, bool (*visit)(struct timer *t, void *arg), void *arg)
{
    for (unsigned i = 1; i <= WHEEL_SLOTS; i++) {
        struct link *head = &w->slots[(w->tick + i) % WHEEL_SLOTS];
        for (struct link *l = head->next, *next; l != head; l = next) {
            next = l->next;
            if (!visit(container_of(l, struct timer, link), arg))
                return;
        }
    }
}

int wheel_next_ms(const struct wheel *w, uint64_t now_ms)
{
    if (w->armed == 0)
        return -1;
    uint32_t at = w->tick + 1 + next_occupied(w, (w->tick + 1) % WHEEL_SLOTS);
    if (!is_before(tick_of(now_ms), at))
        return 0;
    return (int)(at - tick_of(now_ms)) * WHEEL_TICK_MS - (int)(now_ms % WHEEL_TICK_MS);
}
