/* parse: the raw scan, the request line, llhttp for the fields, and framing.
 *
 * The scan goes from control character to control character and refuses those that are not a tab
 * or the CRLF of a line, as soon as they are seen. The request line is taken apart here, because a
 * method that llhttp does not know is 501 and not 400; llhttp is given a constant line in its place
 * and then the fields as they came. RFC 9112 section 6.3 leaves a choice for repeated equal
 * Content-Length values: they are refused, as every other message whose length somebody could read
 * differently. */
#include "http/parse.h"

#include "base/check.h"
#include "config.h"
#include "http/plain_head.h"
#include "http/scan.h"

#include <llhttp.h>

enum {
    SKIPPED_LINES_MAX = 4, /* empty lines before a request (RFC 9112 section 2.2) */
    METHOD_MAX = 32,       /* bytes of a method's name */
};

/* --- llhttp: the plain build, or the one for CPUs with SSE 4.2 --- */

struct engine {
    void (*init)(llhttp_t *, llhttp_type_t, const llhttp_settings_t *);
    llhttp_errno_t (*execute)(llhttp_t *, const char *, size_t);
};

#if SKIFF_LLHTTP_SSE42
void sse42_llhttp_init(llhttp_t *, llhttp_type_t, const llhttp_settings_t *);
llhttp_errno_t sse42_llhttp_execute(llhttp_t *, const char *, size_t);
#endif

static const struct engine *engine(void)
{
    static const struct engine plain = {llhttp_init, llhttp_execute};
#if SKIFF_LLHTTP_SSE42
    static const struct engine sse42 = {sse42_llhttp_init, sse42_llhttp_execute};
    if (__builtin_cpu_supports("sse4.2"))
        return &sse42;
#endif
    return &plain;
}

/* --- the raw scan --- */

struct scan {
    char *p; /* behind the skipped empty lines: the request line */
    size_t n;
    const struct http_limits *limits;
    struct http_parse *io;
};

static enum http_parse_result bad(struct http_parse *io, uint16_t status, const char *reason)
{
    io->status = status;
    io->reason = reason;
    return HTTP_HEAD_BAD;
}

/* The bytes of an unfinished request line: may a request begin so? Noise, TLS and the like are
 * told at once, without waiting for a line's end. 0, or the status: what is longer than any method
 * that we know is unknown (RFC 9112 section 3). */
static uint16_t check_method(const struct scan *s)
{
    size_t n = s->n < METHOD_MAX + 1 ? s->n : METHOD_MAX + 1;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] == ' ')
            return i > 0 ? 0 : 400;
        if (!http_is_tchar(s->p[i]))
            return 400;
    }
    return n <= METHOD_MAX ? 0 : 501;
}

/* What is no HTTP at all, such as "EHLO x" or HTTP/0.9, is told at its first line's end: whoever
 * speaks it waits for an answer to that. */
static bool ends_in_version(const char *p, size_t n)
{
    enum { ENDING = sizeof " HTTP/1.1" - 1 };
    const char *v = p + n - ENDING;
    return n > ENDING && memcmp(v, " HTTP/", 6) == 0 && ascii_is_digit(v[6]) && v[7] == '.' &&
           ascii_is_digit(v[8]);
}

/* One line of the head, without its CRLF. */
static const char *bad_line(const struct scan *s, size_t begin, size_t n, uint16_t *status)
{
    bool is_request_line = begin == 0;
    *status = 400;
    if (is_request_line && n > s->limits->line_max) {
        *status = 414;
        return "request line too long";
    }
    if (n > 0 && !http_is_tchar(s->p[begin]))
        return "folded or nameless field";
    return NULL;
}

static const char *bad_control(char c)
{
    switch (c) {
    case '\r':
        return "CR without LF";
    case '\n':
        return "LF without CR";
    case '\0':
        return "NUL in the head";
    default:
        return "control character in the head";
    }
}

static uint32_t count_lines(const char *p, size_t n)
{
    uint32_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines++;
    return lines;
}

/* Goes from control character to control character: each must be a tab, or the CRLF that ends a
 * line. HTTP_HEAD_OK: the empty line ends at *at; HTTP_HEAD_MORE: a line begins at *at. */
static enum http_parse_result scan_lines(struct scan *s, size_t *at)
{
    const char *end = s->p + s->n;
    uint32_t lines = *at ? count_lines(s->p, *at) : 0;
    for (const char *c = s->p + *at;; c++) {
        c = scan_control(c, end, s->p);
        size_t n = (size_t)(c - s->p) - *at;
        if (c < end && *c == '\t' && *at > 0) { /* never in the request line */
            s->p[c - s->p] = ' '; /* white space is white space: RFC 9110 section 5.6.3 */
            continue;
        }
        uint16_t status;
        const char *reason = bad_line(s, *at, n, &status);
        if (reason)
            return bad(s->io, status, reason);
        if (c == end || (*c == '\r' && c + 1 == end))
            return HTTP_HEAD_MORE;
        if (*c != '\r' || c[1] != '\n')
            return bad(s->io, 400, bad_control(*c));
        if (*at == 0 && !ends_in_version(s->p, n))
            return bad(s->io, 400, "malformed request line");
        if (n > 0 && ++lines > s->limits->fields_max + 1u)
            return bad(s->io, 431, "too many fields");
        *at += n + 2;
        c++;
        if (n == 0)
            return HTTP_HEAD_OK;
    }
}

/* Finds the end of the head within its limit. *head_n is its length. */
static enum http_parse_result scan_head(struct scan *s, size_t *head_n)
{
    size_t at = s->io->scanned, n = s->n;
    uint16_t status = at == 0 ? check_method(s) : 0;
    if (status)
        return bad(s->io, status, status == 501 ? "overlong method" : "not a request");
    if (s->n > s->limits->head_max)
        s->n = s->limits->head_max;
    enum http_parse_result r = scan_lines(s, &at);
    if (r == HTTP_HEAD_MORE && n > s->limits->head_max)
        return bad(s->io, 431, "head too large");
    s->io->scanned = (uint32_t)at; /* a line begins there */
    *head_n = at;
    return r;
}

/* --- the request line --- */

static struct slice slice_of(const struct http_head *h, const char *p, size_t n)
{
    return (struct slice){(uint16_t)(p - h->base), (uint16_t)n};
}

/* "HTTP/1.1", whose form ends_in_version has seen. 0, or the status. */
static uint16_t read_version(struct http_head *h, const char *v)
{
    if (v[5] != '1')
        return 505;
    h->minor = v[7] == '0' ? 0 : 1;
    return 0;
}

/* method SP request-target SP HTTP-version (RFC 9112 section 3). The method is a token and there is
 * a space behind it: check_method has looked. 0, or the status. */
static uint16_t read_request_line(struct http_head *h, struct str line)
{
    enum { VERSION = sizeof "HTTP/1.1" - 1 };
    struct str method = {line.p, 0};
    while (method.n < line.n && line.p[method.n] != ' ')
        method.n++;
    h->method_text = slice_of(h, method.p, method.n);
    h->method = (uint8_t)http_method_of(method);
    if (line.n < method.n + 1 + 1 + 1 + VERSION)
        return 400;
    struct str target = {line.p + method.n + 1, line.n - method.n - 2 - VERSION};
    h->target = slice_of(h, target.p, target.n);
    if (memchr(target.p, ' ', target.n))
        return 400;
    return read_version(h, target.p + target.n + 1);
}

/* --- the fields, by llhttp --- */

struct filling {
    struct http_head *head;
    uint16_t fields_max;
};

static int on_field(llhttp_t *l, const char *at, size_t n)
{
    const struct filling *f = l->data;
    struct http_head *h = f->head;
    if (h->field_count == f->fields_max)
        return HPE_USER;
    h->fields[h->field_count].name = slice_of(h, at, n);
    h->fields[h->field_count].value = slice_of(h, at + n, 0);
    h->field_count++;
    return 0;
}

static int on_value(llhttp_t *l, const char *at, size_t n)
{
    struct http_head *h = ((const struct filling *)l->data)->head;
    struct http_field *f = &h->fields[h->field_count - 1];
    while (n > 0 && (at[n - 1] == ' ' || at[n - 1] == '\t'))
        n--; /* llhttp trims the front only */
    f->value = slice_of(h, at, n);
    return 0;
}

static int on_complete(llhttp_t *l)
{
    (void)l;
    return HPE_PAUSED; /* the body is framed by us */
}

static const llhttp_settings_t settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_complete,
};

/* Runs llhttp on the field lines and the empty line. 0, or the status. */
static uint16_t read_fields(struct http_head *h, const char *p, size_t n, uint16_t fields_max)
{
    static const char stand_in[] = "GET / HTTP/1.1\r\n";
    const struct engine *e = engine();
    llhttp_t l;
    e->init(&l, HTTP_REQUEST, &settings);
    struct filling f = {h, fields_max};
    l.data = &f;
    (void)e->execute(&l, stand_in, sizeof stand_in - 1);
    llhttp_errno_t r = e->execute(&l, p, n);
    if (r == HPE_PAUSED)
        return 0;
    return h->field_count == fields_max && r == HPE_USER ? 431 : 400;
}

/* --- what the fields mean for the message --- */

/* One coding, "chunked", and nothing else: not even the empty list elements of RFC 9110 section
 * 5.6.1, because some before us would not see it behind them (RFC 9112 section 6.1). Another before
 * it is 501; without it at the end nobody knows the length, which is 400 (section 6.3). 0, or the
 * status. */
static uint16_t read_transfer_encoding(struct http_head *h, struct str value)
{
    if (h->minor == 0 || h->framing != BODY_NONE)
        return 400; /* never in 1.0, never twice, never with Content-Length */
    if (str_eq_nocase(value, STR("chunked"))) {
        h->framing = BODY_CHUNKED;
        return 0;
    }
    struct str last = str_trim(str_from(value, (size_t)(str_find_last(value, ',') + 1)));
    struct str first = str_trim(str_cut(&value, ','));
    bool is_unknown = http_is_token(first) && !str_eq_nocase(first, STR("chunked"));
    return is_unknown && str_eq_nocase(last, STR("chunked")) ? 501 : 400;
}

static uint16_t read_content_length(struct http_head *h, struct str value)
{
    if (h->framing != BODY_NONE || !str_to_u64(value, INT64_MAX, &h->content_length))
        return 400;
    h->framing = BODY_LENGTH;
    return 0;
}

/* "close" anywhere wins over "keep-alive" anywhere (RFC 9112 section 9.3). */
static void read_connection(struct http_head *h)
{
    bool close = false, keep = false;
    struct str value;
    for (uint16_t at = 0; http_next_value(h, KNOWN_CONNECTION, &at, &value);) {
        while (value.p) {
            struct str token = str_trim(str_cut(&value, ','));
            close |= str_eq_nocase(token, STR("close"));
            keep |= str_eq_nocase(token, STR("keep-alive"));
        }
    }
    h->keep_alive = !close && (h->minor >= 1 || keep);
}

/* Expectations are nothing to HTTP/1.0 (RFC 9110 section 10.1.1). */
static void read_expect(struct http_head *h)
{
    struct str value;
    for (uint16_t at = 0; h->minor >= 1 && http_next_value(h, KNOWN_EXPECT, &at, &value);) {
        while (value.p) {
            struct str expectation = str_trim(str_cut(&value, ','));
            bool known = str_eq_nocase(expectation, STR("100-continue"));
            h->expects_continue |= known;
            h->expects_unknown |= expectation.n > 0 && !known;
        }
    }
}

/* Indexes the known fields and reads the framing. 0, or the status. */
static uint16_t read_framing(struct http_head *h)
{
    for (uint16_t i = 0; i < h->field_count; i++) {
        struct str name = http_text(h, h->fields[i].name);
        enum http_known k = http_known_of(name);
        if (k == KNOWN_OTHER && memchr(name.p, ' ', name.n))
            return 400; /* all that some builds of llhttp let pass */
        if (k == KNOWN_OTHER)
            continue;
        struct str value = http_text(h, h->fields[i].value);
        uint16_t status = 0;
        if (k == KNOWN_TRANSFER_ENCODING)
            status = read_transfer_encoding(h, value);
        else if (k == KNOWN_CONTENT_LENGTH)
            status = read_content_length(h, value);
        else if (k == KNOWN_HOST && h->first[k])
            status = 400; /* two hosts */
        if (status)
            return status;
        h->is_conditional |= k >= KNOWN_IF_MATCH && k <= KNOWN_IF_UNMODIFIED_SINCE;
        if (h->first[k])
            h->repeated |= 1u << k;
        else
            h->first[k] = (uint8_t)(i + 1);
    }
    if (h->minor >= 1 && !h->first[KNOWN_HOST])
        return 400; /* RFC 9112 section 3.2 */
    h->keep_alive = h->minor >= 1;
    if (h->first[KNOWN_CONNECTION])
        read_connection(h);
    if (h->first[KNOWN_EXPECT])
        read_expect(h);
    return 0;
}

/* --- all of it --- */

static void clear(struct http_head *h, const char *base)
{
    memset(h, 0, sizeof *h);
    h->base = base;
}

/* Empty lines before the request; -1 when there are too many, or a lone CR or LF. */
static int skip_empty_lines(const char *p, size_t n)
{
    size_t at = 0;
    int lines = 0;
    while (at < n && (p[at] == '\r' || p[at] == '\n')) {
        if (p[at] == '\n' || (at + 1 < n && p[at + 1] != '\n') || lines == SKIPPED_LINES_MAX)
            return -1;
        if (at + 1 == n)
            break;
        at += 2;
        lines++;
    }
    return (int)at;
}

static enum http_parse_result read_head(struct http_head *h, struct scan *s, size_t head_n)
{
    const char *line_end = memchr(s->p, '\r', head_n);
    struct str line = {s->p, (size_t)(line_end - s->p)};
    uint16_t status = read_request_line(h, line);
    if (status)
        return bad(s->io, status, status == 505 ? "unknown version" : "malformed request line");
    status = read_fields(h, line_end + 2, head_n - line.n - 2, s->limits->fields_max);
    if (status)
        return bad(s->io, status, status == 431 ? "too many fields" : "malformed field");
    status = read_framing(h);
    if (status)
        return bad(s->io, status, status == 501 ? "unknown transfer coding" : "ambiguous message");
    return HTTP_HEAD_OK;
}

__attribute__((noinline)) enum http_parse_result http_parse_any(struct http_head *h, char *p,
                                                                size_t n,
                                                                const struct http_limits *limits,
                                                                struct http_parse *io)
{
    clear(h, p);
    int skipped = skip_empty_lines(p, n);
    if (skipped < 0)
        return bad(io, 400, "empty lines before the request");
    struct scan s = {p + skipped, n - (size_t)skipped, limits, io};
    size_t head_n = 0;
    h->base = s.p;
    if (s.n == 0 || *s.p == '\r')
        return HTTP_HEAD_MORE;
    enum http_parse_result r = scan_head(&s, &head_n);
    if (r != HTTP_HEAD_OK)
        return r;
    io->used = (uint32_t)(head_n + (size_t)skipped);
    return read_head(h, &s, head_n);
}

enum http_parse_result http_parse(struct http_head *h, char *p, size_t n,
                                  const struct http_limits *limits, struct http_parse *io)
{
    CHECK(limits->head_max <= HTTP_HEAD_CAP);
    p[n] = '\0';
    /* Only at the first look: a head that comes byte by byte is not read anew for each. */
    uint32_t used = io->scanned == 0 ? plain_head_read(h, p, limits) : 0;
    if (used == 0)
        return http_parse_any(h, p, n, limits, io);
    io->used = io->scanned = used;
    return HTTP_HEAD_OK;
}
