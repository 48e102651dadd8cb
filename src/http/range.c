/* range: specs one after the other, joined as they come. */
#include "http/range.h"

#include "base/units.h"
#include "http/date.h"

enum { STRONG_AFTER_S = 2 }; /* a time this old cannot be another change's (section 8.8.2.2) */

enum spec { SPEC_BAD, SPEC_BEYOND, SPEC_OK };

/* Digits only; what is too large for us is as large as can be. */
static bool read_number(struct str s, uint64_t *out)
{
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]))
            return false;
    if (!str_to_u64(s, UINT64_MAX - 1, out))
        *out = UINT64_MAX - 1;
    return true;
}

/* "-500": the last bytes. Of nothing they are the whole, which is no part that Content-Range could
 * name: it is satisfiable (section 14.1.2), and answered as if nobody had asked for a part. */
static enum spec read_suffix(struct str digits, uint64_t size, struct range *out)
{
    uint64_t n;
    if (!read_number(digits, &n) || (n > 0 && size == 0))
        return SPEC_BAD;
    n = n < size ? n : size;
    *out = (struct range){size - n, n};
    return n > 0 ? SPEC_OK : SPEC_BEYOND;
}

/* "0-499" or "500-". */
static enum spec read_spec(struct str spec, uint64_t size, struct range *out)
{
    uint64_t first, last = UINT64_MAX - 1;
    ptrdiff_t dash = str_find(spec, '-');
    if (dash < 0)
        return SPEC_BAD;
    struct str before = str_make(spec.p, (size_t)dash), behind = str_from(spec, (size_t)dash + 1);
    if (before.n == 0)
        return read_suffix(behind, size, out);
    if (!read_number(before, &first) || (behind.n > 0 && !read_number(behind, &last)) ||
        last < first)
        return SPEC_BAD;
    if (first >= size)
        return SPEC_BEYOND;
    last = last < size ? last : size - 1;
    *out = (struct range){first, last - first + 1};
    return SPEC_OK;
}

/* Makes *a the union; false when there is a gap between them. */
static bool join(struct range *a, struct range b)
{
    uint64_t begin = a->at < b.at ? a->at : b.at;
    uint64_t a_end = a->at + a->n, b_end = b.at + b.n, end = a_end > b_end ? a_end : b_end;
    if (end - begin > a->n + b.n)
        return false;
    *a = (struct range){begin, end - begin};
    return true;
}

/* Adds one; what it overlaps or touches becomes part of it. false: there are too many. */
static bool add(struct ranges *all, struct range r)
{
    unsigned at = all->count;
    for (unsigned i = 0; i < all->count;) {
        if (!join(&r, all->at[i])) {
            i++;
            continue;
        }
        at = i < at ? i : at; /* it stands where the first of them stood */
        all->count--;
        memmove(&all->at[i], &all->at[i + 1], (all->count - i) * sizeof r);
        i = 0; /* the larger one may reach others */
    }
    if (all->count == RANGES_MAX)
        return false;
    memmove(&all->at[at + 1], &all->at[at], (all->count - at) * sizeof r);
    all->at[at] = r;
    all->count++;
    return true;
}

enum range_result range_parse(struct str value, uint64_t size, struct ranges *out)
{
    struct str rest = value, unit = str_cut(&rest, '=');
    int specs = 0;
    *out = (struct ranges){0};
    if (!rest.p || !str_eq_nocase(unit, STR("bytes")))
        return RANGE_IGNORED;
    while (rest.p) {
        struct range r;
        struct str text = str_trim(str_cut(&rest, ','));
        if (text.n == 0)
            continue; /* an empty list element */
        enum spec spec = read_spec(text, size, &r);
        if (spec == SPEC_BAD || ++specs > RANGE_SPECS_MAX || (spec == SPEC_OK && !add(out, r)))
            return RANGE_IGNORED;
    }
    if (specs == 0)
        return RANGE_IGNORED;
    return out->count ? RANGE_OK : RANGE_UNSATISFIABLE;
}

bool range_is_wanted(const struct http_head *h, const struct validators *v, int64_t now_s)
{
    int64_t date;
    struct str value = http_value(h, KNOWN_IF_RANGE);
    if ((h->repeated >> KNOWN_RANGE | h->repeated >> KNOWN_IF_RANGE) & 1)
        return false;
    if (!http_has(h, KNOWN_IF_RANGE))
        return true;
    if (value.n > 0 && value.p[0] == '"')
        return v->etag.n > 0 && str_eq(value, v->etag);
    return v->modified && date_parse(value, now_s, &date) && date == v->modified &&
           now_s - v->modified >= STRONG_AFTER_S;
}

size_t range_print(const struct range *r, uint64_t size, char out[CONTENT_RANGE_MAX])
{
    char *p = mempcpy(out, "bytes ", 6);
    if (r) {
        p += units_print_u64(r->at, p);
        *p++ = '-';
        p += units_print_u64(r->at + r->n - 1, p);
    } else {
        *p++ = '*';
    }
    *p++ = '/';
    return (size_t)(p - out) + units_print_u64(size, p);
}
