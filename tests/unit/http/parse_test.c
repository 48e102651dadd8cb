/* Heads to the letter: what is a request, what is refused, and with which status. */
#include "http/parse.h"
#include "support/unit.h"

#include <stdio.h>

static const struct http_limits limits = {.line_max = 200, .head_max = 1000, .fields_max = 10};
static union {
    struct http_head head;
    char room[4096];
} store;
static struct http_parse io;
#define head (&store.head)

static enum http_parse_result parse(struct str text)
{
    static char input[4096];
    ck_assert_uint_le(text.n + HTTP_SLACK, sizeof input);
    memcpy(input, text.p, text.n);
    io = (struct http_parse){0};
    return http_parse(head, input, text.n, &limits, &io);
}

#define HOST "Host: a\r\n"

static void refused(struct str text, int status)
{
    enum http_parse_result r = parse(text);
    ck_assert_msg(r == HTTP_HEAD_BAD && io.status == status, "%.*s: result %d, status %d, not %d",
                  (int)text.n, text.p, (int)r, io.status, status);
    ck_assert_ptr_nonnull(io.reason);
}

START_TEST(a_plain_request_is_slices_of_the_input)
{
    static const char text[] = "GET /a?b HTTP/1.1\r\nHost: example.org\r\nUser-Agent:  x y \t\r\n"
                               "X-Empty:\r\n\r\nrest";
    ck_assert_int_eq(parse(STR(text)), HTTP_HEAD_OK);
    ck_assert_uint_eq(io.used, sizeof text - 1 - 4);
    ck_assert_int_eq(head->method, METHOD_GET);
    ck_str(http_text(head, head->target), "/a?b");
    ck_assert_int_eq(head->minor, 1);
    ck_assert(head->keep_alive);
    ck_assert_int_eq(head->framing, BODY_NONE);
    ck_assert_uint_eq(head->field_count, 3);
    ck_str(http_value(head, KNOWN_HOST), "example.org");
    ck_str(http_value(head, KNOWN_USER_AGENT), "x y");
    ck_str(http_text(head, head->fields[2].name), "X-Empty");
    ck_str(http_text(head, head->fields[2].value), "");
    ck_assert_ptr_null(http_value(head, KNOWN_RANGE).p);
}
END_TEST

START_TEST(every_prefix_of_a_head_wants_more)
{
    static const char text[] = "\r\nPOST / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
    static char input[sizeof text + HTTP_SLACK];
    for (size_t n = 0; n < sizeof text - 1; n++)
        ck_assert_msg(parse(str_make(text, n)) == HTTP_HEAD_MORE, "at %zu", n);
    io = (struct http_parse){0};
    for (size_t n = 0; n < sizeof text - 1; n++) {
        ck_assert_int_eq(http_parse(head, input, n, &limits, &io), HTTP_HEAD_MORE);
        input[n] = text[n];
    }
    ck_assert_int_eq(http_parse(head, input, sizeof text - 1, &limits, &io), HTTP_HEAD_OK);
    ck_assert_uint_eq(io.used, sizeof text - 1);
}
END_TEST

static const struct {
    const char *text;
    size_t n;
    int status;
} bad[] = {
#define BAD(text, status)                                                                          \
    {                                                                                              \
        text, sizeof(text) - 1, status                                                             \
    }
    BAD("GET / HTTP/1.1\nHost: a\n\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX(: a\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\n\r\n", 400),
    BAD("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    BAD("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    BAD("GET  / HTTP/1.1\r\n" HOST "\r\n", 400),
    BAD("GET /  HTTP/1.1\r\n" HOST "\r\n", 400),
    BAD("GET / HTTP/1.1 \r\n" HOST "\r\n", 400),
    BAD("GET / \r\n" HOST "\r\n", 400),
    BAD("GET /\r\n\r\n", 400),
    BAD("GET /\ta HTTP/1.1\r\n" HOST "\r\n", 400),
    BAD("G(T / HTTP/1.1\r\n" HOST "\r\n", 400),
    BAD(" GET / HTTP/1.1\r\n" HOST "\r\n", 400),
    BAD("GET / http/1.1\r\n" HOST "\r\n", 400),
    BAD("GET / HTTP/1.\r\n" HOST "\r\n", 400),
    BAD("GET / HTTP/11\r\n" HOST "\r\n", 400),
    BAD("GET / HTTP/1.10\r\n" HOST "\r\n", 400),
    BAD("GET / HTTP/2.0\r\n" HOST "\r\n", 505),
    BAD("GET / HTTP/0.9\r\n" HOST "\r\n", 505),
    BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    BAD("\x16\x03\x01\x02", 400),
    BAD("\x80", 400),
    BAD("\n", 400),
    BAD("\r\r", 400),
    BAD("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775808\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        400),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
        "chunked\r\n\r\n",
        400),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", 400),
    BAD("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400),
    BAD("AMETHODTHATISMUCHTOOLONGTOBEAMETHOD / HTTP/1.1\r\n", 501),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 400),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    BAD("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 400),
};

START_TEST(what_could_be_read_two_ways_is_refused)
{
    refused(str_make(bad[_i].text, bad[_i].n), bad[_i].status);
    for (size_t n = 1; n < bad[_i].n; n++) { /* and never taken for a request on the way */
        enum http_parse_result r = parse(str_make(bad[_i].text, n));
        ck_assert(r == HTTP_HEAD_MORE || (r == HTTP_HEAD_BAD && io.status == bad[_i].status));
    }
}
END_TEST

START_TEST(only_token_characters_make_a_field_name)
{
    for (unsigned c = 0; c < 256; c++) {
        char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX?Y: z\r\n\r\n";
        *strchr(text, '?') = (char)c;
        bool is_name = http_is_tchar((char)c) || c == ':'; /* "X: Y: z" is a value with a colon */
        enum http_parse_result r = parse(str_make(text, sizeof text - 1));
        ck_assert_msg((r == HTTP_HEAD_OK) == is_name, "byte %u", c);
    }
}
END_TEST

START_TEST(a_known_field_is_walked_over_all_its_lines)
{
    struct str value;
    uint16_t at = 0;
    ck_assert_int_eq(parse(STR("GET / HTTP/1.1\r\n" HOST "Accept: a\r\nX: y\r\naccept: b\r\n\r\n")),
                     HTTP_HEAD_OK);
    ck_assert(http_next_value(head, KNOWN_ACCEPT, &at, &value));
    ck_str(value, "a");
    ck_assert(http_next_value(head, KNOWN_ACCEPT, &at, &value));
    ck_str(value, "b");
    ck_assert(!http_next_value(head, KNOWN_ACCEPT, &at, &value));
    at = 0;
    ck_assert(http_next_value(head, KNOWN_HOST, &at, &value));
    ck_assert(!http_next_value(head, KNOWN_HOST, &at, &value));
    at = 0;
    ck_assert(!http_next_value(head, KNOWN_RANGE, &at, &value));
}
END_TEST

START_TEST(methods_and_versions)
{
    ck_assert_int_eq(parse(STR("BREW / HTTP/1.1\r\n" HOST "\r\n")), HTTP_HEAD_OK);
    ck_assert_int_eq(head->method, METHOD_UNKNOWN);
    ck_assert_int_eq(parse(STR("get / HTTP/1.1\r\n" HOST "\r\n")), HTTP_HEAD_OK);
    ck_assert_int_eq(head->method, METHOD_UNKNOWN);
    for (int m = METHOD_GET; m < METHOD_COUNT; m++) {
        char text[100];
        int n =
            snprintf(text, sizeof text, "%s / HTTP/1.1\r\n" HOST "\r\n", http_method_names[m].p);
        ck_assert_int_eq(parse(str_make(text, (size_t)n)), HTTP_HEAD_OK);
        ck_assert_int_eq(head->method, m);
    }
    ck_assert_int_eq(parse(STR("GET / HTTP/1.7\r\n" HOST "\r\n")), HTTP_HEAD_OK);
    ck_assert_int_eq(head->minor, 1);
    ck_assert_int_eq(parse(STR("GET / HTTP/1.0\r\n\r\n")), HTTP_HEAD_OK);
    ck_assert_int_eq(head->minor, 0);
}
END_TEST

static bool keeps(const char *version, const char *fields)
{
    char text[300];
    int n = snprintf(text, sizeof text, "GET / %s\r\n" HOST "%s\r\n", version, fields);
    ck_assert_int_eq(parse(str_make(text, (size_t)n)), HTTP_HEAD_OK);
    return head->keep_alive;
}

START_TEST(version_and_connection_decide_about_keep_alive)
{
    ck_assert(keeps("HTTP/1.1", ""));
    ck_assert(!keeps("HTTP/1.0", ""));
    ck_assert(keeps("HTTP/1.0", "Connection: Keep-Alive\r\n"));
    ck_assert(!keeps("HTTP/1.1", "Connection: close\r\n"));
    ck_assert(!keeps("HTTP/1.1", "connection: foo ,\tCLOSE\r\n"));
    ck_assert(!keeps("HTTP/1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
    ck_assert(keeps("HTTP/1.1", "Connection: closed, upgrade\r\n"));
}
END_TEST

START_TEST(bodies_are_framed)
{
    ck_assert_int_eq(parse(STR("POST / HTTP/1.1\r\n" HOST "Content-Length: 0042 \r\n\r\n")),
                     HTTP_HEAD_OK);
    ck_assert_int_eq(head->framing, BODY_LENGTH);
    ck_assert_uint_eq(head->content_length, 42);
    ck_assert_int_eq(parse(STR("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n")),
                     HTTP_HEAD_OK);
    ck_assert_int_eq(head->framing, BODY_CHUNKED);
    ck_assert_int_eq(parse(STR("POST / HTTP/1.1\r\n" HOST "Content-Length:\t5\t\r\n\r\n")),
                     HTTP_HEAD_OK);
    ck_assert_uint_eq(head->content_length, 5);
}
END_TEST

START_TEST(expectations_are_for_http_1_1)
{
    ck_assert_int_eq(parse(STR("GET / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n")),
                     HTTP_HEAD_OK);
    ck_assert(head->expects_continue && !head->expects_unknown);
    ck_assert_int_eq(parse(STR("GET / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n")), HTTP_HEAD_OK);
    ck_assert(head->expects_unknown);
    ck_assert_int_eq(parse(STR("GET / HTTP/1.0\r\n" HOST "Expect: tea\r\n\r\n")), HTTP_HEAD_OK);
    ck_assert(!head->expects_unknown);
}
END_TEST

static struct str filled(char *out, const char *before, char with, size_t n, const char *after)
{
    size_t a = strlen(before), b = strlen(after);
    memcpy(out, before, a);
    memset(out + a, with, n);
    memcpy(out + a + n, after, b);
    return str_make(out, a + n + b);
}

START_TEST(limits_are_reached)
{
    char text[2000];
    refused(filled(text, "GET /", 'a', 300, ""), 414);
    refused(filled(text, "GET /", 'a', 300, " HTTP/1.1\r\n" HOST "\r\n"), 414);
    ck_assert_int_eq(parse(filled(text, "GET /", 'a', 186, " HTTP/1.1\r\n" HOST "\r\n")),
                     HTTP_HEAD_OK);
    refused(filled(text, "GET /", 'a', 187, " HTTP/1.1\r\n" HOST "\r\n"), 414);
    refused(filled(text, "GET / HTTP/1.1\r\n" HOST "X: ", 'a', 1000, ""), 431);
    refused(filled(text, "GET / HTTP/1.1\r\n" HOST "X: ", 'a', 1000, "\r\n\r\n"), 431);
    struct str fits = filled(text, "GET / HTTP/1.1\r\n" HOST "X: ", 'a', 968, "\r\n\r\n");
    ck_assert_uint_eq(fits.n, 1000);
    ck_assert_int_eq(parse(fits), HTTP_HEAD_OK);
    refused(STR("GET / HTTP/1.1\r\n" HOST
                "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\nj:\r\n\r\n"),
            431);
    refused(STR("GET / HTTP/1.1\r\n" HOST
                "a:\r\nb:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\nh:\r\ni:\r\nj:\r\n"),
            431);
}
END_TEST

START_TEST(the_method_of_a_refused_head_is_known)
{
    static const struct {
        const char *text;
        enum http_method method;
    } cases[] = {
        {"HEAD / HTTP/1.1\r\nX: \1\r\n\r\n", METHOD_HEAD},
        {"\r\nOPTIONS \1", METHOD_OPTIONS},
        {"HEADS \1", METHOD_UNKNOWN},
        {"head \1", METHOD_UNKNOWN},
        {"OPTIONSX \1", METHOD_UNKNOWN},
        {"\1", METHOD_UNKNOWN},
        {"HEAD\1", METHOD_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str text = str_of(cases[i].text);
        refused(text, 400);
        size_t skipped = text.p[0] == '\r' ? 2 : 0;
        http_note_method(head, text.n - skipped);
        ck_assert_msg(head->method == cases[i].method, "%s", cases[i].text);
    }
    refused(STR("\1HEAD "), 400);
    http_note_method(head, 0);
    ck_assert_int_eq(head->method, METHOD_UNKNOWN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http/parse");
    TCase *cases = tcase_create("http/parse");
    tcase_add_test(cases, a_plain_request_is_slices_of_the_input);
    tcase_add_test(cases, every_prefix_of_a_head_wants_more);
    tcase_add_loop_test(cases, what_could_be_read_two_ways_is_refused, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(cases, only_token_characters_make_a_field_name);
    tcase_add_test(cases, a_known_field_is_walked_over_all_its_lines);
    tcase_add_test(cases, methods_and_versions);
    tcase_add_test(cases, version_and_connection_decide_about_keep_alive);
    tcase_add_test(cases, bodies_are_framed);
    tcase_add_test(cases, expectations_are_for_http_1_1);
    tcase_add_test(cases, limits_are_reached);
    tcase_add_test(cases, the_method_of_a_refused_head_is_known);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
