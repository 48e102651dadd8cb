/* Status lines, phrases and pages: three texts a code, all from one table. */
#include "http/status.h"
#include "support/unit.h"

#include <stdio.h>

enum { KNOWN = 49 }; /* RFC 9110 section 15 and 425, 428, 429, 431, 451 */

/* The phrase in a code's line. */
static struct str reason(unsigned code)
{
    static char scratch[STATUS_LINE_MAX];
    struct str line = status_line((uint16_t)code, scratch);
    return str_make(line.p + 13, line.n - 15);
}

START_TEST(every_code_has_a_line_that_fits)
{
    char scratch[STATUS_LINE_MAX];
    for (unsigned code = 100; code < 1000; code++) {
        struct str line = status_line((uint16_t)code, scratch);
        ck_assert_uint_lt(line.n, STATUS_LINE_MAX);
        ck_assert(str_starts(line, STR("HTTP/1.1 ")) && str_ends(line, STR("\r\n")));
        ck_assert_uint_eq((unsigned)atoi(line.p + 9), code);
        ck_assert_int_eq(line.p[12], ' '); /* also before an empty phrase: RFC 9112 section 4 */
    }
}
END_TEST

START_TEST(known_codes_have_their_phrase)
{
    char scratch[STATUS_LINE_MAX];
    unsigned known = 0;
    for (unsigned code = 0; code <= UINT16_MAX; code++)
        known += !str_is_empty(reason(code));
    ck_assert_uint_eq(known, KNOWN);
    ck_str(reason(100), "Continue");
    ck_str(reason(404), "Not Found");
    ck_str(reason(413), "Content Too Large");
    ck_str(reason(421), "Misdirected Request");
    ck_str(reason(425), "Too Early");
    ck_str(reason(431), "Request Header Fields Too Large");
    ck_str(reason(451), "Unavailable For Legal Reasons");
    ck_str(reason(505), "HTTP Version Not Supported");
    ck_str(status_line(431, scratch), "HTTP/1.1 431 Request Header Fields Too Large\r\n");
}
END_TEST

START_TEST(unknown_codes_have_an_empty_phrase_and_no_page)
{
    static const uint16_t codes[] = {0, 99, 102, 299, 306, 418, 599, 600, 799, 999, UINT16_MAX};
    char scratch[STATUS_LINE_MAX];
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        ck_str(reason(codes[i]), "");
        ck_str(status_page(codes[i]), "");
        ck_assert_uint_lt(status_line(codes[i], scratch).n, STATUS_LINE_MAX);
    }
    ck_str(status_line(799, scratch), "HTTP/1.1 799 \r\n");
}
END_TEST

/* Does the page hold `before`, then the code and the phrase, then `after`? */
static bool says(struct str page, const char *before, uint16_t code, const char *after)
{
    char text[128];
    struct str phrase = reason(code);
    int n =
        snprintf(text, sizeof text, "%s%u %.*s%s", before, code, (int)phrase.n, phrase.p, after);
    return memmem(page.p, page.n, text, (size_t)n) != NULL;
}

START_TEST(redirects_and_errors_have_a_small_whole_page)
{
    for (uint16_t code = 100; code < 600; code++) {
        struct str page = status_page(code);
        bool wants = code >= 300 && code != 304 && !str_is_empty(reason(code));
        ck_assert_int_eq(!str_is_empty(page), wants);
        if (!wants)
            continue;
        ck_assert_uint_lt(page.n, 512);
        ck_assert(str_starts(page, STR("<!doctype html>\n<html lang=\"en\">\n")));
        ck_assert(str_ends(page, STR("</html>\n")));
        ck_assert(says(page, "<title>", code, "</title>"));
        ck_assert(says(page, "<h1>", code, "</h1>"));
    }
    struct str page = status_page(404), charset = STR("<meta charset=\"utf-8\">");
    struct str scheme = STR("<meta name=\"color-scheme\" content=\"light dark\">");
    ck_assert(memmem(page.p, page.n, charset.p, charset.n));
    ck_assert(memmem(page.p, page.n, scheme.p, scheme.n));
}
END_TEST

START_TEST(only_informational_204_and_304_never_have_content)
{
    for (uint16_t code = 100; code < 1000; code++)
        ck_assert_int_eq(status_has_content(code), code >= 200 && code != 204 && code != 304);
}
END_TEST

UNIT_MAIN("http/status", every_code_has_a_line_that_fits, known_codes_have_their_phrase,
          unknown_codes_have_an_empty_phrase_and_no_page,
          redirects_and_errors_have_a_small_whole_page,
          only_informational_204_and_304_never_have_content)
