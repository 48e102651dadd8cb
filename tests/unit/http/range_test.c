/* Ranges: single, suffix, open, joined; and what is no range. */
#include "http/range.h"
#include "support/unit.h"

#include <stdio.h>

static const struct {
    const char *value;
    uint64_t size;
    enum range_result result;
    uint64_t at, n;
} cases[] = {
    {"bytes=0-0", 10, RANGE_OK, 0, 1},
    {"bytes=0-4", 10, RANGE_OK, 0, 5},
    {"Bytes=5-", 10, RANGE_OK, 5, 5},
    {"bytes=9-9", 10, RANGE_OK, 9, 1},
    {"bytes=5-100", 10, RANGE_OK, 5, 5},
    {"bytes=-3", 10, RANGE_OK, 7, 3},
    {"bytes=-100", 10, RANGE_OK, 0, 10},
    {"bytes=0-99999999999999999999999", 10, RANGE_OK, 0, 10},
    {"bytes=-99999999999999999999999", 10, RANGE_OK, 0, 10},
    {"bytes=00-09", 10, RANGE_OK, 0, 10},
    {"bytes= 2-3 ", 10, RANGE_OK, 2, 2},
    {"bytes=,2-3,", 10, RANGE_OK, 2, 2},
    {"bytes=0-1,2-3", 10, RANGE_OK, 0, 4},
    {"bytes=4-6,2-5", 10, RANGE_OK, 2, 5},
    {"bytes=0-9,3-4,20-", 10, RANGE_OK, 0, 10},
    {"bytes=20-,1-1", 10, RANGE_OK, 1, 1},
    {"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=99999999999999999999999-", 10, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-0", 0, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-1", 0, RANGE_IGNORED, 0, 0},
    {"bytes=0-,-1", 0, RANGE_IGNORED, 0, 0},
    {"bytes=5-4", 10, RANGE_IGNORED, 0, 0},
    {"bytes=", 10, RANGE_IGNORED, 0, 0},
    {"bytes=,", 10, RANGE_IGNORED, 0, 0},
    {"bytes=-", 10, RANGE_IGNORED, 0, 0},
    {"bytes=a-b", 10, RANGE_IGNORED, 0, 0},
    {"bytes=1", 10, RANGE_IGNORED, 0, 0},
    {"bytes=1-2x", 10, RANGE_IGNORED, 0, 0},
    {"bytes=1--2", 10, RANGE_IGNORED, 0, 0},
    {"bytes=+1-2", 10, RANGE_IGNORED, 0, 0},
    {"bytes=1 - 2", 10, RANGE_IGNORED, 0, 0},
    {"bytes 0-1", 10, RANGE_IGNORED, 0, 0},
    {"lines=0-1", 10, RANGE_IGNORED, 0, 0},
    {"", 10, RANGE_IGNORED, 0, 0},
};

START_TEST(ranges_are_read_to_the_letter)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ranges all;
        enum range_result result = range_parse(str_of(cases[i].value), cases[i].size, &all);
        struct range r = all.at[0];
        ck_assert_msg(result == cases[i].result, "%s: %d", cases[i].value, (int)result);
        if (result == RANGE_OK)
            ck_assert_msg(all.count == 1 && r.at == cases[i].at && r.n == cases[i].n,
                          "%s: %llu+%llu", cases[i].value, (unsigned long long)r.at,
                          (unsigned long long)r.n);
    }
}
END_TEST

static const struct {
    const char *value;
    const char *ranges; /* of 100 bytes, as they are left */
} several[] = {
    {"bytes=0-1,4-5", "0-1 4-5"},
    {"bytes=4-5,0-1", "4-5 0-1"},
    {"bytes=0-0,2-2,4-4", "0-0 2-2 4-4"},
    {"bytes=0-0,-1", "0-0 99-99"},
    {"bytes=-1,0-0,200-300", "99-99 0-0"},
    {"bytes=10-19,30-39,20-29", "10-39"},
    {"bytes=10-19,30-39,50-59,20-29", "10-39 50-59"},
    {"bytes=50-59,30-39,10-19,20-29", "50-59 10-39"},
    {"bytes=10-19,50-59,30-39,18-31", "10-39 50-59"},
    {"bytes=10-19,50-59,30-39,40-49", "10-19 30-59"},
    {"bytes=10-10,20-20,30-30,0-99", "0-99"},
    {"bytes=90-,0-9,80-95", "80-99 0-9"},
};

START_TEST(ranges_apart_stay_in_order_and_others_are_joined)
{
    for (size_t i = 0; i < sizeof several / sizeof several[0]; i++) {
        struct ranges all;
        char text[400] = "";
        ck_assert_int_eq(range_parse(str_of(several[i].value), 100, &all), RANGE_OK);
        for (unsigned k = 0; k < all.count; k++)
            sprintf(text + strlen(text), "%s%llu-%llu", k ? " " : "",
                    (unsigned long long)all.at[k].at,
                    (unsigned long long)(all.at[k].at + all.at[k].n - 1));
        ck_assert_str_eq(text, several[i].ranges);
    }
}
END_TEST

START_TEST(too_many_ranges_are_the_whole)
{
    char text[1000] = "bytes=";
    struct ranges all;
    for (int i = 0; i < RANGE_SPECS_MAX; i++)
        strcat(text, "0-9,");
    ck_assert_int_eq(range_parse(str_of(text), 10, &all), RANGE_OK);
    strcat(text, "0-9");
    ck_assert_int_eq(range_parse(str_of(text), 10, &all), RANGE_IGNORED);
    strcpy(text, "bytes=");
    for (int i = 0; i < RANGES_MAX; i++)
        sprintf(text + strlen(text), "%d-%d,", 2 * i, 2 * i);
    ck_assert_int_eq(range_parse(str_of(text), 100, &all), RANGE_OK);
    ck_assert_uint_eq(all.count, RANGES_MAX);
    strcat(text, "98-98");
    ck_assert_int_eq(range_parse(str_of(text), 100, &all), RANGE_IGNORED);
}
END_TEST

START_TEST(content_range_says_what_is_sent)
{
    char out[CONTENT_RANGE_MAX];
    struct range r = {2, 3}, large = {UINT64_MAX - 10, 5};
    ck_str(str_make(out, range_print(&r, 10, out)), "bytes 2-4/10");
    ck_str(str_make(out, range_print(NULL, 10, out)), "bytes */10");
    ck_assert_uint_le(range_print(&large, UINT64_MAX, out), CONTENT_RANGE_MAX);
}
END_TEST

UNIT_MAIN("http/range", ranges_are_read_to_the_letter,
          ranges_apart_stay_in_order_and_others_are_joined, too_many_ranges_are_the_whole,
          content_range_says_what_is_sent)
