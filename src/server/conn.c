/* conn: the state machine.
 *
 * The table `rules` is the whole plan: what each state does, what it waits for, which deadline
 * applies, where it may go. Steps branch, helpers are straight lines. Two rules carry the weight:
 * the input buffer never moves while a request is in hand or queued, and a step that waits has
 * seen EAGAIN on everything it wants, which conn_settle asserts. */
#include "server/conn.h"

#include "base/check.h"
#include "base/log.h"
#include "http/parse.h"
#include "server/conn_life.h"
#include "server/dispatch.h"
#include "server/warm.h"
#include "server/worker.h"

enum step { STEP_ON, STEP_WAIT, STEP_CLOSE };
enum { FROM_IN = CAN_READ, TO_OUT = CAN_WRITE };

static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

enum { ANSWER_HEAD_MAX = sizeof go_on + RESPONSE_HEAD_MAX };
enum { BODY_ROOM_MIN = 1024 }; /* bytes free behind a head whose body will be read there */

static enum step step_handshake(struct conn *c);
static enum step step_idle(struct conn *c);
static enum step step_head(struct conn *c);
static enum step step_handle(struct conn *c);
static enum step step_drain(struct conn *c);
static enum step step_send(struct conn *c);
static enum step step_linger(struct conn *c);
static enum step step_closed(struct conn *c);

#define BIT(state) (1u << CONN_##state)
static const struct state_rule {
    const char *name;
    enum step (*step)(struct conn *c);
    uint8_t wants;    /* what can move us on; must have been met with EAGAIN before waiting */
    uint8_t deadline; /* enum conn_deadline */
    uint16_t next;    /* legal successors; CLOSED is always legal */
} rules[CONN_STATES] = {
    [CONN_HANDSHAKE] = {"handshake", step_handshake, 0, T_HANDSHAKE, BIT(IDLE)},
    [CONN_IDLE] = {"idle", step_idle, FROM_IN, T_IDLE, BIT(HEAD)},
    [CONN_HEAD] = {"head", step_head, FROM_IN, T_HEAD, BIT(HANDLE) | BIT(SEND) | BIT(IDLE)},
    [CONN_HANDLE] = {"handle", step_handle, 0, T_HANDLER, BIT(HEAD) | BIT(DRAIN) | BIT(SEND)},
    [CONN_DRAIN] = {"drain", step_drain, FROM_IN, T_BODY, BIT(HEAD) | BIT(SEND)},
    [CONN_SEND] = {"send", step_send, TO_OUT, T_SEND, BIT(HEAD) | BIT(IDLE) | BIT(LINGER)},
    [CONN_LINGER] = {"linger", step_linger, FROM_IN, T_LINGER, 0},
    [CONN_CLOSED] = {"closed", step_closed, 0, T_NONE, 0},
};

static enum step enter(struct conn *c, enum conn_state next)
{
    CHECK(next == CONN_CLOSED || (rules[c->state].next & (1u << next)));
    c->state = (uint8_t)next;
    c->flags &= (uint8_t)~CONN_TIMED;
    return STEP_ON;
}

/* --- what a connection borrows --- */

static void give_input_back(struct conn *c)
{
    if (c->in)
        buf_put(&c->worker->inputs, c->in);
    c->in = NULL;
}

static void give_output_back(struct conn *c)
{
    if (c->out)
        out_put(&c->worker->outs, c->out);
    c->out = NULL;
}

static bool output_is_pending(const struct conn *c)
{
    return c->out && !out_is_empty(c->out);
}

/* Reads behind the write end: bytes, or IO_*. */
static ssize_t read_more(struct conn *c)
{
    ssize_t n = c->ch.tp->recv(&c->ch, c->in->data + c->in->w, buf_room(c->in));
    if (n > 0)
        c->in->w += (uint32_t)n;
    return n;
}

/* Memory is out before a request exists: the answer is a constant and the connection ends. */
static enum step refuse_for_memory(struct conn *c)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nServer: skiff\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    log_error("out of memory: a request is answered with 503");
    if (!output_is_pending(c)) {
        struct iovec v = {.iov_base = (void *)(uintptr_t)text, .iov_len = sizeof text - 1};
        (void)c->ch.tp->send(&c->ch, &v, 1, false); /* it closes either way */
    }
    return STEP_CLOSE;
}

/* --- the states --- */

static enum step step_handshake(struct conn *c)
{
    int done = c->ch.tp->handshake ? c->ch.tp->handshake(&c->ch) : 1;
    if (done > 0)
        return enter(c, CONN_IDLE);
    return done == IO_WANT_READ || done == IO_WANT_WRITE ? STEP_WAIT : STEP_CLOSE;
}

static enum step step_idle(struct conn *c)
{
    if (!(c->ch.src.ready & CAN_READ))
        return STEP_WAIT;
    c->in = buf_get(&c->worker->inputs);
    if (!c->in)
        return refuse_for_memory(c);
    ssize_t n = read_more(c);
    if (n > 0)
        return enter(c, CONN_HEAD);
    give_input_back(c);
    return n == IO_WANT_READ ? STEP_WAIT : STEP_CLOSE;
}

/* The head is not complete: push what is answered already, else get more of it. */
static enum step head_wants_more(struct conn *c)
{
    if (output_is_pending(c))
        return enter(c, CONN_SEND);
    buf_compact(c->in);
    if (!(c->ch.src.ready & CAN_READ))
        return STEP_WAIT;
    ssize_t n = read_more(c);
    if (n > 0)
        return STEP_ON;
    return n == IO_WANT_READ ? STEP_WAIT : STEP_CLOSE; /* half a head is not answered */
}

/* The request's body would not fit behind its head: make room, then parse the head again. */
static enum step head_needs_room(struct conn *c)
{
    if (output_is_pending(c))
        return enter(c, CONN_SEND);
    buf_compact(c->in);
    return STEP_ON;
}

/* For whoever looks for the reason of a 400; the access log has the rest. */
static void log_refusal(const struct conn *c, const struct request *r, const struct http_parse *io)
{
    char peer[PEER_TEXT], method[4 * 32 + 1], target[4 * 64 + 1];
    if (!log_is_on(LOG_INFO))
        return;
    (void)peer_print(&c->peer, peer);
    (void)log_escape(http_text(r->head, r->head->method_text), method, sizeof method - 1);
    (void)log_escape(http_text(r->head, r->head->target), target, sizeof target - 1);
    log_info("%s: %u, %s: \"%s %s\"", peer, io->status, io->reason, method, target);
}

static enum step head_is_bad(struct conn *c, struct request *r, const struct http_parse *io)
{
    log_refusal(c, r, io);
    c->flags |= CONN_LAST | CONN_UNREAD;
    c->req = r;
    /* HEAD gets no content, however early the head is refused. */
    http_note_method(r->head, (size_t)(c->in->data + c->in->w - r->head->base));
    dispatch_refuse(r, io->status);
    return enter(c, CONN_HANDLE);
}

static enum step head_is_complete(struct conn *c, struct request *r, uint32_t used)
{
    bool cramped = r->head->framing != BODY_NONE && c->in->r > 0 &&
                   c->in->cap - (c->in->r + used) < BODY_ROOM_MIN;
    if (cramped) {
        request_discard(r);
        return head_needs_room(c);
    }
    c->in->r += used;
    c->req = r;
    return enter(c, CONN_HANDLE);
}

static enum step step_head(struct conn *c)
{
    struct worker *w = c->worker;
    struct buf *in = c->in;
    bool full = c->batch >= CONN_BATCH_MAX || (c->out && !out_has_room(c->out, ANSWER_HEAD_MAX));
    if (full || buf_used(in) == 0)
        return output_is_pending(c) ? enter(c, CONN_SEND) : head_wants_more(c);
    struct request *r = request_new(c);
    if (!r)
        return refuse_for_memory(c);
    struct http_parse io = {.scanned = in->mark};
    enum http_parse_result result =
        http_parse(r->head, in->data + in->r, buf_used(in), &w->http_limits, &io);
    in->mark = result == HTTP_HEAD_MORE ? io.scanned : 0;
    if (result == HTTP_HEAD_MORE) {
        request_discard(r);
        return head_wants_more(c);
    }
    c->served++;
    return result == HTTP_HEAD_BAD ? head_is_bad(c, r, &io) : head_is_complete(c, r, io.used);
}

/* The answer is known: queue it, then go on with the batch or write. */
static enum step respond(struct conn *c)
{
    struct worker *w = c->worker;
    struct request *r = c->req;
    uint32_t limit = w->config->limits.keepalive.requests;
    if (!c->out)
        c->out = out_get(&w->outs);
    /* HTTP/1.0 has no chunks: the end of a stream of unknown length is the connection's. */
    bool endless = r->resp.stream && r->resp.stream->left < 0 && r->head->minor == 0;
    if (r->resp.close || endless || !r->head->keep_alive || w->finishing ||
        (limit && c->served >= limit))
        c->flags |= CONN_LAST;
    r->resp.close = c->flags & CONN_LAST;
    if (!c->out || !dispatch_finish(r, &w->outs, c->out))
        return refuse_for_memory(c);
    bool goes_on = buf_used(c->in) > 0 && !(c->flags & CONN_LAST) && !c->out->stream;
    c->req = NULL;
    c->batch++;
    c->flags &= (uint8_t) ~(CONN_ASKED | CONN_RESUMED);
    return enter(c, goes_on ? CONN_HEAD : CONN_SEND);
}

/* What was answered before does not wait with this request. false: the peer is gone. */
static bool push_earlier_answers(struct conn *c)
{
    if (!output_is_pending(c) || !(c->ch.src.ready & CAN_WRITE))
        return true;
    enum out_result sent = out_flush(&c->worker->outs, c->out, &c->ch);
    if (sent == OUT_BUDGETED)
        loop_run_later(&c->worker->loop, &c->ch.src);
    return sent != OUT_BROKEN && sent != OUT_SHORT;
}

static enum step handler_waits(struct conn *c)
{
    c->flags = (uint8_t)((c->flags | CONN_ASKED) & ~CONN_RESUMED);
    return push_earlier_answers(c) ? STEP_WAIT : STEP_CLOSE;
}

/* Does the peer hold its body back until it hears from us? (RFC 9110 section 10.1.1) */
static bool awaits_continue(const struct conn *c)
{
    return c->req->head->expects_continue && buf_used(c->in) == 0;
}

static bool say_continue(struct conn *c)
{
    struct out_pool *pool = &c->worker->outs;
    if (!c->out)
        c->out = out_get(pool);
    char *dst = c->out ? out_reserve(pool, c->out, sizeof go_on - 1) : NULL;
    if (!dst)
        return false;
    memcpy(dst, go_on, sizeof go_on - 1);
    out_wrote(c->out, sizeof go_on - 1);
    return true;
}

static enum step step_handle(struct conn *c)
{
    struct request *r = c->req;
    bool refused = r->resp.status != 0 && !(c->flags & CONN_ASKED);
    if (!refused) {
        bool called_back = !(c->flags & CONN_ASKED) || (c->flags & CONN_RESUMED);
        if (!called_back || dispatch(r) == V_WAIT)
            return handler_waits(c);
    }
    if (refused || r->head->framing == BODY_NONE)
        return respond(c);
    switch (upload_begin(&r->upload, r->head, c->worker->config->limits.body_max)) {
    case UPLOAD_DONE:
        return respond(c);
    case UPLOAD_TOO_LARGE:
        dispatch_refuse(r, 413);
        break;
    default:
        /* Who waits for "100 Continue" gets an error instead, and need not send the body. */
        if (!awaits_continue(c))
            return enter(c, CONN_DRAIN);
        if (r->resp.status < 400)
            return say_continue(c) ? enter(c, CONN_DRAIN) : refuse_for_memory(c);
        r->resp.close = true;
    }
    c->flags |= CONN_LAST | CONN_UNREAD;
    return respond(c);
}

/* Feeds what is buffered behind the head to the body's framing. */
static enum upload_result drain_buffered(struct conn *c)
{
    enum upload_result result;
    do {
        size_t used = 0;
        struct str content;
        result =
            upload_feed(&c->req->upload, c->in->data + c->in->r, buf_used(c->in), &used, &content);
        c->in->r += (uint32_t)used;
    } while (result == UPLOAD_CONTENT);
    return result;
}

/* The peer has ended in the middle of a body: that request is over, earlier answers are not. */
static enum step body_was_cut(struct conn *c)
{
    pin_drop(&c->req->pin);
    c->req = NULL;
    c->flags |= CONN_LAST;
    return output_is_pending(c) ? enter(c, CONN_SEND) : STEP_CLOSE;
}

static enum step step_drain(struct conn *c)
{
    uint32_t behind_head = c->in->r;
    enum upload_result result = drain_buffered(c);
    if (result == UPLOAD_DONE)
        return respond(c);
    if (result != UPLOAD_MORE) {
        dispatch_refuse(c->req, result == UPLOAD_BAD ? 400 : 413);
        c->flags |= CONN_LAST | CONN_UNREAD;
        return respond(c);
    }
    if (!push_earlier_answers(c))
        return STEP_CLOSE;
    c->in->r = c->in->w = behind_head; /* the head stays, the body's bytes are done with */
    if (!(c->ch.src.ready & CAN_READ))
        return STEP_WAIT;
    ssize_t n = read_more(c);
    if (n > 0)
        return STEP_ON;
    if (n == IO_EOF)
        return body_was_cut(c);
    return n == IO_WANT_READ ? STEP_WAIT : STEP_CLOSE;
}

static enum step last_answer_is_out(struct conn *c)
{
    bool unread =
        (c->flags & CONN_UNREAD) || (c->ch.src.ready & CAN_READ) || (c->in && buf_used(c->in) > 0);
    give_input_back(c);
    if (!unread)
        return STEP_CLOSE;
    c->ch.tp->shut(&c->ch);
    c->lingered = 0;
    return enter(c, CONN_LINGER);
}

static enum step everything_is_out(struct conn *c)
{
    give_output_back(c);
    bool others_turn = c->batch >= CONN_BATCH_MAX;
    c->batch = 0;
    if (c->flags & CONN_LAST)
        return last_answer_is_out(c);
    if (c->in && buf_used(c->in) > 0) {
        enter(c, CONN_HEAD);
        if (!others_turn)
            return STEP_ON;
        loop_run_later(&c->worker->loop, &c->ch.src);
        return STEP_WAIT;
    }
    give_input_back(c);
    enter(c, CONN_IDLE);
    return c->ch.src.ready & CAN_READ ? STEP_ON : STEP_WAIT;
}

static enum step step_send(struct conn *c)
{
    if (c->out->warming)
        return STEP_WAIT; /* a thread reads what comes next */
    switch (out_flush(&c->worker->outs, c->out, &c->ch)) {
    case OUT_DONE:
        return everything_is_out(c);
    case OUT_BUDGETED:
        loop_run_later(&c->worker->loop, &c->ch.src);
        return STEP_WAIT;
    case OUT_BLOCKED:
    case OUT_WAIT:
        return STEP_WAIT;
    case OUT_COLD:
        if (warm_window(c))
            return STEP_WAIT;
        c->out->insists = true;
        return STEP_ON;
    case OUT_SHORT:
        log_warn("a file became shorter while it was sent: the connection is closed");
        break;
    case OUT_BROKEN:
        break;
    }
    return STEP_CLOSE;
}

static enum step step_linger(struct conn *c)
{
    struct buf *scrap = buf_get(&c->worker->inputs);
    if (!scrap)
        return STEP_CLOSE;
    ssize_t n = IO_WANT_READ;
    for (int turn = 0; turn < CONN_BATCH_MAX && (c->ch.src.ready & CAN_READ); turn++) {
        n = c->ch.tp->recv(&c->ch, scrap->data, scrap->cap);
        if (n <= 0)
            break;
        c->lingered += (uint32_t)n;
    }
    buf_put(&c->worker->inputs, scrap);
    if (c->lingered > CONN_LINGER_MAX || (n <= 0 && n != IO_WANT_READ))
        return STEP_CLOSE;
    if (c->ch.src.ready & CAN_READ)
        loop_run_later(&c->worker->loop, &c->ch.src);
    return STEP_WAIT;
}

static enum step step_closed(struct conn *c)
{
    (void)c;
    return STEP_WAIT;
}

/* --- around the steps --- */

/* Waiting for a peer that reads: heads go back to their pool when the log has what it needs, and so
 * does the input unless it holds part of the next request. */
static void shrink_while_sending(struct conn *c)
{
    for (uint8_t i = 0; i <= c->out->count; i++) {
        struct pin *done = i < c->out->count ? out_segment(c->out, i)->done : c->out->stream_done;
        if (done && !request_release_head(container_of(done, struct request, pin)))
            return; /* no memory for the log's part: keep what it points at */
    }
    if (c->in && buf_used(c->in) == 0)
        give_input_back(c);
}

/* Every step that waits ends here: unused memory, the deadline, and the proof that no wake-up is
 * lost: with edge-triggered events a step may wait only for what has said EAGAIN. */
static void settle(struct conn *c)
{
    const struct state_rule *rule = &rules[c->state];
    if (c->state == CONN_SEND)
        shrink_while_sending(c);
    if (c->state == CONN_IDLE)
        CHECK(!c->in && !c->req && !c->out);
    if (c->state == CONN_HANDLE)
        CHECK(c->flags & CONN_ASKED);
    bool wakes = !(rule->wants & c->ch.src.ready) || c->ch.src.queued ||
                 (c->state == CONN_SEND && (c->out->stream || c->out->warming));
    CHECK(wakes);
    conn_arm(c, rule->deadline);
}

void conn_advance(struct conn *c)
{
    enum step s;
    do
        s = rules[c->state].step(c);
    while (s == STEP_ON);
    if (s == STEP_CLOSE)
        conn_close(c);
    else if (c->state != CONN_CLOSED)
        settle(c);
}

void conn_refuse(struct conn *c, uint16_t status)
{
    if (!c->req) {
        c->req = request_new(c);
        if (c->req) {
            memset(c->req->head, 0, sizeof *c->req->head);
            c->req->head->base = c->in->data + c->in->r;
            enter(c, CONN_HANDLE);
        }
    }
    if (c->req) {
        dispatch_refuse(c->req, status);
        c->flags = (uint8_t)((c->flags | CONN_LAST | CONN_UNREAD) & ~CONN_ASKED);
        if (respond(c) != STEP_CLOSE) {
            conn_advance(c);
            return;
        }
    }
    conn_close(c);
}

void conn_set_closed(struct conn *c)
{
    enter(c, CONN_CLOSED);
}

const char *conn_state_name(const struct conn *c)
{
    return rules[c->state].name;
}
