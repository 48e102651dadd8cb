/* conn_write: from the queue to the peer, and the connection's end: SEND and LINGER.
 *
 * Between two writes everything that the queue does not need goes back to its pool. */
#include "base/log.h"
#include "server/conn_steps.h"
#include "server/listener.h"
#include "server/request_life.h"
#include "server/warm.h"
#include "server/worker.h"

bool conn_output_is_pending(const struct conn *c)
{
    return c->out && !out_is_empty(c->out);
}

__attribute__((cold)) enum step conn_refuse_for_memory(struct conn *c)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nServer: skiff\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";
    log_shortage("out of memory: a request is answered with 503");
    if (!conn_output_is_pending(c)) {
        struct iovec v = {.iov_base = (void *)(uintptr_t)text, .iov_len = sizeof text - 1};
        (void)c->ch.tp->send(&c->ch, &v, 1, false); /* it closes either way */
    }
    return STEP_CLOSE;
}

/* A thread reads what comes next; where there is none, the next try waits for the disk. */
static void warm_what_comes(struct conn *c)
{
    if (warm_window(c))
        return;
    c->out->insists = true;
    loop_run_later(&c->worker->loop, &c->ch.src);
}

/* What is left will not be asked for by an event. */
static void come_back_for(struct conn *c, enum out_result sent)
{
    if (sent == OUT_BUDGETED)
        loop_run_later(&c->worker->loop, &c->ch.src);
    else if (sent == OUT_COLD)
        warm_what_comes(c);
}

/* Can nothing more be sent? The log is told why, unless it is the peer's doing. */
static bool is_the_end(struct conn *c, enum out_result sent)
{
    if (sent == OUT_SHORT) {
        log_warn("a file became shorter while it was sent: the connection is closed");
        filecache_doubt(&c->worker->cache); /* not every way to cut a file makes an event */
    }
    if (sent == OUT_UNREAD)
        log_shortage("a file cannot be read while it is sent: the connection is closed");
    return sent == OUT_SHORT || sent == OUT_UNREAD || sent == OUT_BROKEN;
}

bool conn_push_earlier_answers(struct conn *c)
{
    if (!conn_output_is_pending(c) || c->out->warming || !(c->ch.src.ready & CAN_WRITE))
        return true;
    enum out_result sent = out_flush(&c->worker->outs, c->out, &c->ch);
    come_back_for(c, sent);
    return !is_the_end(c, sent);
}

static enum step last_answer_is_out(struct conn *c)
{
    bool unread =
        (c->flags & CONN_UNREAD) || (c->ch.src.ready & CAN_READ) || (c->in && buf_used(c->in) > 0);
    conn_return_input(c);
    if (!unread)
        return STEP_CLOSE;
    c->ch.tp->shut(&c->ch);
    c->lingered = 0;
    return conn_enter(c, CONN_LINGER);
}

static enum step everything_is_out(struct conn *c)
{
    out_put(&c->worker->outs, c->out);
    c->out = NULL;
    if (c->flags & CONN_LAST)
        return last_answer_is_out(c);
    bool has_input = c->in && buf_used(c->in) > 0;
    if (!has_input)
        conn_return_input(c);
    conn_enter(c, has_input ? CONN_HEAD : CONN_IDLE);
    if (c->worker->paused)
        listeners_room(c->worker); /* this one may be closed for it */
    bool goes_on = has_input || (c->ch.src.ready & CAN_READ);
    if (goes_on && c->batch < CONN_BATCH_MAX)
        return STEP_ON; /* several writes may be one turn */
    c->batch = 0;
    if (goes_on)
        loop_run_later(&c->worker->loop, &c->ch.src);
    return STEP_WAIT;
}

enum step step_send(struct conn *c)
{
    if (c->out->warming)
        return STEP_WAIT; /* a thread reads what comes next */
    enum out_result sent = out_flush(&c->worker->outs, c->out, &c->ch);
    if (sent == OUT_MUCH)
        c->batch = CONN_BATCH_MAX;
    if (sent == OUT_DONE || sent == OUT_MUCH)
        return everything_is_out(c);
    come_back_for(c, sent);
    return is_the_end(c, sent) ? STEP_CLOSE : STEP_WAIT;
}

enum step step_linger(struct conn *c)
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

/* A head can go when the log has what it needs of it, the input unless it holds part of the next
 * request. */
__attribute__((noinline)) void conn_shrink_while_sending(struct conn *c)
{
    for (uint8_t i = 0; i <= c->out->count; i++) {
        struct pin *done = i < c->out->count ? out_segment(c->out, i)->done : c->out->stream_done;
        if (done && !request_release_head(container_of(done, struct request, pin)))
            return; /* no memory for the log's part: keep what it points at */
    }
    if (c->in && buf_used(c->in) == 0)
        conn_return_input(c);
}
