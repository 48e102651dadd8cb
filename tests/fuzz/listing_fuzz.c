/* Listings, fuzzed: nothing of a name is markup or ends a string, rows keep to their size, and the
 * link leads back to the name. */
#include "base/check.h"
#include "http/listing.h"
#include "http/target.h"

#include <stdint.h>

/* Bytes that a name could only have brought by getting out of its place. */
static void check_html(struct str row)
{
    static const char frame[] = "<tr><td><a href=\"";
    CHECK(str_starts(row, STR(frame)));
    struct str link = str_from(row, sizeof frame - 1);
    size_t n = (size_t)str_find(link, '"');
    for (size_t i = 0; i < n; i++)
        CHECK(link.p[i] != '<' && link.p[i] != '>' && link.p[i] > ' ' && link.p[i] < 0x7f);
    struct str text = str_from(link, n);
    CHECK(str_starts(text, STR("\">")));
    text = str_from(text, 2);
    size_t end = (size_t)str_find(text, '<');
    CHECK(str_starts(str_from(text, end), STR("</a><td class=\"s\">")));
    for (size_t i = 0; i < end; i++)
        CHECK(text.p[i] != '"' && text.p[i] != '>' && (unsigned char)text.p[i] >= ' ');
}

/* The string that begins at the front, without escapes that are none; the rest behind it. */
static struct str skip_string(struct str s)
{
    size_t i = 0;
    CHECK(s.p[i++] == '"');
    while (s.p[i] != '"') {
        CHECK((unsigned char)s.p[i] >= ' ');
        i += s.p[i] == '\\' ? 2 : 1;
        CHECK(i < s.n);
    }
    return str_from(s, i + 1);
}

static void check_json(struct str row, struct str name)
{
    char decoded[4 * LISTING_NAME_MAX];
    CHECK(str_starts(row, STR(",\n{\"name\":")));
    struct str rest = skip_string(str_from(row, 10));
    CHECK(str_starts(rest, STR(",\"href\":\"./")));
    struct str href = str_from(rest, 10);
    size_t n = (size_t)str_find(href, '"');
    int back = target_normalise(str_make(href.p, n), decoded);
    bool can_be = name.n > 0 && !memchr(name.p, '/', name.n) && !str_eq(name, STR(".")) &&
                  !str_eq(name, STR(".."));
    for (size_t i = 0; i < name.n; i++)
        can_be = can_be && (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7f;
    if (can_be)
        CHECK(back > 0 && str_eq(str_make(decoded + 1, (size_t)back - 1), name));
    CHECK(str_starts(str_from(href, n), STR("\",\"type\":\"file\",\"mtime\":\"")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char out[LISTING_EDGE_MAX];
    if (size < 16)
        return 0;
    struct listing_entry e = {0};
    memcpy(&e.size, data, 8);
    memcpy(&e.mtime_s, data + 8, 8);
    struct str text = {(const char *)data + 16, size - 16};
    e.name = str_make(text.p, text.n < LISTING_NAME_MAX ? text.n : LISTING_NAME_MAX);
    size_t n = listing_row(LISTING_HTML, &e, false, out);
    CHECK(n <= LISTING_ROW_MAX);
    check_html(str_make(out, n));
    n = listing_row(LISTING_JSON, &e, false, out);
    CHECK(n <= LISTING_ROW_MAX);
    check_json(str_make(out, n), e.name);
    CHECK(listing_begin(LISTING_HTML, text, true, out) <= LISTING_EDGE_MAX);
    return 0;
}
