/* request_life: taken from its pool, finished by its pin. */
#include "server/request_life.h"

#include "base/check.h"
#include "server/conn.h"
#include "server/worker.h"

/* Bytes of the content that were handed over. */
static uint64_t content_sent(const struct request *r)
{
    const struct out *o = r->conn->out;
    uint64_t sent = o && o->sent > r->starts_at ? o->sent - r->starts_at : 0;
    return sent > r->head_bytes ? sent - r->head_bytes : 0;
}

/* The last byte of the answer was handed over, or the connection ended before. */
static void request_finished(struct pin *pin)
{
    struct request *r = container_of(pin, struct request, pin);
    struct conn *c = r->conn;
    struct worker *w = c->worker;
    if (w->access) {
        r->sent = content_sent(r);
        accesslog_write(w->access, r);
    }
    if (r->resp.stream) /* it was never queued: the client left in its body, or memory is out */
        r->resp.stream->ops->close(r->resp.stream);
    if (r->resp.holds)
        pin_drop(r->resp.holds);
    arena_free(r->arena);
    if (r->arena)
        pool_put(&w->notes, r->arena);
    if (r->head)
        pool_put(&w->heads, r->head);
    pool_put(&w->requests, r);
}

/* By parts: each is a few stores, where the whole would be a string instruction, which takes its
 * time to begin. */
static inline void clear(struct request *r)
{
    enum {
        FIRST = offsetof(struct request, arena),
        PART = 64,
        ALL = offsetof(struct request, target) - FIRST,
        WHOLE = ALL / PART * PART
    };
    char *p = (char *)r + FIRST;
#pragma GCC unroll 8
    for (size_t at = 0; at < WHOLE; at += PART)
        memset(p + at, 0, PART);
    memset(p + WHOLE, 0, ALL - WHOLE);
}

inline struct request *request_new(struct conn *c)
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
