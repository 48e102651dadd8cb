/* Rows of a listing: names stay names, sizes and dates are for people and for machines. */
#include "http/listing.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>

static char out[LISTING_EDGE_MAX];

static struct str row(enum listing_format f, const struct listing_entry *e)
{
    size_t n = listing_row(f, e, false, out);
    ck_assert_uint_le(n, LISTING_ROW_MAX);
    return str_make(out, n);
}

static bool has(struct str text, const char *part)
{
    return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static const struct {
    const char *name, *html, *json;
} names[] = {
    {"plain.txt", "<a href=\"./plain.txt\">plain.txt</a>",
     "\"plain.txt\",\"href\":\"./plain.txt\""},
    {"<b>", "<a href=\"./%3Cb%3E\">&lt;b&gt;</a>", "\"<b>\",\"href\":\"./%3Cb%3E\""},
    {"a\"'&", "<a href=\"./a%22&#39;&amp;\">a&quot;&#39;&amp;</a>",
     "\"a\\\"'&\",\"href\":\"./a%22'&\""},
    {"a\\b", "<a href=\"./a%5Cb\">a\\b</a>", "\"a\\\\b\",\"href\":\"./a%5Cb\""},
    {"x:y", "<a href=\"./x:y\">x:y</a>", "\"x:y\",\"href\":\"./x:y\""},
    {"\xc3\xbc", "<a href=\"./%C3%BC\">\xc3\xbc</a>", "\"\xc3\xbc\",\"href\":\"./%C3%BC\""},
    {"a\xff", "<a href=\"./a%FF\">a\xef\xbf\xbd</a>", "\"a\xef\xbf\xbd\",\"href\":\"./a%FF\""},
    {"\xc0\xaf", "%C0%AF\">\xef\xbf\xbd\xef\xbf\xbd<",
     "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* overlong */
    {"\xed\xa0\x80", ">\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd<",
     "\"\xef\xbf\xbd\xef"}, /* surrogate */
    {"\xf0\x9f\x98\x80", ">\xf0\x9f\x98\x80<", "\"\xf0\x9f\x98\x80\""},
    {"\xf0\x9f\x98", ">\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd<", "\"\xef\xbf\xbd"},
    {"a\nb",
     ">a\xef\xbf\xbd"
     "b<",
     "\"a\\u000ab\""},
};

START_TEST(names_are_text_in_every_place)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct listing_entry e = {.name = str_of(names[i].name)};
        struct str html = row(LISTING_HTML, &e);
        ck_assert_msg(has(html, names[i].html), "%.*s", (int)html.n, html.p);
        struct str json = row(LISTING_JSON, &e);
        ck_assert_msg(has(json, names[i].json), "%.*s", (int)json.n, json.p);
    }
}
END_TEST

static const struct {
    uint64_t size;
    const char *shown;
} sizes[] = {
    {0, ">0\u00a0B<"},
    {1023, ">1023\u00a0B<"},
    {1024, ">1.0\u00a0KiB<"},
    {10189, ">10\u00a0KiB<"},
    {1536, ">1.5\u00a0KiB<"},
    {1023 * 1024, ">1023\u00a0KiB<"},
    {1024 * 1024 - 1, ">1.0\u00a0MiB<"},
    {UINT64_C(5) << 30, ">5.0\u00a0GiB<"},
    {UINT64_MAX, ">16\u00a0EiB<"},
};

START_TEST(sizes_are_short_for_people_and_exact_for_machines)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char exact[64];
        struct listing_entry e = {.name = STR("a"), .size = sizes[i].size};
        struct str html = row(LISTING_HTML, &e);
        ck_assert_msg(has(html, sizes[i].shown), "%.*s", (int)html.n, html.p);
        snprintf(exact, sizeof exact, ",\"size\":%llu}", (unsigned long long)sizes[i].size);
        ck_assert(has(row(LISTING_JSON, &e), exact));
    }
}
END_TEST

static const struct {
    int64_t seconds;
    const char *machine, *people;
} times[] = {
    {0, "1970-01-01T00:00:00Z", "1970-01-01 00:00"},
    {-1, "1969-12-31T23:59:59Z", "1969-12-31 23:59"},
    {1700000000, "2023-11-14T22:13:20Z", "2023-11-14 22:13"},
    {INT64_C(253402300799), "9999-12-31T23:59:59Z", "9999-12-31 23:59"},
    {INT64_MAX, "1970-01-01T", "1970-01-01"},
    {INT64_MIN, "1970-01-01T", "1970-01-01"},
};

START_TEST(times_are_utc)
{
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct listing_entry e = {.name = STR("a"), .mtime_s = times[i].seconds};
        struct str html = row(LISTING_HTML, &e);
        ck_assert_msg(has(html, times[i].machine) && has(html, times[i].people), "%.*s",
                      (int)html.n, html.p);
        ck_assert(has(row(LISTING_JSON, &e), times[i].machine));
    }
}
END_TEST

START_TEST(a_folder_has_a_slash_and_no_size)
{
    struct listing_entry e = {.name = STR("sub"), .size = 4096, .is_folder = true};
    ck_assert(has(row(LISTING_HTML, &e), "<a href=\"./sub/\">sub/</a><td class=\"s\"><td"));
    struct str json = row(LISTING_JSON, &e);
    ck_assert(has(json, "\"href\":\"./sub/\",\"type\":\"directory\""));
    ck_assert(!has(json, "size"));
}
END_TEST

START_TEST(the_longest_names_and_paths_fit)
{
    char name[LISTING_NAME_MAX], path[5000];
    for (int byte = 1; byte < 256; byte++) {
        memset(name, byte, sizeof name);
        struct listing_entry e = {.name = str_make(name, sizeof name), .size = UINT64_MAX};
        (void)row(LISTING_HTML, &e);
        (void)row(LISTING_JSON, &e);
        memset(path, byte, sizeof path);
        size_t n = listing_begin(LISTING_HTML, str_make(path, sizeof path), true, out);
        ck_assert_uint_le(n, LISTING_EDGE_MAX);
    }
    ck_assert_uint_le(listing_end(LISTING_HTML, SIZE_MAX, out), LISTING_ROW_MAX);
}
END_TEST

START_TEST(folders_come_first_then_bytes_decide)
{
    struct listing_entry all[] = {
        {.name = STR("b")}, {.name = STR("a")},  {.name = STR("z"), .is_folder = true},
        {.name = STR("B")}, {.name = STR("ab")}, {.name = STR("y"), .is_folder = true}};
    static const char *const sorted[] = {"y", "z", "B", "a", "ab", "b"};
    qsort(all, 6, sizeof all[0], listing_compare);
    for (int i = 0; i < 6; i++)
        ck_str(all[i].name, sorted[i]);
    ck_assert_int_eq(listing_compare(&all[0], &all[0]), 0);
}
END_TEST

UNIT_MAIN("http/listing", names_are_text_in_every_place,
          sizes_are_short_for_people_and_exact_for_machines, times_are_utc,
          a_folder_has_a_slash_and_no_size, the_longest_names_and_paths_fit,
          folders_come_first_then_bytes_decide)
