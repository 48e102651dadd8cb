/* str: the parts that are more than a comparison. */
#include "base/str.h"

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

ptrdiff_t str_find(struct str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? at - s.p : -1;
}

ptrdiff_t str_find_last(struct str s, char c)
{
    const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;
    return at ? at - s.p : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s = str_from(s, 1);
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *rest, char c)
{
    struct str before = *rest;
    ptrdiff_t at = str_find(before, c);
    if (at < 0) {
        *rest = (struct str){NULL, 0};
        return before;
    }
    before.n = (size_t)at;
    *rest = str_from(*rest, before.n + 1);
    return before;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_is_digit(s.p[i]))
            return false;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
        if (value > max)
            return false;
    }
    *out = value;
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the usual table are enough. */
unsigned str_distance(struct str a, struct str b, unsigned cap)
{
    enum { NAME_MAX_LEN = 64 };
    unsigned rows[3][NAME_MAX_LEN + 1];
    if (a.n > NAME_MAX_LEN || b.n > NAME_MAX_LEN)
        return cap;
    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.p[i - 1] == b.p[j - 1];
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return least(rows[a.n % 3][b.n], cap);
}

/* Odd, and without a pattern: the digits of pi behind the point. */
static const uint64_t hash_factor = UINT64_C(0x243f6a8885a308d3);
static uint64_t hash_seed = 2166136261u;

/* The product of two words, folded: each bit of either counts for each bit of it. */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

void str_hash_seed(uint32_t seed)
{
    hash_seed = seed * hash_factor;
}

inline uint32_t str_hash(struct str s)
{
    uint64_t h = hash_seed ^ s.n;
    for (; s.n > 8; s = str_make(s.p + 8, s.n - 8))
        h = mix(h ^ str_load(s.p, 8), hash_factor);
    uint64_t last = 0; /* 0 to 8 bytes, some of them twice */
    if (s.n >= 4)
        last = str_load(s.p, 4) << 32 | str_load(s.p + s.n - 4, 4);
    else if (s.n > 0)
        last =
            str_load(s.p, 1) << 16 | str_load(s.p + s.n / 2, 1) << 8 | str_load(s.p + s.n - 1, 1);
    return (uint32_t)mix(h ^ last, hash_factor);
}
