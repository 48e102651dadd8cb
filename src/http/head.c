/* head: names to numbers, and walks over fields. */
#include "http/head.h"

const struct str http_method_names[METHOD_COUNT] = {
    [METHOD_UNKNOWN] = {"", 0},        [METHOD_GET] = {"GET", 3},
    [METHOD_HEAD] = {"HEAD", 4},       [METHOD_POST] = {"POST", 4},
    [METHOD_PUT] = {"PUT", 3},         [METHOD_DELETE] = {"DELETE", 6},
    [METHOD_CONNECT] = {"CONNECT", 7}, [METHOD_OPTIONS] = {"OPTIONS", 7},
    [METHOD_TRACE] = {"TRACE", 5},     [METHOD_PATCH] = {"PATCH", 5},
};

enum http_method http_method_of(struct str token)
{
    if (token.n == 3 && memcmp(token.p, "GET", 3) == 0)
        return METHOD_GET; /* nearly always */
    for (int m = METHOD_GET; m < METHOD_COUNT; m++)
        if (str_eq(token, http_method_names[m])) /* methods are case-sensitive */
            return (enum http_method)m;
    return METHOD_UNKNOWN;
}

static inline uint64_t load(const char *p, size_t n)
{
    uint64_t bytes = 0;
    memcpy(&bytes, p, n); /* n is constant where this is inlined: one instruction */
    return bytes;
}

/* Equal but for case, a word at a time; the last word may overlap the one before. Only known names
 * come out equal: they are letters and '-', which no other token character turns into when bit 5 is
 * set. At least 4 bytes. */
static inline bool same_name(const char *lower, const char *name, size_t n)
{
    const uint64_t bit5 = UINT64_C(0x2020202020202020);
    if (n < 8)
        return load(lower, 4) == (load(name, 4) | (uint32_t)bit5) &&
               load(lower + n - 4, 4) == (load(name + n - 4, 4) | (uint32_t)bit5);
    for (size_t i = 0; i + 8 < n; i += 8)
        if (load(lower + i, 8) != (load(name + i, 8) | bit5))
            return false;
    return load(lower + n - 8, 8) == (load(name + n - 8, 8) | bit5);
}

/* The names by length, in lower case: at most three candidates for a field, most fields have none.
 */
static const struct known {
    struct str name;
    enum http_known id;
} known[] = {
    {{"host", 4}, KNOWN_HOST},
    {{"range", 5}, KNOWN_RANGE},
    {{"accept", 6}, KNOWN_ACCEPT},
    {{"expect", 6}, KNOWN_EXPECT},
    {{"referer", 7}, KNOWN_REFERER},
    {{"if-match", 8}, KNOWN_IF_MATCH},
    {{"if-range", 8}, KNOWN_IF_RANGE},
    {{"connection", 10}, KNOWN_CONNECTION},
    {{"user-agent", 10}, KNOWN_USER_AGENT},
    {{"if-none-match", 13}, KNOWN_IF_NONE_MATCH},
    {{"content-length", 14}, KNOWN_CONTENT_LENGTH},
    {{"accept-encoding", 15}, KNOWN_ACCEPT_ENCODING},
    {{"if-modified-since", 17}, KNOWN_IF_MODIFIED_SINCE},
    {{"transfer-encoding", 17}, KNOWN_TRANSFER_ENCODING},
    {{"if-unmodified-since", 19}, KNOWN_IF_UNMODIFIED_SINCE},
    {{NULL, 0}, KNOWN_OTHER},
};
enum { KNOWN_LENGTH_MAX = 19 };

/* Where the names of a length begin in `known`; 15: nowhere. */
static const uint8_t first_of_length[KNOWN_LENGTH_MAX + 1] = {
    15, 15, 15, 15, 0, 1, 2, 4, 5, 15, 7, 15, 15, 9, 10, 11, 15, 12, 15, 14};

enum http_known http_known_of(struct str name)
{
    if (name.n > KNOWN_LENGTH_MAX)
        return KNOWN_OTHER;
    for (const struct known *k = &known[first_of_length[name.n]]; k->name.n == name.n; k++)
        if (same_name(k->name.p, name.p, name.n))
            return k->id;
    return KNOWN_OTHER;
}

struct str http_value(const struct http_head *h, enum http_known k)
{
    if (!h->first[k])
        return (struct str){NULL, 0};
    return http_text(h, h->fields[h->first[k] - 1].value);
}

bool http_next_value(const struct http_head *h, enum http_known k, uint16_t *at, struct str *value)
{
    bool is_first = *at == 0;
    if (!h->first[k] || (!is_first && !(h->repeated >> k & 1)))
        return false; /* the usual cases: none, or only one */
    for (uint16_t i = is_first ? (uint16_t)(h->first[k] - 1) : *at; i < h->field_count; i++) {
        if (!is_first && http_known_of(http_text(h, h->fields[i].name)) != k)
            continue;
        *value = http_text(h, h->fields[i].value);
        *at = (uint16_t)(i + 1);
        return true;
    }
    return false;
}

/* tchar of RFC 9110 section 5.6.2. */
static const bool is_tchar[256] = {
    ['!'] = true,         ['#' ... '\''] = true, ['*'] = true,         ['+'] = true,
    ['-'] = true,         ['.'] = true,          ['0' ... '9'] = true, ['A' ... 'Z'] = true,
    ['^' ... 'z'] = true, ['|'] = true,          ['~'] = true,
};

bool http_is_tchar(char c)
{
    return is_tchar[(unsigned char)c];
}

bool http_is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!http_is_tchar(s.p[i]))
            return false;
    return s.n > 0;
}
