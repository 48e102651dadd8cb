/* Requests that wait for the disk: however many want a name, one thread reads it once. */
#include "server/warm.h"

#include "server/conn.h"
#include "server/worker.h"
#include "support/sim.h"
#include "support/unit.h"

enum { REQUESTS = 5 };

static struct worker worker;
static struct conn conns[REQUESTS];
static struct request requests[REQUESTS];
static uint64_t resumed; /* a bit each */

static void on_ready(struct source *s)
{
    resumed |= UINT64_C(1) << (container_of(s, struct conn, ch.src) - conns);
}

static void setup(void)
{
    resumed = 0;
    worker = (struct worker){0};
    link_init(&worker.warmings);
    ck_assert(loop_init(&worker.loop, NULL));
    ck_assert(offload_init(&worker.offload, &worker.loop, 2, 3));
    sim_no_files();
    sim_file("a", STR("a"));
    sim_file("b", STR("b"));
    for (int i = 0; i < REQUESTS; i++) {
        conns[i] = (struct conn){.worker = &worker, .state = CONN_HANDLE, .flags = CONN_ASKED};
        conns[i].ch.src = (struct source){.on_ready = on_ready, .fd = -1};
        requests[i] = (struct request){.conn = &conns[i]};
    }
}

static void teardown(void)
{
    offload_done(&worker.offload, 5000);
    loop_done(&worker.loop);
}

/* What the threads were given comes back. */
static void hear(void)
{
    while (worker.offload.pending > 0)
        loop_turn(&worker.loop, 1000);
    loop_turn(&worker.loop, 0);
}

START_TEST(one_name_is_read_once_for_all)
{
    for (int i = 0; i < REQUESTS; i++)
        ck_assert(warm_begin(&requests[i], 7, i < 4 ? "a" : "b", LINKS_DENY, 40 + (i == 4)));
    ck_assert_uint_eq(worker.offload.pending, 2);
    hear();
    ck_assert_uint_eq(resumed, (1u << REQUESTS) - 1);
    for (int i = 0; i < REQUESTS; i++) {
        ck_assert(!requests[i].is_warming);
        ck_assert_uint_eq(requests[i].warmed, 40 + (i == 4));
    }
    ck_assert(link_is_alone(&worker.warmings));
}
END_TEST

START_TEST(another_root_or_policy_is_another_name)
{
    ck_assert(warm_begin(&requests[0], 7, "a", LINKS_DENY, 1));
    ck_assert(warm_begin(&requests[1], 8, "a", LINKS_DENY, 1));
    ck_assert(warm_begin(&requests[2], 7, "a", LINKS_FOLLOW, 1));
    ck_assert_uint_eq(worker.offload.pending, 3);
    /* The queue is full: who wants what is read already still gets it. */
    ck_assert(!warm_begin(&requests[3], 7, "b", LINKS_DENY, 1));
    ck_assert(!requests[3].is_warming);
    ck_assert(warm_begin(&requests[3], 8, "a", LINKS_DENY, 1));
    hear();
    ck_assert_uint_eq(resumed, 15);
}
END_TEST

START_TEST(who_leaves_is_not_resumed_and_keeps_nobody_from_it)
{
    for (int i = 0; i < 3; i++)
        ck_assert(warm_begin(&requests[i], 7, "a", LINKS_DENY, 1));
    warm_abandon(&requests[1]);
    ck_assert(!requests[1].is_warming);
    hear();
    ck_assert_uint_eq(resumed, 5);
    ck_assert(warm_begin(&requests[3], 7, "a", LINKS_DENY, 1));
    warm_abandon(&requests[3]);
    hear();
    ck_assert_uint_eq(resumed, 5);
}
END_TEST

UNIT_MAIN_WITH("server/warm", setup, teardown, one_name_is_read_once_for_all,
               another_root_or_policy_is_another_name,
               who_leaves_is_not_resumed_and_keeps_nobody_from_it)
