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
    for (int m = METHOD_GET; m < METHOD_COUNT; m++)
        if (str_eq(token, http_method_names[m])) /* methods are case-sensitive */
            return (enum http_method)m;
    return METHOD_UNKNOWN;
}

/* Equal but for case, eight bytes at a time: both are tokens, where bit 5 tells only letters
 * apart ('-' has it set, '^' and '~', '_' and DEL never meet in a known name). */
static bool same_name(const char *lower, const char *name, size_t n)
{
    uint64_t a = 0, b = 0;
    for (; n >= sizeof a; lower += sizeof a, name += sizeof a, n -= sizeof a) {
        memcpy(&a, lower, sizeof a);
        memcpy(&b, name, sizeof b);
        if (a != (b | UINT64_C(0x2020202020202020)))
            return false;
    }
    for (; n > 0; lower++, name++, n--)
        if (*lower != (*name | 0x20))
            return false;
    return true;
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
    uint16_t i = *at ? *at : h->first[k] ? (uint16_t)(h->first[k] - 1) : h->field_count;
    for (; i < h->field_count; i++) {
        if (http_known_of(http_text(h, h->fields[i].name)) != k)
            continue;
        *value = http_text(h, h->fields[i].value);
        *at = (uint16_t)(i + 1);
        return true;
    }
    *at = h->field_count;
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
