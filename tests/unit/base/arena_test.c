/* Arenas: memory of any size, zeroed and aligned, freed in one go. */
#include "base/arena.h"
#include "support/unit.h"

#include "unit/base/scarce.h"

#include <errno.h>

START_TEST(memory_of_any_size_is_zeroed_aligned_and_ours)
{
    enum { STEPS = 60, STRIDE = 37 };
    unsigned char *got[STEPS];
    struct arena *a = arena_new(256);
    size_t sum = 0;
    for (size_t i = 0; i < STEPS; i++) {
        size_t n = i * STRIDE;
        got[i] = arena_alloc(a, n);
        ck_assert_ptr_nonnull(got[i]);
        ck_assert_uint_eq((uintptr_t)got[i] % 16, 0);
        for (size_t k = 0; k < n; k++)
            ck_assert_uint_eq(got[i][k], 0);
        memset(got[i], (int)i, n);
        sum += n;
    }
    for (size_t i = 0; i < STEPS; i++) /* nobody wrote into another's */
        for (size_t k = 0; k < i * STRIDE; k++)
            ck_assert_uint_eq(got[i][k], i);
    ck_assert_uint_ge(arena_size(a), sum);
    arena_free(a);
}
END_TEST

START_TEST(small_allocations_share_a_block_large_ones_do_not_end_it)
{
    struct arena *a = arena_new(1024);
    size_t bare = arena_size(a);
    char *first = arena_alloc(a, 16);
    size_t one_block = arena_size(a);
    ck_assert_uint_gt(one_block, bare);
    ck_assert_ptr_nonnull(arena_alloc(a, 4000)); /* a block of its own */
    ck_assert_uint_gt(arena_size(a), one_block + 4000);
    size_t two_blocks = arena_size(a);
    ck_assert_ptr_eq(arena_alloc(a, 16), first + 16);
    ck_assert_uint_eq(arena_size(a), two_blocks);
    arena_free(a);
    arena_free(NULL);
}
END_TEST

START_TEST(a_large_allocation_may_come_first)
{
    struct arena *a = arena_new(64);
    char *large = arena_alloc(a, 1000);
    char *small = arena_alloc(a, 1);
    ck_assert(small < large || small >= large + 1000);
    memset(large, 'x', 1000);
    ck_assert_int_eq(*small, 0);
    arena_free(a);
}
END_TEST

START_TEST(an_arena_in_memory_of_the_callers_takes_more_only_when_it_is_full)
{
    enum { SIZE = 512 };
    _Alignas(16) static char memory[SIZE];
    for (int round = 0; round < 2; round++) {
        memset(memory, 'x', SIZE);
        struct arena *a = arena_in(memory, SIZE);
        ck_assert_ptr_eq(a, memory);
        callocs_left = 0;
        for (int i = 0; i < 5; i++) {
            char *p = arena_alloc(a, 64);
            ck_assert(p > memory && p + 64 <= memory + SIZE);
            for (int k = 0; k < 64; k++)
                ck_assert_int_eq(p[k], 0);
            memset(p, 'y', 64);
        }
        ck_assert_uint_eq(arena_size(a), 0);
        ck_assert_ptr_null(arena_alloc(a, SIZE));
        callocs_left = 2;
        ck_assert_ptr_nonnull(arena_alloc(a, SIZE));
        char *other = arena_alloc(a, 200);
        ck_assert(other && (other < memory || other >= memory + SIZE));
        callocs_left = (unsigned)-1;
        arena_free(a);
    }
}
END_TEST

START_TEST(texts_are_copied_and_terminated)
{
    struct arena *a = arena_new(64);
    struct str s = arena_str(a, STR("copy"));
    ck_str(s, "copy");
    ck_assert_int_eq(s.p[4], '\0');
    s = arena_str(a, str_make(NULL, 0));
    ck_assert_uint_eq(s.n, 0);
    ck_assert_str_eq(s.p, "");
    errno = ENOENT;
    ck_str(arena_printf(a, "%d-%s: %m", 7, "x"), "7-x: No such file or directory");
    ck_str(arena_printf(a, "%s", ""), "");
    s = arena_printf(a, "%500d", 1); /* longer than a block */
    ck_assert_uint_eq(s.n, 500);
    ck_assert_int_eq(s.p[500], '\0');
    arena_free(a);
}
END_TEST

START_TEST(without_memory_everything_says_so)
{
    callocs_left = 0;
    ck_assert_ptr_null(arena_new(64));
    callocs_left = 2;
    struct arena *a = arena_new(64);
    ck_assert_ptr_nonnull(arena_alloc(a, 16));
    size_t size = arena_size(a);
    ck_assert_ptr_nonnull(arena_alloc(a, 16)); /* still fits the block */
    ck_assert_ptr_null(arena_alloc(a, 1000));
    ck_assert_ptr_nonnull(arena_alloc(a, 32));
    ck_assert_ptr_null(arena_alloc(a, 1)); /* a second block */
    ck_assert_ptr_null(arena_str(a, STR("text")).p);
    ck_assert_ptr_null(arena_printf(a, "%d", 1).p);
    ck_assert_uint_eq(arena_size(a), size);
    callocs_left = 1;
    ck_str(arena_str(a, STR("again")), "again");
    arena_free(a);
}
END_TEST

START_TEST(impossible_sizes_are_refused)
{
    struct arena *a = arena_new(64);
    for (size_t less = 0; less < 64; less++)
        ck_assert_ptr_null(arena_alloc(a, SIZE_MAX - less));
    ck_assert_ptr_nonnull(arena_alloc(a, 1));
    arena_free(a);
}
END_TEST

UNIT_MAIN("base/arena", memory_of_any_size_is_zeroed_aligned_and_ours,
          small_allocations_share_a_block_large_ones_do_not_end_it,
          a_large_allocation_may_come_first,
          an_arena_in_memory_of_the_callers_takes_more_only_when_it_is_full,
          texts_are_copied_and_terminated, without_memory_everything_says_so,
          impossible_sizes_are_refused)
