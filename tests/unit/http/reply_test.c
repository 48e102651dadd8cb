/* Heads of answers: every line in its place, never longer than promised. */
#include "http/reply.h"
#include "support/unit.h"

#define DATE   "Sun, 06 Nov 1994 08:49:37 GMT"
#define COMMON "Server: skiff\r\nDate: " DATE "\r\n"

/* In a block of exactly reply_max() bytes, so that a sanitizer sees one byte more. */
static struct str written(struct reply r)
{
    static char text[2048];
    r.date = DATE;
    size_t max = reply_max(&r);
    char *block = malloc(max);
    ck_assert_ptr_nonnull(block);
    size_t n = reply_write(&r, block);
    ck_assert_uint_le(n, max);
    ck_assert_uint_le(n, sizeof text);
    memcpy(text, block, n);
    free(block);
    return str_make(text, n);
}

START_TEST(lines_have_their_order)
{
    ck_str(written((struct reply){.status = 200,
                                  .connection = REPLY_CLOSE,
                                  .fixed = STR("Content-Type: text/css\r\nETag: \"x\"\r\n"),
                                  .extra = STR("X: y\r\n"),
                                  .length = 42}),
           "HTTP/1.1 200 OK\r\n" COMMON "Content-Length: 42\r\nConnection: close\r\n"
           "Content-Type: text/css\r\nETag: \"x\"\r\nX: y\r\n\r\n");
}
END_TEST

START_TEST(length_is_said_as_asked)
{
    static const struct {
        int64_t length;
        const char *line;
    } rows[] = {
        {0, "Content-Length: 0\r\n"},
        {9, "Content-Length: 9\r\n"},
        {10, "Content-Length: 10\r\n"},
        {INT64_MAX, "Content-Length: 9223372036854775807\r\n"},
        {LENGTH_NONE, ""},
        {LENGTH_CHUNKED, "Transfer-Encoding: chunked\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str head = written((struct reply){.status = 200, .length = rows[i].length});
        ck_assert(str_starts(head, STR("HTTP/1.1 200 OK\r\n" COMMON)));
        head = str_from(head, sizeof "HTTP/1.1 200 OK\r\n" COMMON - 1);
        ck_assert(str_starts(head, str_of(rows[i].line)));
        ck_str(str_from(head, strlen(rows[i].line)), "\r\n");
    }
}
END_TEST

START_TEST(connection_is_said_only_when_it_must_be)
{
    static const char *const lines[] = {
        [REPLY_KEEP] = "",
        [REPLY_KEEP_1_0] = "Connection: keep-alive\r\n",
        [REPLY_CLOSE] = "Connection: close\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct str head = written((struct reply){
            .status = 204, .connection = (enum reply_connection)i, .length = LENGTH_NONE});
        struct str before = STR("HTTP/1.1 204 No Content\r\n" COMMON);
        ck_assert(str_starts(head, before));
        head = str_from(head, before.n);
        ck_assert(str_starts(head, str_of(lines[i])));
        ck_str(str_from(head, strlen(lines[i])), "\r\n");
    }
}
END_TEST

START_TEST(the_longest_head_of_every_status_is_within_the_promise)
{
    static const int64_t lengths[] = {INT64_MAX, LENGTH_CHUNKED};
    for (unsigned code = 100; code < 1000; code++)
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            struct str head = written((struct reply){.status = (uint16_t)code,
                                                     .connection = REPLY_KEEP_1_0,
                                                     .fixed = STR("A: b\r\n"),
                                                     .extra = STR("C: d\r\n"),
                                                     .length = lengths[i]});
            ck_assert(str_ends(head, STR("\r\nA: b\r\nC: d\r\n\r\n")));
        }
}
END_TEST

UNIT_MAIN("http/reply", lines_have_their_order, length_is_said_as_asked,
          connection_is_said_only_when_it_must_be,
          the_longest_head_of_every_status_is_within_the_promise)
