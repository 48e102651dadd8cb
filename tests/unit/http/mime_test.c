/* Content types: a table of lines, a lookup by the last extension. */
#include "http/mime.h"
#include "support/unit.h"

#include "unit/base/scarce.h"

static struct mime mime;
static struct arena *arena;

static void setup(void)
{
    mime = (struct mime){0};
    arena = arena_new(4096);
    ck_assert_ptr_nonnull(arena);
}

static void teardown(void)
{
    map_done(&mime.by_extension);
    arena_free(arena);
}

static bool load(struct str text)
{
    unsigned bad_line = 0;
    return mime_load(&mime, arena, text, &bad_line);
}

static const char *type_of(const char *path)
{
    struct str type = mime_of(&mime, str_of(path));
    if (!type.p)
        return "unknown";
    ck_assert_int_eq(type.p[type.n], '\0');
    return type.p;
}

START_TEST(the_last_extension_decides_in_any_case)
{
    ck_assert(load(STR("image/png PNG\nimage/gif gif\n")));
    ck_assert_str_eq(type_of("a.png"), "image/png");
    ck_assert_str_eq(type_of("/some.gif/a.PnG"), "image/png");
    ck_assert_str_eq(type_of("a.gif.png"), "image/png");
    ck_assert_str_eq(type_of(".png"), "image/png");
}
END_TEST

START_TEST(what_is_not_known_has_no_type)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "a",
                                        "a.",
                                        "png",
                                        "a.png/",
                                        "a.png/b",
                                        "a.zzz",
                                        "a.png ",
                                        "a.pn",
                                        "a.an-extension-that-is-longer-than-any"};
    ck_assert_str_eq(type_of("a.png"), "unknown"); /* an empty table */
    ck_assert(load(STR("image/png png\n")));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        ck_assert_str_eq(type_of(paths[i]), "unknown");
}
END_TEST

START_TEST(comments_blank_lines_and_either_line_end_are_fine)
{
    ck_assert(load(STR("# all of it\n\n  \t \r\n\ttext/css\tcss  # styles\r\n"
                       "image/png png apng#png jpg\nvideo/mp4\nimage/gif gif")));
    ck_assert_str_eq(type_of("a.css"), "text/css");
    ck_assert_str_eq(type_of("a.apng"), "image/png");
    ck_assert_str_eq(type_of("a.jpg"), "unknown");
    ck_assert_str_eq(type_of("a.gif"), "image/gif"); /* a last line without an end */
    ck_assert(load(STR("")));
}
END_TEST

START_TEST(later_lines_win)
{
    ck_assert(load(STR("image/png x\nimage/gif X\n")));
    ck_assert_str_eq(type_of("a.x"), "image/gif");
    ck_assert(load(STR("image/webp x\n"))); /* and so do later tables */
    ck_assert_str_eq(type_of("a.x"), "image/webp");
}
END_TEST

START_TEST(text_takes_a_charset_unless_it_says_its_own)
{
    static const char *const takes[] = {"text/html", "text/x-any", "application/javascript"};
    static const char *const leaves[] = {
        "application/json", "application/xml",     "text/xml",
        "image/svg+xml",    "application/textile", "text/html; charset=latin1"};
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++)
        ck_assert_msg(mime_takes_charset(str_of(takes[i])), "%s", takes[i]);
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++)
        ck_assert_msg(!mime_takes_charset(str_of(leaves[i])), "%s", leaves[i]);
}
END_TEST

START_TEST(a_type_may_have_parameters)
{
    ck_assert(mime_is_type(STR("text/html")));
    ck_assert(mime_is_type(STR("text/html; charset=utf-8")));
    ck_assert(!mime_is_type(STR("html")));
    ck_assert(!mime_is_type(STR("; charset=utf-8")));
    ck_assert(!mime_is_type(STR("")));
}
END_TEST

START_TEST(what_is_no_type_is_refused_with_its_line)
{
    static const struct str bad[] = {
        {"html", 4},      {"/html h", 7},         {"text/ h", 7},        {"/", 1},
        {"a/b/c d", 7},   {"a/b;c=d e", 9},       {"text/ht\rml h", 12}, {"text/ht\0ml h", 12},
        {"t\x80/h h", 7}, {"text/\"html\" h", 13}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64] = "image/png png\n# comment\n";
        size_t n = strlen(text);
        unsigned bad_line = 0;
        memcpy(text + n, bad[i].p, bad[i].n);
        ck_assert(!mime_load(&mime, arena, str_make(text, n + bad[i].n), &bad_line));
        ck_assert_uint_eq(bad_line, 3);
    }
}
END_TEST

START_TEST(an_extension_has_at_most_32_bytes)
{
    unsigned bad_line = 0;
    ck_assert(load(STR("image/png 0123456789abcdef0123456789abcdef\n")));
    ck_assert_str_eq(type_of("a.0123456789ABCDEF0123456789abcdef"), "image/png");
    ck_assert(
        !mime_load(&mime, arena, STR("image/gif 0123456789abcdef0123456789abcdef0"), &bad_line));
    ck_assert_uint_eq(bad_line, 1);
}
END_TEST

START_TEST(without_memory_no_line_is_blamed)
{
    struct str text = STR("image/png a b c d e f g h i j k l m n o p q r s t u v w x y z\n");
    unsigned bad_line = 7, tries = 0;
    arena_free(arena);
    arena = arena_new(64); /* asks for memory often */
    for (bool loaded = false; !loaded; tries++) {
        map_done(&mime.by_extension);
        callocs_left = tries;
        loaded = mime_load(&mime, arena, text, &bad_line);
        if (!loaded)
            ck_assert_uint_eq(bad_line, 0);
    }
    ck_assert_uint_gt(tries, 5); /* the first block, then blocks and larger maps in turn */
    ck_assert_str_eq(type_of("a.z"), "image/png");
}
END_TEST

START_TEST(the_builtin_table_knows_the_web)
{
    static const char *const rows[][2] = {
        {"index.html", "text/html"},  {"a.css", "text/css"},     {"a.js", "text/javascript"},
        {"a.mjs", "text/javascript"}, {"a.txt", "text/plain"},   {"a.json", "application/json"},
        {"a.svg", "image/svg+xml"},   {"a.png", "image/png"},    {"a.jpeg", "image/jpeg"},
        {"a.webp", "image/webp"},     {"a.woff2", "font/woff2"}, {"a.wasm", "application/wasm"},
        {"a.pdf", "application/pdf"}, {"a.mp4", "video/mp4"},
    };
    ck_assert(load(mime_builtin()));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(type_of(rows[i][0]), rows[i][1]);
}
END_TEST

UNIT_MAIN_WITH("http/mime", setup, teardown, the_last_extension_decides_in_any_case,
               what_is_not_known_has_no_type, comments_blank_lines_and_either_line_end_are_fine,
               later_lines_win, text_takes_a_charset_unless_it_says_its_own,
               a_type_may_have_parameters, what_is_no_type_is_refused_with_its_line,
               an_extension_has_at_most_32_bytes, without_memory_no_line_is_blamed,
               the_builtin_table_knows_the_web)
