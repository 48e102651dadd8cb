/* diag: order, caret, counts, exit codes. */
#include "config/diag.h"

#include "support/unit.h"

#include <stdio.h>

static char *printed(struct diag *d)
{
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    ck_assert_ptr_nonnull(out);
    diag_print(d, out);
    fclose(out);
    return text;
}

static void expect(struct diag *d, const char *text)
{
    char *got = printed(d);
    ck_assert_str_eq(got, text);
    free(got);
    diag_done(d);
}

static void add(struct diag *d, struct diag_place at, const char *text)
{
    diag_add(d, DIAG_ERROR, &at, str_of(text));
}

START_TEST(nothing_said_prints_nothing)
{
    struct diag d;
    diag_init(&d);
    ck_assert_int_eq(diag_exit_code(&d), 0);
    expect(&d, "");
}
END_TEST

START_TEST(an_error_shows_its_line_and_a_caret_as_wide_as_the_word)
{
    struct diag d;
    diag_init(&d);
    add(&d, (struct diag_place){"a.yaml", 1, 7, 3, 4, STR("  word: 1")}, "is wrong\nmend it");
    ck_assert_int_eq(diag_exit_code(&d), 2);
    expect(&d, "a.yaml:7:3: error: is wrong\n"
               "    7 |   word: 1\n"
               "      |   ^~~~ mend it\n"
               "1 error, 0 warnings; nothing was loaded\n");
}
END_TEST

START_TEST(errors_are_sorted_by_file_line_and_column)
{
    struct diag d;
    diag_init(&d);
    add(&d, (struct diag_place){"b", 2, 1, 1, 1, STR("x")}, "fourth");
    add(&d, (struct diag_place){"a", 1, 2, 5, 1, STR("yyyyy")}, "third");
    add(&d, (struct diag_place){"a", 1, 2, 1, 1, STR("yyyyy")}, "second");
    add(&d, (struct diag_place){"a", 1, 1, 9, 1, STR("zzzzzzzzz")}, "first");
    char *text = printed(&d);
    const char *first = strstr(text, "first"), *second = strstr(text, "second");
    const char *third = strstr(text, "third"), *fourth = strstr(text, "fourth");
    ck_assert(first && first < second && second < third && third < fourth);
    free(text);
    diag_done(&d);
}
END_TEST

START_TEST(a_warning_alone_is_no_failure_and_needs_no_summary)
{
    struct diag d;
    diag_init(&d);
    diag_add(&d, DIAG_WARNING, NULL, STR("take care"));
    ck_assert_uint_eq(diag_warnings(&d), 1);
    ck_assert_int_eq(diag_exit_code(&d), 0);
    expect(&d, "warning: take care\n");
}
END_TEST

START_TEST(the_machines_fault_is_exit_code_one_in_one_line)
{
    struct diag d;
    diag_init(&d);
    diag_environment(&d, "cannot read %s: %s", "x.yaml", "gone");
    ck_assert_int_eq(diag_exit_code(&d), 1);
    expect(&d, "error: cannot read x.yaml: gone\n");
}
END_TEST

START_TEST(beyond_twenty_errors_are_only_counted)
{
    struct diag d;
    diag_init(&d);
    for (int i = 0; i < DIAG_SHOWN_MAX + 3; i++)
        diag_add(&d, DIAG_ERROR, NULL, STR("again"));
    diag_add(&d, DIAG_WARNING, NULL, STR("care"));
    ck_assert_uint_eq(diag_errors(&d), DIAG_SHOWN_MAX + 3);
    char *text = printed(&d);
    int shown = 0;
    for (const char *p = text; (p = strstr(p, "error: again")); p++)
        shown++;
    ck_assert_int_eq(shown, DIAG_SHOWN_MAX);
    ck_assert_ptr_nonnull(
        strstr(text, "23 errors (the first 20 are shown), 1 warning; nothing was loaded\n"));
    free(text);
    diag_done(&d);
}
END_TEST

START_TEST(a_file_as_a_whole_has_no_line)
{
    struct diag d;
    diag_init(&d);
    add(&d, (struct diag_place){.file = "a.yaml"}, "is empty\nwrite something");
    expect(&d, "a.yaml: error: is empty\n  write something\n"
               "1 error, 0 warnings; nothing was loaded\n");
}
END_TEST

START_TEST(tabs_and_wide_characters_keep_the_caret_under_its_word)
{
    struct diag d;
    diag_init(&d);
    add(&d, (struct diag_place){"a", 1, 1, 6, 2, STR("\t\xC3\xA9\xE2\x82\xAC: bad")}, "x");
    expect(&d, "a:1:6: error: x\n"
               "    1 | \t\xC3\xA9\xE2\x82\xAC: bad\n"
               "      | \t    ^~\n"
               "1 error, 0 warnings; nothing was loaded\n");
}
END_TEST

START_TEST(a_long_line_is_shown_around_its_caret)
{
    char line[1000];
    memset(line, 'a', sizeof line);
    line[500] = '!';
    struct diag d;
    diag_init(&d);
    add(&d, (struct diag_place){"a", 1, 1, 501, 900, str_make(line, sizeof line)}, "x");
    char *text = printed(&d);
    const char *source = strstr(text, "    1 | "), *caret = strstr(text, "      | ");
    ck_assert(source && caret);
    ck_assert_int_eq(caret - source, 8 + 160 + 1);
    const char *mark = strchr(caret, '^');
    ck_assert_ptr_nonnull(mark);
    ck_assert_int_eq(source[mark - caret], '!');
    ck_assert_int_le((int)strlen(caret), 8 + 160 + 1 + 50);
    free(text);
    diag_done(&d);
}
END_TEST

START_TEST(control_bytes_do_not_reach_the_terminal)
{
    struct diag d;
    diag_init(&d);
    add(&d, (struct diag_place){"a\x1b", 1, 1, 1, 1, STR("\x1b[31m\x7f")}, "m\x07\nn\x08");
    expect(&d, "a?:1:1: error: m?\n    1 | ?[31m?\n      | ^ n?\n"
               "1 error, 0 warnings; nothing was loaded\n");
}
END_TEST

START_TEST(without_memory_errors_still_count)
{
    struct diag d = {0};
    diag_environment(&d, "out of memory");
    diag_add(&d, DIAG_ERROR, NULL, STR("x"));
    ck_assert_uint_eq(diag_errors(&d), 2);
    ck_assert_int_eq(diag_exit_code(&d), 1);
    diag_done(&d);
}
END_TEST

UNIT_MAIN("config/diag", nothing_said_prints_nothing,
          an_error_shows_its_line_and_a_caret_as_wide_as_the_word,
          errors_are_sorted_by_file_line_and_column,
          a_warning_alone_is_no_failure_and_needs_no_summary,
          the_machines_fault_is_exit_code_one_in_one_line, beyond_twenty_errors_are_only_counted,
          a_file_as_a_whole_has_no_line, tabs_and_wide_characters_keep_the_caret_under_its_word,
          a_long_line_is_shown_around_its_caret, control_bytes_do_not_reach_the_terminal,
          without_memory_errors_still_count)
