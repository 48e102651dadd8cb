/* Time as text. */
#include "base/clock.h"
#include "support/unit.h"

#include <time.h>

static void is_date(int64_t seconds, const char *text)
{
    char out[HTTP_DATE_LEN];
    clock_http_date(seconds, out);
    ck_str(str_make(out, sizeof out), text);
}

START_TEST(dates_are_imf_fixdate)
{
    is_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    is_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    is_date(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    is_date(1709251199, "Thu, 29 Feb 2024 23:59:59 GMT");
    is_date(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    is_date(INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT");
    is_date(INT64_C(-62167219200), "Sat, 01 Jan 0000 00:00:00 GMT");
}
END_TEST

START_TEST(leap_years_follow_the_calendar)
{
    is_date(4107542399, "Sun, 28 Feb 2100 23:59:59 GMT");
    is_date(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
    is_date(1078012800, "Sun, 29 Feb 2004 00:00:00 GMT");
}
END_TEST

START_TEST(what_the_format_cannot_say_is_the_nearest_it_can)
{
    is_date(INT64_C(253402300800), "Fri, 31 Dec 9999 23:59:59 GMT");
    is_date(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
    is_date(INT64_C(-62167219201), "Sat, 01 Jan 0000 00:00:00 GMT");
    is_date(INT64_MIN, "Sat, 01 Jan 0000 00:00:00 GMT");
}
END_TEST

/* The C library's own formatter is the judge; prime steps meet every day and time of day. */
START_TEST(dates_agree_with_the_c_library)
{
    enum { STEP = 8640011 };
    for (time_t t = -2208988800; t < 253402300799; t += STEP) {
        char expected[HTTP_DATE_LEN + 1];
        struct tm tm;
        ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
        ck_assert_uint_eq(strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &tm),
                          HTTP_DATE_LEN);
        is_date(t, expected);
    }
}
END_TEST

START_TEST(the_date_changes_with_the_second)
{
    struct clock c = {0};
    clock_set(&c, 1000, UINT64_C(784111777999999));
    ck_str(str_make(c.date, HTTP_DATE_LEN), "Sun, 06 Nov 1994 08:49:37 GMT");
    ck_assert_uint_eq(clock_ms(&c), 1);
    clock_set(&c, 2000, UINT64_C(784111778000000));
    ck_str(str_make(c.date, HTTP_DATE_LEN), "Sun, 06 Nov 1994 08:49:38 GMT");
    ck_assert_int_eq(c.second, 784111778);
}
END_TEST

START_TEST(the_date_is_written_once_a_second)
{
    struct clock c = {0};
    clock_set(&c, 0, 0); /* the very first second is written as well */
    ck_str(str_make(c.date, HTTP_DATE_LEN), "Thu, 01 Jan 1970 00:00:00 GMT");
    c.date[0] = 'x';
    clock_set(&c, 1, 999999);
    ck_assert_int_eq(c.date[0], 'x');
    ck_assert_uint_eq(c.now_us, 1);
    ck_assert_uint_eq(c.wall_us, 999999);
    clock_set(&c, 2, 1000000);
    ck_assert_int_eq(c.date[0], 'T');
    clock_set(&c, 3, 999999); /* the wall clock may be set back */
    ck_str(str_make(c.date, HTTP_DATE_LEN), "Thu, 01 Jan 1970 00:00:00 GMT");
}
END_TEST

START_TEST(the_system_clock_goes_forward)
{
    struct clock c = {0};
    clock_update(&c);
    uint64_t before = c.now_us;
    clock_update(&c);
    ck_assert_uint_ge(c.now_us, before);
    ck_assert_uint_gt(c.wall_us, UINT64_C(1600000000000000));
}
END_TEST

UNIT_MAIN("base/clock", dates_are_imf_fixdate, leap_years_follow_the_calendar,
          what_the_format_cannot_say_is_the_nearest_it_can, dates_agree_with_the_c_library,
          the_date_changes_with_the_second, the_date_is_written_once_a_second,
          the_system_clock_goes_forward)
