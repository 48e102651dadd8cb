/* Status lines, heads of answers, content types, configured lines. */
#include "base/clock.h"
#include "http/lines.h"
#include "http/mime.h"
#include "http/reply.h"
#include "http/status.h"
#include "support/unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static char out[2048];

static struct str write_head(struct reply r)
{
    r.date = STR(DATE);
    size_t n = reply_write(&r, out);
    ck_assert_uint_le(n, reply_max(&r));
    return str_make(out, n);
}

START_TEST(a_head_has_its_lines_in_order)
{
    struct reply r = {.status = 200,
                      .fixed = STR("Content-Type: text/css\r\n"),
                      .extra = STR("X: y\r\n"),
                      .length = 42};
    ck_str(write_head(r), "HTTP/1.1 200 OK\r\nServer: skiff\r\nDate: " DATE "\r\n"
                          "Content-Length: 42\r\nContent-Type: text/css\r\nX: y\r\n\r\n");
}
END_TEST

START_TEST(length_and_connection_are_said_as_asked)
{
    struct reply r = {.status = 204, .connection = REPLY_CLOSE, .length = LENGTH_NONE};
    ck_str(write_head(r), "HTTP/1.1 204 No Content\r\nServer: skiff\r\nDate: " DATE "\r\n"
                          "Connection: close\r\n\r\n");
    r = (struct reply){.status = 200, .connection = REPLY_KEEP_1_0, .length = LENGTH_CHUNKED};
    ck_str(write_head(r), "HTTP/1.1 200 OK\r\nServer: skiff\r\nDate: " DATE "\r\n"
                          "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n");
    r = (struct reply){.status = 200, .length = INT64_MAX};
    ck_assert(memmem(write_head(r).p, 200, "Content-Length: 9223372036854775807\r\n", 37));
}
END_TEST

START_TEST(every_status_fits_and_unknown_ones_have_an_empty_phrase)
{
    char scratch[STATUS_LINE_MAX];
    for (unsigned code = 100; code < 1000; code++) {
        struct str line = status_line((uint16_t)code, scratch);
        ck_assert(str_starts(line, STR("HTTP/1.1 ")) && str_ends(line, STR("\r\n")));
        ck_assert_uint_lt(line.n, STATUS_LINE_MAX);
        ck_assert_uint_eq((unsigned)atoi(line.p + 9), code);
        struct reply r = {
            .status = (uint16_t)code, .connection = REPLY_KEEP_1_0, .length = INT64_MAX};
        (void)write_head(r);
    }
    ck_str(status_line(799, scratch), "HTTP/1.1 799 \r\n");
    ck_str(status_reason(404), "Not Found");
    ck_str(status_reason(799), "");
    ck_str(status_reason(99), "");
}
END_TEST

START_TEST(error_pages_are_small_whole_documents)
{
    for (unsigned code = 100; code < 600; code++) {
        struct str page = status_page((uint16_t)code);
        if (page.n == 0)
            continue;
        ck_assert_uint_ge(code, 300);
        ck_assert(str_starts(page, STR("<!doctype html>\n")) && str_ends(page, STR("</html>\n")));
        ck_assert_uint_lt(page.n, 600);
    }
    ck_assert_uint_gt(status_page(404).n, 0);
    ck_assert_uint_eq(status_page(304).n, 0);
    ck_assert(status_has_content(200) && !status_has_content(204) && !status_has_content(304) &&
              !status_has_content(100));
}
END_TEST

static struct mime mime;
static struct arena *arena;

static bool load(const char *text, unsigned *bad_line)
{
    mime = (struct mime){0};
    arena = arena_new(4096);
    return mime_load(&mime, arena, str_of(text), bad_line);
}

static void unload(void)
{
    map_done(&mime.by_extension);
    arena_free(arena);
}

START_TEST(types_go_by_the_last_extension_in_any_case)
{
    unsigned bad = 0;
    ck_assert(load("# types\ntext/html html htm # pages\r\nimage/png PNG\n\n"
                   "application/json json\nimage/svg+xml svg\ntext/x-first x\ntext/x-last x\n",
                   &bad));
    ck_str(mime_of(&mime, STR("a/b.html")), "text/html; charset=utf-8");
    ck_str(mime_of(&mime, STR("a.min.HTM")), "text/html; charset=utf-8");
    ck_str(mime_of(&mime, STR("p.png")), "image/png");
    ck_str(mime_of(&mime, STR("p.json")), "application/json");
    ck_str(mime_of(&mime, STR("p.svg")), "image/svg+xml");
    ck_str(mime_of(&mime, STR("p.x")), "text/x-last; charset=utf-8");
    static const char *const unknown[] = {
        "a", "a.", "html", "x.html/y", "a.thisextensionismuchtoolongforatable", "", "a.zzz"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ck_str(mime_of(&mime, str_of(unknown[i])), "application/octet-stream");
    unload();
}
END_TEST

START_TEST(a_wrong_line_of_a_type_table_is_told)
{
    unsigned bad = 0;
    ck_assert(!load("text/html html\nnonsense x\n", &bad));
    ck_assert_uint_eq(bad, 2);
    unload();
    ck_assert(!load("text/html thisextensionismuchtoolongforatable\n", &bad));
    ck_assert_uint_eq(bad, 1);
    unload();
}
END_TEST

START_TEST(the_builtin_table_knows_the_web)
{
    unsigned bad = 0;
    mime = (struct mime){0};
    arena = arena_new(4096);
    ck_assert(mime_load(&mime, arena, mime_builtin(), &bad));
    ck_str(mime_of(&mime, STR("index.html")), "text/html; charset=utf-8");
    ck_str(mime_of(&mime, STR("a.css")), "text/css; charset=utf-8");
    unload();
}
END_TEST

START_TEST(configured_lines_must_be_field_lines_and_leave_framing_alone)
{
    ck_assert_ptr_null(line_refused(STR("X-A"), STR("b\tc \xc3\xa9")));
    ck_assert_ptr_null(line_refused(STR("X-A"), STR("")));
    ck_assert_ptr_nonnull(line_refused(STR(""), STR("b")));
    ck_assert_ptr_nonnull(line_refused(STR("X A"), STR("b")));
    ck_assert_ptr_nonnull(line_refused(STR("X"), STR("b\r\nSet-Cookie: c")));
    ck_assert_ptr_nonnull(line_refused(STR("X"), STR("b\x7f")));
    ck_assert_ptr_nonnull(line_refused(STR("content-length"), STR("1")));
    ck_assert_ptr_nonnull(line_refused(STR("Transfer-Encoding"), STR("chunked")));
    ck_str(str_make(out, line_write(STR("A"), STR("b"), out)), "A: b\r\n");
    ck_assert(lines_have(STR("A: b\r\nContent-Type: c\r\n"), STR("content-type")));
    ck_assert(!lines_have(STR("A: Content-Type\r\n"), STR("content-type")));
    ck_assert(!lines_have(STR(""), STR("a")));
}
END_TEST

UNIT_MAIN("http/answer_parts", a_head_has_its_lines_in_order,
          length_and_connection_are_said_as_asked,
          every_status_fits_and_unknown_ones_have_an_empty_phrase,
          error_pages_are_small_whole_documents, types_go_by_the_last_extension_in_any_case,
          a_wrong_line_of_a_type_table_is_told, the_builtin_table_knows_the_web,
          configured_lines_must_be_field_lines_and_leave_framing_alone)
