/* One turn of the loop, played: no connection keeps it, and what others cause, a slow disk or the
 * worker's end, is not a connection's fault. */
#include "support/sim.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static const char config_text[] =
    "version: 1\n"
    "listen: [\"127.0.0.1:1\"]\n"
    "limits: {line_max: 256B, head_max: 1KiB, send: {stall: 4s, min_rate: 1KiB/s}}\n"
    "files: {cache: {small_file_max: 4KiB}}\n"
    "vhosts:\n"
    "  - root: /srv\n"
    "    routes:\n"
    "      - match: {path: /hello}\n"
    "        respond: {status: 200, body: hello}\n";

static char middle[3000], large[300000];
static struct sim *sim;

static void setup(void)
{
    memset(middle, 'm', sizeof middle);
    memset(large, 'l', sizeof large);
    sim_no_files();
    sim_file("middle.css", str_make(middle, sizeof middle));
    sim_file("large.bin", str_make(large, sizeof large));
    sim = sim_new(config_text);
}

static void teardown(void)
{
    sim_free(sim);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/* Everything is here at once, and every write is taken whole. */
static void rush(struct str input)
{
    sim_connect(sim, input);
    sim->window = SIZE_MAX;
    sim->arrived = input.n;
    sim->conn->ch.src.ready |= CAN_READ;
    conn_advance(sim->conn);
}

/* However fast it sends and reads, and however few answers fill the queue. */
START_TEST(one_connection_does_not_keep_the_loop)
{
    static char input[1000 * 64];
    input[0] = '\0';
    for (int i = 0; i < 1000; i++)
        strcat(input, GET("/middle.css"));
    uint32_t before = 0;
    rush(str_of(input));
    do {
        ck_assert_uint_le(sim->conn->served - before, 2 * CONN_BATCH_MAX);
        before = sim->conn->served;
        loop_run_queued(&sim->worker.loop);
    } while (sim->worker.loop.run_first);
    ck_assert_uint_eq(sim->conn->served, 1000);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    sim_disconnect(sim);
}
END_TEST

/* Nor however much it asks for. */
START_TEST(one_connection_gets_its_share_of_bytes)
{
    enum { ASKED = 10 };
    static char input[ASKED * 64];
    input[0] = '\0';
    for (int i = 0; i < ASKED; i++)
        strcat(input, GET("/large.bin"));
    size_t before = 0;
    rush(str_of(input));
    do {
        ck_assert_uint_le(sim->output_n - before, OUT_BUDGET);
        before = sim->output_n;
        loop_run_queued(&sim->worker.loop);
    } while (sim->worker.loop.run_first);
    ck_assert_uint_gt(sim->output_n, ASKED * sizeof large);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    sim_disconnect(sim);
}
END_TEST

/* It has read all there was; what comes next is on its way from a slow disk. */
START_TEST(a_peer_is_not_cut_off_for_a_slow_disk)
{
    static char reading[256]; /* takes the place of a thread's (server/warm.c) */
    sim_connect(sim, str_of(GET("/large.bin")));
    sim_open_window(sim, 1000);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_SEND);
    sim->conn->out->warming = reading;
    sim_open_window(sim, SIZE_MAX);
    for (int i = 0; i < 10 && !sim->closed; i++)
        sim_sleep(sim, 1000);
    ck_assert(!sim->closed);
    sim->conn->out->warming = NULL;
    loop_run_later(&sim->worker.loop, &sim->conn->ch.src);
    sim_run(sim);
    ck_assert_uint_gt(sim->output_n, sizeof large);
    sim_disconnect(sim);
}
END_TEST

/* In a group of the loop's, which calls it again when it has called the others. */
START_TEST(a_request_is_received_first_and_answered_when_its_group_was)
{
    struct worker *w = &sim->worker;
    sim_connect(sim, str_of(GET("/hello") GET("/hello")));
    sim->window = SIZE_MAX;
    w->loop.again_room = 1;
    sim_arrive(sim, strlen(GET("/hello")));
    ck_assert_uint_eq(w->loop.again_room, 0);
    ck_assert_ptr_eq(w->loop.again[0], &sim->conn->ch.src);
    ck_assert_int_eq(sim->conn->state, CONN_HEAD);
    ck_assert_uint_eq(sim->output_n, 0);
    sim->conn->ch.src.on_ready(&sim->conn->ch.src);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_uint_eq(sim->sends, 1);
    w->loop.again_room = 1;
    sim_arrive(sim, SIZE_MAX);
    sim_disconnect(sim); /* it leaves before its second turn */
    ck_assert_uint_eq(pool_used(&w->inputs.blocks), 0);
    ck_assert_uint_eq(sim->sends, 1);
}
END_TEST

/* Accepting pauses, and the pause's end hangs right behind a connection's deadline. */
START_TEST(a_paused_worker_ends)
{
    struct worker *w = &sim->worker;
    sim_connect(sim, STR(""));
    w->paused = true;
    timer_set(&w->loop.wheel, &w->pause, clock_ms(&w->loop.clock), 10 * 1000);
    (void)alarm(10);
    sim_free(sim);
    (void)alarm(0);
    sim = sim_new(config_text);
}
END_TEST

/* Its head is read twice when its body would not fit behind it; it is one request. */
START_TEST(a_head_that_is_moved_counts_once)
{
    static char input[8 * 1024];
    int count = 0;
    input[0] = '\0';
    while (strlen(input) < 4 * 1024)
        strcat(input, GET("/hello")), count++;
    strcat(input, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345");
    sim_connect(sim, str_of(input));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_uint_eq(sim->conn->served, (unsigned)count + 1);
    sim_disconnect(sim);
}
END_TEST

/* However fast a body comes that nobody wants. */
START_TEST(a_body_does_not_keep_the_loop)
{
    enum { BODY = 16 * 1024 * 1024 };
    static char input[BODY + 100];
    sim_free(sim);
    sim = sim_new("version: 1\nlisten: [\"127.0.0.1:1\"]\nlimits: {body_max: 100MiB}\n"
                  "vhosts: [{root: /srv}]\n");
    int head = snprintf(input, sizeof input,
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BODY);
    size_t before = 0;
    rush(str_make(input, (size_t)head + BODY));
    do {
        ck_assert_uint_le(sim->taken - before, 2 * 1024 * 1024);
        before = sim->taken;
        loop_run_queued(&sim->worker.loop);
    } while (sim->worker.loop.run_first);
    ck_assert_uint_eq(sim->taken, sim->input.n);
    ck_assert(str_starts(str_make(sim->output, sim->output_n), STR("HTTP/1.1 405 ")));
    sim_disconnect(sim);
}
END_TEST

UNIT_MAIN_WITH("server/conn_turn_sim", setup, teardown, one_connection_does_not_keep_the_loop,
               one_connection_gets_its_share_of_bytes, a_body_does_not_keep_the_loop,
               a_head_that_is_moved_counts_once, a_peer_is_not_cut_off_for_a_slow_disk,
               a_request_is_received_first_and_answered_when_its_group_was, a_paused_worker_ends)
