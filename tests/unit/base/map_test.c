/* Maps: from str to pointer. */
#include "base/map.h"
#include "support/unit.h"

#include "unit/base/scarce.h"

#include <stdio.h>

START_TEST(an_empty_map_has_nothing)
{
    struct map m = {0};
    ck_assert_ptr_null(map_get(&m, STR("a")));
    ck_assert_ptr_null(map_get(&m, STR("")));
    map_done(&m);
}
END_TEST

START_TEST(all_that_was_set_is_found_while_it_grows)
{
    enum { KEYS = 500 };
    static char keys[KEYS][8];
    struct map m = {0};
    for (size_t i = 0; i < KEYS; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "%zu", i);
        ck_assert_ptr_null(map_get(&m, str_of(keys[i])));
        ck_assert(map_set(&m, str_of(keys[i]), keys[i]));
        ck_assert_uint_eq(m.used, i + 1);
        ck_assert_uint_lt(m.used, m.mask + 1); /* a free slot ends every search */
    }
    for (size_t i = 0; i < KEYS; i++) {
        struct str key = str_of(keys[i]);
        ck_assert_ptr_eq(map_get(&m, key), keys[i]);
        ck_assert_ptr_eq(map_get_hashed(&m, key, str_hash(key)), keys[i]);
    }
    ck_assert_ptr_null(map_get(&m, STR("500")));
    ck_assert_ptr_null(map_get(&m, STR("")));
    map_done(&m);
    ck_assert_ptr_null(map_get(&m, STR("0")));
}
END_TEST

START_TEST(a_key_is_its_bytes_not_its_place)
{
    char first[] = "key", second[] = "key";
    int a, b;
    struct map m = {0};
    ck_assert(map_set(&m, str_of(first), &a));
    ck_assert_ptr_eq(map_get(&m, str_of(second)), &a);
    ck_assert(map_set(&m, str_of(second), &b));
    ck_assert_ptr_eq(map_get(&m, str_of(first)), &b);
    ck_assert_uint_eq(m.used, 1);
    ck_assert_ptr_null(map_get(&m, STR("ke")));
    ck_assert(map_set(&m, STR(""), &a)); /* the empty key is a key */
    ck_assert_ptr_eq(map_get(&m, STR("")), &a);
    map_done(&m);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    static const char keys[] = "abcdefghijklmnop";
    struct map m = {0};
    int value;
    callocs_left = 0;
    ck_assert(!map_set(&m, STR("a"), &value));
    callocs_left = 1;
    size_t n = 0;
    while (map_set(&m, str_make(keys + n, 1), &value))
        n++;
    ck_assert_uint_eq(n, 6); /* three quarters of the first eight slots */
    ck_assert_uint_eq(m.used, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_ptr_eq(map_get(&m, str_make(keys + i, 1)), &value);
    ck_assert_ptr_null(map_get(&m, str_make(keys + n, 1)));
    map_done(&m);
}
END_TEST

UNIT_MAIN("base/map", an_empty_map_has_nothing, all_that_was_set_is_found_while_it_grows,
          a_key_is_its_bytes_not_its_place, without_memory_nothing_changes)
