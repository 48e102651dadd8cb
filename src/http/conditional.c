/* conditional: lists of entity tags, two comparisons, one order. */
#include "http/conditional.h"

#include "http/date.h"

enum match { NO_MATCH, MATCH, MALFORMED };

/* The entity tag at the front of *rest (RFC 9110 section 8.8.3), which loses it; .p NULL: none. */
static struct str take_tag(struct str *rest)
{
    size_t n = str_starts(*rest, STR("W/")) ? 2 : 0;
    if (n >= rest->n || rest->p[n] != '"')
        return (struct str){NULL, 0};
    for (n++; n < rest->n && rest->p[n] != '"'; n++)
        if (rest->p[n] == ' ')
            return (struct str){NULL, 0};
    if (n == rest->n)
        return (struct str){NULL, 0};
    struct str tag = {rest->p, n + 1};
    *rest = str_from(*rest, n + 1);
    return tag;
}

static struct str without_weakness(struct str tag)
{
    return str_starts(tag, STR("W/")) ? str_from(tag, 2) : tag;
}

/* Section 8.8.3.2: weak tags are equal to nothing, strongly; weakly, weakness does not matter. */
static bool same_tag(struct str a, struct str b, bool strongly)
{
    if (strongly)
        return !str_starts(a, STR("W/")) && str_eq(a, b);
    return str_eq(without_weakness(a), without_weakness(b));
}

/* One field line's list. */
static enum match match_list(struct str list, struct str etag, bool strongly)
{
    enum match found = NO_MATCH;
    for (list = str_trim(list); list.n > 0; list = str_trim(list)) {
        if (list.p[0] == ',') { /* also an empty element */
            list = str_from(list, 1);
            continue;
        }
        struct str tag = take_tag(&list);
        list = str_trim(list);
        if (!tag.p || (list.n > 0 && list.p[0] != ','))
            return MALFORMED;
        if (etag.n > 0 && same_tag(tag, etag, strongly))
            found = MATCH;
    }
    return found;
}

/* All lines of the field; "*" alone is whatever there is. */
static enum match match_field(const struct http_head *h, enum http_known k, struct str etag,
                              bool strongly)
{
    enum match found = NO_MATCH;
    struct str value;
    if (str_eq(http_value(h, k), STR("*")) && !(h->repeated >> k & 1))
        return MATCH;
    for (uint16_t at = 0; http_next_value(h, k, &at, &value);) {
        enum match here = match_list(value, etag, strongly);
        if (here == MALFORMED)
            return MALFORMED;
        found = here == MATCH ? MATCH : found;
    }
    return found;
}

/* The date in that field. One that cannot be read, or two, say nothing. */
static bool read_date(const struct http_head *h, enum http_known k, const struct validators *v,
                      int64_t now_s, int64_t *date)
{
    if (!v->modified || !http_has(h, k) || h->repeated >> k & 1)
        return false;
    struct str text = http_value(h, k);
    *date = v->modified;
    return str_same(text, v->date) || date_parse(text, now_s, date); /* most send what they got */
}

/* Steps 1 and 2: is this still what the client means? */
static bool precondition_fails(const struct http_head *h, const struct validators *v, int64_t now_s)
{
    int64_t date;
    if (http_has(h, KNOWN_IF_MATCH))
        return match_field(h, KNOWN_IF_MATCH, v->etag, true) != MATCH;
    return read_date(h, KNOWN_IF_UNMODIFIED_SINCE, v, now_s, &date) && v->modified > date;
}

enum condition conditional_evaluate(const struct http_head *h, const struct validators *v,
                                    int64_t now_s)
{
    bool reads = h->method == METHOD_GET || h->method == METHOD_HEAD;
    int64_t date;
    if (precondition_fails(h, v, now_s))
        return CONDITION_FAILED;
    if (http_has(h, KNOWN_IF_NONE_MATCH)) { /* steps 3 and 4 */
        if (match_field(h, KNOWN_IF_NONE_MATCH, v->etag, false) != MATCH)
            return CONDITION_HOLDS;
        return reads ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
    }
    if (reads && read_date(h, KNOWN_IF_MODIFIED_SINCE, v, now_s, &date) && v->modified <= date)
        return CONDITION_NOT_MODIFIED;
    return CONDITION_HOLDS;
}
