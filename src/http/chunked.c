/* chunked: the size in front of what is lent, a CRLF behind it. */
#include "http/chunked.h"

#include "base/check.h"

#include <stdio.h>

static const char crlf[] = "\r\n";

static struct chunked *of(struct body *b)
{
    return container_of(b, struct chunked, body);
}

/* Begins the next chunk with all that the inner body has now. BODY_WAIT, BODY_FAIL, or 1. */
static int open_chunk(struct chunked *c, int cap)
{
    struct span v[8];
    int n = c->inner->ops->lend(c->inner, v, cap < 8 ? cap : 8);
    if (n < 0)
        return n;
    size_t size = 0;
    for (int i = 0; i < n; i++)
        size += v[i].len;
    c->data_left = size;
    c->ended = n == BODY_END;
    c->head_n = (uint8_t)snprintf(c->head, sizeof c->head, "%zx\r\n", size);
    c->head_sent = c->tail_sent = 0;
    c->open = true;
    return 1;
}

/* What is left of the chunk: the rest of its head, of its data, of its end. */
static int lend(struct body *b, struct span *v, int cap)
{
    struct chunked *c = of(b);
    int n = 0;
    if (!c->open && c->ended)
        return BODY_END;
    int opened = c->open ? 1 : open_chunk(c, cap - 2);
    if (opened < 0)
        return opened;
    if (c->head_sent < c->head_n)
        v[n++] = span_of_memory(c->head + c->head_sent, (size_t)(c->head_n - c->head_sent));
    size_t left = c->data_left;
    int lent = left > 0 ? c->inner->ops->lend(c->inner, v + n, cap - 1 - n) : 0;
    if (lent < 0)
        return lent;
    for (int i = 0; i < lent && left > 0; i++, n++) {
        if (v[n].len > left)
            v[n].len = left;
        left -= v[n].len;
    }
    if (left == 0)
        v[n++] = span_of_memory(crlf + c->tail_sent, (size_t)(2 - c->tail_sent));
    return n;
}

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

static void took(struct body *b, size_t n)
{
    struct chunked *c = of(b);
    size_t head = at_most(n, (size_t)(c->head_n - c->head_sent));
    size_t data = at_most(n - head, c->data_left);
    size_t tail = n - head - data;
    c->head_sent = (uint8_t)(c->head_sent + head);
    c->data_left -= data;
    c->tail_sent = (uint8_t)(c->tail_sent + tail);
    CHECK(c->open && c->tail_sent <= 2);
    if (data > 0)
        c->inner->ops->took(c->inner, data);
    c->open = c->tail_sent < 2;
}

static void close_inner(struct body *b)
{
    struct chunked *c = of(b);
    c->inner->ops->close(c->inner);
}

static const struct body_ops ops = {lend, took, close_inner};

struct body *chunked_init(struct chunked *c, struct body *inner)
{
    *c = (struct chunked){
        .body = {.ops = &ops, .owner = inner->owner, .left = -1},
        .inner = inner,
    };
    return &c->body;
}
