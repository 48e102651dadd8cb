/* Borrowed bytes. */
#include "base/str.h"
#include "support/unit.h"

#include <stdio.h>

START_TEST(comparisons_know_case_and_length)
{
    ck_assert(str_eq(STR("ab"), STR("ab")) && !str_eq(STR("ab"), STR("abc")));
    ck_assert(str_eq(str_make(NULL, 0), STR("")));
    ck_assert(str_eq_nocase(STR("aB-1"), STR("Ab-1")) && !str_eq_nocase(STR("a"), STR("b")));
    ck_assert(!str_eq_nocase(STR("a"), STR("ab")));
    ck_assert(!str_eq_nocase(STR("@"), STR("`")));
    ck_assert(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")));
    ck_assert(str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
    ck_assert(str_starts(STR("a"), STR("")) && str_ends(STR("a"), STR("")));
}
END_TEST

START_TEST(finding_and_cutting)
{
    ck_assert_int_eq(str_find(STR("a.b.c"), '.'), 1);
    ck_assert_int_eq(str_find_last(STR("a.b.c"), '.'), 3);
    ck_assert_int_eq(str_find(STR(""), '.'), -1);
    ck_assert_int_eq(str_find_last(str_make(NULL, 0), '.'), -1);
    struct str rest = STR("a,,b");
    ck_str(str_cut(&rest, ','), "a");
    ck_str(str_cut(&rest, ','), "");
    ck_assert_ptr_nonnull(rest.p);
    ck_str(str_cut(&rest, ','), "b");
    ck_assert_ptr_null(rest.p);
    rest = STR("a,");
    ck_str(str_cut(&rest, ','), "a");
    ck_assert_ptr_nonnull(rest.p);
    ck_str(str_cut(&rest, ','), "");
    ck_assert_ptr_null(rest.p);
    ck_str(str_from(STR("abc"), 1), "bc");
    ck_str(str_from(STR("abc"), 9), "");
    ck_str(str_trim(STR(" \ta b\t ")), "a b");
    ck_str(str_trim(STR(" \t ")), "");
}
END_TEST

START_TEST(numbers_are_digits_within_a_bound)
{
    uint64_t v = 7;
    ck_assert(str_to_u64(STR("0"), 10, &v) && v == 0);
    ck_assert(str_to_u64(STR("0010"), 10, &v) && v == 10);
    ck_assert(!str_to_u64(STR("11"), 10, &v));
    ck_assert(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &v) && v == UINT64_MAX);
    ck_assert(!str_to_u64(STR("18446744073709551616"), UINT64_MAX, &v));
    static const char *const bad[] = {"", "-1", "+1", "1 ", "a", "1.0", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert(!str_to_u64(str_of(bad[i]), 100, &v));
    ck_assert_uint_eq(v, UINT64_MAX);
}
END_TEST

START_TEST(distance_counts_edits)
{
    ck_assert_uint_eq(str_distance(STR("workers"), STR("workers"), 9), 0);
    ck_assert_uint_eq(str_distance(STR("wokers"), STR("workers"), 9), 1);
    ck_assert_uint_eq(str_distance(STR("workres"), STR("workers"), 9), 1);
    ck_assert_uint_eq(str_distance(STR("walkers"), STR("workers"), 9), 2);
    ck_assert_uint_eq(str_distance(STR(""), STR("abc"), 9), 3);
    ck_assert_uint_eq(str_distance(STR("abc"), STR("xyz"), 2), 2);
    char longer[80];
    memset(longer, 'a', sizeof longer);
    ck_assert_uint_eq(str_distance(str_make(longer, sizeof longer), STR("a"), 5), 5);
    ck_assert_uint_eq(str_distance(str_make(longer, 64), str_make(longer, 63), 5), 1);
    ck_assert_uint_eq(str_distance(str_make(longer, 65), str_make(longer, 65), 5), 5);
    ck_assert_uint_eq(str_distance(str_make(NULL, 0), str_make(NULL, 0), 5), 0);
}
END_TEST

START_TEST(the_hash_depends_on_bytes_and_seed)
{
    uint32_t a = str_hash(STR("/index.html"));
    ck_assert_uint_eq(a, str_hash(STR("/index.html")));
    ck_assert_uint_ne(a, str_hash(STR("/index.htm")));
    str_hash_seed(12345);
    ck_assert_uint_ne(a, str_hash(STR("/index.html")));
    ck_assert_uint_eq(str_hash(str_make(NULL, 0)), str_hash(STR("")));
}
END_TEST

/* Each place of a text of each length counts, for the hash and for the comparison in line. */
START_TEST(every_byte_counts)
{
    char a[40], b[40];
    for (size_t n = 0; n <= sizeof a; n++) {
        memset(a, 'a', n);
        memset(b, 'a', n);
        ck_assert(str_same(str_make(a, n), str_make(b, n)));
        ck_assert_uint_eq(str_hash(str_make(a, n)), str_hash(str_make(b, n)));
        ck_assert(n == 0 || !str_same(str_make(a, n), str_make(b, n - 1)));
        for (size_t at = 0; at < n; at++) {
            b[at] = 'b';
            ck_assert(!str_same(str_make(a, n), str_make(b, n)));
            ck_assert_uint_ne(str_hash(str_make(a, n)), str_hash(str_make(b, n)));
            b[at] = 'a';
        }
    }
}
END_TEST

/* Names as sites have them fall into as many buckets as chance would have it. */
START_TEST(the_hash_spreads)
{
    enum { NAMES = 4096, BUCKETS = 4096 };
    static bool taken[BUCKETS];
    unsigned used = 0;
    for (int i = 0; i < NAMES; i++) {
        char name[40];
        int n = snprintf(name, sizeof name, "assets/img/%d.png", i);
        uint32_t bucket = str_hash(str_make(name, (size_t)n)) % BUCKETS;
        used += !taken[bucket];
        taken[bucket] = true;
    }
    ck_assert_uint_gt(used, BUCKETS * 6 / 10); /* 63 % by chance, all in one at worst */
}
END_TEST

UNIT_MAIN("base/str", comparisons_know_case_and_length, finding_and_cutting,
          numbers_are_digits_within_a_bound, distance_counts_edits,
          the_hash_depends_on_bytes_and_seed, every_byte_counts, the_hash_spreads)
