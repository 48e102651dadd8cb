/* Targets: forms, decoding, normalisation, hosts. */
#include "http/target.h"
#include "support/unit.h"

static struct target t;

static int parse(const char *raw, enum http_method method)
{
    static char text[2000 + HTTP_SLACK];
    ck_assert_uint_le(strlen(raw), sizeof text - HTTP_SLACK);
    strcpy(text, raw);
    return target_parse(str_of(text), method, &t);
}

START_TEST(origin_form_is_path_and_query)
{
    ck_assert_int_eq(parse("/a/b?c=d?e", METHOD_GET), 0);
    ck_assert_int_eq(t.form, TARGET_ORIGIN);
    ck_str(t.path, "/a/b");
    ck_str(t.query, "c=d?e");
    ck_assert_ptr_null(t.authority.p);
    ck_assert_int_eq(parse("/", METHOD_GET), 0);
    ck_assert_ptr_null(t.query.p);
    ck_assert_int_eq(parse("/?", METHOD_GET), 0);
    ck_str(t.query, "");
    ck_assert_ptr_nonnull(t.query.p);
}
END_TEST

START_TEST(absolute_form_has_an_authority)
{
    ck_assert_int_eq(parse("HTTP://example.org:80/a?b", METHOD_GET), 0);
    ck_assert_int_eq(t.form, TARGET_ABSOLUTE);
    ck_str(t.authority, "example.org:80");
    ck_str(t.path, "/a");
    ck_str(t.query, "b");
    ck_assert_int_eq(parse("https://example.org", METHOD_GET), 0);
    ck_str(t.path, "/");
    ck_assert_int_eq(parse("http://example.org?q", METHOD_GET), 0);
    ck_str(t.path, "/");
    ck_str(t.query, "q");
}
END_TEST

START_TEST(the_other_forms_belong_to_their_methods)
{
    ck_assert_int_eq(parse("*", METHOD_OPTIONS), 0);
    ck_assert_int_eq(t.form, TARGET_ASTERISK);
    ck_assert_int_eq(parse("*", METHOD_GET), 400);
    ck_assert_int_eq(parse("a.example:443", METHOD_CONNECT), 0);
    ck_assert_int_eq(t.form, TARGET_AUTHORITY);
    ck_assert_int_eq(parse("a.example:443", METHOD_GET), 400);
    static const char *const bad[] = {"/", "a", "a:", ":80", "u@a:80", "a:x", "a:80/", "[::1]"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(parse(bad[i], METHOD_CONNECT), 400);
}
END_TEST

START_TEST(malformed_targets_are_400)
{
    static const char *const bad[] = {"",        "a",           "ftp://a/",  "http:///a", "http://",
                                      "/a b",    "/a#b",        "/a\x01",    "/a\x7f",    "//a\t",
                                      "http:/a", "http://?a=b", "mailto:a@b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(parse(bad[i], METHOD_GET) == 400, "%s", bad[i]);
}
END_TEST

static const struct {
    const char *raw, *path; /* NULL: refused with status */
    int status;
} paths[] = {
    {"/", "/", 0},
    {"/a/b", "/a/b", 0},
    {"/a/b/", "/a/b/", 0},
    {"//", "/", 0},
    {"///a//b///", "/a/b/", 0},
    {"/./a/./b/.", "/a/b/", 0},
    {"/a/../b", "/b", 0},
    {"/a/b/..", "/a/", 0},
    {"/a/b/../..", "/", 0},
    {"/a/b/../../", "/", 0},
    {"/..", NULL, 400},
    {"/../a", NULL, 400},
    {"/a/../..", NULL, 400},
    {"/a//../../b", NULL, 400},
    {"/%2e%2E/a", NULL, 400},
    {"/a/%2e%2e/b", "/b", 0},
    {"/a/.%2e/b", "/b", 0},
    {"/%2e/b", "/b", 0},
    {"/...", "/...", 0},
    {"/.a", "/.a", 0},
    {"/a..b", "/a..b", 0},
    {"/%41%7e", "/A~", 0},
    {"/%C3%a9", "/\xc3\xa9", 0},
    {"/\xff", "/\xff", 0},
    {"/a%20b%3f", "/a b?", 0},
    {"/a\\b", "/a\\b", 0},
    {"/a%5cb", "/a\\b", 0},
    {"/%2541", "/%41", 0},
    {"/a%2fb", NULL, 404},
    {"/a%2Fb", NULL, 404},
    {"/%00", NULL, 400},
    {"/%0a", NULL, 400},
    {"/%7f", NULL, 400},
    {"/%", NULL, 400},
    {"/%4", NULL, 400},
    {"/%4g", NULL, 400},
    {"/%g4", NULL, 400},
    {"", NULL, 400},
};

START_TEST(paths_are_decoded_once_and_normalised)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct str raw = str_of(paths[i].raw);
        char out[64];
        int n = target_normalise(raw, out);
        if (!paths[i].path) {
            ck_assert_msg(n == -paths[i].status, "%s: %d", paths[i].raw, n);
            continue;
        }
        ck_assert_msg(n >= 0, "%s: %d", paths[i].raw, n);
        ck_str(str_make(out, (size_t)n), paths[i].path);
        if (parse(paths[i].raw, METHOD_GET) == 0 && t.is_plain)
            ck_str(raw, paths[i].path);
    }
    static const char *const plain[] = {"/", "/index.html", "/a/b.c/d?e=%20//.."};
    static const char *const others[] = {"/a//b", "/a/./b", "/a%20", "/.a", "//", "/a/.."};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        ck_assert(parse(plain[i], METHOD_GET) == 0 && t.is_plain);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert(parse(others[i], METHOD_GET) == 0 && !t.is_plain);
}
END_TEST

/* At every place of paths of many lengths, also behind a slash: the short look and the long one
 * must not differ. */
START_TEST(one_byte_decides_what_a_path_is)
{
    char text[26] = "/";
    for (size_t n = 2; n < sizeof text; n++)
        for (size_t at = 1; at < 2 * n - 1; at++)
            for (int byte = 0; byte < 256; byte++) {
                bool behind_slash = at >= n;
                size_t place = behind_slash ? at - n + 1 : at;
                char *exact = malloc(n + HTTP_SLACK); /* of all that would make it remarkable */
                memset(exact + n, '/', HTTP_SLACK);
                memset(text + 1, 'a', n - 1);
                text[place] = (char)byte;
                if (behind_slash)
                    text[place - 1] = '/';
                memcpy(exact, text, n);
                bool pair = behind_slash || place == 1;
                bool refused = byte <= ' ' || byte == '#' || byte == 0x7f;
                bool two_slashes = behind_slash && place == 2; /* whatever the byte */
                bool remarkable =
                    byte == '%' || two_slashes || (pair && (byte == '/' || byte == '.'));
                ck_assert_int_eq(target_parse(str_make(exact, n), METHOD_GET, &t),
                                 refused ? 400 : 0);
                if (!refused) {
                    ck_assert(t.is_plain == !remarkable);
                    ck_assert_uint_eq(t.path.n, byte == '?' ? place : n);
                    ck_assert_uint_eq(t.query.n, byte == '?' ? n - place - 1 : 0);
                }
                free(exact);
            }
}
END_TEST

START_TEST(locations_are_encoded_and_stay_on_this_host)
{
    char out[64];
    struct str path = STR("/a b/\xc3\xa9?#%\"<>");
    ck_str(str_make(out, target_encode(path, out)), "/a%20b/%C3%A9%3F%23%25%22%3C%3E");
    ck_str(str_make(out, target_encode(STR("//evil.example/"), out)), "/evil.example/");
    ck_str(str_make(out, target_encode_query(STR("a=%20&b=?\"<\xe9"), out)), "a=%20&b=?%22%3C%E9");
    ck_str(str_make(out, target_encode_query(STR("%zz&%2&%a%0f&%"), out)),
           "%25zz&%252&%25a%0f&%25");
    ck_str(str_make(out, target_encode(STR("/a\r\nb"), out)), "/a%0D%0Ab");
}
END_TEST

static const struct {
    const char *value, *name; /* NULL: refused */
} hosts[] = {
    {"Example.ORG", "example.org"},
    {"example.org:8080", "example.org"},
    {"example.org:", "example.org"},
    {"example.org.", "example.org"},
    {"127.0.0.1:80", "127.0.0.1"},
    {"[::1]", "[::1]"},
    {"[2001:DB8::1]:443", "[2001:db8::1]"},
    {"a_b-c", "a_b-c"},
    {"", ""},
    {":80", NULL},
    {"a:b", NULL},
    {"a:99999", NULL},
    {"a:1:2", NULL},
    {"user@a", NULL},
    {"a b", NULL},
    {"a/b", NULL},
    {"a,b", NULL},
    {"a..b", NULL},
    {".a", NULL},
    {"[::1", NULL},
    {"[::g]", NULL},
    {"[v1.a]", NULL},
    {"::1", NULL},
    {"a%41", NULL},
};

START_TEST(hosts_are_checked_and_lower_cased)
{
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char out[64];
        int n = target_host(str_of(hosts[i].value), out);
        if (!hosts[i].name) {
            ck_assert_msg(n == -400, "%s: %d", hosts[i].value, n);
            continue;
        }
        ck_assert_msg(n >= 0, "%s: %d", hosts[i].value, n);
        ck_str(str_make(out, (size_t)n), hosts[i].name);
    }
}
END_TEST

UNIT_MAIN("http/target", origin_form_is_path_and_query, absolute_form_has_an_authority,
          the_other_forms_belong_to_their_methods, malformed_targets_are_400,
          paths_are_decoded_once_and_normalised, one_byte_decides_what_a_path_is,
          locations_are_encoded_and_stay_on_this_host, hosts_are_checked_and_lower_cased)
