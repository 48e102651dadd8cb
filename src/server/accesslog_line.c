/* accesslog_line: see accesslog_line.h. */
#include "server/accesslog_line.h"

#include "base/units.h"
#include "server/conn.h"

#include <stdio.h>
#include <time.h>

/* --- text with a limit --- */

struct text {
    char *p, *end;
};

/* The front of it, as much as there is room for. */
static __attribute__((noinline)) void put_front(struct text *t, struct str s)
{
    t->p = mempcpy(t->p, s.p, (size_t)(t->end - t->p));
}

/* Inline, so that a literal is a move or two: a line is made of some fifteen pieces. */
static inline __attribute__((always_inline)) void put(struct text *t, struct str s)
{
    if (s.n > (size_t)(t->end - t->p)) {
        put_front(t, s);
    } else if (s.n > 0) {
        memcpy(t->p, s.p, s.n);
        t->p += s.n;
    }
}

static void put_number(struct text *t, uint64_t v)
{
    char digits[20];
    put(t, str_make(digits, units_print_u64(v, digits)));
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

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* How many bytes at the front are themselves in a line. */
static size_t plain_run(struct str s)
{
    size_t n = 0;
    while (n < s.n && is_plain((unsigned char)s.p[n]))
        n++;
    return n;
}

/* What the first byte of s, which is not plain, becomes; *used of its bytes are in it. */
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
static void put_escaped(struct text *t, enum access_format format, struct str s, size_t max)
{
    struct text part = {t->p, (size_t)(t->end - t->p) > max ? t->p + max : t->end};
    while (s.n > 0) {
        char code[6];
        size_t run = plain_run(s), used;
        put(&part, str_make(s.p, run));
        s = str_from(s, run);
        if (s.n == 0)
            break;
        struct str out = escape(format, s, code, &used);
        if ((size_t)(part.end - part.p) < out.n)
            break;
        put(&part, out);
        s = str_from(s, used);
    }
    t->p = part.p;
}

/* --- the request's part --- */

static void put_value(struct text *t, struct str value, size_t max)
{
    if (value.n == 0)
        put(t, STR("-"));
    else
        put_escaped(t, ACCESS_COMBINED, value, max);
}

static void put_combined_part(struct text *t, const struct http_head *h, size_t share)
{
    put(t, http_text(h, h->method_text)); /* a token */
    put(t, STR(" "));
    put_escaped(t, ACCESS_COMBINED, http_text(h, h->target), 4 * share);
    put(t, h->minor ? STR(" HTTP/1.1\n\"") : STR(" HTTP/1.0\n\""));
    put_value(t, http_value(h, KNOWN_REFERER), share);
    put(t, STR("\" \""));
    put_value(t, http_value(h, KNOWN_USER_AGENT), share);
    put(t, STR("\""));
}

static void put_json_part(struct text *t, const struct http_head *h, size_t share)
{
    put(t, STR("\"method\":\""));
    put(t, http_text(h, h->method_text)); /* a token */
    put(t, STR("\",\"host\":\""));
    put_escaped(t, ACCESS_JSON, http_value(h, KNOWN_HOST), share);
    put(t, STR("\",\"path\":\""));
    put_escaped(t, ACCESS_JSON, http_text(h, h->target), 4 * share);
    put(t, STR("\",\"protocol\":\""));
    put(t, h->minor ? STR("HTTP/1.1\"\n") : STR("HTTP/1.0\"\n"));
    put(t, STR("\"referer\":\""));
    put_escaped(t, ACCESS_JSON, http_value(h, KNOWN_REFERER), share);
    put(t, STR("\",\"user_agent\":\""));
    put_escaped(t, ACCESS_JSON, http_value(h, KNOWN_USER_AGENT), share);
    put(t, STR("\""));
}

size_t accesslog_request_part(enum access_format format, const struct request *r, char *out,
                              size_t cap)
{
    struct text t = {out, out + cap};
    size_t share = (cap - 160) / 8; /* 160: names and punctuation of either format */
    if (format == ACCESS_JSON)
        put_json_part(&t, r->head, share);
    else
        put_combined_part(&t, r->head, share);
    return (size_t)(t.p - out);
}

/* --- the whole line --- */

static void update_time(struct accesslog_time *t, int64_t second)
{
    time_t at = (time_t)second;
    struct tm tm = {0};
    if (t->second == second)
        return;
    t->second = second;
    (void)gmtime_r(&at, &tm); /* cannot fail for the present */
    (void)strftime(t->combined, sizeof t->combined, " - - [%d/%b/%Y:%H:%M:%S +0000] \"", &tm);
    (void)strftime(t->iso, sizeof t->iso, "%Y-%m-%dT%H:%M:%S", &tm);
}

static void put_combined(struct text *t, const struct request *r, struct str asked, struct str rest,
                         const struct accesslog_time *time)
{
    char peer[PEER_TEXT];
    put(t, str_make(peer, peer_print(conn_peer(r->conn), peer)));
    put(t, str_of(time->combined));
    put(t, asked);
    put(t, STR("\" "));
    put_number(t, r->resp.status);
    put(t, STR(" "));
    put_number(t, r->sent);
    put(t, STR(" "));
    put(t, rest);
    put(t, STR("\n"));
}

static void put_json(struct text *t, const struct request *r, struct str asked, struct str rest,
                     const struct accesslog_time *time)
{
    char peer[PEER_TEXT];
    const struct clock *now = conn_clock(r->conn);
    unsigned ms = (unsigned)(now->wall_us / 1000 % 1000);
    const char millis[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
                           (char)('0' + ms % 10), 'Z'};
    put(t, STR("{\"time\":\""));
    put(t, str_of(time->iso));
    put(t, str_make(millis, sizeof millis));
    put(t, STR("\",\"client_ip\":\""));
    put(t, str_make(peer, peer_print(conn_peer(r->conn), peer)));
    put(t, STR("\","));
    put(t, asked);
    put(t, STR(",\"status\":"));
    put_number(t, r->resp.status);
    put(t, STR(",\"bytes\":"));
    put_number(t, r->sent);
    put(t, STR(",\"duration_us\":"));
    put_number(t, now->now_us - r->began_us);
    put(t, STR(","));
    put(t, rest);
    put(t, STR("}\n"));
}

size_t accesslog_line(enum access_format format, const struct request *r, struct str request_part,
                      struct accesslog_time *time, char *out, size_t cap)
{
    struct text t = {out, out + cap};
    struct str rest = request_part, asked = str_cut(&rest, '\n');
    update_time(time, conn_clock(r->conn)->second);
    if (format == ACCESS_JSON)
        put_json(&t, r, asked, rest, time);
    else
        put_combined(&t, r, asked, rest, time);
    return (size_t)(t.p - out);
}
