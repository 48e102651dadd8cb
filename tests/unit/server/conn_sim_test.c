/* The state machine, played: whatever way the input is cut and however little the peer takes at a
 * time, the output is the same, and everything borrowed is given back. */
#include "support/sim.h"
#include "support/unit.h"

#include "server/dispatch.h"

#include <stdio.h>

static const char config_text[] =
    "version: 1\n"
    "listen: [\"127.0.0.1:1\"]\n"
    "limits: {header_timeout: 2s, body_timeout: 3s, body_max: 64B, line_max: 256B, head_max: "
    "1KiB,\n"
    "  fields_max: 8, send: {stall: 4s, min_rate: 1KiB/s}, keepalive: {idle: 10s}}\n"
    "files: {cache: {small_file_max: 4KiB}}\n"
    "vhosts:\n"
    "  - root: /srv\n"
    "    routes:\n"
    "      - match: {path: /hello}\n"
    "        respond: {status: 200, body: hello}\n";

static char small[100], middle[3000], large[300000];
static struct sim *sim;

static void setup(void)
{
    memset(small, 's', sizeof small);
    memset(middle, 'm', sizeof middle);
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)('a' + i % 23);
    sim_no_files();
    sim_file("index.html", str_make(small, sizeof small));
    sim_file("middle.css", str_make(middle, sizeof middle));
    sim_file("large.bin", str_make(large, sizeof large));
    sim_file("dir/index.html", STR("<p>in a folder"));
    sim = sim_new(config_text);
}

static void teardown(void)
{
    sim_free(sim);
}

#define GET(path)     "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define CHUNKED(body) "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" body

/* Conversations that end in every way there is. */
static const char *const conversations[] = {
    GET("/"),
    GET("/") GET("/middle.css") GET("/hello") GET("/dir") GET("/nothing"),
    GET("/large.bin") GET("/hello"),
    "HEAD /large.bin HTTP/1.1\r\nHost: a\r\n\r\n" GET("/hello"),
    "\r\n" GET("/hello") "\r\n\r\n" GET("/hello"),
    "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /hello HTTP/1.0\r\n\r\n" GET("/"),
    "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET("/"),
    "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world" GET("/"),
    "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\nhello world" GET("/"),
    CHUNKED("5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX: y\r\n\r\n") GET("/"),
    GET("/") CHUNKED("5\r\nhello\r\nzz\r\n") GET("/"),
    CHUNKED("20\r\n01234567890123456789012345678901\r\n30\r\n") GET("/"),
    GET("/hello") "GET /hello HTTP/1.1\r\n\r\n" GET("/"),
    GET("/hello") "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n" GET("/"),
    GET("/hello") "GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n" GET("/"),
    GET("/hello") "GET /hello HTTP/1.1\r\nHost: a\r\nA: 1\nB: 2\r\n\r\n" GET("/"),
    GET("/hello") "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n",
    "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n" GET("/"),
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    GET("/hello") "GET /hel",
    "",
};

static struct str keep(struct str s)
{
    char *p = malloc(s.n + 1);
    memcpy(p, s.p, s.n);
    return str_make(p, s.n);
}

static void same(struct str got, struct str expected, const char *what, size_t how)
{
    ck_assert_msg(str_eq(got, expected), "%s %zu: got %zu bytes, expected %zu:\n%.*s", what, how,
                  got.n, expected.n, (int)(got.n < 600 ? got.n : 600), got.p);
}

START_TEST(every_split_of_the_input_gives_the_same_output)
{
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        struct str input = str_of(conversations[i]);
        struct str whole = keep(sim_play(sim, input, SIZE_MAX, SIZE_MAX, 0));
        for (size_t cut = 1; cut < input.n; cut++) {
            sim_connect(sim, input);
            sim_open_window(sim, SIZE_MAX);
            sim_arrive(sim, cut);
            if (!sim->closed)
                sim_arrive(sim, SIZE_MAX);
            if (!sim->closed)
                sim_end(sim);
            sim_disconnect(sim);
            same(str_make(sim->output, sim->output_n), whole, conversations[i], cut);
        }
        free((void *)(uintptr_t)whole.p);
    }
}
END_TEST

START_TEST(short_writes_and_byte_wise_input_give_the_same_output)
{
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        struct str input = str_of(conversations[i]);
        struct str whole = keep(sim_play(sim, input, SIZE_MAX, SIZE_MAX, 0));
        for (uint32_t seed = 1; seed <= 30; seed++) {
            size_t window = whole.n > 100000 ? 40000 : 1 + seed * seed;
            same(sim_play(sim, input, 1 + seed % 7, window, seed), whole, conversations[i], seed);
        }
        free((void *)(uintptr_t)whole.p);
    }
}
END_TEST

START_TEST(pipelined_answers_leave_in_order_with_one_write)
{
    char input[16 * 64] = "";
    for (int i = 0; i < 16; i++)
        strcat(input, i % 2 ? GET("/hello") : GET("/"));
    sim_connect(sim, str_of(input));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_uint_eq(sim->sends, 1);
    const char *at = sim->output;
    for (int i = 0; i < 16; i++) {
        at = strstr(at, "\r\n\r\n") + 4;
        size_t n = i % 2 ? 5 : sizeof small;
        ck_assert(memcmp(at, i % 2 ? "hello" : small, n) == 0);
        at += n;
    }
    ck_assert_ptr_eq(at, sim->output + sim->output_n);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_batch_ends_after_its_limit_and_goes_on_in_the_next_turn)
{
    static char input[200 * 64];
    input[0] = '\0';
    for (int i = 0; i < 200; i++)
        strcat(input, GET("/hello"));
    struct str out = sim_play(sim, str_of(input), SIZE_MAX, SIZE_MAX, 0);
    int answers = 0;
    for (const char *p = out.p; (p = memmem(p, (size_t)(out.p + out.n - p), "HTTP/1.1 200", 12));
         p++)
        answers++;
    ck_assert_int_eq(answers, 200);
    ck_assert_uint_ge(sim->sends, 200 / CONN_BATCH_MAX);
}
END_TEST

START_TEST(an_idle_connection_owns_nothing)
{
    sim_connect(sim, str_of(GET("/") GET("/large.bin")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert(conn_is_idle(sim->conn));
    ck_assert_uint_eq(pool_used(&sim->worker.inputs.blocks), 0);
    ck_assert_uint_eq(pool_used(&sim->worker.outs.outs), 0);
    ck_assert_uint_eq(pool_used(&sim->worker.requests), 0);
    ck_assert_uint_eq(pool_used(&sim->worker.heads), 0);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_slow_reader_holds_no_input_and_no_head)
{
    sim_connect(sim, str_of(GET("/large.bin")));
    sim_open_window(sim, 1000);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_SEND);
    ck_assert_uint_eq(pool_used(&sim->worker.inputs.blocks), 0);
    ck_assert_uint_eq(pool_used(&sim->worker.heads), 0);
    ck_assert_uint_eq(pool_used(&sim->worker.outs.heads.blocks), 0);
    sim_disconnect(sim);
}
END_TEST

static bool output_begins(const char *text)
{
    return str_starts(str_make(sim->output, sim->output_n), str_of(text));
}

START_TEST(an_idle_connection_times_out_silently)
{
    sim_connect(sim, STR(""));
    sim_open_window(sim, SIZE_MAX);
    sim_sleep(sim, 9000);
    ck_assert(!sim->closed);
    sim_sleep(sim, 2000);
    ck_assert(sim->closed);
    ck_assert_uint_eq(sim->output_n, 0);
    sim_disconnect(sim);
}
END_TEST

/* Urgent data, say: an event, but nothing to read. */
START_TEST(an_event_without_bytes_does_not_postpone_the_idle_deadline)
{
    sim_connect(sim, str_of(""));
    for (int i = 0; i < 9; i++) {
        ck_assert(!sim->closed);
        sim->conn->ch.src.ready |= CAN_READ;
        sim->conn->ch.src.on_ready(&sim->conn->ch.src);
        sim_sleep(sim, 1000);
    }
    sim_sleep(sim, 2000);
    ck_assert(sim->closed);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_slow_head_cannot_buy_time_byte_by_byte)
{
    sim_connect(sim, str_of(GET("/hello")));
    sim_open_window(sim, SIZE_MAX);
    for (int i = 0; i < 3 && sim->output_n == 0; i++) {
        sim_arrive(sim, 1);
        sim_sleep(sim, 1000);
    }
    ck_assert(output_begins("HTTP/1.1 408 "));
    ck_assert(sim->shut);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_slow_body_is_408)
{
    sim_connect(sim, str_of("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_DRAIN);
    sim_sleep(sim, 3500);
    ck_assert(output_begins("HTTP/1.1 408 "));
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_body_that_is_cut_takes_no_earlier_answer_with_it)
{
    sim_connect(
        sim,
        str_of(GET("/hello") "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"));
    sim_arrive(sim, SIZE_MAX);
    sim_end(sim);
    ck_assert(!sim->closed);
    sim_open_window(sim, SIZE_MAX);
    ck_assert(output_begins("HTTP/1.1 200 "));
    ck_assert(sim->closed);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_peer_that_does_not_read_is_cut_off)
{
    sim_connect(sim, str_of(GET("/large.bin")));
    sim_open_window(sim, 10);
    sim_arrive(sim, SIZE_MAX);
    for (int i = 0; i < 10 && !sim->closed; i++)
        sim_sleep(sim, 1000);
    ck_assert(sim->closed);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_peer_that_reads_slowly_but_steadily_is_served)
{
    sim_connect(sim, str_of(GET("/large.bin")));
    sim_arrive(sim, SIZE_MAX);
    for (int i = 0; i < 140 && !sim->closed; i++) {
        sim_open_window(sim, 2200);
        sim_sleep(sim, 1000);
    }
    ck_assert(!sim->closed);
    ck_assert_uint_gt(sim->output_n, sizeof large);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_peer_that_reads_below_the_minimum_rate_is_cut_off)
{
    sim_connect(sim, str_of(GET("/large.bin")));
    sim_arrive(sim, SIZE_MAX);
    for (int i = 0; i < 60 && !sim->closed; i++) {
        sim_open_window(sim, 100);
        sim_sleep(sim, 1000);
    }
    ck_assert(sim->closed);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_file_that_shrinks_ends_the_connection)
{
    sim_connect(sim, str_of(GET("/large.bin") GET("/hello")));
    sim_open_window(sim, 50000);
    sim_arrive(sim, SIZE_MAX);
    sim_truncate("large.bin", 60000);
    sim_open_window(sim, SIZE_MAX);
    ck_assert(sim->closed);
    ck_assert_uint_lt(sim->output_n, 61000);
    sim_disconnect(sim);
}
END_TEST

START_TEST(an_early_error_is_followed_by_a_bounded_linger)
{
    static char noise[8 * 1024 * 1024];
    memcpy(noise, "GET\n", 4);
    sim_connect(sim, str_make(noise, sizeof noise));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, 10);
    ck_assert(output_begins("HTTP/1.1 400 "));
    ck_assert(sim->shut && !sim->closed);
    sim_arrive(sim, 1024 * 1024);
    ck_assert(!sim->closed);
    sim_arrive(sim, SIZE_MAX);
    ck_assert(sim->closed);
    sim_disconnect(sim);
    sim_connect(sim, str_make(noise, 100));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, 10);
    sim_sleep(sim, CONN_LINGER_MS + 500);
    ck_assert(sim->closed);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_finishing_worker_closes_after_the_answer)
{
    sim_connect(sim, str_of(GET("/hello")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, 4);
    sim->worker.finishing = true;
    sim_arrive(sim, SIZE_MAX);
    ck_assert(memmem(sim->output, sim->output_n, "Connection: close", 17));
    ck_assert(sim->closed);
    sim->worker.finishing = false;
    sim_disconnect(sim);
}
END_TEST

/* It may have a request under way: closed at once, a balancer would report 502. */
START_TEST(a_leaving_worker_gives_an_idle_connection_a_moment)
{
    sim_connect(sim, str_of(GET("/hello")));
    sim_open_window(sim, SIZE_MAX);
    sim->worker.finishing = true;
    conn_leave(sim->conn);
    ck_assert(!sim->closed);
    sim_arrive(sim, SIZE_MAX);
    ck_assert(output_begins("HTTP/1.1 200 "));
    ck_assert(sim->closed);
    sim_disconnect(sim);
    sim_connect(sim, STR(""));
    conn_leave(sim->conn);
    sim_sleep(sim, CONN_GRACE_MS + 500);
    ck_assert(sim->closed);
    sim->worker.finishing = false;
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_leaving_worker_answers_once_more_on_a_used_connection)
{
    sim_connect(sim, str_of(GET("/hello") GET("/hello")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, sizeof(GET("/hello")) - 1);
    sim->worker.finishing = true;
    conn_leave(sim->conn);
    ck_assert(!sim->closed);
    size_t before = sim->output_n;
    ck_assert(!memmem(sim->output, before, "Connection: close", 17));
    sim_arrive(sim, SIZE_MAX);
    ck_assert(memmem(sim->output + before, sim->output_n - before, "Connection: close", 17));
    ck_assert(sim->closed);
    sim->worker.finishing = false;
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_leaving_worker_gives_what_becomes_idle_a_moment)
{
    sim_connect(sim, str_of(GET("/large.bin")));
    sim_open_window(sim, 1000);
    sim_arrive(sim, SIZE_MAX);
    sim->worker.finishing = true;
    conn_leave(sim->conn);
    sim_open_window(sim, SIZE_MAX);
    ck_assert_uint_gt(sim->output_n, sizeof large);
    ck_assert(!sim->closed);
    sim_sleep(sim, CONN_GRACE_MS + 500);
    ck_assert(sim->closed);
    sim->worker.finishing = false;
    sim_disconnect(sim);
}
END_TEST

static int refusals; /* allocations that still succeed before one is refused */

static void *refuse_after(size_t size)
{
    return refusals-- > 0 ? slab_map(size) : NULL;
}

static void drop_spares(struct pool *p)
{
    size_t size = p->slab.size;
    pool_done(p);
    pool_init(p, size, 0);
    p->slab.per_block = 1; /* each object is asked for */
    p->slab.empty_max = 0;
    p->slab.map = refuse_after;
}

START_TEST(memory_running_out_anywhere_costs_one_connection)
{
    struct worker *w = &sim->worker;
    for (int n = 0; n < 10; n++) {
        refusals = 1000;
        sim_connect(sim, str_of(GET("/hello") GET(
                             "/middle.css") "OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
        drop_spares(&w->requests);
        drop_spares(&w->notes);
        drop_spares(&w->heads);
        drop_spares(&w->inputs.blocks);
        drop_spares(&w->outs.outs);
        drop_spares(&w->outs.heads.blocks);
        refusals = n;
        sim_open_window(sim, SIZE_MAX);
        sim_arrive(sim, SIZE_MAX);
        if (sim->output_n > 0)
            ck_assert(output_begins("HTTP/1.1 200 ") || output_begins("HTTP/1.1 503 "));
        sim_disconnect(sim);
    }
    refusals = 1000;
    struct str out = sim_play(sim, str_of(GET("/hello")), SIZE_MAX, SIZE_MAX, 0);
    ck_assert(str_starts(out, STR("HTTP/1.1 200 ")));
}
END_TEST

UNIT_MAIN_WITH(
    "server/conn_sim", setup, teardown, every_split_of_the_input_gives_the_same_output,
    short_writes_and_byte_wise_input_give_the_same_output,
    pipelined_answers_leave_in_order_with_one_write,
    a_batch_ends_after_its_limit_and_goes_on_in_the_next_turn, an_idle_connection_owns_nothing,
    a_slow_reader_holds_no_input_and_no_head, an_idle_connection_times_out_silently,
    an_event_without_bytes_does_not_postpone_the_idle_deadline,
    a_slow_head_cannot_buy_time_byte_by_byte, a_slow_body_is_408,
    a_body_that_is_cut_takes_no_earlier_answer_with_it, a_peer_that_does_not_read_is_cut_off,
    a_peer_that_reads_slowly_but_steadily_is_served,
    a_peer_that_reads_below_the_minimum_rate_is_cut_off, a_file_that_shrinks_ends_the_connection,
    an_early_error_is_followed_by_a_bounded_linger, a_finishing_worker_closes_after_the_answer,
    a_leaving_worker_gives_an_idle_connection_a_moment,
    a_leaving_worker_answers_once_more_on_a_used_connection,
    a_leaving_worker_gives_what_becomes_idle_a_moment,
    memory_running_out_anywhere_costs_one_connection)
