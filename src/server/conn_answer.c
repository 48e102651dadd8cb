/* conn_answer: from a request to an answer in the queue: HANDLE and DRAIN.
 *
 * The handler is asked first; then a body that nobody wants is read, because its framing may still
 * turn the answer into a 400 or 413. */
#include "server/conn_steps.h"
#include "server/dispatch.h"
#include "server/worker.h"

static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
static_assert(sizeof go_on - 1 == CONN_CONTINUE_SIZE, "step_head keeps room for it");

inline enum step conn_respond(struct conn *c)
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
        return conn_refuse_for_memory(c);
    bool goes_on = buf_used(c->in) > 0 && !(c->flags & CONN_LAST) && !c->out->stream;
    c->req = NULL;
    c->batch++;
    c->flags &= (uint8_t) ~(CONN_ASKED | CONN_RESUMED);
    return conn_enter(c, goes_on ? CONN_HEAD : CONN_SEND);
}

static enum step handler_waits(struct conn *c)
{
    c->flags = (uint8_t)((c->flags | CONN_ASKED) & ~CONN_RESUMED);
    return conn_push_earlier_answers(c) ? STEP_WAIT : STEP_CLOSE;
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

enum step step_handle(struct conn *c)
{
    struct request *r = c->req;
    bool refused = r->resp.status != 0 && !(c->flags & CONN_ASKED);
    if (!refused) {
        bool called_back = !(c->flags & CONN_ASKED) || (c->flags & CONN_RESUMED);
        if (!called_back || dispatch(r) == V_WAIT)
            return handler_waits(c);
    }
    if (refused || r->head->framing == BODY_NONE)
        return conn_respond(c);
    switch (upload_begin(&r->upload, r->head, c->worker->config->limits.body_max)) {
    case UPLOAD_DONE:
        return conn_respond(c);
    case UPLOAD_TOO_LARGE:
        dispatch_refuse(r, 413);
        break;
    default:
        /* Who waits for "100 Continue" gets an error instead, and need not send the body. */
        if (!awaits_continue(c))
            return conn_enter(c, CONN_DRAIN);
        if (r->resp.status < 400)
            return say_continue(c) ? conn_enter(c, CONN_DRAIN) : conn_refuse_for_memory(c);
        r->resp.close = true;
    }
    c->flags |= CONN_LAST | CONN_UNREAD;
    return conn_respond(c);
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
    return conn_output_is_pending(c) ? conn_enter(c, CONN_SEND) : STEP_CLOSE;
}

enum step step_drain(struct conn *c)
{
    uint32_t behind_head = c->in->r;
    enum upload_result result = drain_buffered(c);
    if (result == UPLOAD_DONE)
        return conn_respond(c);
    if (result != UPLOAD_MORE) {
        dispatch_refuse(c->req, result == UPLOAD_BAD ? 400 : 413);
        c->flags |= CONN_LAST | CONN_UNREAD;
        return conn_respond(c);
    }
    if (!conn_push_earlier_answers(c))
        return STEP_CLOSE;
    c->in->r = c->in->w = behind_head; /* the head stays, the body's bytes are done with */
    if (!(c->ch.src.ready & CAN_READ))
        return STEP_WAIT;
    ssize_t n = conn_read_more(c);
    if (n > 0 && c->batch++ < CONN_BATCH_MAX)
        return STEP_ON;
    if (n > 0) {
        c->batch = 0; /* the rest of a long body is for another turn */
        loop_run_later(&c->worker->loop, &c->ch.src);
        return STEP_WAIT;
    }
    if (n == IO_EOF)
        return body_was_cut(c);
    return n == IO_WANT_READ ? STEP_WAIT : STEP_CLOSE;
}
