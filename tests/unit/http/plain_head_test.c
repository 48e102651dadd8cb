/* The short way takes the heads it is for and reads them as the long way does; it leaves all others
 * alone, and reads nothing that is not there. */
#include "http/plain_head.h"
#include "support/same_head.h"
#include "support/unit.h"

#include <stdio.h>

static const struct http_limits limits = {.line_max = 200, .head_max = 1000, .fields_max = 5};
static union {
    struct http_head head;
    char room[1024];
} store, store_any;
static struct http_head *const head = &store.head, *const head_any = &store_any.head;

/* From memory of exactly that size: the sanitizer sees a look beyond it. What lies behind the NUL
 * would make whole heads of halves. */
static uint32_t read_plainly(struct str text)
{
    char *exact = malloc(text.n + HTTP_SLACK);
    memcpy(exact, text.p, text.n);
    memcpy(exact + text.n, "\0:a\r\n\r\n\r\n\r\n\r\n\r\n", HTTP_SLACK);
    uint32_t used = plain_head_read(head, exact, &limits);
    free(exact);
    head->base = text.p; /* the same bytes, which live on */
    return used;
}

static void taken(struct str text)
{
    char copy[2000 + HTTP_SLACK];
    struct http_parse io = {0};
    ck_assert_uint_le(text.n + HTTP_SLACK, sizeof copy);
    memcpy(copy, text.p, text.n);
    uint32_t used = read_plainly(text);
    ck_assert_msg(used > 0, "left alone: %.*s", (int)text.n, text.p);
    ck_assert_int_eq(http_parse_any(head_any, copy, text.n, &limits, &io), HTTP_HEAD_OK);
    ck_assert_uint_eq(used, io.used);
    ck_assert_msg(same_head(head, head_any), "read in two ways: %.*s", (int)text.n, text.p);
}

static void left_alone(struct str text)
{
    ck_assert_msg(read_plainly(text) == 0, "taken: %.*s", (int)text.n, text.p);
}

#ifdef __SSE2__

START_TEST(a_plain_head_is_read_as_by_the_long_way)
{
    taken(STR("GET / HTTP/1.1\r\nHost:a\r\n\r\n"));
    taken(STR("GET /a/b.html?c=d%20 HTTP/1.1\r\nhost: example.org:80\r\n\r\nGET /next"));
    taken(STR("HEAD / HTTP/1.1\r\nAccept: */*\r\nHost: a\r\nX-0: (a b): \"c\" \\ ~\r\n\r\n"));
    ck_assert_int_eq(head->method, METHOD_HEAD);
    ck_str(http_value(head, KNOWN_ACCEPT), "*/*");
    ck_str(http_text(head, head->fields[2].value), "(a b): \"c\" \\ ~");
    taken(STR("GET / HTTP/1.1\r\nHost: a\r\nAccept: a\r\nACCEPT: b\r\naccept: c\r\n\r\n"));
    ck_assert_uint_eq(head->repeated, 1u << KNOWN_ACCEPT);
    ck_assert_uint_eq(head->first[KNOWN_ACCEPT], 2);
}
END_TEST

START_TEST(conditions_are_seen)
{
    static const char *const names[] = {"If-Match", "If-None-Match", "If-Modified-Since",
                                        "If-Unmodified-Since"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[100];
        int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s: b\r\n\r\n", names[i]);
        taken(str_make(text, (size_t)n));
        ck_assert(head->is_conditional);
    }
    taken(STR("GET / HTTP/1.1\r\nHost: a\r\nIf-Range: b\r\nRange: c\r\n\r\n"));
    ck_assert(!head->is_conditional);
}
END_TEST

START_TEST(a_connection_stays_or_ends_in_plain_words)
{
    taken(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"));
    ck_assert(head->keep_alive);
    taken(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    ck_assert(!head->keep_alive);
    left_alone(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"));
    left_alone(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, a\r\n\r\n"));
    left_alone(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n"));
    left_alone(STR("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: close\r\n\r\n"));
}
END_TEST

/* Names and values of any length, so that each kind of byte is met at every place of a block, also
 * of the last one. */
START_TEST(no_length_is_special)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int name = 1; name < 40; name++)
        for (int value = 1; value < 60; value++) {
            char text[300];
            int n =
                snprintf(text, sizeof text, "GET /%.*s HTTP/1.1\r\n%.*s: %.*s\r\nHost:a\r\n\r\n",
                         value, letters, name, letters, value, letters);
            taken(str_make(text, (size_t)n));
            n = snprintf(text, sizeof text, "HEAD / HTTP/1.1\r\nHost: a\r\n%.*s:%.*s\r\n\r\n", name,
                         letters, value, letters);
            taken(str_make(text, (size_t)n));
        }
}
END_TEST

/* What one byte may be, at each place of a head. */
START_TEST(each_byte_is_taken_as_the_long_way_takes_it_or_left_alone)
{
    static const char text[] = "GET /0123456789 HTTP/1.1\r\nHost: abcdefghijklmnop\r\n"
                               "X-Some: 0123456789abcdef\r\n\r\n";
    unsigned accepted = 0;
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            char changed[sizeof text];
            memcpy(changed, text, sizeof text);
            changed[at] = (char)byte;
            if (read_plainly(str_make(changed, sizeof text - 1)) == 0)
                continue;
            taken(str_make(changed, sizeof text - 1));
            accepted++;
        }
    ck_assert_uint_gt(accepted, 45 * 60);
}
END_TEST

START_TEST(limits_are_reached)
{
    char text[1200];
    int n = snprintf(text, sizeof text, "GET /%0186d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    taken(str_make(text, (size_t)n));
    n = snprintf(text, sizeof text, "GET /%0187d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    left_alone(str_make(text, (size_t)n));
    n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX: %0968d\r\n\r\n", 0);
    ck_assert_int_eq(n, 1000);
    taken(str_make(text, (size_t)n));
    n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX: %0969d\r\n\r\n", 0);
    left_alone(str_make(text, (size_t)n));
    taken(STR("GET / HTTP/1.1\r\nHost: a\r\na:a\r\nb:b\r\nc:c\r\nd:d\r\n\r\n"));
    left_alone(STR("GET / HTTP/1.1\r\nHost: a\r\na:a\r\nb:b\r\nc:c\r\nd:d\r\ne:e\r\n\r\n"));
}
END_TEST

#endif

START_TEST(a_head_that_is_not_complete_is_left_alone)
{
    static const char text[] = "GET /abcdefghijklmnop HTTP/1.1\r\nHost: abc\r\nAccept: */*\r\n\r\n";
    for (size_t n = 1; n < sizeof text - 1; n++)
        left_alone(str_make(text, n));
}
END_TEST

START_TEST(what_is_not_plain_is_left_alone)
{
    static const char *const heads[] = {
        "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
        "get / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX-No-Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\nand then more to come",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nEmpty:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nEmpty: \r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX:  two spaces\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a space behind \r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX:\ttab\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\ttab\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX_Y: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: a name that is empty\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n and more to come",
        "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        left_alone(str_of(heads[i]));
}
END_TEST

UNIT_MAIN("http/plain_head",
#ifdef __SSE2__
          a_plain_head_is_read_as_by_the_long_way, conditions_are_seen,
          a_connection_stays_or_ends_in_plain_words, no_length_is_special,
          each_byte_is_taken_as_the_long_way_takes_it_or_left_alone, limits_are_reached,
#endif
          a_head_that_is_not_complete_is_left_alone, what_is_not_plain_is_left_alone)
