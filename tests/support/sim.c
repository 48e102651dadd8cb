/* sim: see sim.h. */
#include "support/sim.h"

#include "base/check.h"
#include "config/diag.h"
#include "io/disk.h"

#include <stdlib.h>

/* --- the transport --- */

static ssize_t sim_recv(struct channel *ch, void *dst, size_t cap)
{
    struct sim *s = ch->own;
    size_t here = s->arrived - s->taken;
    size_t n = here < cap ? here : cap;
    memcpy(dst, s->input.p + s->taken, n);
    s->taken += n;
    if (n < cap && !(ch->src.ready & PEER_DONE))
        ch->src.ready &= (uint8_t)~CAN_READ;
    if (n > 0)
        return (ssize_t)n;
    return s->ended ? IO_EOF : IO_WANT_READ;
}

static size_t take(struct sim *s, struct channel *ch, const char *p, size_t n)
{
    size_t room = s->window < n ? s->window : n;
    CHECK(s->output_n + room <= SIM_OUTPUT_MAX);
    CHECK(!s->shut);
    s->sends += room > 0;
    memcpy(s->output + s->output_n, p, room);
    s->output_n += room;
    s->window -= room;
    if (room < n)
        ch->src.ready &= (uint8_t)~CAN_WRITE;
    return room;
}

static ssize_t sim_send(struct channel *ch, const struct iovec *v, int n, bool more)
{
    struct sim *s = ch->own;
    size_t sent = 0;
    unsigned sends = s->sends;
    (void)more;
    for (int i = 0; i < n; i++) {
        size_t took = take(s, ch, v[i].iov_base, v[i].iov_len);
        sent += took;
        if (took < v[i].iov_len)
            break;
    }
    s->sends = sends + (sent > 0); /* however many pieces, it is one call */
    return sent ? (ssize_t)sent : IO_WANT_WRITE;
}

static ssize_t sim_send_file(struct channel *ch, int fd, off_t at, size_t n)
{
    static char piece[64 * 1024]; /* one at a time: nothing here runs beside another */
    ssize_t got = disk_read(fd, piece, n < sizeof piece ? n : sizeof piece, at);
    if (got <= 0)
        return got == 0 ? IO_SHORT : IO_DEAD;
    size_t took = take(ch->own, ch, piece, (size_t)got);
    return took ? (ssize_t)took : IO_WANT_WRITE;
}

static void sim_shut(struct channel *ch)
{
    ((struct sim *)ch->own)->shut = true;
}

static void sim_close(struct channel *ch)
{
    ((struct sim *)ch->own)->closed = true;
    ch->src.fd = -1;
}

static const struct transport transport_sim = {
    .recv = sim_recv,
    .send = sim_send,
    .send_file = sim_send_file,
    .shut = sim_shut,
    .close = sim_close,
};

/* --- the player --- */

static void open_roots(struct config *c)
{
    struct str why;
    for (uint32_t v = 0; v < c->vhost_count; v++)
        for (uint32_t i = 0; i < c->vhosts[v].route_count; i++) {
            const struct route *r = &c->vhosts[v].routes[i];
            if (r->handler->open)
                CHECK(r->handler->open((void *)(uintptr_t)r->conf, &why));
        }
}

struct sim *sim_new(const char *config_text)
{
    struct sim *s = aligned_alloc(64, (sizeof *s + 63) / 64 * 64);
    struct diag d;
    CHECK(s);
    diag_init(&d);
    memset(s, 0, sizeof *s);
    s->output = malloc(SIM_OUTPUT_MAX);
    s->config = settings_load_text(str_of(config_text), "(sim)", "/", &d);
    if (!s->config)
        diag_print(&d, stderr);
    CHECK(s->output && s->config);
    diag_done(&d);
    open_roots(s->config);
    struct worker_setup setup = {
        .config = s->config,
        .slots = 1,
        .orders = -1,
        .error_log = -1,
        .access_log = -1,
        .max_connections = 10,
        .open_files = 100,
    };
    CHECK(worker_init(&s->worker, &setup));
    clock_set(&s->worker.loop.clock, UINT64_C(1000000000), UINT64_C(1700000000000000));
    wheel_init(&s->worker.loop.wheel, 1000000, s->worker.loop.wheel.expire);
    return s;
}

void sim_free(struct sim *s)
{
    worker_done(&s->worker);
    settings_free(s->config);
    free(s->output);
    free(s);
}

void sim_run(struct sim *s)
{
    for (int turns = 0; s->worker.loop.run_first; turns++) {
        CHECK(turns < 100000);
        loop_run_queued(&s->worker.loop);
    }
}

static void ready(struct sim *s, uint8_t what)
{
    if (s->closed)
        return;
    s->conn->ch.src.ready |= what;
    s->conn->ch.src.on_ready(&s->conn->ch.src);
    sim_run(s);
}

void sim_connect(struct sim *s, struct str input)
{
    static const struct peer peer = {.family = AF_INET, .addr = {127, 0, 0, 1}, .port = 4711};
    s->input = input;
    s->arrived = s->taken = s->window = s->output_n = 0;
    s->sends = 0;
    s->ended = s->shut = s->closed = false;
    s->conn = conn_new(&s->worker, 5, &transport_sim, &peer);
    CHECK(s->conn);
    s->conn->ch.own = s;
}

void sim_arrive(struct sim *s, size_t n)
{
    size_t left = s->input.n - s->arrived;
    s->arrived += n < left ? n : left;
    ready(s, CAN_READ);
}

void sim_end(struct sim *s)
{
    s->ended = true;
    ready(s, CAN_READ | PEER_DONE);
}

void sim_open_window(struct sim *s, size_t n)
{
    s->window = n > SIZE_MAX - s->window ? SIZE_MAX : s->window + n;
    ready(s, CAN_WRITE);
}

void sim_sleep(struct sim *s, uint64_t ms)
{
    struct clock *c = &s->worker.loop.clock;
    clock_set(c, c->now_us + ms * 1000, c->wall_us + ms * 1000);
    wheel_advance(&s->worker.loop.wheel, clock_ms(c));
    sim_run(s);
}

void sim_disconnect(struct sim *s)
{
    if (!s->closed)
        conn_close(s->conn);
    sim_run(s);
    s->conn = NULL;
    CHECK(s->worker.connections == 0);
    CHECK(s->worker.conns.used == 0 && pool_used(&s->worker.requests) == 0 &&
          pool_used(&s->worker.heads) == 0);
    CHECK(pool_used(&s->worker.inputs.blocks) == 0 && pool_used(&s->worker.outs.outs) == 0);
    CHECK(pool_used(&s->worker.outs.heads.blocks) == 0);
}

static size_t draw(uint32_t *seed, size_t max)
{
    if (max == SIZE_MAX)
        return max;
    *seed = *seed * 1664525u + 1013904223u;
    return 1 + (*seed >> 8) % max;
}

struct str sim_play(struct sim *s, struct str input, size_t arrive_max, size_t window_max,
                    uint32_t seed)
{
    sim_connect(s, input);
    while (!s->closed) {
        size_t before = s->output_n;
        bool was_ended = s->ended;
        if (s->arrived < input.n)
            sim_arrive(s, draw(&seed, arrive_max));
        else if (!s->ended)
            sim_end(s);
        if (!s->closed)
            sim_open_window(s, draw(&seed, window_max));
        if (was_ended && s->output_n == before && !s->closed)
            break; /* nothing moves any more: the test says whether it should have */
    }
    sim_disconnect(s);
    return str_make(s->output, s->output_n);
}
