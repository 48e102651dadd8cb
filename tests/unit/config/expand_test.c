/* expand: variables in values. */
#include "config/expand.h"

#include "support/unit.h"

static struct arena *arena;

static bool run(const char *text, struct str *out, struct expand_fault *f)
{
    return expand(str_of(text), arena, out, f);
}

static void becomes(const char *text, const char *expected)
{
    struct str out;
    struct expand_fault f;
    arena = arena_new(4096);
    ck_assert_msg(run(text, &out, &f), "%s: %s", text, f.what);
    ck_str(out, expected);
    arena_free(arena);
}

static void fails(const char *text, size_t at, size_t len, const char *what)
{
    struct str out;
    struct expand_fault f;
    arena = arena_new(4096);
    ck_assert(!run(text, &out, &f));
    ck_assert(!f.no_memory);
    ck_assert_msg(strstr(f.what, what) != NULL, "%s", f.what);
    ck_assert_uint_eq(f.at, at);
    ck_assert_uint_eq(f.len, len);
    arena_free(arena);
}

START_TEST(text_without_variables_is_itself)
{
    becomes("", "");
    becomes("plain", "plain");
    becomes("5$ and $x and $", "5$ and $x and $");
}
END_TEST

START_TEST(a_variable_is_replaced_where_it_stands)
{
    setenv("SKIFF_T", "value", 1);
    becomes("${SKIFF_T}", "value");
    becomes("a${SKIFF_T}b${SKIFF_T}", "avaluebvalue");
}
END_TEST

START_TEST(a_value_is_not_expanded_again)
{
    setenv("SKIFF_T", "${SKIFF_U} $$", 1);
    becomes("${SKIFF_T}", "${SKIFF_U} $$");
}
END_TEST

START_TEST(a_default_is_for_unset_and_empty_variables)
{
    unsetenv("SKIFF_T");
    becomes("${SKIFF_T:-x:-y}", "x:-y");
    becomes("${SKIFF_T:-}", "");
    setenv("SKIFF_T", "", 1);
    becomes("${SKIFF_T:-x}", "x");
    becomes("[${SKIFF_T}]", "[]");
}
END_TEST

START_TEST(two_dollars_are_one)
{
    becomes("$$", "$");
    becomes("$${HOME}", "${HOME}");
    becomes("$$$$", "$$");
    setenv("SKIFF_T", "v", 1);
    becomes("$$${SKIFF_T}", "$v");
}
END_TEST

START_TEST(an_unset_variable_without_default_is_named)
{
    unsetenv("SKIFF_T");
    fails("ab${SKIFF_T}", 2, 10, "needs the environment variable SKIFF_T");
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
    fails("${}", 0, 3, "is not a variable");
    fails("x${1A}", 1, 5, "is not a variable");
    fails("${A-b}", 0, 6, "is not a variable");
    fails("${A:b}", 0, 6, "is not a variable");
    fails("${A", 0, 3, "has \"${\" without \"}\"");
    char name[200] = "${";
    memset(name + 2, 'A', 128);
    memcpy(name + 130, "}", 2);
    fails(name, 0, 131, "is not a variable");
}
END_TEST

START_TEST(a_value_that_is_not_utf8_is_refused)
{
    setenv("SKIFF_T", "\xFF", 1);
    fails("${SKIFF_T}", 0, 10, "not UTF-8");
}
END_TEST

START_TEST(the_result_has_a_limit)
{
    enum { PART = EXPAND_MAX / 4 };
    char *part = malloc(PART + 1);
    ck_assert_ptr_nonnull(part);
    memset(part, 'x', PART);
    part[PART] = '\0';
    setenv("SKIFF_T", part, 1);
    struct str out;
    struct expand_fault f;
    arena = arena_new(4096);
    ck_assert(run("${SKIFF_T}${SKIFF_T}${SKIFF_T}${SKIFF_T}", &out, &f));
    ck_assert_uint_eq(out.n, EXPAND_MAX);
    ck_assert(!run("${SKIFF_T}${SKIFF_T}${SKIFF_T}${SKIFF_T}$", &out, &f));
    ck_assert_ptr_nonnull(strstr(f.what, "longer than 65536 bytes"));
    arena_free(arena);
    free(part);
}
END_TEST

UNIT_MAIN("config/expand", text_without_variables_is_itself, a_variable_is_replaced_where_it_stands,
          a_value_is_not_expanded_again, a_default_is_for_unset_and_empty_variables,
          two_dollars_are_one, an_unset_variable_without_default_is_named,
          what_is_no_name_is_refused, a_value_that_is_not_utf8_is_refused, the_result_has_a_limit)
