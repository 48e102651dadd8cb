/* Time as text. */
#include "base/clock.h"
#include "support/unit.h"

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

UNIT_MAIN("base/clock", dates_are_imf_fixdate, the_date_changes_with_the_second,
          the_system_clock_goes_forward)
