/* Durations and sizes, as written and as printed. */
#include "base/units.h"
#include "support/unit.h"

#include <stdio.h>

static const struct {
    const char *text;
    enum units_result result;
    int64_t value;
} durations[] =
    {
        {"0", UNITS_OK, 0},
        {"0s", UNITS_OK, 0},
        {"250ms", UNITS_OK, 250},
        {"75s", UNITS_OK, 75000},
        {"2m", UNITS_OK, 120000},
        {"1h30m", UNITS_OK, 5400000},
        {"1d2h3m4s5ms", UNITS_OK, 93784005},
        {"75", UNITS_MISSING, 0},
        {"1h30", UNITS_MISSING, 0},
        {"", UNITS_NONSENSE, 0},
        {"s", UNITS_NONSENSE, 0},
        {"-1s", UNITS_NONSENSE, 0},
        {"1 s", UNITS_NONSENSE, 0},
        {"1.5s", UNITS_NONSENSE, 0},
        {"1S", UNITS_NONSENSE, 0},
        {"1sec", UNITS_NONSENSE, 0},
        {"30m1h", UNITS_NONSENSE, 0},
        {"1s1s", UNITS_NONSENSE, 0},
        {"9223372036854775807ms", UNITS_OK, INT64_MAX},
        {"9223372036854775808ms", UNITS_OVERFLOW, 0},
        {"9223372036854775807s", UNITS_OVERFLOW, 0},
},
  sizes[] = {
      {"0", UNITS_OK, 0},
      {"512B", UNITS_OK, 512},
      {"16KiB", UNITS_OK, 16384},
      {"64MiB", UNITS_OK, 67108864},
      {"1GiB", UNITS_OK, 1073741824},
      {"2TiB", UNITS_OK, INT64_C(2199023255552)},
      {"10kB", UNITS_OK, 10000},
      {"10MB", UNITS_OK, 10000000},
      {"1GB", UNITS_OK, 1000000000},
      {"1TB", UNITS_OK, INT64_C(1000000000000)},
      {"16", UNITS_MISSING, 0},
      {"16K", UNITS_NONSENSE, 0},
      {"16kib", UNITS_NONSENSE, 0},
      {"1MiB1KiB", UNITS_NONSENSE, 0},
      {"", UNITS_NONSENSE, 0},
      {"9999999TiB", UNITS_OVERFLOW, 0},
};

START_TEST(durations_need_known_units_from_large_to_small)
{
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        int64_t ms = 0;
        enum units_result r = units_parse_duration(str_of(durations[i].text), &ms);
        ck_assert_msg(r == durations[i].result && ms == durations[i].value, "%s: %d %lld",
                      durations[i].text, (int)r, (long long)ms);
    }
}
END_TEST

START_TEST(sizes_need_one_known_unit)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int64_t bytes = 0;
        enum units_result r = units_parse_size(str_of(sizes[i].text), &bytes);
        ck_assert_msg(r == sizes[i].result && bytes == sizes[i].value, "%s: %d %lld", sizes[i].text,
                      (int)r, (long long)bytes);
    }
}
END_TEST

START_TEST(printing_takes_the_largest_exact_unit_and_reads_back)
{
    static const int64_t values[] = {0,        1,    999,  1000,  75000,   90000,   3600000,
                                     86400000, 1023, 1024, 65536, 1048576, 1000000, INT64_MAX};
    char text[UNITS_TEXT];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        int64_t back = -1;
        size_t n = units_print_duration(values[i], text);
        ck_assert_int_eq(units_parse_duration(str_make(text, n), &back), UNITS_OK);
        ck_assert_int_eq(back, values[i]);
        n = units_print_size(values[i], text);
        ck_assert_int_eq(units_parse_size(str_make(text, n), &back), UNITS_OK);
        ck_assert_int_eq(back, values[i]);
    }
    ck_str(str_make(text, units_print_duration(90000, text)), "90s");
    ck_str(str_make(text, units_print_duration(3600000, text)), "1h");
    ck_str(str_make(text, units_print_size(16384, text)), "16KiB");
    ck_str(str_make(text, units_print_size(16385, text)), "16385B");
}
END_TEST

START_TEST(plain_numbers_are_printed_whole)
{
    char text[20];
    ck_str(str_make(text, units_print_u64(0, text)), "0");
    ck_str(str_make(text, units_print_u64(1024, text)), "1024");
    ck_str(str_make(text, units_print_u64(UINT64_MAX, text)), "18446744073709551615");
    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10)
        for (uint64_t v = power - 1; v <= power + 1; v++) {
            char expected[24];
            snprintf(expected, sizeof expected, "%llu", (unsigned long long)v);
            ck_str(str_make(text, units_print_u64(v, text)), expected);
        }
}
END_TEST

UNIT_MAIN("base/units", durations_need_known_units_from_large_to_small, sizes_need_one_known_unit,
          printing_takes_the_largest_exact_unit_and_reads_back, plain_numbers_are_printed_whole)
