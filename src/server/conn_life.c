/* conn_life: how connections begin, run out of time, and end. */
#include "server/conn_life.h"

#include "base/log.h"
#include "server/conn_steps.h"
#include "server/dispatch.h"
#include "server/listener.h"
#include "server/warm.h"
#include "server/worker.h"

/* --- deadlines --- */

static uint32_t deadline_ms(const struct worker *w, enum conn_deadline which)
{
    const struct limits_conf *limits = &w->config->limits;
    if (which == T_IDLE) /* every request's, and the others are not */
        return w->finishing ? CONN_GRACE_MS : limits->keepalive.idle_ms;
    switch (which) {
    case T_BODY:
        return limits->body_timeout_ms;
    case T_SEND:
        return limits->send.stall_ms;
    case T_HANDLER:
        return CONN_HANDLER_MS;
    case T_LINGER:
        return CONN_LINGER_MS;
    case T_IDLE:
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

static inline void arm(struct conn *c, uint32_t ms)
{
    c->flags |= CONN_TIMED;
    timer_set(&c->worker->loop.wheel, &c->timer, clock_ms(&c->worker->loop.clock), ms);
}

inline void conn_arm(struct conn *c, enum conn_deadline which)
{
    if (c->flags & CONN_TIMED)
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
        if (c->out->warming || peer_keeps_reading(c)) /* for the disk it cannot be blamed */
            arm(c, c->worker->config->limits.send.stall_ms);
        else
            conn_close(c);
        break;
    default:
        conn_close(c);
    }
}

/* --- beginning and end --- */

/* All of a group receive before the first of them parses, so that each code runs while the CPU has
 * it at hand. */
static void begin_request(struct conn *c)
{
    enum step s = step_idle(c);
    if (s != STEP_ON || !loop_call_again(&c->worker->loop, &c->ch.src))
        conn_go_on(c, s);
}

static void on_ready(struct source *s)
{
    struct conn *c = container_of(s, struct conn, ch.src);
    c->flags &= (uint8_t)~CONN_NEW;
    if (s->ready & PEER_GONE)
        conn_close(c);
    else if (c->state == CONN_IDLE)
        begin_request(c);
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
        .flags = CONN_NEW,
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
    conn_enter(c, CONN_CLOSED);
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
