/* multipart: a body of spans that are all known from the start: a part's head in memory, its bytes
 * where they are, and so on. */
#include "server/multipart.h"

#include "base/check.h"

#include <stdio.h>

enum {
    SPANS_MAX = 2 * RANGES_MAX + 1, /* head and bytes of each, and the end */
    BOUNDARY_LEN = 16,
};

struct multipart {
    struct body body;
    unsigned first, count;
    struct span spans[SPANS_MAX];
};

static struct multipart *of(struct body *b)
{
    return container_of(b, struct multipart, body);
}

static int lend(struct body *b, struct span *v, int cap)
{
    const struct multipart *m = of(b);
    int n = 0;
    for (unsigned i = m->first; i < m->count && n < cap; i++)
        v[n++] = m->spans[i];
    return n > 0 ? n : BODY_END;
}

static void took(struct body *b, size_t n)
{
    struct multipart *m = of(b);
    b->left -= (int64_t)n;
    while (n > 0) {
        CHECK(m->first < m->count);
        struct span *s = &m->spans[m->first];
        size_t part = n < s->len ? n : s->len;
        *s = span_from(*s, part);
        n -= part;
        m->first += s->len == 0;
    }
}

static void close_nothing(struct body *b)
{
    (void)b; /* it lives in the request's arena */
}

static const struct body_ops ops = {lend, took, close_nothing};

static void add(struct multipart *m, struct span s)
{
    CHECK(m->count < SPANS_MAX);
    m->spans[m->count++] = s;
    m->body.left += (int64_t)s.len;
}

/* It must not occur in the content. Made of what tells this version of the file from others, and of
 * the process's secret seed: whoever writes the file cannot know it. */
static void write_boundary(const struct validators *v, char out[BOUNDARY_LEN + 1])
{
    sprintf(out, "%08x%08x", str_hash(v->lines), str_hash(v->fields));
}

static struct str first_line(struct str lines)
{
    struct str rest = lines;
    return str_make(lines.p, str_cut(&rest, '\n').n + 1);
}

/* Heads of all parts, one behind the other in `text`. */
static void add_parts(struct multipart *m, const struct request *r, const struct ranges *ranges,
                      const char *boundary, char *text)
{
    struct span whole = r->resp.whole;
    struct str type = first_line(r->resp.validators->fields);
    for (unsigned i = 0; i < ranges->count; i++) {
        char range[CONTENT_RANGE_MAX];
        size_t n = range_print(&ranges->at[i], whole.len, range);
        int head = sprintf(text, "%s--%s\r\n%.*sContent-Range: %.*s\r\n\r\n", i ? "\r\n" : "",
                           boundary, (int)type.n, type.p, (int)n, range);
        add(m, span_of_memory(text, (size_t)head));
        add(m, span_part(whole, ranges->at[i].at, ranges->at[i].n));
        text += head;
    }
    int end = sprintf(text, "\r\n--%s--\r\n", boundary);
    add(m, span_of_memory(text, (size_t)end));
}

void multipart_begin(struct request *r, const struct ranges *ranges)
{
    char boundary[BOUNDARY_LEN + 1];
    struct response *resp = &r->resp;
    const struct validators *v = resp->validators;
    size_t part_max = first_line(v->fields).n + CONTENT_RANGE_MAX + BOUNDARY_LEN + 32;
    struct multipart *m = request_alloc(r, sizeof *m);
    char *text = request_alloc(r, (ranges->count + 1) * part_max);
    char *type = request_alloc(r, 64 + BOUNDARY_LEN);
    if (!m || !text || !type) {
        reply_status(r, 503);
        return;
    }
    *m = (struct multipart){.body = {.ops = &ops}};
    write_boundary(v, boundary);
    add_parts(m, r, ranges, boundary, text);
    int n = sprintf(type, "Content-Type: multipart/byteranges; boundary=%s\r\n", boundary);
    resp->status = 206;
    resp->fixed = v->lines;
    resp->is_measured = false;
    resp->stream = &m->body;
    resp->whole = (struct span){0};
    (void)reply_lines(r, str_make(type, (size_t)n)); /* without memory it is a 503 already */
}
