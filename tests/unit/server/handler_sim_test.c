/* Handlers that wait and bodies that are streamed, played: every wake-up arrives, everything is
 * closed once, and earlier answers never wait. */
#include "support/sim.h"
#include "support/unit.h"

#include "base/check.h"

static const char config_text[] = "version: 1\n"
                                  "listen: [\"127.0.0.1:1\"]\n"
                                  "vhosts:\n"
                                  "  - root: /srv\n"
                                  "    routes:\n"
                                  "      - match: {path: /hello}\n"
                                  "        respond: {status: 200, body: hello}\n";

static char small[100], large[3 * 1024 * 1024 + 5];
static struct sim *sim;

static void setup(void)
{
    memset(small, 's', sizeof small);
    sim_no_files();
    sim_file("index.html", str_make(small, sizeof small));
    sim = sim_new(config_text);
}

static void teardown(void)
{
    sim_free(sim);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static bool output_begins(const char *text)
{
    return str_starts(str_make(sim->output, sim->output_n), str_of(text));
}

static struct request *waiting;
static int abandoned, asked;

static enum verdict wait_once(struct request *r, const void *conf)
{
    (void)conf;
    if (asked++ == 0) {
        waiting = r;
        return V_WAIT;
    }
    reply_status(r, 404);
    return V_READY;
}

static void give_up(struct request *r)
{
    ck_assert_ptr_eq(r, waiting);
    abandoned++;
}

static const struct handler_type handler_waits = {
    .name = "waits", .doc = "Waits.", .handle = wait_once, .abandon = give_up};

static void use_handler(const struct handler_type *h)
{
    sim->config->vhosts[0].routes[0].handler = h;
    asked = abandoned = 0;
    waiting = NULL;
}

START_TEST(earlier_answers_leave_while_a_handler_waits)
{
    use_handler(&handler_waits);
    sim_connect(sim, str_of(GET("/") GET("/hello") GET("/")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_HANDLE);
    size_t first = sim->output_n;
    ck_assert_uint_gt(first, sizeof small);
    request_resume(waiting);
    sim_run(sim);
    ck_assert(memmem(sim->output + first, sim->output_n - first, "HTTP/1.1 404", 12));
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_int_eq(abandoned, 0);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_client_that_leaves_makes_the_handler_give_up)
{
    use_handler(&handler_waits);
    sim_connect(sim, str_of(GET("/hello")));
    sim_arrive(sim, SIZE_MAX);
    ck_assert_ptr_nonnull(waiting);
    sim_disconnect(sim);
    ck_assert_int_eq(abandoned, 1);
}
END_TEST

START_TEST(a_handler_that_never_calls_back_is_503)
{
    use_handler(&handler_waits);
    sim_connect(sim, str_of(GET("/hello")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    for (int i = 0; i < 62; i++)
        sim_sleep(sim, 1000);
    ck_assert_int_eq(abandoned, 1);
    ck_assert(output_begins("HTTP/1.1 503 "));
    sim_disconnect(sim);
}
END_TEST

/* What threads were given comes back. */
static void hear(void)
{
    offload_done(&sim->worker.offload, 5000);
    ck_assert(offload_init(&sim->worker.offload, &sim->worker.loop, 1, 10));
    sim_run(sim);
}

START_TEST(a_cold_file_is_read_by_a_thread_first)
{
    sim_cool("index.html");
    sim_connect(sim, str_of(GET("/hello") GET("/") GET("/hello")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_HANDLE);
    size_t before = sim->output_n;
    ck_assert_uint_gt(before, 0); /* the answer in front of it has left */
    hear();
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert(memmem(sim->output + before, sim->output_n - before, small, sizeof small));
    ck_assert(str_ends(str_make(sim->output, sim->output_n), STR("hello")));
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_client_that_leaves_a_cold_file_is_forgotten)
{
    sim_cool("index.html");
    sim_connect(sim, str_of(GET("/")));
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_HANDLE);
    sim_disconnect(sim);
    hear();
}
END_TEST

/* The thread is back, and the connection's turn has not come. */
START_TEST(a_client_that_leaves_just_when_its_file_is_warm_is_forgotten)
{
    sim_cool("index.html");
    sim_connect(sim, str_of(GET("/")));
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_HANDLE);
    ck_assert(offload_done(&sim->worker.offload, 5000));
    ck_assert(offload_init(&sim->worker.offload, &sim->worker.loop, 1, 10));
    sim_disconnect(sim);
}
END_TEST

/* Two names are needed, neither is remembered, and the kernel never says that it has them. */
START_TEST(names_that_stay_cold_are_waited_for_at_last)
{
    sim_free(sim);
    sim = sim_new("version: 1\nlisten: [\"127.0.0.1:1\"]\n"
                  "files: {precompressed: [gz], cache: {small_files: 0B, open_files: 0}}\n"
                  "vhosts: [{root: /srv}]\n");
    sim_file("index.html.gz", STR("packed"));
    sim_freeze("index.html");
    sim_freeze("index.html.gz");
    sim_connect(sim, STR("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    for (int i = 0; i < 100 && sim->conn->state == CONN_HANDLE; i++)
        hear();
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert(str_ends(str_make(sim->output, sim->output_n), STR("packed")));
    sim_disconnect(sim);
}
END_TEST

/* Nobody can go first: it is waited for, and answered. */
START_TEST(a_cold_file_without_a_thread_is_waited_for)
{
    sim_cool("index.html");
    offload_done(&sim->worker.offload, 0);
    sim_connect(sim, str_of(GET("/")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert(output_begins("HTTP/1.1 200 OK"));
    sim_disconnect(sim);
    ck_assert(offload_init(&sim->worker.offload, &sim->worker.loop, 1, 10));
}
END_TEST

/* What is asked for has a large file in it. */
static void ask_large(const char *requests)
{
    memset(large, 'l', sizeof large);
    sim_file("large.bin", str_make(large, sizeof large));
    sim_connect(sim, str_of(requests));
}

/* The descriptors of the simulation cannot be copied for a thread: each window is waited for. */
START_TEST(a_large_file_that_gets_cold_is_sent_all_the_same)
{
    ask_large(GET("/large.bin") GET("/hello"));
    sim_arrive(sim, SIZE_MAX);
    sim_open_window(sim, 100);
    sim_cool("large.bin");
    sim_open_window(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_uint_gt(sim->output_n, sizeof large);
    ck_assert(str_ends(str_make(sim->output, sim->output_n), STR("hello")));
    sim_disconnect(sim);
}
END_TEST

/* Known for an hour, and not in memory for as long. */
START_TEST(an_open_file_that_got_cold_is_read_by_a_thread_first)
{
    sim_free(sim);
    sim = sim_new("version: 1\nlisten: [\"127.0.0.1:1\"]\n"
                  "files: {cache: {small_files: 0B, check: 1h}}\n"
                  "vhosts: [{root: /srv}]\n");
    sim_connect(sim, str_of(GET("/") GET("/")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, sizeof GET("/") - 1);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    size_t before = sim->output_n;
    sim_sleep(sim, FILECACHE_AT_HAND_MS);
    sim_cool("index.html");
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_HANDLE);
    hear();
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_uint_eq(sim_disk_waits(), 0);
    ck_assert(memmem(sim->output + before, sim->output_n - before, small, sizeof small));
    sim_disconnect(sim);
}
END_TEST

/* It was in memory when its answer was begun. */
START_TEST(a_file_that_gets_cold_while_its_client_reads_is_looked_at)
{
    sim_file("middle.bin", str_make(large, 300000));
    sim_connect(sim, str_of(GET("/middle.bin")));
    sim_open_window(sim, 1000);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_SEND);
    sim_cool("middle.bin");
    sim_open_window(sim, SIZE_MAX);
    ck_assert_uint_gt(sim_disk_refusals(), 0);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_uint_gt(sim->output_n, 300000);
    sim_disconnect(sim);
}
END_TEST

/* ... and had no turn yet, for the client does not even read the answer in front of it. */
START_TEST(a_file_that_gets_cold_before_its_turn_is_looked_at)
{
    sim_file("middle.bin", str_make(large, 300000));
    sim_cool("middle.bin");
    sim_connect(sim, str_of(GET("/hello") GET("/middle.bin")));
    sim_open_window(sim, 10);
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_HANDLE);
    hear();
    ck_assert_int_eq(sim->conn->state, CONN_SEND);
    ck_assert_uint_eq(sim->output_n, 10);
    sim_cool("middle.bin");
    sim_open_window(sim, SIZE_MAX);
    ck_assert_uint_gt(sim_disk_refusals(), 0);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_uint_gt(sim->output_n, 300000);
    sim_disconnect(sim);
}
END_TEST

/* The next request's body may be long in coming. */
START_TEST(a_cold_answer_does_not_wait_for_the_next_body)
{
    ask_large(
        GET("/large.bin") "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345");
    sim_arrive(sim, sim->input.n - 5);
    sim_cool("large.bin");
    sim_open_window(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_DRAIN);
    ck_assert_uint_gt(sim->output_n, sizeof large);
    sim_arrive(sim, 5);
    ck_assert(str_ends(str_make(sim->output, sim->output_n), STR("hello")));
    sim_disconnect(sim);
}
END_TEST

/* Its file is open, and this part of it is not in memory. */
START_TEST(the_loop_does_not_read_a_small_part_that_is_cold)
{
    ask_large(GET(
        "/large.bin") "GET /large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=2000000-2000099\r\n\r\n");
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, sizeof GET("/large.bin") - 1);
    sim->window = 0;
    sim_cool("large.bin");
    sim_arrive(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_SEND);
    ck_assert_uint_eq(sim_disk_waits(), 0);
    sim_open_window(sim, SIZE_MAX);
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_uint_gt(sim->output_n, sizeof large + 100);
    sim_disconnect(sim);
}
END_TEST

/* One call sends it with its head; behind a head of its own a file takes another. */
START_TEST(parts_up_to_a_limit_are_read_behind_their_head)
{
    for (size_t n = OUT_READ_MAX; n <= OUT_READ_MAX + 1; n++) {
        char request[128];
        snprintf(request, sizeof request,
                 "GET /large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=1000-%zu\r\n\r\n", 999 + n);
        ask_large(request);
        sim_open_window(sim, SIZE_MAX);
        sim_arrive(sim, SIZE_MAX);
        ck_assert(output_begins("HTTP/1.1 206 "));
        ck_assert(str_ends(str_make(sim->output, sim->output_n), str_make(large, n)));
        ck_assert_uint_eq(sim->sends, n <= OUT_READ_MAX ? 1 : 2);
        sim_disconnect(sim);
        sim_no_files();
    }
}
END_TEST

static struct counting {
    struct body body;
    int pieces, closes;
    bool stalls; /* says BODY_WAIT before each piece */
    bool waited;
} counting;

static int counting_lend(struct body *b, struct span *v, int cap)
{
    struct counting *c = container_of(b, struct counting, body);
    (void)cap;
    if (c->pieces == 0)
        return BODY_END;
    if (c->stalls && !c->waited) {
        c->waited = true;
        return BODY_WAIT;
    }
    v[0] = span_of_memory("0123456789" + 10 - (b->left % 10 ? b->left % 10 : 10),
                          (size_t)(b->left % 10 ? b->left % 10 : 10));
    return 1;
}

static void counting_took(struct body *b, size_t n)
{
    struct counting *c = container_of(b, struct counting, body);
    b->left -= (int64_t)n;
    if (b->left % 10 == 0) {
        c->pieces--;
        c->waited = false;
    }
}

static void counting_close(struct body *b)
{
    container_of(b, struct counting, body)->closes++;
}

static const struct body_ops counting_ops = {counting_lend, counting_took, counting_close};

static enum verdict stream(struct request *r, const void *conf)
{
    (void)conf;
    bool stalls = counting.stalls;
    counting = (struct counting){
        .body = {.ops = &counting_ops, .owner = &r->conn->ch.src, .left = 100}, .pieces = 10};
    counting.stalls = stalls;
    reply_begin(r, 200);
    r->resp.stream = &counting.body;
    return V_READY;
}

static const struct handler_type handler_streams = {
    .name = "streams", .doc = "Streams.", .handle = stream};

START_TEST(a_stream_is_pulled_as_the_peer_reads_and_closed_once)
{
    use_handler(&handler_streams);
    struct str input = str_of(GET("/") GET("/hello") GET("/"));
    struct str out = sim_play(sim, input, SIZE_MAX, SIZE_MAX, 0);
    char *kept = malloc(out.n);
    ck_assert_ptr_nonnull(kept);
    struct str whole = str_make(memcpy(kept, out.p, out.n), out.n);
    ck_assert(memmem(whole.p, whole.n, "\r\n\r\n01234567890123456789", 24));
    for (uint32_t seed = 1; seed < 20; seed++) {
        ck_assert(str_eq(sim_play(sim, input, seed, seed, seed), whole));
        ck_assert_int_eq(counting.closes, 1);
    }
    free(kept);
}
END_TEST

START_TEST(a_stream_that_waits_is_woken_by_its_owner)
{
    use_handler(&handler_streams);
    counting.stalls = true;
    sim_connect(sim, str_of(GET("/hello")));
    sim_open_window(sim, SIZE_MAX);
    sim_arrive(sim, SIZE_MAX);
    for (int piece = 0; piece < 10; piece++) {
        ck_assert_int_eq(sim->conn->state, CONN_SEND);
        loop_run_later(&sim->worker.loop, counting.body.owner);
        sim_run(sim);
    }
    ck_assert_int_eq(sim->conn->state, CONN_IDLE);
    ck_assert_int_eq(counting.closes, 1);
    sim_disconnect(sim);
}
END_TEST

START_TEST(a_stream_is_closed_when_the_client_leaves)
{
    use_handler(&handler_streams);
    sim_connect(sim, str_of(GET("/hello")));
    sim_open_window(sim, 5);
    sim_arrive(sim, SIZE_MAX);
    sim_disconnect(sim);
    ck_assert_int_eq(counting.closes, 1);
}
END_TEST

/* Its answer is known and not queued yet: the body that nobody wants is still being read. */
START_TEST(a_stream_is_closed_when_the_client_leaves_in_its_body)
{
    use_handler(&handler_streams);
    for (int how = 0; how < 2; how++) {
        counting.closes = 0;
        sim_connect(sim, STR("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"));
        sim_open_window(sim, SIZE_MAX);
        sim_arrive(sim, SIZE_MAX);
        ck_assert_int_eq(sim->conn->state, CONN_DRAIN);
        if (how == 0)
            sim_end(sim);
        sim_disconnect(sim);
        ck_assert_int_eq(counting.closes, 1);
    }
}
END_TEST

UNIT_MAIN_WITH(
    "server/handler_sim", setup, teardown, a_large_file_that_gets_cold_is_sent_all_the_same,
    a_cold_file_is_read_by_a_thread_first, a_client_that_leaves_a_cold_file_is_forgotten,
    a_client_that_leaves_just_when_its_file_is_warm_is_forgotten,
    names_that_stay_cold_are_waited_for_at_last, a_cold_file_without_a_thread_is_waited_for,
    an_open_file_that_got_cold_is_read_by_a_thread_first,
    a_file_that_gets_cold_while_its_client_reads_is_looked_at,
    a_file_that_gets_cold_before_its_turn_is_looked_at,
    a_cold_answer_does_not_wait_for_the_next_body, the_loop_does_not_read_a_small_part_that_is_cold,
    parts_up_to_a_limit_are_read_behind_their_head, earlier_answers_leave_while_a_handler_waits,
    a_client_that_leaves_makes_the_handler_give_up, a_handler_that_never_calls_back_is_503,
    a_stream_is_pulled_as_the_peer_reads_and_closed_once, a_stream_that_waits_is_woken_by_its_owner,
    a_stream_is_closed_when_the_client_leaves,
    a_stream_is_closed_when_the_client_leaves_in_its_body)
