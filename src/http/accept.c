/* accept: lists cut at commas, elements at semicolons. */
#include "http/accept.h"

/* qvalue: "0", "1", and up to three decimals. */
static bool read_weight(struct str s, uint16_t *out)
{
    static const uint16_t unit[] = {100, 10, 1};
    if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') || (s.n > 1 && s.p[1] != '.'))
        return false;
    uint16_t weight = s.p[0] == '1' ? ACCEPT_WEIGHT_MAX : 0;
    for (size_t i = 2; i < s.n; i++) {
        if (!ascii_is_digit(s.p[i]))
            return false;
        weight = (uint16_t)(weight + (s.p[i] - '0') * unit[i - 2]);
    }
    *out = weight;
    return weight <= ACCEPT_WEIGHT_MAX;
}

/* A name is one token, or two around a slash. */
static bool is_name(struct str s)
{
    struct str first = str_cut(&s, '/');
    return http_is_token(first) && (!s.p || http_is_token(s));
}

/* One element; false: skip it. What follows the weight is of no use to us. */
static bool read_item(struct str text, struct accept_item *out)
{
    struct str name = str_trim(str_cut(&text, ';'));
    *out = (struct accept_item){.name = name, .weight = ACCEPT_WEIGHT_MAX};
    if (!is_name(name))
        return false;
    while (text.p) {
        struct str value = str_trim(str_cut(&text, ';'));
        struct str key = str_cut(&value, '=');
        if (str_eq_nocase(str_trim(key), STR("q")))
            return key.n == 1 && value.p && read_weight(value, &out->weight);
    }
    return true;
}

/* The text before the next comma, which may stand in a quoted string (RFC 9110 section 5.6.4). */
static struct str cut_item(struct str *rest)
{
    bool is_quoted = false;
    size_t n = 0;
    for (; n < rest->n && (is_quoted || rest->p[n] != ','); n++) {
        if (is_quoted && rest->p[n] == '\\' && n + 1 < rest->n)
            n++;
        else if (rest->p[n] == '"')
            is_quoted = !is_quoted;
    }
    struct str item = str_make(rest->p, n);
    *rest = n < rest->n ? str_from(*rest, n + 1) : (struct str){NULL, 0};
    return item;
}

bool accept_next(struct str *rest, struct accept_item *out)
{
    while (rest->p) {
        if (read_item(cut_item(rest), out))
            return true;
    }
    return false;
}

/* How exactly a range of types names this one: 3, 2, 1, or 0 when it does not. */
static int closeness(struct str range, struct str type)
{
    if (str_eq_nocase(range, type))
        return 3;
    if (str_eq(range, STR("*/*")))
        return 1;
    struct str kind = str_make(type.p, (size_t)(str_find(type, '/') + 1));
    bool is_kind = range.n == kind.n + 1 && range.p[range.n - 1] == '*' &&
                   str_eq_nocase(str_make(range.p, kind.n), kind);
    return is_kind ? 2 : 0;
}

uint16_t accept_weight(const struct http_head *h, struct str type)
{
    struct str value;
    struct accept_item item;
    int best = 0;
    uint16_t weight = 0;
    if (!http_has(h, KNOWN_ACCEPT))
        return ACCEPT_WEIGHT_MAX;
    for (uint16_t at = 0; http_next_value(h, KNOWN_ACCEPT, &at, &value);)
        while (accept_next(&value, &item)) {
            int close = closeness(item.name, type);
            if (close > best) {
                best = close;
                weight = item.weight;
            }
        }
    return weight;
}

bool accept_names_html(const struct http_head *h)
{
    struct str value;
    struct accept_item item;
    for (uint16_t at = 0; http_next_value(h, KNOWN_ACCEPT, &at, &value);)
        while (accept_next(&value, &item))
            if (item.weight > 0 && (str_eq_nocase(item.name, STR("text/html")) ||
                                    str_eq_nocase(item.name, STR("application/xhtml+xml"))))
                return true;
    return false;
}
