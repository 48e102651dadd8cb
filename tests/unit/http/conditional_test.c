/* Dates, and conditions in the order of RFC 9110 section 13.2.2. */
#include "http/conditional.h"
#include "http/date.h"
#include "http/parse.h"
#include "support/unit.h"

#include <stdio.h>

enum { NOW = 1700000000 };

static bool date(const char *text, int64_t *out)
{
    return date_parse(str_of(text), NOW, out);
}

START_TEST(the_three_formats_are_one_time)
{
    static const char *const same[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                       "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        int64_t t = 0;
        ck_assert_msg(date(same[i], &t) && t == 784111777, "%s", same[i]);
    }
    int64_t t = 0;
    ck_assert(date("Tuesday, 14-Nov-73 22:13:20 GMT", &t) && t == INT64_C(3277923200));
    ck_assert(date("Tuesday, 14-Nov-73 22:13:21 GMT", &t) && t == 122163201); /* too far ahead */
    ck_assert(date("Monday, 14-Nov-74 22:13:20 GMT", &t) && t == 153699200);
    ck_assert(date("Thu, 29 Feb 2024 23:59:59 GMT", &t) && t == 1709251199);
    ck_assert(date("Sun Nov 16 08:49:37 1994", &t) && t == 784975777);
    ck_assert(date("Fri, 30 Jun 2017 23:59:60 GMT", &t) && t == 1498867200);
}
END_TEST

START_TEST(anything_else_is_no_date)
{
    static const char *const bad[] = {
        "",
        "0",
        "Sat, 30 Feb 2030 03:04:00 GMT",
        "Thu, 31 Apr 2026 23:59:60 GMT",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 30 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Sun, 06 Nov -994 08:49:37 GMT",
    };
    int64_t t;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!date(bad[i], &t), "%s", bad[i]);
}
END_TEST

#define TAG      "\"abc\""
#define MODIFIED 784111777
#define SAME     "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE   "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER    "Mon, 07 Nov 1994 08:49:37 GMT"

static const struct {
    const char *fields;
    int strong, weak, none; /* with a strong ETag, a weak one, and without any validator */
} cases[] = {
    {"If-None-Match: " TAG, 304, 304, 200},
    {"If-None-Match: W/" TAG, 304, 304, 200},
    {"If-None-Match: \"x\", W/\"y\" , " TAG, 304, 304, 200},
    {"If-None-Match: \"x\"\r\nIf-None-Match: " TAG, 304, 304, 200},
    {"If-None-Match: ,," TAG ",", 304, 304, 200},
    {"If-None-Match: *", 304, 304, 304},
    {"If-None-Match: \"x\"", 200, 200, 200},
    {"If-None-Match: \"ab\"", 200, 200, 200},
    {"If-None-Match: abc", 200, 200, 200},
    {"If-None-Match: " TAG "x", 200, 200, 200},
    {"If-None-Match: " TAG ", x", 200, 200, 200},
    {"If-None-Match: \"abc", 200, 200, 200},
    {"If-None-Match: w/" TAG, 200, 200, 200},
    {"If-None-Match: *, " TAG, 200, 200, 200},
    {"If-None-Match:", 200, 200, 200},
    {"If-None-Match: \"x\"\r\nIf-Modified-Since: " AFTER, 200, 200, 200},
    {"If-None-Match: " TAG "\r\nIf-Modified-Since: " BEFORE, 304, 304, 200},
    {"If-Modified-Since: " SAME, 304, 304, 200},
    {"If-Modified-Since: " AFTER, 304, 304, 200},
    {"If-Modified-Since: " BEFORE, 200, 200, 200},
    {"If-Modified-Since: yesterday", 200, 200, 200},
    {"If-Modified-Since: " SAME "\r\nIf-Modified-Since: " SAME, 200, 200, 200},
    {"If-Match: " TAG, 200, 412, 412},
    {"If-Match: W/" TAG, 412, 412, 412},
    {"If-Match: \"x\", " TAG, 200, 412, 412},
    {"If-Match: \"x\"", 412, 412, 412},
    {"If-Match: *", 200, 200, 200},
    {"If-Match: abc", 412, 412, 412},
    {"If-Match: \"x\"\r\nIf-None-Match: " TAG, 412, 412, 412},
    {"If-Match: " TAG "\r\nIf-None-Match: " TAG, 304, 412, 412},
    {"If-Match: " TAG "\r\nIf-Unmodified-Since: " BEFORE, 200, 412, 412},
    {"If-Unmodified-Since: " SAME, 200, 200, 200},
    {"If-Unmodified-Since: " AFTER, 200, 200, 200},
    {"If-Unmodified-Since: " BEFORE, 412, 412, 200},
    {"If-Unmodified-Since: soon", 200, 200, 200},
};

static int evaluate(const char *method, const char *fields, const char *etag, int64_t modified)
{
    static union {
        struct http_head head;
        char room[1024];
    } store;
    static const struct http_limits limits = {200, 1000, 10};
    static const int statuses[] = {
        [CONDITION_HOLDS] = 200, [CONDITION_NOT_MODIFIED] = 304, [CONDITION_FAILED] = 412};
    char text[500 + HTTP_SLACK];
    struct http_parse io = {0};
    struct validators v = {.etag = str_of(etag), .modified = modified};
    v.date = modified == MODIFIED ? STR(SAME) : v.date;
    int n = snprintf(text, sizeof text - HTTP_SLACK, "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n",
                     method, fields);
    ck_assert_int_eq(http_parse(&store.head, text, (size_t)n, &limits, &io), HTTP_HEAD_OK);
    ck_assert(store.head.is_conditional);
    return statuses[conditional_evaluate(&store.head, &v, NOW)];
}

START_TEST(conditions_are_evaluated_in_order)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *f = cases[i].fields;
        int strong = evaluate("GET", f, TAG, MODIFIED),
            weak = evaluate("HEAD", f, "W/" TAG, MODIFIED);
        int none = evaluate("GET", f, "", 0);
        ck_assert_msg(strong == cases[i].strong && weak == cases[i].weak && none == cases[i].none,
                      "%s: %d %d %d", f, strong, weak, none);
    }
}
END_TEST

START_TEST(other_methods_fail_instead_of_304)
{
    ck_assert_int_eq(evaluate("PUT", "If-None-Match: *", TAG, MODIFIED), 412);
    ck_assert_int_eq(evaluate("PUT", "If-None-Match: \"x\"", TAG, MODIFIED), 200);
    ck_assert_int_eq(evaluate("PUT", "If-Modified-Since: " AFTER, TAG, MODIFIED), 200);
}
END_TEST

UNIT_MAIN("http/conditional", the_three_formats_are_one_time, anything_else_is_no_date,
          conditions_are_evaluated_in_order, other_methods_fail_instead_of_304)
