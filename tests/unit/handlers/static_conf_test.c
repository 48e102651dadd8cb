/* Options of serving files: what is refused with which words, and what is made of the rest. */
#include "handlers/static_conf.h"
#include "unit/config/settings_text.h"

static const struct {
    const char *keys, *said;
} wrong[] = {
    {"precompressed: [br, lz4]", "precompressed holds \"lz4\"\n"},
    {"precompressed: [gz, br, gz]", "precompressed holds \"gz\" twice\n"},
    {"precompressed: [off, gz]", "precompressed holds \"off\"\n"},
    {"precompressed: gzip", "write off, or a list of br, zst and gz\n"},
    {"cache_control: \"a\\nb\"", "cache_control has a value with a control character"},
    {"cache_control: \"\"", "cache_control"},
    {"cache_control: 3600", "cache_control is a time, not a directive"},
    {"cache_control: 1h", "cache_control is a time, not a directive"},
    {"charset: \"utf 8\"", "charset is not the name of a charset\n"},
    {"content_types: {html: html}", "content_types.html is not a content type\n"},
    {"content_types: {html: \"text/html\\r\\nX: y\"}",
     "content_types.html is not a content type\n"},
    {"content_types: {.html: text/html}",
     "content_types has \".html\", which is not an extension\n"},
    {"content_types: {\"\": text/html}", "content_types has \"\", which is not an extension\n"},
    {"fallback: index.html", "fallback is not the path of a file\n"},
    {"fallback: /app/", "fallback is not the path of a file\n"},
    {"fallback: /../x", "fallback is not the path of a file\n"},
    {"fallback: /a%20b", "fallback is not the path of a file\n"},
    {"etag: content", "etag"},
};

START_TEST(what_cannot_work_is_refused_where_it_stands)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[300];
        snprintf(text, sizeof text, MINIMAL "vhosts:\n  - root: /a\n    %s\n", wrong[i].keys);
        settings_wrong(text, wrong[i].said);
        settings_wrong(text, "skiff.yaml:5:");
    }
}
END_TEST

static const struct static_conf *of(const struct config *c)
{
    return c->vhosts[0].routes[c->vhosts[0].route_count - 1].conf;
}

START_TEST(by_default_nothing_is_negotiated_and_nothing_added)
{
    struct config *c = settings_right(MINIMAL "vhosts: [{root: /a}]\n");
    const struct static_conf *s = of(c);
    ck_assert_uint_eq(s->order_count, 0);
    ck_assert_uint_eq(s->files.style.lines.n, 0);
    ck_assert(!s->files.style.no_etag);
    ck_str(s->files.style.charset, "utf-8");
    ck_assert_uint_eq(s->fallback.n, 0);
    settings_free(c);
}
END_TEST

START_TEST(lines_are_put_together_once)
{
    struct config *c =
        settings_right(MINIMAL "files: {precompressed: [gz, br], cache_control: no-cache}\n"
                               "vhosts: [{root: /a, etag: off, charset: off, fallback: /x}]\n");
    const struct static_conf *s = of(c);
    ck_assert_uint_eq(s->order_count, 2);
    ck_assert_uint_eq(s->order[0], CODING_GZIP);
    ck_assert_uint_eq(s->order[1], CODING_BROTLI);
    ck_str(s->files.style.lines, "Cache-Control: no-cache\r\nVary: Accept-Encoding\r\n");
    ck_str(s->pages.style.lines, "Cache-Control: no-cache\r\nVary: Accept, Accept-Encoding\r\n");
    ck_assert(s->files.style.no_etag);
    ck_assert_uint_eq(s->files.style.charset.n, 0);
    ck_str(s->fallback, "/x");
    settings_free(c);
}
END_TEST

UNIT_MAIN("handlers/static_conf", what_cannot_work_is_refused_where_it_stands,
          by_default_nothing_is_negotiated_and_nothing_added, lines_are_put_together_once)
