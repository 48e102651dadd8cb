/* settings_text: configurations from a text, for tests. */
#ifndef SKIFF_TESTS_UNIT_CONFIG_SETTINGS_TEXT_H
#define SKIFF_TESTS_UNIT_CONFIG_SETTINGS_TEXT_H

#include "config/diag.h"
#include "server/settings.h"
#include "support/unit.h"

/* The least that a test's lines go behind. */
#define MINIMAL "version: 1\nlisten: [\"127.0.0.1:8080\"]\n"

static inline char *settings_printed(struct diag *d)
{
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    ck_assert_ptr_nonnull(out);
    diag_print(d, out);
    fclose(out);
    return text;
}

/* Loads a text that must be right; the caller frees it. */
static inline struct config *settings_right(const char *text)
{
    struct diag d;
    diag_init(&d);
    struct config *c = settings_load_text(str_of(text), "skiff.yaml", "/etc/skiff", &d);
    char *said = settings_printed(&d);
    ck_assert_msg(c != NULL, "%s", said);
    ck_assert_int_eq(diag_exit_code(&d), 0);
    free(said);
    diag_done(&d);
    return c;
}

/* Loads a text that must be wrong; everything said goes to the caller, who frees it. */
static inline char *settings_said(const char *text)
{
    struct diag d;
    diag_init(&d);
    struct config *c = settings_load_text(str_of(text), "skiff.yaml", "/etc/skiff", &d);
    char *said = settings_printed(&d);
    settings_free(c);
    diag_done(&d);
    return said;
}

/* The text is refused, and `part` is in what is said. */
static inline void settings_wrong(const char *text, const char *part)
{
    char *said = settings_said(text);
    ck_assert_msg(strstr(said, part) != NULL, "expected\n%s\ngot\n%s", part, said);
    ck_assert_msg(strstr(said, "; nothing was loaded\n") != NULL, "%s", said);
    free(said);
}

#endif
