/* target: taken apart once, in one place.
 *
 * What can be used as it was sent is recognised first, so that an ordinary path costs one look. */
#include "http/target.h"

#include <arpa/inet.h>
#include <assert.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BAD = 400, NO_SUCH_FILE = 404 };

/* --- forms --- */

/* What a byte is to the first look at a target. */
enum { PLAIN, SLASH, DOT, PERCENT, QUESTION, REFUSED };
static const uint8_t class_of[256] = {
    [0 ... ' '] = REFUSED, ['#'] = REFUSED,  ['%'] = PERCENT,  ['.'] = DOT,
    ['/'] = SLASH,         ['?'] = QUESTION, [0x7f] = REFUSED,
};

static bool has_refused_bytes(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (class_of[(unsigned char)s.p[i]] == REFUSED)
            return true;
    return false;
}

/* Nearly every target: a path that can be used as it is, without a query. What is not found to be
 * one is looked at byte by byte. */
static inline bool is_plain_path(struct str raw)
{
#ifdef __SSE2__
    enum { BLOCK = 16, STEP = BLOCK - 1 }; /* two neighbours lie in one block or the next */
    static_assert((int)BLOCK <= HTTP_SLACK, "a block may begin with the last byte");
    const __m128i percent = _mm_set1_epi8('%'), question = _mm_set1_epi8('?'),
                  del = _mm_set1_epi8(0x7f), slash = _mm_set1_epi8('/'), dot = _mm_set1_epi8('.');
    if (raw.n == 0 || raw.p[0] != '/')
        return false;
    for (size_t i = 0; i < raw.n; i += STEP) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(raw.p + i));
        __m128i usual = _mm_cmpgt_epi8(bytes, percent); /* which is nothing that is not ASCII */
        __m128i other = _mm_or_si128(_mm_cmpeq_epi8(bytes, question), _mm_cmpeq_epi8(bytes, del));
        __m128i slashes = _mm_cmpeq_epi8(bytes, slash);
        __m128i behind = _mm_or_si128(slashes, _mm_cmpeq_epi8(bytes, dot));
        unsigned found = (unsigned)_mm_movemask_epi8(_mm_andnot_si128(other, usual)) ^ 0xffff;
        found |= (unsigned)_mm_movemask_epi8(slashes) << 1 & (unsigned)_mm_movemask_epi8(behind);
        if (raw.n - i < BLOCK)
            found &= (1u << (raw.n - i)) - 1;
        if (found)
            return false;
    }
    return true;
#else
    (void)raw;
    return false;
#endif
}

/* Splits path and query, and sees whether the path can be used as it is: no percent, and no slash
 * with a slash or dot behind it (a hidden name takes the long way too). false: a byte is refused.
 */
static bool split_query(struct str raw, struct target *out)
{
    uint8_t before = PLAIN;
    out->is_plain = raw.n > 0 && raw.p[0] == '/';
    for (size_t i = 0; i < raw.n; i++) {
        uint8_t class = class_of[(unsigned char)raw.p[i]];
        if (class == PLAIN) {
            before = PLAIN;
            continue;
        }
        if (class == QUESTION) {
            out->path = str_make(raw.p, i);
            out->query = str_from(raw, i + 1);
            return !has_refused_bytes(out->query);
        }
        if (class == REFUSED)
            return false;
        if (class == PERCENT || (before == SLASH && (class == SLASH || class == DOT)))
            out->is_plain = false;
        before = class;
    }
    out->path = raw;
    return true;
}

static bool starts_nocase(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq_nocase(str_make(s.p, prefix.n), prefix);
}

/* "http://authority/path?query" (RFC 9112 section 3.2.2). */
static int parse_absolute(struct str raw, struct target *out)
{
    size_t scheme = starts_nocase(raw, STR("http://"))    ? 7
                    : starts_nocase(raw, STR("https://")) ? 8
                                                          : 0;
    if (scheme == 0)
        return BAD;
    struct str rest = str_from(raw, scheme);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
        n++;
    if (n == 0)
        return BAD; /* an http URI has a host: RFC 9110 section 4.2.1 */
    out->form = TARGET_ABSOLUTE;
    out->authority = str_make(rest.p, n);
    if (has_refused_bytes(out->authority) || !split_query(str_from(rest, n), out))
        return BAD;
    if (out->path.n == 0)
        out->path = STR("/");
    return 0;
}

/* "host:port", both there (RFC 9112 section 3.2.3). */
static bool is_authority(struct str raw)
{
    char name[256];
    ptrdiff_t colon = str_find_last(raw, ':');
    bool has_port = colon > 0 && raw.n > (size_t)colon + 1 && raw.p[raw.n - 1] != ']';
    return has_port && raw.n <= sizeof name && target_host(raw, name) > 0;
}

/* Whatever is not plain, byte by byte. */
static __attribute__((noinline)) int parse_any(struct str raw, enum http_method method,
                                               struct target *out)
{
    if (raw.n == 0)
        return BAD;
    if (method == METHOD_CONNECT) {
        out->form = TARGET_AUTHORITY;
        out->authority = raw;
        return is_authority(raw) ? 0 : BAD;
    }
    if (str_eq(raw, STR("*"))) {
        out->form = TARGET_ASTERISK;
        return method == METHOD_OPTIONS ? 0 : BAD;
    }
    if (raw.p[0] != '/')
        return parse_absolute(raw, out);
    return split_query(raw, out) ? 0 : BAD;
}

inline int target_parse(struct str raw, enum http_method method, struct target *out)
{
    *out = (struct target){.form = TARGET_ORIGIN};
    if (method == METHOD_CONNECT || !is_plain_path(raw))
        return parse_any(raw, method, out);
    out->path = raw;
    out->is_plain = true;
    return 0;
}

/* --- paths --- */

static int hex_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at *i, decoded; *i moves behind it. Minus a status when it is refused. */
static int decode_byte(struct str path, size_t *i)
{
    unsigned char c = (unsigned char)path.p[(*i)++];
    if (c != '%')
        return c;
    if (path.n - *i < 2)
        return -BAD;
    int high = hex_digit(path.p[*i]), low = hex_digit(path.p[*i + 1]);
    *i += 2;
    if (high < 0 || low < 0)
        return -BAD;
    int byte = high * 16 + low;
    if (byte < ' ' || byte == 0x7f)
        return -BAD;
    return byte == '/' ? -NO_SUCH_FILE : byte;
}

/* The segment dst[begin..n) is over: resolves "." and "..", which go with their slash. The new
 * length, or -BAD above the root. */
static int end_segment(char *dst, size_t begin, size_t n)
{
    struct str segment = {dst + begin, n - begin};
    if (str_eq(segment, STR(".")))
        return (int)begin;
    if (!str_eq(segment, STR("..")))
        return (int)n;
    if (begin <= 1)
        return -BAD;
    size_t up = begin - 1;
    while (up > 0 && dst[up - 1] != '/')
        up--;
    return (int)up;
}

int target_normalise(struct str path, char *dst)
{
    size_t n = 0, begin = 1;
    if (path.n == 0 || path.p[0] != '/')
        return -BAD;
    dst[n++] = '/';
    for (size_t i = 1; i <= path.n;) {
        bool at_slash = i < path.n && path.p[i] == '/';
        if (i == path.n || at_slash) {
            int kept = end_segment(dst, begin, n);
            if (kept < 0)
                return kept;
            n = (size_t)kept;
            if (at_slash && dst[n - 1] != '/')
                dst[n++] = '/';
            begin = n;
            i++;
            continue;
        }
        int byte = decode_byte(path, &i);
        if (byte < 0)
            return byte;
        dst[n++] = (char)byte;
    }
    return (int)n;
}

bool target_names_file(struct str path)
{
    char normal[4096];
    int n = path.n > 1 && path.n < sizeof normal ? target_normalise(path, normal) : -BAD;
    return n > 1 && normal[n - 1] != '/' && str_eq(path, str_make(normal, (size_t)n));
}

/* pchar of RFC 3986 section 3.3, and '/'. */
static bool stays_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~!$&'()*+,;=:@/", c));
}

static size_t put_encoded(unsigned char c, char *dst)
{
    static const char hex[] = "0123456789ABCDEF";
    dst[0] = '%';
    dst[1] = hex[c >> 4];
    dst[2] = hex[c & 15];
    return 3;
}

size_t target_encode(struct str path, char *dst)
{
    size_t n = 0;
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (i == 1 && c == '/' && path.p[0] == '/')
            continue; /* "//host" would be somebody else's site */
        if (stays_plain(c))
            dst[n++] = (char)c;
        else
            n += put_encoded(c, dst + n);
    }
    return n;
}

size_t target_encode_query(struct str query, char *dst)
{
    size_t n = 0;
    for (size_t i = 0; i < query.n; i++) {
        unsigned char c = (unsigned char)query.p[i];
        bool is_encoded = c == '%' && query.n - i > 2 && hex_digit(query.p[i + 1]) >= 0 &&
                          hex_digit(query.p[i + 2]) >= 0;
        if (stays_plain(c) || c == '?' || is_encoded)
            dst[n++] = (char)c;
        else
            n += put_encoded(c, dst + n);
    }
    return n;
}

/* --- hosts --- */

/* Splits "host:port"; the port is digits up to 65535 or empty. false: malformed. */
static bool split_port(struct str value, struct str *host)
{
    ptrdiff_t colon = str_find_last(value, ':');
    *host = value;
    if (colon < 0 || value.p[value.n - 1] == ']')
        return true;
    uint64_t port;
    struct str digits = str_from(value, (size_t)colon + 1);
    host->n = (size_t)colon;
    return digits.n == 0 || str_to_u64(digits, UINT16_MAX, &port);
}

static bool is_ipv6_literal(struct str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.n < 4 || host.p[host.n - 1] != ']' || host.n - 2 >= sizeof text)
        return false;
    memcpy(text, host.p + 1, host.n - 2);
    text[host.n - 2] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* What names of hosts are made of, in lower case; reg-name allows more (RFC 3986 section 3.2.2),
 * but no host is called so. */
static const char host_byte[256] = {
    ['-'] = '-', ['.'] = '.', ['_'] = '_', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3',
    ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['A'] = 'a',
    ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g', ['H'] = 'h',
    ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o',
    ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u', ['V'] = 'v',
    ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c',
    ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
    ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x',
    ['y'] = 'y', ['z'] = 'z',
};

/* A name to dst in lower case, without a dot at its end. The length, or -BAD. */
static int copy_host_name(struct str host, char *dst)
{
    char before = '.'; /* an empty label is one dot behind another, or in front */
    for (size_t i = 0; i < host.n; i++) {
        char c = host_byte[(unsigned char)host.p[i]];
        if (c == '\0' || (c == '.' && before == '.'))
            return -BAD;
        dst[i] = before = c;
    }
    return (int)(before == '.' ? host.n - 1 : host.n);
}

static int copy_ipv6_literal(struct str host, char *dst)
{
    if (!is_ipv6_literal(host))
        return -BAD;
    for (size_t i = 0; i < host.n; i++)
        dst[i] = ascii_lower(host.p[i]);
    return (int)host.n;
}

int target_host(struct str value, char *dst)
{
    struct str host;
    if (value.n == 0)
        return 0;
    if (!split_port(value, &host) || host.n == 0)
        return -BAD;
    return host.p[0] == '[' ? copy_ipv6_literal(host, dst) : copy_host_name(host, dst);
}
