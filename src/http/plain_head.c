/* plain_head: from one byte that ends something to the next, sixteen at a time.
 *
 * What a target, a field name and a value may consist of is narrower here than in the RFCs, so that
 * it takes a few comparisons of a whole register. The NUL behind the bytes ends whatever has not
 * ended before, so nothing is asked about where they end. Without SSE2 there is no short way. */
#include "http/plain_head.h"

#include "http/known.h"

#include <assert.h>

#ifdef __SSE2__
#include <emmintrin.h>

enum { BLOCK = 16 }; /* bytes looked at together */
static_assert((int)BLOCK <= HTTP_SLACK, "a block may begin with the NUL behind the bytes");

/* Known fields, a bit each, that are not plain when there is more than one. */
enum { UNIQUE = 1u << KNOWN_HOST | 1u << KNOWN_CONNECTION };

enum { CONDITIONS = KNOWN_IF_UNMODIFIED_SINCE - KNOWN_IF_MATCH + 1 }; /* one behind the other */

static inline __m128i all(int byte)
{
    return _mm_set1_epi8((char)byte);
}

/* The sign of each byte tells whether it is not from `first` to `last`: those are moved to the top
 * of the positive numbers, then down to 0 and up, and what was below them stays negative. */
static inline __m128i outside(__m128i bytes, int first, int last)
{
    int up = 127 - last;
    return _mm_subs_epi8(_mm_add_epi8(bytes, all(up)), all(first + up));
}

/* The same for letters, digits and '-'. */
static inline __m128i outside_name(__m128i bytes)
{
    __m128i letters = outside(_mm_or_si128(bytes, all(0x20)), 'a', 'z');
    __m128i digits = outside(bytes, '0', '9');
    return _mm_andnot_si128(_mm_cmpeq_epi8(bytes, all('-')), _mm_and_si128(letters, digits));
}

static inline __m128i load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Where the first of the bits is that are set for bytes from p on. */
static inline const char *first_of(int bits, const char *p)
{
    return p + __builtin_ctzll((unsigned)bits); /* as wide as an address: no conversion */
}

/* The first byte from p on that is not from `first` to '~'. */
static inline const char *skip(const char *p, int first)
{
    int bits;
    while (!(bits = _mm_movemask_epi8(outside(load(p), first, '~'))))
        p += BLOCK;
    return first_of(bits, p);
}

/* The first byte from p on that is not one of a name. */
static inline const char *skip_name(const char *p)
{
    int bits;
    while (!(bits = _mm_movemask_epi8(outside_name(load(p)))))
        p += BLOCK;
    return first_of(bits, p);
}

static inline bool is_line_end(const char *p)
{
    return memcmp(p, "\r\n", 2) == 0;
}

static inline struct slice slice_of(const struct http_head *h, const char *p, const char *end)
{
    return (struct slice){(uint16_t)(p - h->base), (uint16_t)(end - p)};
}

/* Where the fields begin, or NULL. */
static inline const char *read_request_line(struct http_head *h, const char *p, uint32_t line_max)
{
    static const char version[] = " HTTP/1.1\r\n";
    enum { VERSION = sizeof version - 1 };
    bool is_get = memcmp(p, "GET ", 4) == 0;
    if (!is_get && memcmp(p, "HEAD ", 5) != 0)
        return NULL;
    size_t method = is_get ? 3 : 4;
    const char *target = p + method + 1, *space = skip(target, '!');
    if (*target != '/' || memcmp(space, version, VERSION) != 0 ||
        space + VERSION - 2 - p > line_max)
        return NULL;
    h->method = is_get ? METHOD_GET : METHOD_HEAD;
    h->minor = 1;
    h->method_text = slice_of(h, p, p + method);
    h->target = slice_of(h, target, space);
    return space + VERSION;
}

/* Reads one field line. Where the next one begins, or NULL: it is not plain. */
static inline const char *read_field(struct http_head *h, unsigned i, const char *p)
{
    const char *colon = skip_name(p);
    if (*colon != ':' || colon == p)
        return NULL;
    h->fields[i].name = slice_of(h, p, colon);
    const char *value = colon[1] == ' ' ? colon + 2 : colon + 1;
    const char *line_end = skip(value, ' ');
    if (!is_line_end(line_end) || *value <= ' ' || line_end[-1] == ' ')
        return NULL; /* also when it is empty: then it begins with CR */
    h->fields[i].value = slice_of(h, value, line_end);
    enum http_known k = known_of(p, (size_t)(colon - p));
    if (k != KNOWN_OTHER && h->first[k])
        h->repeated |= 1u << k;
    else if (k != KNOWN_OTHER)
        h->first[k] = (uint8_t)(i + 1);
    return line_end + 2;
}

/* From the first field to behind the last, where the empty line is, or NULL. */
static inline const char *read_fields(struct http_head *h, const char *p, unsigned fields_max)
{
    unsigned count = 0;
    do {
        p = count < fields_max ? read_field(h, count, p) : NULL;
        count++;
    } while (p && !is_line_end(p));
    h->field_count = (uint16_t)count;
    return p;
}

/* Do the fields say no more than which host is meant, and in plain words that the connection stays
 * or ends? */
static inline bool is_simple(struct http_head *h)
{
    struct str connection = http_value(h, KNOWN_CONNECTION);
    bool close = str_eq(connection, STR("close"));
    h->keep_alive = !close;
    return http_has(h, KNOWN_HOST) && !(h->repeated & UNIQUE) &&
           !(h->first[KNOWN_CONTENT_LENGTH] | h->first[KNOWN_TRANSFER_ENCODING] |
             h->first[KNOWN_EXPECT]) &&
           (!connection.p || close || str_eq(connection, STR("keep-alive")));
}

uint32_t plain_head_read(struct http_head *h, const char *p, const struct http_limits *limits)
{
    *h = (struct http_head){.base = p};
    const char *end = read_request_line(h, p, limits->line_max);
    end = end ? read_fields(h, end, limits->fields_max) : NULL;
    if (!end || end + 2 - p > limits->head_max || !is_simple(h))
        return 0;
    h->is_conditional = str_load((char *)&h->first[KNOWN_IF_MATCH], CONDITIONS) != 0;
    return (uint32_t)(end + 2 - p);
}

#else

uint32_t plain_head_read(struct http_head *h, const char *p, const struct http_limits *limits)
{
    (void)h;
    (void)p;
    (void)limits;
    return 0;
}

#endif
