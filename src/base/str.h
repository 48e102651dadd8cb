/* str: borrowed bytes, a pointer and a length passed by value.
 *
 * A str never owns what it points at and is not terminated; whoever hands one out says how long
 * the bytes live. A slice is the same for bytes inside one buffer: offsets survive the buffer
 * being moved, and it is half the size. */
#ifndef SKIFF_BASE_STR_H
#define SKIFF_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

struct slice {
    uint16_t off, len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str str_of(const char *terminated)
{
    return (struct str){terminated, strlen(terminated)};
}

static inline struct str str_make(const char *p, size_t n)
{
    return (struct str){p, n};
}

static inline bool str_is_empty(struct str s)
{
    return s.n == 0;
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* n bytes as a number in the machine's order, n at most 8 and constant where this is inlined. */
static inline uint64_t str_load(const char *p, size_t n)
{
    uint64_t bytes = 0;
    memcpy(&bytes, p, n);
    return bytes;
}

/* str_eq where the texts are short and likely equal: a few words in line, no call. */
static inline bool str_same(struct str a, struct str b)
{
    size_t n = a.n;
    if (n != b.n)
        return false;
    if (n < 4)
        return n == 0 || (a.p[0] == b.p[0] && a.p[n / 2] == b.p[n / 2] && a.p[n - 1] == b.p[n - 1]);
    if (n < 8)
        return str_load(a.p, 4) == str_load(b.p, 4) &&
               str_load(a.p + n - 4, 4) == str_load(b.p + n - 4, 4);
    for (size_t i = 0; i < n - 8; i += 8)
        if (str_load(a.p + i, 8) != str_load(b.p + i, 8))
            return false;
    return str_load(a.p + n - 8, 8) == str_load(b.p + n - 8, 8);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* The bytes from `from` to the end; empty when `from` is at or beyond it. */
static inline struct str str_from(struct str s, size_t from)
{
    return from < s.n ? (struct str){s.p + from, s.n - from} : (struct str){s.p + s.n, 0};
}

/* ASCII only: locale never matters in HTTP or in our configuration. */
static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Equal without regard to ASCII case. */
bool str_eq_nocase(struct str a, struct str b);

/* Offset of the first `c`, or -1. */
ptrdiff_t str_find(struct str s, char c);

/* Offset of the last `c`, or -1. */
ptrdiff_t str_find_last(struct str s, char c);

/* Without the bytes ' ' and '\t' at both ends (OWS of RFC 9110 section 5.6.3). */
struct str str_trim(struct str s);

/* Cuts *rest at the first `c`: returns what is before it and moves *rest behind it. When there is
 * no `c`, returns all of it and *rest becomes {NULL, 0}; so loop `while (rest.p)`. */
struct str str_cut(struct str *rest, char c);

/* Decimal digits only, all of them, no sign; false when empty, not a number, or over `max`. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *out);

/* Number of edits (insert, remove, replace, swap of neighbours) between two short names, at most
 * `cap`; for "did you mean". Names over 64 bytes count as `cap`. */
unsigned str_distance(struct str a, struct str b, unsigned cap);

/* A hash for tables in memory, eight bytes at a time, seeded at start so that peers cannot aim at
 * it. */
uint32_t str_hash(struct str s);
void str_hash_seed(uint32_t seed);

#endif
