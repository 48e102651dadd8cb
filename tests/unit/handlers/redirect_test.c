/* Redirects: targets that could lead to a site that nobody wrote down are refused. */
#include "unit/config/settings_text.h"

static const struct {
    const char *to, *said; /* NULL: it is right */
} targets[] = {
    {"/new/", NULL},
    {"/new/{rest}", NULL},
    {"/new/x{rest}", NULL},
    {"{path}/x", NULL},
    {"/new{path}", NULL},
    {"https://example.com{path}", NULL},
    {"https://example.com:8443{path}?a={rest}", NULL},
    {"https://example.com/{rest}", NULL},
    {"//example.com/{rest}", NULL},
    {"/x?next={path}", NULL},
    {"", "redirect.to is empty"},
    {"/a b", "redirect.to holds a character that no URL has"},
    {"/{other}", "redirect.to has a \"{\" that begins neither {path} nor {rest}"},
    {"/{rest", "redirect.to has a \"{\" that begins neither"},
    {"/{path}", "redirect.to has a slash in front of {path}"},
    {"https://{path}", "redirect.to has a slash in front of {path}"},
    {"https://a{path}b.example{path}", NULL},
    {"https:{path}", "redirect.to has {path} in a host's name"},
    {"{rest}", "redirect.to needs a slash in front of {rest}"},
    {"https://example.com{rest}", "redirect.to needs a slash in front of {rest}"},
    {"https://{rest}/", "redirect.to needs a slash in front of {rest}"},
    {"//{rest}", "redirect.to needs a slash in front of {rest}"},
    {"https:///{rest}", "redirect.to needs a slash in front of {rest}"},
    {"///{rest}", "redirect.to needs a slash in front of {rest}"},
    {"///example.com/{rest}", NULL},
    {"/\\\\{rest}", "redirect.to holds a character that no URL has"},
    {"a{rest}", "redirect.to needs a slash in front of {rest}"},
};

START_TEST(a_target_is_never_anothers_to_choose)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char text[300];
        snprintf(text, sizeof text, MINIMAL "vhosts: [{routes: [{redirect: \"%s\"}]}]\n",
                 targets[i].to);
        if (targets[i].said)
            settings_wrong(text, targets[i].said);
        else
            settings_free(settings_right(text));
    }
}
END_TEST

START_TEST(only_statuses_that_redirect)
{
    static const char *const good[] = {"301", "302", "303", "307", "308"};
    static const char *const bad[] = {"300", "304", "305", "306", "309", "200"};
    char text[200];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text,
                 MINIMAL "vhosts: [{routes: [{redirect: {to: /, status: %s}}]}]\n", good[i]);
        settings_free(settings_right(text));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text,
                 MINIMAL "vhosts: [{routes: [{redirect: {to: /, status: %s}}]}]\n", bad[i]);
        settings_wrong(text, bad[i]);
    }
}
END_TEST

UNIT_MAIN("handlers/redirect", a_target_is_never_anothers_to_choose, only_statuses_that_redirect)
