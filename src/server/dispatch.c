/* dispatch: checks, route, handler; then filters, head, content. */
#include "server/dispatch.h"

#include "base/check.h"
#include "base/log.h"
#include "http/chunked.h"
#include "http/lines.h"
#include "http/range.h"
#include "http/reply.h"
#include "http/status.h"
#include "io/disk.h"
#include "server/conn.h"
#include "server/errorpages.h"
#include "server/multipart.h"
#include "server/route.h"
#include "server/worker.h"

#define ALLOWED_HERE STR("GET, HEAD, OPTIONS") /* what any resource of ours may allow */

/* A request that could mean two things is not worth a connection. */
static enum verdict refuse(struct request *r, uint16_t status)
{
    reply_status(r, status);
    r->resp.close = r->resp.close || status == 400;
    return V_READY;
}

/* A host's name in lower case without port, in dst. false: malformed. */
static bool read_host(struct str value, char dst[HOST_MAX], struct str *name)
{
    int n = value.n <= HOST_MAX ? target_host(value, dst) : -1;
    *name = str_make(dst, n > 0 ? (size_t)n : 0);
    return n >= 0;
}

/* Reads both, looks one up, and remembers Host. Out of line, as is its room for a name. */
static __attribute__((noinline)) bool look_host_up(struct worker *w, struct str host,
                                                   struct str authority, const struct vhost **vhost)
{
    char dst[HOST_MAX];
    struct str name;
    if (!read_host(host, dst, &name) || (authority.p && !read_host(authority, dst, &name)))
        return false;
    *vhost = route_vhost(w->config, name);
    if (authority.p || host.n == 0)
        return true;
    memcpy(w->last_host.text, host.p, host.n);
    w->last_host.n = host.n;
    w->last_host.vhost = *vhost;
    return true;
}

/* The host decides the vhost: the target's authority wins over Host, which must be well-formed all
 * the same (RFC 9112 section 3.2). false: malformed. */
static bool find_vhost(struct request *r, const struct vhost **vhost)
{
    struct worker *w = conn_worker(r->conn);
    const struct last_host *last = &w->last_host;
    struct str host = http_value(r->head, KNOWN_HOST), authority = r->target.authority;
    if (authority.p || host.n == 0 || !str_same(host, str_make(last->text, last->n)))
        return look_host_up(w, host, authority, vhost);
    *vhost = last->vhost;
    return true;
}

/* The route that takes what no other does: so an answer that needs no path has the fields and the
 * pages of its host. */
static const struct route *rest_route(struct request *r)
{
    return r->vhost ? &r->vhost->routes[r->vhost->route_count - 1]
                    : conn_worker(r->conn)->config->unknown_host;
}

/* The path as routes and handlers see it. 0, or the status to answer. */
static uint16_t decode_path(struct request *r)
{
    r->path = r->target.path;
    if (r->target.is_plain)
        return 0;
    char *decoded = request_alloc(r, r->target.path.n + 1);
    if (!decoded)
        return 503;
    int n = target_normalise(r->target.path, decoded);
    if (n < 0)
        return (uint16_t)-n;
    r->path = str_make(decoded, (size_t)n);
    return 0;
}

/* OPTIONS * asks about the server, not about a resource (RFC 9110 section 9.3.7). */
static enum verdict answer_for_server(struct request *r)
{
    reply_begin(r, 204);
    (void)reply_field(r, STR("Allow"), ALLOWED_HERE); /* without memory it is a 503 already */
    return V_READY;
}

/* The path chooses the route, and its handler answers. */
static inline enum verdict answer_path(struct request *r)
{
    uint16_t bad = decode_path(r);
    r->route = r->vhost && !bad ? route_find(r->vhost, r->path) : rest_route(r);
    return bad ? refuse(r, bad) : r->route->handler->handle(r, r->route->conf);
}

/* What needs no path, or is refused whatever it is. */
static bool is_about_no_path(const struct request *r)
{
    enum { METHODS = 1u << METHOD_UNKNOWN | 1u << METHOD_TRACE };
    return r->head->expects_unknown || (METHODS >> r->head->method & 1) ||
           r->target.form >= TARGET_AUTHORITY;
}

static __attribute__((noinline)) enum verdict answer_without_path(struct request *r)
{
    r->route = rest_route(r);
    if (r->head->expects_unknown)
        return refuse(r, 417);
    if (r->head->method == METHOD_UNKNOWN)
        return refuse(r, 501);
    if (r->target.form == TARGET_ASTERISK)
        return answer_for_server(r);
    /* Nobody is a proxy here, and what a client sends is not for its scripts to read. */
    reply_not_allowed(r, ALLOWED_HERE);
    return V_READY;
}

/* What no condition and no range has changed yet. */
static enum verdict answer(struct request *r)
{
    if (r->route)
        return r->route->handler->handle(r, r->route->conf);
    enum http_method method = (enum http_method)r->head->method;
    bool is_bad = target_parse(http_text(r->head, r->head->target), method, &r->target) != 0;
    if (is_bad || !find_vhost(r, &r->vhost))
        return refuse(r, 400);
    return is_about_no_path(r) ? answer_without_path(r) : answer_path(r);
}

void dispatch_refuse(struct request *r, uint16_t status)
{
    reply_status(r, status);
    r->resp.close = true;
}

void dispatch_abandon(struct request *r)
{
    if (r->route && r->route->handler->abandon)
        r->route->handler->abandon(r);
}

/* The request line named HTTP/1.0 and asked to stay, or not, or it is the last answer anyway. */
static enum reply_connection connection_of(const struct request *r)
{
    if (r->resp.close)
        return REPLY_CLOSE;
    return r->head->minor == 0 ? REPLY_KEEP_1_0 : REPLY_KEEP;
}

static int64_t length_of(const struct request *r)
{
    const struct response *resp = &r->resp;
    if (resp->is_measured || !status_has_content(resp->status))
        return LENGTH_NONE;
    if (!resp->stream)
        return (int64_t)resp->whole.len;
    if (resp->stream->left >= 0)
        return resp->stream->left;
    return r->head->minor == 0 ? LENGTH_NONE : LENGTH_CHUNKED; /* its end is the connection's */
}

static bool sends_content(const struct response *resp)
{
    return !resp->head_only && status_has_content(resp->status);
}

/* Content that is small and in memory is written with its head: for that there is always room. What
 * is empty need not be anywhere. */
static bool is_copied(const struct response *resp)
{
    const struct span *whole = &resp->whole;
    return !span_is_file(whole) && whole->len > 0 && whole->len <= OUT_COPY_MAX && !resp->stream;
}

/* What is small in a file goes behind its head, into the same send. false: it does not fit, or is
 * large, or the file is shorter than it was: lending it finds that out. */
static bool read_behind(struct out_pool *pool, struct out *o, const struct span *s)
{
    char *dst = span_is_file(s) && s->len <= OUT_READ_MAX ? out_reserve(pool, o, s->len) : NULL;
    if (!dst || disk_read_cached(s->fd, dst, s->len, s->at) != (ssize_t)s->len)
        return false;
    out_wrote(o, s->len);
    return true;
}

static __attribute__((noinline)) void queue_content(struct request *r, struct out_pool *pool,
                                                    struct out *o)
{
    struct response *resp = &r->resp;
    if (resp->stream) {
        out_stream(o, resp->stream);
        resp->stream = NULL; /* the queue closes it */
        return;
    }
    if (resp->whole.len > 0 && !read_behind(pool, o, &resp->whole))
        out_lend(o, resp->whole);
}

static __attribute__((noinline)) void drop_stream(struct response *resp)
{
    resp->stream->ops->close(resp->stream);
    resp->stream = NULL;
}

static struct reply head_of(const struct request *r)
{
    return (struct reply){
        .status = r->resp.status,
        .connection = connection_of(r),
        .hides_server = r->resp.hides_server,
        .date = conn_clock(r->conn)->date,
        .fixed = r->resp.fixed,
        .extra = r->resp.extra,
        .length = length_of(r),
    };
}

static void apply_filters(struct request *r)
{
    for (unsigned i = 0; filters[i]; i++)
        if (r->route->filter_conf[i])
            filters[i]->apply(r, r->route->filter_conf[i]);
}

/* The error takes the place of a representation that was chosen: what that depended on stays said.
 */
static void refuse_chosen(struct request *r, uint16_t status)
{
    const struct validators *v = r->resp.validators;
    struct str vary = lines_find(v ? v->lines : r->resp.fixed, STR("Vary"));
    char *copy = vary.p ? request_alloc(r, vary.n) : NULL;
    if (copy)
        memcpy(copy, vary.p, vary.n);
    reply_status(r, vary.p && !copy ? 503 : status);
    if (copy)
        r->resp.extra = str_make(copy, vary.n);
}

static bool begins_with_type(struct str lines)
{
    struct str type = lines_find(lines, STR("Content-Type"));
    return type.n > 0 && type.p == lines.p;
}

/* Nothing is said of the content, and the date, whose line is the first, is not repeated beside a
 * tag (RFC 9110 section 15.4.5). */
static void answer_not_modified(struct response *resp)
{
    const struct validators *v = resp->validators;
    resp->status = 304;
    resp->is_measured = false;
    if (!v && begins_with_type(resp->fixed))
        (void)str_cut(&resp->fixed, '\n');
    if (v)
        resp->fixed = v->lines;
    if (v && v->etag.n > 0 && v->modified) {
        const char *behind = v->date.p + v->date.n + STR("\r\n").n;
        resp->fixed = str_from(v->lines, (size_t)(behind - v->lines.p));
    }
}

/* What the client has already need not be sent; what it no longer means must not. Without
 * validators no tag is the right one, and "*" still is. OPTIONS chooses no representation (RFC 9110
 * section 13.2.1). */
static __attribute__((noinline)) void apply_conditions(struct request *r)
{
    static const struct validators none;
    struct response *resp = &r->resp;
    const struct validators *v = resp->validators ? resp->validators : &none;
    if (resp->status != 200 || r->head->method == METHOD_OPTIONS)
        return;
    switch (conditional_evaluate(r->head, v, conn_clock(r->conn)->second)) {
    case CONDITION_NOT_MODIFIED:
        answer_not_modified(resp);
        break;
    case CONDITION_FAILED:
        refuse_chosen(r, 412);
        break;
    case CONDITION_HOLDS:
        break;
    }
}

/* One part of what is there. */
static void answer_part(struct request *r, const struct range *range)
{
    char text[CONTENT_RANGE_MAX];
    struct response *resp = &r->resp;
    size_t n = range_print(range, resp->whole.len, text);
    resp->status = 206;
    resp->fixed = resp->validators->fields;
    resp->is_measured = false;
    resp->whole = span_part(resp->whole, range->at, range->n);
    /* Without memory for the line it is a 503 already. */
    (void)reply_field(r, STR("Content-Range"), str_make(text, n));
}

static void answer_no_part(struct request *r)
{
    char text[CONTENT_RANGE_MAX];
    size_t n = range_print(NULL, r->resp.whole.len, text);
    refuse_chosen(r, 416);
    (void)reply_field(r, STR("Content-Range"), str_make(text, n)); /* the same */
}

/* Only GET has ranges (RFC 9110 section 14.2), and only content that is there as one piece. Several
 * parts of a coded representation have no place to say how they are coded: it is sent whole. */
static __attribute__((noinline)) void apply_range(struct request *r)
{
    const struct response *resp = &r->resp;
    struct ranges ranges;
    if (resp->status != 200 || !resp->validators || r->head->method != METHOD_GET ||
        !range_is_wanted(r->head, resp->validators, conn_clock(r->conn)->second))
        return;
    switch (range_parse(http_value(r->head, KNOWN_RANGE), resp->whole.len, &ranges)) {
    case RANGE_OK:
        if (ranges.count == 1)
            answer_part(r, &ranges.at[0]);
        else if (!lines_have(resp->fixed, STR("Content-Encoding")))
            multipart_begin(r, &ranges);
        break;
    case RANGE_UNSATISFIABLE:
        answer_no_part(r);
        break;
    case RANGE_IGNORED:
        break;
    }
}

/* Conditions and ranges may still make an error of it: whoever waits to send a body is told that,
 * and not to go on (RFC 9110 section 10.1.1). */
enum verdict dispatch(struct request *r)
{
    if (answer(r) == V_WAIT)
        return V_WAIT;
    if (r->head->is_conditional)
        apply_conditions(r);
    if (http_has(r->head, KNOWN_RANGE))
        apply_range(r);
    return V_READY;
}

/* A stream of unknown length is cut into chunks, unless the client knows none (RFC 9112
 * section 6.1).
 */
static void frame_stream(struct request *r)
{
    struct body *stream = r->resp.stream;
    if (!stream || stream->left >= 0 || r->head->minor == 0)
        return;
    struct chunked *c = request_alloc(r, sizeof *c);
    if (c)
        r->resp.stream = chunked_init(c, stream);
    else
        reply_status(r, 503);
}

inline bool dispatch_finish(struct request *r, struct out_pool *pool, struct out *o)
{
    r->resp.head_only = r->head->method == METHOD_HEAD;
    if (r->resp.status >= 400)
        errorpages_apply(r);
    if (r->route && r->route->is_filtered)
        apply_filters(r);
    frame_stream(r);
    struct reply head = head_of(r);
    if (reply_max(&head) > RESPONSE_HEAD_MAX) {
        log_error("an answer's head is over %d bytes: answered with 500", RESPONSE_HEAD_MAX);
        reply_status(r, 500);
        head = head_of(r);
    }
    const struct span *whole = &r->resp.whole;
    bool sends = sends_content(&r->resp), copies = sends && is_copied(&r->resp);
    char *dst = out_reserve(pool, o, reply_max(&head) + (copies ? whole->len : 0));
    if (!dst)
        return false;
    r->starts_at = o->queued;
    r->head_bytes = (uint32_t)reply_write(&head, dst);
    if (copies)
        memcpy(dst + r->head_bytes, whole->mem, whole->len);
    out_wrote(o, r->head_bytes + (copies ? whole->len : 0));
    if (sends && !copies)
        queue_content(r, pool, o);
    else if (r->resp.stream)
        drop_stream(&r->resp);
    out_mark(o, &r->pin);
    return true;
}
