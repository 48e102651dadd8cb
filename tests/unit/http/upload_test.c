/* Request bodies: where they end, what is content, what is refused; whatever way they are cut. */
#include "http/upload.h"
#include "support/unit.h"

static char content[4096];
static size_t content_n, used_n;

/* Feeds text in pieces of `piece` bytes. The first result that is not "go on". */
static enum upload_result feed(struct upload u, struct str text, size_t piece)
{
    content_n = used_n = 0;
    for (size_t at = 0; at < text.n;) {
        size_t n = text.n - at < piece ? text.n - at : piece, used;
        struct str run;
        enum upload_result r = upload_feed(&u, text.p + at, n, &used, &run);
        if (r == UPLOAD_CONTENT) {
            memcpy(content + content_n, run.p, run.n);
            content_n += run.n;
        }
        at += used;
        used_n = at;
        if (r != UPLOAD_MORE && r != UPLOAD_CONTENT)
            return r;
        if (r == UPLOAD_MORE)
            ck_assert_uint_eq(used, n);
    }
    size_t used;
    struct str run;
    return upload_feed(&u, "", 0, &used, &run);
}

static struct upload begin(enum http_framing framing, uint64_t length, uint64_t max)
{
    struct http_head h = {.framing = (uint8_t)framing, .content_length = length};
    struct upload u;
    (void)upload_begin(&u, &h, max);
    return u;
}

START_TEST(a_known_length_is_counted_down)
{
    for (size_t piece = 1; piece < 8; piece++) {
        ck_assert_int_eq(feed(begin(BODY_LENGTH, 5, 10), STR("helloGET"), piece), UPLOAD_DONE);
        ck_assert_uint_eq(used_n, 5);
        ck_str(str_make(content, content_n), "hello");
        ck_assert_int_eq(feed(begin(BODY_LENGTH, 5, 10), STR("hell"), piece), UPLOAD_MORE);
    }
}
END_TEST

START_TEST(beginning_tells_what_the_head_knows)
{
    struct upload u;
    struct http_head h = {.framing = BODY_NONE};
    ck_assert_int_eq(upload_begin(&u, &h, 10), UPLOAD_DONE);
    h.framing = BODY_LENGTH;
    ck_assert_int_eq(upload_begin(&u, &h, 10), UPLOAD_DONE);
    h.content_length = 10;
    ck_assert_int_eq(upload_begin(&u, &h, 10), UPLOAD_MORE);
    h.content_length = 11;
    ck_assert_int_eq(upload_begin(&u, &h, 10), UPLOAD_TOO_LARGE);
    h.framing = BODY_CHUNKED;
    ck_assert_int_eq(upload_begin(&u, &h, 10), UPLOAD_MORE);
}
END_TEST

static const struct {
    const char *text;
    enum upload_result result;
    const char *content; /* with UPLOAD_DONE; what follows the body is "X" */
} chunked[] = {
    {"0\r\n\r\nX", UPLOAD_DONE, ""},
    {"000\r\n\r\nX", UPLOAD_DONE, ""},
    {"5\r\nhello\r\n0\r\n\r\nX", UPLOAD_DONE, "hello"},
    {"5\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\nX", UPLOAD_DONE, "hello0123456789"},
    {"A\r\n0123456789\r\n0\r\n\r\nX", UPLOAD_DONE, "0123456789"},
    {"5;a=b;c=\"d;e\"\r\nhello\r\n0;z\r\n\r\nX", UPLOAD_DONE, "hello"},
    {"5 ; a\r\nhello\r\n0\r\n\r\nX", UPLOAD_DONE, "hello"},
    {"0\r\nA: b\r\nC:\r\n\r\nX", UPLOAD_DONE, ""},
    {"5\r\nhello\r\n0\r\n", UPLOAD_MORE, NULL},
    {"5\r\nhel", UPLOAD_MORE, NULL},
    {"\r\n", UPLOAD_BAD, NULL},
    {"g\r\n", UPLOAD_BAD, NULL},
    {"-1\r\n", UPLOAD_BAD, NULL},
    {"+1\r\n", UPLOAD_BAD, NULL},
    {"0x5\r\nhello\r\n", UPLOAD_BAD, NULL},
    {" 5\r\nhello\r\n", UPLOAD_BAD, NULL},
    {"5 5\r\nhello\r\n", UPLOAD_BAD, NULL},
    {"5\nhello\r\n", UPLOAD_BAD, NULL},
    {"5\r\nhello\n0\r\n\r\n", UPLOAD_BAD, NULL},
    {"5\r\nhelloo\r\n0\r\n\r\n", UPLOAD_BAD, NULL},
    {"5\r\nhell\r\n0\r\n\r\n", UPLOAD_BAD, NULL},
    {"5;a=\"b\\\"\"\r\nhello\r\n0\r\n\r\nX", UPLOAD_DONE, "hello"},
    {"5;a=\"b\r\nhello\r\n0\r\n\r\n", UPLOAD_BAD, NULL},
    {"5;a=\"b\\\r\nhello\r\n", UPLOAD_BAD, NULL},
    {"5;a\nhello\r\n", UPLOAD_BAD, NULL},
    {"5;a\x01\r\n", UPLOAD_BAD, NULL},
    {"5\r\rhello", UPLOAD_BAD, NULL},
    {"0\r\n\n", UPLOAD_BAD, NULL},
    {"0\r\nA : b\r\n\r\n", UPLOAD_BAD, NULL},
    {"0\r\n: b\r\n\r\n", UPLOAD_BAD, NULL},
    {"0\r\nA\r\n\r\n", UPLOAD_BAD, NULL},
    {"0\r\nA: b\r\n c\r\n\r\n", UPLOAD_BAD, NULL},
    {"0\r\nA: \x7f\r\n\r\n", UPLOAD_BAD, NULL},
    {"0\r\nA: b\n\r\n", UPLOAD_BAD, NULL},
    {"10000000000000000\r\n", UPLOAD_BAD, NULL},
    {"ffffffffffffffffffff\r\n", UPLOAD_BAD, NULL},
    {"7fffffff\r\nh", UPLOAD_TOO_LARGE, NULL},
    {"10\r\n0123456789abcdef\r\n5\r\nhello\r\n0\r\n\r\n", UPLOAD_TOO_LARGE, NULL},
};

START_TEST(chunks_are_read_to_the_letter)
{
    for (size_t i = 0; i < sizeof chunked / sizeof chunked[0]; i++) {
        struct str text = str_of(chunked[i].text);
        for (size_t piece = 1; piece <= text.n; piece++) {
            enum upload_result r = feed(begin(BODY_CHUNKED, 0, 20), text, piece);
            ck_assert_msg(r == chunked[i].result, "%s in pieces of %zu: %d", chunked[i].text, piece,
                          (int)r);
            if (r != UPLOAD_DONE)
                continue;
            ck_str(str_make(content, content_n), chunked[i].content);
            ck_assert_uint_eq(used_n, text.n - 1);
        }
    }
}
END_TEST

START_TEST(extensions_and_trailers_are_bounded)
{
    static char text[40000];
    memset(text, 'a', sizeof text);
    memcpy(text, "0;", 2);
    ck_assert_int_eq(feed(begin(BODY_CHUNKED, 0, 20), str_make(text, sizeof text), 1000),
                     UPLOAD_TOO_LARGE);
    memcpy(text, "0\r\nA:", 5);
    ck_assert_int_eq(feed(begin(BODY_CHUNKED, 0, 20), str_make(text, sizeof text), 1000),
                     UPLOAD_TOO_LARGE);
}
END_TEST

UNIT_MAIN("http/upload", a_known_length_is_counted_down, beginning_tells_what_the_head_knows,
          chunks_are_read_to_the_letter, extensions_and_trailers_are_bounded)
