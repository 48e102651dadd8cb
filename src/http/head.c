/* head: names to numbers, and walks over fields. */
#include "http/head.h"

#include "http/known.h"

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

void http_note_method(struct http_head *h, size_t n)
{
    enum { LONGEST = 7 }; /* CONNECT, OPTIONS */
    const char *end = memchr(h->base, ' ', n < LONGEST + 1 ? n : LONGEST + 1);
    if (end)
        h->method = (uint8_t)http_method_of(str_make(h->base, (size_t)(end - h->base)));
}

enum http_known http_known_of(struct str name)
{
    return known_of(name.p, name.n);
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
