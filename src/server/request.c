/* request: how handlers and filters put an answer together.
 *
 * Lines that are added for one request are collected in its arena, as one text: there are few and
 * they are short, so each addition copies the text. */
#include "server/request.h"

#include "base/check.h"
#include "http/status.h"
#include "server/conn.h"
#include "server/worker.h"

void *request_alloc(struct request *r, size_t n)
{
    if (!r->arena) {
        void *memory = pool_get(&conn_worker(r->conn)->notes);
        r->arena = memory ? arena_in(memory, REQUEST_NOTES) : NULL;
    }
    return r->arena ? arena_alloc(r->arena, n) : NULL;
}

/* An error may take the place of an answer late; it still is one to HEAD. */
static __attribute__((noinline)) void take_back(struct request *r)
{
    bool close = r->resp.close, head_only = r->resp.head_only;
    if (r->resp.holds)
        pin_drop(r->resp.holds);
    if (r->resp.stream)
        r->resp.stream->ops->close(r->resp.stream);
    r->resp = (struct response){.close = close, .head_only = head_only};
}

void reply_begin(struct request *r, uint16_t status)
{
    if (r->resp.status != 0) /* else nothing is there */
        take_back(r);
    r->resp.status = status;
}

void reply_status(struct request *r, uint16_t status)
{
    struct str page = status_page(status);
    reply_begin(r, status);
    if (page.n == 0)
        return;
    r->resp.fixed = STR("Content-Type: text/html; charset=utf-8\r\n");
    reply_memory(r, page);
}

/* The answer cannot be put together: it becomes a 503, which needs no memory. */
static bool give_up(struct request *r)
{
    reply_status(r, 503);
    return false;
}

bool reply_lines(struct request *r, struct str lines)
{
    struct str before = r->resp.extra;
    char *text = request_alloc(r, before.n + lines.n);
    if (!text)
        return give_up(r);
    if (before.n)
        memcpy(text, before.p, before.n);
    memcpy(text + before.n, lines.p, lines.n);
    r->resp.extra = str_make(text, before.n + lines.n);
    return true;
}

static bool is_safe(struct str value)
{
    return str_find(value, '\r') < 0 && str_find(value, '\n') < 0 && str_find(value, '\0') < 0;
}

bool reply_field(struct request *r, struct str name, struct str value)
{
    CHECK(is_safe(name) && is_safe(value)); /* a line of our own making must stay one line */
    struct str before = r->resp.extra;
    size_t n = before.n + name.n + 2 + value.n + 2;
    char *text = request_alloc(r, n);
    if (!text)
        return give_up(r);
    char *p = text;
    if (before.n)
        p = mempcpy(p, before.p, before.n);
    p = mempcpy(p, name.p, name.n);
    p = mempcpy(p, ": ", 2);
    if (value.n)
        p = mempcpy(p, value.p, value.n);
    memcpy(p, "\r\n", 2);
    r->resp.extra = str_make(text, n);
    return true;
}

void reply_memory(struct request *r, struct str content)
{
    r->resp.whole = span_of_memory(content.p, content.n);
}

void reply_redirect(struct request *r, uint16_t status, struct str location)
{
    reply_status(r, status);
    (void)reply_field(r, STR("Location"), location); /* without memory it is a 503 already */
}

void reply_not_allowed(struct request *r, struct str allow)
{
    reply_status(r, 405);
    (void)reply_field(r, STR("Allow"), allow); /* without memory it is a 503 already */
}
