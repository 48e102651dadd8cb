/* conn_life: how connections and requests begin, run out of time, and end. */
#include "server/conn_life.h"

#include "base/check.h"
#include "base/log.h"
#include "server/dispatch.h"
#include "server/listener.h"
#include "server/warm.h"
#include "server/worker.h"

/* --- requests --- */

/* The last byte of the answer was handed over, or the connection ended before. */
static void request_finished(struct pin *pin)
{
    struct request *r = container_of(pin, struct request, pin);
    struct conn *c = r->conn;
    struct worker *w = c->worker;
    uint64_t sent = c->out && c->out->sent > r->starts_at ? c->out->sent - r->starts_at : 0;
    r->sent = sent > r->head_bytes ? sent - r->head_bytes : 0;
    if (w->access)
        accesslog_write(w->access, r);
    if (r->resp.holds)
        pin_drop(r->resp.holds);
    arena_free(r->arena);
    if (r->head)
        pool_put(&w->heads, r->head);
    pool_put(&w->requests, r);
}

/* By parts: each is a few stores, where the whole would be a string instruction, which takes its
 * time to begin. */
static inline void clear(struct request *r)
{
    enum { PART = 64, WHOLE = sizeof *r / PART * PART };
#pragma GCC unroll 8
    for (size_t at = 0; at < WHOLE; at += PART)
        memset((char *)r + at, 0, PART);
    memset((char *)r + WHOLE, 0, sizeof *r - WHOLE);
}

struct request *request_new(struct conn *c)
{
    struct worker *w = c->worker;
    struct request *r = pool_get(&w->requests);
    struct http_head *head = pool_get(&w->heads);
    if (!r || !head) {
        if (r)
            pool_put(&w->requests, r);
        if (head)
            pool_put(&w->heads, head);
        return NULL;
    }
    clear(r);
    r->conn = c;
    r->head = head;
    r->starts_at = UINT64_MAX;
    pin_init(&r->pin, request_finished);
    r->began_us = w->loop.clock.now_us;
    head->field_max = w->http_limits.fields_max;
    return r;
}

void request_discard(struct request *r)
{
    struct worker *w = r->conn->worker;
    pool_put(&w->heads, r->head);
    pool_put(&w->requests, r);
}

bool request_release_head(struct request *r)
{
    struct worker *w = r->conn->worker;
    if (!r->head)
        return true;
    if (w->access && !accesslog_capture(w->access, r))
        return false;
    pool_put(&w->heads, r->head);
    r->head = NULL;
    return true;
}

void request_resume(struct request *r)
{
    struct conn *c = r->conn;
    CHECK(c->state == CONN_HANDLE && (c->flags & CONN_ASKED) && !(c->flags & CONN_RESUMED));
    c->flags |= CONN_RESUMED;
    loop_run_later(&c->worker->loop, &c->ch.src);
}

/* --- deadlines --- */

static uint32_t deadline_ms(const struct worker *w, enum conn_deadline which)
{
    const struct limits_conf *limits = &w->config->limits;
    switch (which) {
    case T_IDLE:
        return w->finishing ? CONN_GRACE_MS : limits->keepalive.idle_ms;
    case T_BODY:
        return limits->body_timeout_ms;
    case T_SEND:
        return limits->send.stall_ms;
    case T_HANDLER:
        return CONN_HANDLER_MS;
    case T_LINGER:
        return CONN_LINGER_MS;
    case T_HANDSHAKE:
    case T_HEAD:
    case T_NONE:
        break;
    }
    return limits->header_timeout_ms;
}

/* A large socket buffer hides a slow reader's progress: what counts is what its side acknowledged.
 */
static uint64_t acknowledged(struct conn *c)
{
    uint64_t acked = c->ch.tp->acked ? c->ch.tp->acked(&c->ch) : ACKED_UNKNOWN;
    return acked == ACKED_UNKNOWN ? c->out->sent : acked;
}

static void arm(struct conn *c, uint32_t ms)
{
    c->flags |= CONN_TIMED;
    timer_set(&c->worker->loop.wheel, &c->timer, clock_ms(&c->worker->loop.clock), ms);
}

void conn_arm(struct conn *c, enum conn_deadline which)
{
    if (which != T_IDLE && (c->flags & CONN_TIMED))
        return;
    if (which == T_SEND) {
        c->out->acked = acknowledged(c);
        c->out->credit = 0;
    }
    arm(c, deadline_ms(c->worker, which));
}

/* Has the peer read what the minimum rate asks for since the last look? What it read beyond that
 * counts for later: a healthy slow reader empties its buffer in bursts. */
static bool peer_keeps_reading(struct conn *c)
{
    const struct send_conf *send = &c->worker->config->limits.send;
    uint64_t need = send->min_rate * send->stall_ms / 1000;
    if (need == 0)
        need = 1;
    uint64_t acked = acknowledged(c);
    c->out->credit += acked - c->out->acked;
    c->out->acked = acked;
    if (c->out->credit > CONN_CREDIT_MAX * need)
        c->out->credit = CONN_CREDIT_MAX * need;
    if (c->out->credit < need)
        return false;
    c->out->credit -= need;
    return true;
}

void conn_expired(struct timer *t)
{
    struct conn *c = container_of(t, struct conn, timer);
    switch ((enum conn_state)c->state) {
    case CONN_HEAD:
    case CONN_DRAIN:
        conn_refuse(c, 408);
        break;
    case CONN_HANDLE:
        dispatch_abandon(c->req);
        log_warn("a handler did not answer in %d s", CONN_HANDLER_MS / 1000);
        conn_refuse(c, 503);
        break;
    case CONN_SEND:
        if (peer_keeps_reading(c))
            arm(c, c->worker->config->limits.send.stall_ms);
        else
            conn_close(c);
        break;
    default:
        conn_close(c);
    }
}

/* --- beginning and end --- */

static void on_ready(struct source *s)
{
    struct conn *c = container_of(s, struct conn, ch.src);
    if (s->ready & PEER_GONE)
        conn_close(c);
    else
        conn_advance(c);
}

/* The turn in which it was closed is over: nobody can meet it any more. */
static void release(struct source *s)
{
    struct conn *c = container_of(s, struct conn, ch.src);
    slab_put(&c->worker->conns, c);
}

struct conn *conn_new(struct worker *w, int fd, const struct transport *tp, const struct peer *peer)
{
    struct conn *c = slab_get(&w->conns);
    if (!c)
        return NULL;
    *c = (struct conn){
        .ch = {.src = {.on_ready = on_ready, .fd = fd, .ready = CAN_WRITE}, .tp = tp},
        .state = tp->handshake ? CONN_HANDSHAKE : CONN_IDLE,
        .worker = w,
        .peer = *peer,
    };
    timer_init(&c->timer, TIMER_CONN);
    w->connections++;
    conn_arm(c, tp->handshake ? T_HANDSHAKE : T_IDLE);
    return c;
}

bool conn_is_idle(const struct conn *c)
{
    return c->state == CONN_IDLE && !(c->ch.src.ready & CAN_READ);
}

void conn_leave(struct conn *c)
{
    if (conn_is_idle(c))
        arm(c, CONN_GRACE_MS);
}

void conn_close(struct conn *c)
{
    struct worker *w = c->worker;
    if (c->state == CONN_CLOSED)
        return;
    if (c->state == CONN_HANDLE && (c->flags & CONN_ASKED))
        dispatch_abandon(c->req);
    if (c->req)
        pin_drop(&c->req->pin);
    if (c->out) {
        if (c->out->warming)
            warm_forget(c->out);
        out_drop(&w->outs, c->out);
        out_put(&w->outs, c->out);
    }
    if (c->in)
        buf_put(&w->inputs, c->in);
    c->req = NULL;
    c->out = NULL;
    c->in = NULL;
    timer_stop(&w->loop.wheel, &c->timer);
    c->ch.tp->close(&c->ch);
    conn_set_closed(c);
    w->connections--;
    listeners_room(w);
    c->ch.src.on_ready = release;
    loop_run_later(&w->loop, &c->ch.src);
}

const struct peer *conn_peer(const struct conn *c)
{
    return &c->peer;
}

const struct clock *conn_clock(const struct conn *c)
{
    return &c->worker->loop.clock;
}

struct worker *conn_worker(struct conn *c)
{
    return c->worker;
}
