/* Pools, buffers, arenas, maps, lists, pins: what is borrowed comes back, what is out is told. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "base/pin.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>

START_TEST(a_pool_hands_out_what_came_back_last)
{
    struct pool p;
    pool_init(&p, 100, 2);
    void *a = pool_get(&p), *b = pool_get(&p), *c = pool_get(&p);
    ck_assert_uint_eq((uintptr_t)a % 64, 0);
    ck_assert_uint_eq(p.used, 3);
    pool_put(&p, a);
    pool_put(&p, b);
    ck_assert_ptr_eq(pool_get(&p), b);
    ck_assert_ptr_eq(pool_get(&p), a);
    pool_put(&p, a);
    pool_put(&p, b);
    pool_put(&p, c); /* one more than is kept: freed */
    ck_assert_uint_eq(p.spares, 2);
    ck_assert_uint_eq(p.used, 0);
    pool_done(&p);
}
END_TEST

static void *refuse(size_t align, size_t size)
{
    (void)align;
    (void)size;
    return NULL;
}

START_TEST(a_pool_without_memory_says_so)
{
    struct buf_pool p;
    buf_pool_init(&p, 100, 1);
    p.blocks.alloc = refuse;
    ck_assert_ptr_null(buf_get(&p));
    ck_assert_uint_eq(p.blocks.used, 0);
    buf_pool_done(&p);
}
END_TEST

START_TEST(a_buffer_keeps_what_waits_when_it_is_compacted)
{
    struct buf_pool p;
    buf_pool_init(&p, 16, 1);
    struct buf *b = buf_get(&p);
    ck_assert_uint_eq(buf_room(b), 16);
    memcpy(b->data, "abcdef", 6);
    b->w = 6;
    b->r = 4;
    buf_compact(b);
    ck_assert_uint_eq(buf_used(b), 2);
    ck_assert(memcmp(b->data, "ef", 2) == 0);
    ck_assert_uint_eq(buf_room(b), 14);
    buf_put(&p, b);
    b = buf_get(&p);
    ck_assert_uint_eq(buf_used(b), 0);
    buf_put(&p, b);
    buf_pool_done(&p);
}
END_TEST

START_TEST(an_arena_gives_zeroed_aligned_memory_of_any_size)
{
    struct arena *a = arena_new(256);
    size_t sum = 0;
    for (size_t n = 1; n < 2000; n += 37) {
        unsigned char *p = arena_alloc(a, n);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xff, n);
        sum += n;
    }
    ck_assert_uint_ge(arena_size(a), sum);
    ck_str(arena_str(a, STR("copy")), "copy");
    ck_assert_uint_eq(strlen(arena_str(a, STR("")).p), 0);
    ck_str(arena_printf(a, "%d-%s", 7, "x"), "7-x");
    ck_assert_ptr_null(arena_alloc(a, SIZE_MAX));
    arena_free(a);
    arena_free(NULL);
}
END_TEST

START_TEST(a_map_finds_what_was_set_and_nothing_else)
{
    static char keys[500][8];
    struct map m = {0};
    ck_assert_ptr_null(map_get(&m, STR("a")));
    for (size_t i = 0; i < 500; i++) {
        snprintf(keys[i], sizeof keys[i], "%zu", i);
        ck_assert(map_set(&m, str_of(keys[i]), keys[i]));
    }
    ck_assert_uint_eq(m.used, 500);
    for (size_t i = 0; i < 500; i++) {
        ck_assert_ptr_eq(map_get(&m, str_of(keys[i])), keys[i]);
        ck_assert_ptr_eq(map_get_hashed(&m, str_of(keys[i]), str_hash(str_of(keys[i]))), keys[i]);
    }
    ck_assert_ptr_null(map_get(&m, STR("500")));
    ck_assert(map_set(&m, STR("0"), keys[9]));
    ck_assert_ptr_eq(map_get(&m, STR("0")), keys[9]);
    ck_assert_uint_eq(m.used, 500);
    map_done(&m);
    ck_assert_ptr_null(map_get(&m, STR("0")));
}
END_TEST

START_TEST(a_list_keeps_order_and_forgives_removing_twice)
{
    struct link head, other, a, b, c;
    link_init(&head);
    link_init(&a);
    link_init(&b);
    link_init(&c);
    link_last(&head, &a);
    link_last(&head, &c);
    link_after(&a, &b);
    ck_assert(head.next == &a && a.next == &b && b.next == &c && c.next == &head);
    link_remove(&b);
    link_remove(&b);
    ck_assert(link_is_alone(&b) && a.next == &c && c.prev == &a);
    link_take(&other, &head);
    ck_assert(link_is_alone(&head) && other.next == &a && other.prev == &c && c.next == &other);
    link_take(&head, &b);
    ck_assert(link_is_alone(&head));
}
END_TEST

static int released;

static void count_release(struct pin *p)
{
    (void)p;
    released++;
}

START_TEST(a_pin_releases_once_when_the_last_holder_lets_go)
{
    struct pin p;
    pin_init(&p, count_release);
    pin_hold(&p);
    pin_drop(&p);
    ck_assert_int_eq(released, 0);
    pin_drop(&p);
    ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(a_failed_check_aborts)
{
    CHECK(1 + 1 == 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_pool_hands_out_what_came_back_last,
        a_pool_without_memory_says_so,
        a_buffer_keeps_what_waits_when_it_is_compacted,
        an_arena_gives_zeroed_aligned_memory_of_any_size,
        a_map_finds_what_was_set_and_nothing_else,
        a_list_keeps_order_and_forgives_removing_twice,
        a_pin_releases_once_when_the_last_holder_lets_go,
    };
    Suite *suite = suite_create("base/memory");
    TCase *cases = tcase_create("base/memory");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(cases, tests[i]);
    tcase_add_test_raise_signal(cases, a_failed_check_aborts, SIGABRT);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
