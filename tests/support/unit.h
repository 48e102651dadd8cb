/* unit: what every unit test shares: one Check program a file.
 *
 *     START_TEST(range_beyond_end_is_refused) { ... } END_TEST
 *     UNIT_MAIN("http/range", range_beyond_end_is_refused, ...)
 */
#ifndef SKIFF_TESTS_UNIT_H
#define SKIFF_TESTS_UNIT_H

#include "base/str.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

/* Runs `count` tests as one suite; the process's exit code. */
static inline int unit_run(const char *name, void (*setup)(void), void (*teardown)(void),
                           const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, 180);
    tcase_add_checked_fixture(cases, setup, teardown);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Each test runs between `setup` and `teardown` (NULL: nothing to do). */
#define UNIT_MAIN_WITH(name, setup, teardown, ...)                                                 \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return unit_run(name, setup, teardown, tests, sizeof tests / sizeof tests[0]);             \
    }

#define UNIT_MAIN(name, ...) UNIT_MAIN_WITH(name, NULL, NULL, __VA_ARGS__)

/* Fails unless a struct str holds exactly these characters. */
#define ck_str(actual, expected)                                                                   \
    do {                                                                                           \
        struct str got_ = (actual);                                                                \
        ck_assert_msg(str_eq(got_, str_of(expected)), "got \"%.*s\", expected \"%s\"",             \
                      (int)got_.n, got_.p ? got_.p : "", (expected));                              \
    } while (0)

#endif
