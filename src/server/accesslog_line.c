/* accesslog_line: see accesslog_line.h. */
#include "server/accesslog_line.h"

#include "base/check.h"
#include "base/units.h"
#include "http/scan.h"
#include "server/conn.h"

#include <stdio.h>
#include <time.h>

/* --- text with a limit --- */

struct text {
    char *p, *end;
};

/* Where n more bytes go. There is room: only what comes from the peer is long, and that has its
 * share. */
static inline char *take(struct text *t, size_t n)
{
    char *p = t->p;
    CHECK(n <= (size_t)(t->end - p));
    t->p += n;
    return p;
}

/* Inline, so that a literal is a move or two: a line is made of some ten pieces. */
static inline __attribute__((always_inline)) void put(struct text *t, struct str s)
{
    memcpy(take(t, s.n), s.p, s.n);
}

static void put_number(struct text *t, uint64_t v)
{
    enum { DIGITS_MAX = 20 };
    char *p = take(t, DIGITS_MAX);
    t->p = p + units_print_u64(v, p);
}

/* Bytes of the well-formed UTF-8 sequence at p, 0 when it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    size_t len = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                 : p[0] >= 0xe0 && p[0] <= 0xef ? 3
                 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || outside ? 0 : len;
}

/* What the first byte of s, which is not quotable, becomes; *used of its bytes are in it. */
static struct str escape(enum access_format format, struct str s, char code[6], size_t *used)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = (const unsigned char *)s.p;
    size_t sequence = format == ACCESS_JSON ? utf8_length(p, s.n) : 0;
    *used = sequence ? sequence : 1;
    if (sequence)
        return str_make(s.p, sequence);
    char *end =
        mempcpy(code, format == ACCESS_JSON ? "\\u00" : "\\x", format == ACCESS_JSON ? 4 : 2);
    *end++ = hex[*p >> 4];
    *end++ = hex[*p & 15];
    return str_make(code, (size_t)(end - code));
}

/* The peer's bytes, escaped so that the line stays one line and JSON stays JSON: "\xHH" in
 * combined; in JSON a byte that is not UTF-8 becomes the code point of its value. At most `max`
 * bytes of text. */
static __attribute__((noinline)) void put_escaping(struct text *t, enum access_format format,
                                                   struct str s, size_t max)
{
    struct text part = {t->p, (size_t)(t->end - t->p) > max ? t->p + max : t->end};
    while (s.n > 0) {
        char code[6];
        size_t used = 1;
        struct str out = is_quotable(*s.p) ? str_make(s.p, 1) : escape(format, s, code, &used);
        if ((size_t)(part.end - part.p) < out.n)
            break;
        put(&part, out);
        s = str_from(s, used);
    }
    t->p = part.p;
}

/* The same; nearly always there is nothing to escape, and room for whole blocks. */
static inline void put_escaped(struct text *t, enum access_format format, struct str s, size_t max)
{
    const char *end = s.p + s.n;
    bool has_room = s.n <= max && s.n + HTTP_SLACK <= (size_t)(t->end - t->p);
    if (has_room && copy_quotable(t->p, s.p, end) == end)
        t->p += s.n;
    else
        put_escaping(t, format, s, max);
}

/* --- the request's part --- */

/* The request line: nearly always one piece, as it came. */
static inline void put_combined_asked(struct text *t, const struct http_head *h, size_t share)
{
    struct str method = http_text(h, h->method_text), target = http_text(h, h->target);
    if (target.p == method.p + method.n + 1 && method.n <= share) {
        struct str line = str_make(method.p, method.n + 1 + target.n);
        put_escaped(t, ACCESS_COMBINED, line, method.n + 1 + 4 * share);
    } else {
        put_escaped(t, ACCESS_COMBINED, method, share);
        put(t, STR(" "));
        put_escaped(t, ACCESS_COMBINED, target, 4 * share);
    }
    put(t, h->minor ? STR(" HTTP/1.1\" ") : STR(" HTTP/1.0\" "));
}

static inline void put_quoted(struct text *t, struct str value, size_t max)
{
    if (value.n == 0) {
        put(t, STR(" \"-\""));
        return;
    }
    put(t, STR(" \""));
    put_escaped(t, ACCESS_COMBINED, value, max);
    put(t, STR("\""));
}

static inline void put_combined_rest(struct text *t, const struct http_head *h, size_t share)
{
    put_quoted(t, http_value(h, KNOWN_REFERER), share);
    put_quoted(t, http_value(h, KNOWN_USER_AGENT), share);
    put(t, STR("\n"));
}

static void put_json_asked(struct text *t, const struct http_head *h, size_t share)
{
    put(t, STR("\"method\":\""));
    put_escaped(t, ACCESS_JSON, http_text(h, h->method_text), share);
    put(t, STR("\",\"host\":\""));
    put_escaped(t, ACCESS_JSON, http_value(h, KNOWN_HOST), share);
    put(t, STR("\",\"path\":\""));
    put_escaped(t, ACCESS_JSON, http_text(h, h->target), 4 * share);
    put(t, STR("\",\"protocol\":\""));
    put(t, h->minor ? STR("HTTP/1.1\"") : STR("HTTP/1.0\""));
}

static void put_json_rest(struct text *t, const struct http_head *h, size_t share)
{
    put(t, STR("\"referer\":\""));
    put_escaped(t, ACCESS_JSON, http_value(h, KNOWN_REFERER), share);
    put(t, STR("\",\"user_agent\":\""));
    put_escaped(t, ACCESS_JSON, http_value(h, KNOWN_USER_AGENT), share);
    put(t, STR("\"}\n"));
}

static void put_asked(struct text *t, enum access_format format, const struct http_head *h,
                      size_t share)
{
    if (format == ACCESS_JSON)
        put_json_asked(t, h, share);
    else
        put_combined_asked(t, h, share);
}

static void put_rest(struct text *t, enum access_format format, const struct http_head *h,
                     size_t share)
{
    if (format == ACCESS_JSON)
        put_json_rest(t, h, share);
    else
        put_combined_rest(t, h, share);
}

/* What a value may take of `cap` bytes, the target four of it. */
static size_t share_of(size_t cap)
{
    enum { FIXED = 160, SHARES = 8 }; /* names and punctuation of either format; JSON needs all */
    return (cap - FIXED) / SHARES;
}

size_t accesslog_request_part(enum access_format format, const struct request *r, char *out,
                              size_t cap)
{
    struct text t = {out, out + cap};
    put_asked(&t, format, r->head, share_of(cap));
    put(&t, STR("\n"));
    put_rest(&t, format, r->head, share_of(cap));
    return (size_t)(t.p - out);
}

/* --- the whole line --- */

/* Another second, or another peer. Behind a balancer there are few, and most lines have the one of
 * the line before. */
static __attribute__((noinline)) void renew(struct accesslog_texts *t, const struct peer *peer,
                                            int64_t second)
{
    time_t at = (time_t)second;
    struct tm tm = {0};
    t->second = second;
    t->peer = *peer;
    t->peer_n = peer_print(peer, t->peer_text);
    (void)gmtime_r(&at, &tm); /* cannot fail for the present */
    t->iso_n = strftime(t->iso, sizeof t->iso, "%Y-%m-%dT%H:%M:%S", &tm);
    char *p = mempcpy(t->combined, t->peer_text, t->peer_n);
    size_t room = sizeof t->combined - t->peer_n;
    t->combined_n = t->peer_n + strftime(p, room, " - - [%d/%b/%Y:%H:%M:%S +0000] \"", &tm);
}

static void update(struct accesslog_texts *t, const struct request *r)
{
    const struct peer *peer = conn_peer(r->conn);
    int64_t second = conn_clock(r->conn)->second;
    if (second != t->second || peer->family != t->peer.family ||
        memcmp(peer->addr, t->peer.addr, sizeof peer->addr) != 0)
        renew(t, peer, second);
}

/* Three digits. */
static void put_status(struct text *t, uint16_t status)
{
    char *p = take(t, 3);
    p[0] = (char)('0' + status / 100);
    p[1] = (char)('0' + status / 10 % 10);
    p[2] = (char)('0' + status % 10);
}

static void begin_json(struct text *t, const struct request *r, const struct accesslog_texts *texts)
{
    unsigned ms = (unsigned)(conn_clock(r->conn)->wall_us / 1000 % 1000);
    const char millis[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
                           (char)('0' + ms % 10), 'Z'};
    put(t, STR("{\"time\":\""));
    put(t, str_make(texts->iso, texts->iso_n));
    put(t, str_make(millis, sizeof millis));
    put(t, STR("\",\"client_ip\":\""));
    put(t, str_make(texts->peer_text, texts->peer_n));
    put(t, STR("\","));
}

static void put_combined_answer(struct text *t, const struct request *r)
{
    put_status(t, r->resp.status);
    put(t, STR(" "));
    put_number(t, r->sent);
}

static void put_json_answer(struct text *t, const struct request *r)
{
    put(t, STR(",\"status\":"));
    put_status(t, r->resp.status);
    put(t, STR(",\"bytes\":"));
    put_number(t, r->sent);
    put(t, STR(",\"duration_us\":"));
    put_number(t, conn_clock(r->conn)->now_us - r->began_us);
    put(t, STR(","));
}

size_t accesslog_line(enum access_format format, const struct request *r,
                      struct accesslog_texts *texts, char *out, size_t cap)
{
    enum { BESIDES = 512 }; /* bytes at most of what is not the request's */
    struct text t = {out, out + cap};
    struct str rest = r->log, asked = str_cut(&rest, '\n');
    bool is_json = format == ACCESS_JSON;
    size_t share = share_of(cap - BESIDES);
    update(texts, r);
    if (is_json)
        begin_json(&t, r, texts);
    else
        put(&t, str_make(texts->combined, texts->combined_n));
    if (asked.p)
        put(&t, asked);
    else
        put_asked(&t, format, r->head, share);
    is_json ? put_json_answer(&t, r) : put_combined_answer(&t, r);
    if (asked.p)
        put(&t, rest);
    else
        put_rest(&t, format, r->head, share);
    return (size_t)(t.p - out);
}
