/* Error pages: names of statuses and classes, and where the pages can be. */
#include "server/errorpages.h"
#include "unit/config/settings_text.h"

static const struct {
    const char *keys, *said; /* NULL: it is right */
} vhosts[] = {
    {"root: /a\n    error_pages: {404: /x.html, 4XX: /y.html, 5xx: /z.html}", NULL},
    {"root: /a\n    error_pages: {}", NULL},
    {"root: /a\n    error_pages: /x.html", "error_pages must be a map"},
    {"root: /a\n    error_pages: {399: /x}",
     "error_pages has \"399\", which is not an error's status\n"},
    {"root: /a\n    error_pages: {600: /x}", "error_pages has \"600\""},
    {"root: /a\n    error_pages: {3xx: /x}", "error_pages has \"3xx\""},
    {"root: /a\n    error_pages: {all: /x}", "error_pages has \"all\""},
    {"root: /a\n    error_pages: {404: x.html}", "error_pages.404 is not the path of a file\n"},
    {"root: /a\n    error_pages: {404: /x/}", "error_pages.404 is not the path of a file\n"},
    {"error_pages: {404: /x}\n    routes: [{respond: {}}]",
     "error_pages are files, but the vhost has no root\n"},
};

START_TEST(pages_are_files_and_names_are_errors)
{
    for (size_t i = 0; i < sizeof vhosts / sizeof vhosts[0]; i++) {
        char text[300];
        snprintf(text, sizeof text, MINIMAL "vhosts:\n  - %s\n", vhosts[i].keys);
        if (vhosts[i].said)
            settings_wrong(text, vhosts[i].said);
        else
            settings_free(settings_right(text));
    }
}
END_TEST

START_TEST(a_status_wins_over_its_class_wherever_it_stands)
{
    struct config *c = settings_right(
        MINIMAL "vhosts: [{root: /a, error_pages: {404: /a, 4xx: /b, 403: /c, 599: /d}}]\n");
    const struct error_pages *p = c->vhosts[0].pages;
    ck_assert_uint_eq(p->of[0], 2);
    ck_assert_uint_eq(p->of[3], 3);
    ck_assert_uint_eq(p->of[4], 1);
    ck_assert_uint_eq(p->of[99], 2);
    ck_assert_uint_eq(p->of[100], 0);
    ck_assert_uint_eq(p->of[199], 4);
    ck_assert_ptr_eq(p->files, &c->vhosts[0].routes[0]);
    settings_free(c);
}
END_TEST

START_TEST(there_are_at_most_200)
{
    char text[8000];
    size_t n = (size_t)sprintf(text, MINIMAL "vhosts:\n  - root: /a\n    error_pages:\n");
    for (int i = 400; i < 600; i++)
        n += (size_t)sprintf(text + n, "      %d: /x\n", i);
    settings_free(settings_right(text));
    sprintf(text + n, "      4xx: /x\n");
    settings_wrong(text, "error_pages has more than 200 entries\n");
}
END_TEST

UNIT_MAIN("server/errorpages", pages_are_files_and_names_are_errors,
          a_status_wins_over_its_class_wherever_it_stands, there_are_at_most_200)
