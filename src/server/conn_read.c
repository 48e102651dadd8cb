/* conn_read: from a new connection to a request: HANDSHAKE, IDLE and HEAD.
 *
 * An input buffer is borrowed when bytes arrive, a request when they are there to be parsed. A head
 * that is not complete leaves nothing but the bytes and how far they were scanned. */
#include "base/log.h"
#include "http/parse.h"
#include "server/conn_steps.h"
#include "server/dispatch.h"
#include "server/request_life.h"
#include "server/worker.h"

enum { BODY_ROOM_MIN = 1024 }; /* bytes free behind a head whose body will be read there */
static_assert((int)BUF_SLACK >= HTTP_SLACK, "a full buffer can be parsed");

void conn_return_input(struct conn *c)
{
    if (c->in)
        buf_put(&c->worker->inputs, c->in);
    c->in = NULL;
}

ssize_t conn_read_more(struct conn *c)
{
    ssize_t n = c->ch.tp->recv(&c->ch, c->in->data + c->in->w, buf_room(c->in));
    if (n > 0)
        c->in->w += (uint32_t)n;
    return n;
}

enum step step_handshake(struct conn *c)
{
    int done = c->ch.tp->handshake ? c->ch.tp->handshake(&c->ch) : 1;
    if (done > 0)
        return conn_enter(c, CONN_IDLE);
    return done == IO_WANT_READ || done == IO_WANT_WRITE ? STEP_WAIT : STEP_CLOSE;
}

inline enum step step_idle(struct conn *c)
{
    if (!(c->ch.src.ready & CAN_READ))
        return STEP_WAIT;
    c->in = buf_get(&c->worker->inputs);
    if (!c->in)
        return conn_refuse_for_memory(c);
    ssize_t n = conn_read_more(c);
    if (n > 0)
        return conn_enter(c, CONN_HEAD);
    conn_return_input(c);
    return n == IO_WANT_READ ? STEP_WAIT : STEP_CLOSE;
}

/* The head is not complete: push what is answered already, else get more of it. */
static enum step head_wants_more(struct conn *c)
{
    if (conn_output_is_pending(c))
        return conn_enter(c, CONN_SEND);
    buf_compact(c->in);
    if (!(c->ch.src.ready & CAN_READ))
        return STEP_WAIT;
    ssize_t n = conn_read_more(c);
    if (n > 0)
        return STEP_ON;
    return n == IO_WANT_READ ? STEP_WAIT : STEP_CLOSE; /* half a head is not answered */
}

/* The request's body would not fit behind its head: make room, then parse the head again. */
static enum step head_needs_room(struct conn *c)
{
    if (conn_output_is_pending(c))
        return conn_enter(c, CONN_SEND);
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

static __attribute__((noinline)) enum step head_is_bad(struct conn *c, struct request *r,
                                                       const struct http_parse *io)
{
    log_refusal(c, r, io);
    c->flags |= CONN_LAST | CONN_UNREAD;
    c->served++;
    c->req = r;
    /* HEAD gets no content, however early the head is refused. */
    http_note_method(r->head, (size_t)(c->in->data + c->in->w - r->head->base));
    dispatch_refuse(r, io->status);
    return conn_enter(c, CONN_HANDLE);
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
    c->served++;
    c->req = r;
    return conn_enter(c, CONN_HANDLE);
}

enum step step_head(struct conn *c)
{
    struct worker *w = c->worker;
    struct buf *in = c->in;
    bool full = c->batch >= CONN_BATCH_MAX || (c->out && !out_has_room(c->out, CONN_ANSWER_ROOM));
    if (full || buf_used(in) == 0)
        return conn_output_is_pending(c) ? conn_enter(c, CONN_SEND) : head_wants_more(c);
    struct request *r = request_new(c);
    if (!r)
        return conn_refuse_for_memory(c);
    struct http_parse io = {.scanned = in->mark};
    enum http_parse_result result =
        http_parse(r->head, in->data + in->r, buf_used(in), &w->http_limits, &io);
    in->mark = result == HTTP_HEAD_MORE ? io.scanned : 0;
    if (result == HTTP_HEAD_MORE) {
        request_discard(r);
        return head_wants_more(c);
    }
    return result == HTTP_HEAD_BAD ? head_is_bad(c, r, &io) : head_is_complete(c, r, io.used);
}
