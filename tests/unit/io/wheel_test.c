/* The timer wheel: exact ticks, lazily kept, over the wrap-around of the tick counter. */
#include "io/wheel.h"

#include "base/check.h"
#include "support/unit.h"

enum { TIMERS = 2000, REARMS = 18000 };

#define TICK(n) ((uint64_t)(n)*WHEEL_TICK_MS)

static struct wheel w;
static struct timer a, b, c;
static unsigned fired[3];

static void count(struct timer *t)
{
    fired[t == &a ? 0 : t == &b ? 1 : 2]++;
}

static void begin(uint64_t now_ms, timer_fn expire)
{
    static timer_fn table[2];
    table[0] = count;
    table[1] = expire;
    wheel_init(&w, now_ms, table);
    timer_init(&a, expire ? 1 : 0);
    timer_init(&b, 0);
    timer_init(&c, 0);
}

START_TEST(a_timer_fires_once_at_its_deadline_rounded_up_to_a_tick)
{
    begin(TICK(4), NULL);
    timer_set(&w, &a, TICK(4), 2 * WHEEL_TICK_MS);
    timer_set(&w, &b, TICK(4), 2 * WHEEL_TICK_MS + 1);
    wheel_advance(&w, TICK(6) - 1);
    ck_assert_uint_eq(fired[0] + fired[1], 0);
    wheel_advance(&w, TICK(6));
    ck_assert_uint_eq(fired[0], 1);
    ck_assert_uint_eq(fired[1], 0);
    wheel_advance(&w, TICK(7));
    wheel_advance(&w, TICK(5000));
    ck_assert_uint_eq(fired[0], 1);
    ck_assert_uint_eq(fired[1], 1);
    ck_assert_uint_eq(w.armed, 0);
}
END_TEST

START_TEST(a_deadline_of_now_fires_with_the_next_tick)
{
    begin(TICK(4), NULL);
    timer_set(&w, &a, TICK(4), 0);
    wheel_advance(&w, TICK(4) + 100);
    ck_assert_uint_eq(fired[0], 0);
    wheel_advance(&w, TICK(5));
    ck_assert_uint_eq(fired[0], 1);
}
END_TEST

START_TEST(a_later_deadline_does_not_move_the_timer_until_its_slot_comes)
{
    begin(0, NULL);
    timer_set(&w, &a, 0, TICK(3));
    timer_set(&w, &b, 0, TICK(3));
    const struct link *neighbour = a.link.next;
    timer_set(&w, &a, 0, TICK(9));
    ck_assert_ptr_eq(a.link.next, neighbour);
    wheel_advance(&w, TICK(8));
    ck_assert_uint_eq(fired[0], 0);
    ck_assert_uint_eq(fired[1], 1);
    wheel_advance(&w, TICK(9));
    ck_assert_uint_eq(fired[0], 1);
}
END_TEST

START_TEST(an_earlier_deadline_wins)
{
    begin(0, NULL);
    timer_set(&w, &a, 0, TICK(100));
    timer_set(&w, &a, 0, TICK(2));
    wheel_advance(&w, TICK(2));
    ck_assert_uint_eq(fired[0], 1);
}
END_TEST

START_TEST(one_level_serves_a_deadline_many_rounds_away)
{
    begin(0, NULL);
    timer_set(&w, &a, 0, TICK(5 * WHEEL_SLOTS + 7));
    for (uint64_t tick = 1; tick < 5 * WHEEL_SLOTS + 7; tick++)
        wheel_advance(&w, TICK(tick));
    ck_assert_uint_eq(fired[0], 0);
    wheel_advance(&w, TICK(5 * WHEEL_SLOTS + 7));
    ck_assert_uint_eq(fired[0], 1);
}
END_TEST

START_TEST(a_stopped_timer_never_fires_and_may_be_stopped_again)
{
    begin(0, NULL);
    timer_set(&w, &a, 0, TICK(2));
    timer_stop(&w, &a);
    timer_stop(&w, &a);
    ck_assert_uint_eq(w.armed, 0);
    wheel_advance(&w, TICK(600));
    ck_assert_uint_eq(fired[0], 0);
}
END_TEST

/* Each of the three is due in the same tick; the first to fire changes the others. */
static void stop_b_and_postpone_c(struct timer *t)
{
    count(t);
    timer_stop(&w, &b);
    timer_set(&w, &c, TICK(2), TICK(5));
    timer_set(&w, t, TICK(2), TICK(1));
}

START_TEST(an_expiry_may_stop_and_set_any_timer_of_the_same_slot)
{
    begin(0, stop_b_and_postpone_c);
    timer_set(&w, &a, 0, TICK(2));
    timer_set(&w, &b, 0, TICK(2));
    timer_set(&w, &c, 0, TICK(2));
    wheel_advance(&w, TICK(2));
    ck_assert_uint_eq(fired[0], 1);
    ck_assert_uint_eq(w.armed, 2);
    a.kind = 0;
    wheel_advance(&w, TICK(6));
    ck_assert_uint_eq(fired[0], 2);
    ck_assert_uint_eq(fired[1] + fired[2], 0);
    wheel_advance(&w, TICK(7));
    ck_assert_uint_eq(fired[2], 1);
}
END_TEST

START_TEST(an_empty_wheel_starts_again_from_now)
{
    uint64_t month = UINT64_C(30) * 24 * 3600 * 1000;
    begin(0, NULL);
    timer_set(&w, &a, month, TICK(1));
    ck_assert_uint_eq(w.tick, month / WHEEL_TICK_MS);
    ck_assert_int_eq(wheel_next_ms(&w, month), WHEEL_TICK_MS);
    wheel_advance(&w, month + TICK(1));
    ck_assert_uint_eq(fired[0], 1);
    wheel_advance(&w, 2 * month);
    ck_assert_uint_eq(w.tick, 2 * month / WHEEL_TICK_MS);
}
END_TEST

START_TEST(next_ms_is_the_distance_to_the_first_slot_that_holds_something)
{
    begin(0, NULL);
    ck_assert_int_eq(wheel_next_ms(&w, 0), -1);
    timer_set(&w, &a, 0, TICK(70));
    ck_assert_int_eq(wheel_next_ms(&w, 0), TICK(70));
    timer_set(&w, &b, 0, TICK(4));
    ck_assert_int_eq(wheel_next_ms(&w, 100), TICK(4) - 100);
    ck_assert_int_eq(wheel_next_ms(&w, TICK(4)), 0);
    ck_assert_int_eq(wheel_next_ms(&w, TICK(9)), 0);
    wheel_advance(&w, TICK(4));
    ck_assert_int_eq(wheel_next_ms(&w, TICK(4)), TICK(66));
    timer_set(&w, &c, TICK(4), TICK(10000));
    timer_stop(&w, &a);
    wheel_advance(&w, TICK(70));
    ck_assert_int_eq(wheel_next_ms(&w, TICK(70)), TICK(4 + 255 - 70));
}
END_TEST

START_TEST(next_ms_is_true_across_the_wrap_of_the_tick_counter)
{
    uint64_t wrap = TICK(UINT64_C(1) << 32);
    begin(wrap - TICK(3), NULL);
    timer_set(&w, &a, wrap - TICK(3), TICK(5));
    ck_assert_int_eq(wheel_next_ms(&w, wrap - TICK(3) + 1), TICK(5) - 1);
    ck_assert_int_eq(wheel_next_ms(&w, wrap + TICK(1)), TICK(1));
    ck_assert_int_eq(wheel_next_ms(&w, wrap + TICK(2)), 0);
    wheel_advance(&w, wrap + TICK(2));
    ck_assert_uint_eq(fired[0], 1);
}
END_TEST

static bool note_two(struct timer *t, void *arg)
{
    struct timer ***next = arg;
    *(*next)++ = t;
    timer_stop(&w, t);
    return t != &b;
}

START_TEST(visit_meets_the_nearest_first_and_stops_when_told)
{
    struct timer *met[3] = {NULL}, **next = met;
    begin(TICK(250), NULL);
    timer_set(&w, &c, TICK(250), TICK(200));
    timer_set(&w, &b, TICK(250), TICK(20)); /* its slot has a smaller number than a's */
    timer_set(&w, &a, TICK(250), TICK(2));
    wheel_visit(&w, note_two, &next);
    ck_assert_ptr_eq(met[0], &a);
    ck_assert_ptr_eq(met[1], &b);
    ck_assert_ptr_null(met[2]);
    ck_assert_uint_eq(w.armed, 1);
}
END_TEST

/* --- the property --- */

static struct timer many[TIMERS];
static uint32_t due_tick[TIMERS]; /* when the model says it fires */
static bool is_set[TIMERS];
static uint64_t now, rearms, expiries;
static uint32_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void set_any(void)
{
    uint32_t i = draw(TIMERS);
    uint32_t ms = draw(8) == 0 ? draw(200000) : draw(20000);
    timer_set(&w, &many[i], now, ms);
    due_tick[i] = (uint32_t)((now + ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS);
    if ((int32_t)(due_tick[i] - w.tick) <= 0)
        due_tick[i] = w.tick + 1; /* a tick that was served already */
    is_set[i] = true;
    rearms++;
}

static void expire_exactly(struct timer *t)
{
    size_t i = (size_t)(t - many);
    ck_assert(is_set[i]);
    ck_assert_uint_eq(w.tick, due_tick[i]);
    is_set[i] = false;
    expiries++;
    if (rearms < REARMS && draw(2) == 0)
        set_any();
}

static void stop_any(void)
{
    uint32_t i = draw(TIMERS);
    timer_stop(&w, &many[i]);
    is_set[i] = false;
}

/* How many are set, and none of them overdue. */
static uint32_t count_set(void)
{
    uint32_t n = 0, overdue = 0; /* one assertion for all: each costs a message to the parent */
    for (int i = 0; i < TIMERS; i++) {
        n += is_set[i];
        overdue += is_set[i] && (int32_t)(due_tick[i] - w.tick) <= 0;
    }
    ck_assert_uint_eq(overdue, 0);
    return n;
}

static void play(uint32_t with_seed)
{
    static const timer_fn table[] = {expire_exactly};
    seed = with_seed;
    rearms = expiries = 0;
    now = TICK((UINT64_C(1) << 32) - 200) + 13;
    wheel_init(&w, now, table);
    for (int i = 0; i < TIMERS; i++)
        timer_init(&many[i], 0);
    while (rearms < REARMS) {
        now += draw(16) == 0 ? draw(30000) : draw(600); /* before the wheel knows of it */
        for (uint32_t n = draw(100); n > 0; n--)
            draw(20) == 0 ? stop_any() : set_any();
        wheel_advance(&w, now);
        ck_assert_uint_eq(w.armed, count_set());
    }
    ck_assert_uint_lt(w.tick, 1u << 31); /* it has wrapped */
    for (int next; (next = wheel_next_ms(&w, now)) >= 0;) {
        now += (uint64_t)next;
        wheel_advance(&w, now);
        count_set();
    }
    ck_assert_uint_eq(count_set(), 0);
    ck_assert_uint_gt(expiries, TIMERS);
}

START_TEST(every_timer_fires_on_its_exact_tick_whatever_is_set_and_stopped)
{
    for (uint32_t with_seed = 1; with_seed <= 5; with_seed++)
        play(with_seed);
}
END_TEST

UNIT_MAIN("io/wheel", a_timer_fires_once_at_its_deadline_rounded_up_to_a_tick,
          a_deadline_of_now_fires_with_the_next_tick,
          a_later_deadline_does_not_move_the_timer_until_its_slot_comes, an_earlier_deadline_wins,
          one_level_serves_a_deadline_many_rounds_away,
          a_stopped_timer_never_fires_and_may_be_stopped_again,
          an_expiry_may_stop_and_set_any_timer_of_the_same_slot,
          an_empty_wheel_starts_again_from_now,
          next_ms_is_the_distance_to_the_first_slot_that_holds_something,
          next_ms_is_true_across_the_wrap_of_the_tick_counter,
          visit_meets_the_nearest_first_and_stops_when_told,
          every_timer_fires_on_its_exact_tick_whatever_is_set_and_stopped)
