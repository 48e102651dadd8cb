/* The strict reader that judges our answers must itself refuse what is wrong. */
#include "support/unit.h"
#include "support/wire_answer.h"

#define NOW    784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define STATUS "HTTP/1.1 200 OK\r\n"
#define SERVER "Server: skiff\r\n"
#define DATE   "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define USUAL  SERVER DATE
#define LENGTH "Content-Length: 2\r\n"

static struct wire_answer a;

/* What is complained about; NULL when it is fine, "more" when it is not complete. */
static const char *judge(const char *text, bool bodiless)
{
    const char *complaint = NULL;
    switch (answer_parse(&a, str_of(text), bodiless, NOW, &complaint)) {
    case ANSWER_OK:
        return NULL;
    case ANSWER_MORE:
        return "more";
    default:
        ck_assert_ptr_nonnull(complaint);
        return complaint;
    }
}

static void refused(const char *text, const char *why)
{
    const char *got = judge(text, false);
    ck_assert_msg(got && strcmp(got, why) == 0, "%s: \"%s\", expected \"%s\"", text,
                  got ? got : "fine", why);
}

START_TEST(a_right_answer_is_taken_apart)
{
    const char *text = STATUS USUAL LENGTH "Connection: close\r\n\r\nhiHTTP/1.1 next";
    ck_assert_ptr_null(judge(text, false));
    ck_assert_uint_eq(a.status, 200);
    ck_str(a.reason, "OK");
    ck_str(a.body, "hi");
    ck_str(answer_value(&a, STR("server")), "skiff");
    ck_assert_ptr_null(answer_value(&a, STR("ETag")).p);
    ck_assert(answer_closes(&a));
    ck_assert_str_eq(text + a.used, "HTTP/1.1 next");
}
END_TEST

START_TEST(chunks_are_put_together)
{
    const char *text = STATUS USUAL "Transfer-Encoding: chunked\r\n\r\n"
                                    "2\r\nab\r\n10\r\n0123456789abcdef\r\n0\r\n\r\nHTTP/1.1 next";
    ck_assert_ptr_null(judge(text, false));
    ck_str(a.body, "ab0123456789abcdef");
    ck_assert_str_eq(text + a.used, "HTTP/1.1 next");
    ck_assert_ptr_null(judge(STATUS USUAL "Transfer-Encoding: chunked\r\n\r\n", true));
    ck_assert_uint_eq(a.body.n, 0);
    ck_assert_str_eq(
        judge(STATUS USUAL "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", false), "more");
}
END_TEST

START_TEST(content_is_absent_where_it_may_not_be)
{
    ck_assert_ptr_null(judge(STATUS USUAL LENGTH "\r\n", true));
    ck_assert_ptr_null(judge(STATUS USUAL "\r\n", true));
    ck_assert_uint_eq(a.body.n, 0);
    ck_assert_ptr_null(judge("HTTP/1.1 204 No Content\r\n" USUAL "\r\n", false));
    ck_assert_ptr_null(judge("HTTP/1.1 304 Not Modified\r\n" USUAL LENGTH "\r\n", false));
    ck_assert_uint_eq(a.body.n, 0);
    ck_assert_ptr_null(judge("HTTP/1.1 100 Continue\r\n\r\n", false));
    ck_assert(!answer_closes(&a));
}
END_TEST

START_TEST(every_beginning_of_an_answer_asks_for_more)
{
    const char *text = STATUS USUAL LENGTH "\r\nhi", *complaint;
    for (size_t n = 0; n < strlen(text); n++)
        ck_assert_int_eq(answer_parse(&a, str_make(text, n), false, NOW, &complaint), ANSWER_MORE);
    ck_assert_ptr_null(judge(text, false));
}
END_TEST

START_TEST(a_malformed_head_is_refused)
{
    refused("hello", "the answer does not begin with HTTP/1.1");
    refused("HTTP/1.0 200 OK\r\n\r\n", "the answer does not begin with HTTP/1.1");
    refused("HTTP/1.1 200\r\n\r\n", "malformed status line");
    refused("HTTP/1.1 2000 OK\r\n\r\n", "malformed status line");
    refused("HTTP/1.1 2x0 OK\r\n\r\n", "malformed status code");
    refused("HTTP/1.1 600 OK\r\n\r\n", "malformed status code");
    refused("HTTP/1.1 200 O\x01K\r\n\r\n", "control character in the reason phrase");
    refused(STATUS "X: y\nZ: a\r\n\r\n", "a CR or LF alone in the head");
    refused(STATUS "X: y\rZ: a\r\n\r\n", "a CR or LF alone in the head");
    refused(STATUS "X\r\n\r\n", "malformed field line");
    refused(STATUS ": y\r\n\r\n", "malformed field line");
    refused(STATUS "X : y\r\n\r\n", "malformed field line");
    refused(STATUS "X:y\r\n\r\n", "a field value is not preceded by exactly one space");
    refused(STATUS "X:  y\r\n\r\n", "a field value is not preceded by exactly one space");
    refused(STATUS "X: y \r\n\r\n", "a field value is not preceded by exactly one space");
    refused(STATUS "X: \x01\r\n\r\n", "control character in a field value");
}
END_TEST

START_TEST(a_head_without_end_is_refused)
{
    static char text[ANSWER_HEAD_MAX + 64] = STATUS;
    memset(text + sizeof STATUS - 1, 'x', ANSWER_HEAD_MAX);
    refused(text, "the answer's head does not end");
}
END_TEST

START_TEST(fields_beyond_the_limit_are_refused)
{
    char text[1024] = STATUS;
    for (int i = 0; i <= ANSWER_FIELDS_MAX; i++)
        strcat(text, "X: y\r\n");
    strcat(text, "\r\n");
    refused(text, "too many fields");
}
END_TEST

START_TEST(a_length_that_is_missing_or_wrong_is_refused)
{
    refused(STATUS USUAL "\r\nhi", "no Content-Length");
    refused(STATUS USUAL "Content-Length: +2\r\n\r\nhi", "malformed Content-Length");
    refused(STATUS USUAL "Content-Length: 2, 2\r\n\r\nhi", "malformed Content-Length");
    refused(STATUS USUAL "Content-Length: \r\n\r\nhi", "malformed Content-Length");
    refused(STATUS USUAL LENGTH LENGTH "\r\nhi", "a field that may stand once stands twice");
    refused("HTTP/1.1 204 No Content\r\n" USUAL "Content-Length: 0\r\n\r\n",
            "Content-Length where no content may be");
    refused(STATUS USUAL "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding where it may not stand, or is not \"chunked\"");
    refused(STATUS USUAL LENGTH "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding where it may not stand, or is not \"chunked\"");
    refused(STATUS USUAL "Transfer-Encoding: chunked\r\n\r\n02\r\nab\r\n0\r\n\r\n",
            "malformed chunk size");
    refused(STATUS USUAL "Transfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\n\r\n",
            "malformed chunk size");
    refused(STATUS USUAL "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
            "a chunk does not end in CRLF");
}
END_TEST

START_TEST(what_every_answer_promises_is_demanded)
{
    refused(STATUS "Server: nginx\r\n" DATE LENGTH "\r\nhi", "Server is not \"skiff\"");
    refused(STATUS SERVER LENGTH "\r\nhi", "Date is missing or malformed");
    refused(STATUS SERVER "Date: Mon, 06 Nov 1994 08:49:37 GMT\r\n" LENGTH "\r\nhi",
            "Date is missing or malformed");
    refused(STATUS SERVER "Date: Sunday, 06-Nov-94 08:49:37 GMT\r\n" LENGTH "\r\nhi",
            "Date is missing or malformed");
    refused(STATUS SERVER "Date: Sun, 06 Nov 1994 08:49:57 GMT\r\n" LENGTH "\r\nhi",
            "Date is not now");
    refused(STATUS USUAL "Last-Modified: yesterday it wasn't so bad!\r\n" LENGTH "\r\nhi",
            "malformed Last-Modified");
    refused(STATUS USUAL "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\r\n" LENGTH "\r\nhi",
            "Last-Modified is in the future");
}
END_TEST

START_TEST(an_etag_is_quoted)
{
    ck_assert_ptr_null(judge(STATUS USUAL LENGTH "ETag: \"a-1\"\r\n\r\nhi", false));
    ck_assert_ptr_null(judge(STATUS USUAL LENGTH "ETag: W/\"a-1\"\r\n\r\nhi", false));
    refused(STATUS USUAL LENGTH "ETag: abc\r\n\r\nhi", "ETag is not quoted");
    refused(STATUS USUAL LENGTH "ETag: \"\r\n\r\nhi", "ETag is not quoted");
    refused(STATUS USUAL LENGTH "ETag: w/\"a\"\r\n\r\nhi", "ETag is not quoted");
    refused(STATUS USUAL LENGTH "ETag: \"a\"b\"\r\n\r\nhi", "malformed ETag");
    refused(STATUS USUAL LENGTH "ETag: \"a b\"\r\n\r\nhi", "malformed ETag");
}
END_TEST

UNIT_MAIN("support/wire_answer", a_right_answer_is_taken_apart, chunks_are_put_together,
          content_is_absent_where_it_may_not_be, every_beginning_of_an_answer_asks_for_more,
          a_malformed_head_is_refused, a_head_without_end_is_refused,
          fields_beyond_the_limit_are_refused, a_length_that_is_missing_or_wrong_is_refused,
          what_every_answer_promises_is_demanded, an_etag_is_quoted)
