/* Pools: what is borrowed comes back and is handed out again while it is warm. */
#include "base/pool.h"
#include "support/unit.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void *refuse(size_t size)
{
    (void)size;
    return NULL;
}

/* Does it end in abort()? Tried in a child, so that we go on. */
static bool aborts(void (*deed)(void))
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* else a core file, no harm */
        (void)close(STDERR_FILENO);                           /* expected last words */
        deed();
        _exit(EXIT_SUCCESS);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

START_TEST(what_came_back_last_is_handed_out_first)
{
    struct pool p;
    pool_init(&p, 100, 2);
    void *a = pool_get(&p), *b = pool_get(&p);
    ck_assert_uint_eq(pool_used(&p), 2);
    pool_put(&p, a);
    pool_put(&p, b);
    ck_assert_uint_eq(pool_used(&p), 0);
    ck_assert_ptr_eq(pool_get(&p), b);
    ck_assert_ptr_eq(pool_get(&p), a);
    pool_put(&p, b);
    pool_put(&p, a);
    pool_done(&p);
    ck_assert_ptr_null(p.spare);
}
END_TEST

START_TEST(objects_are_whole_cache_lines_and_ours_to_fill)
{
    static const size_t sizes[] = {1, 63, 64, 65, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pool p;
        pool_init(&p, sizes[i], 1);
        for (int round = 0; round < 2; round++) { /* new, then used before */
            void *object = pool_get(&p);
            ck_assert_uint_eq((uintptr_t)object % 64, 0);
            memset(object, 0xff, sizes[i]);
            pool_put(&p, object);
        }
        pool_done(&p);
    }
}
END_TEST

START_TEST(no_more_are_kept_than_was_said)
{
    struct pool p;
    void *objects[8];
    pool_init(&p, 64, 3);
    for (size_t i = 0; i < 8; i++)
        objects[i] = pool_get(&p);
    ck_assert_uint_eq(pool_used(&p), 8);
    for (size_t i = 0; i < 8; i++)
        pool_put(&p, objects[i]);
    ck_assert_uint_eq(p.spares, 3);
    pool_done(&p);
    pool_init(&p, 64, 0); /* keeps nothing at all */
    pool_put(&p, pool_get(&p));
    ck_assert_uint_eq(p.spares, 0);
    pool_done(&p);
}
END_TEST

enum { PEAK = 300, SPARES = 16, LARGE = 20000 }; /* three in a block of 64 KiB */

static void take(struct pool *p, void *objects[], int n)
{
    for (int i = 0; i < n; i++) {
        objects[i] = pool_get(p);
        ck_assert_ptr_nonnull(objects[i]);
    }
}

START_TEST(what_a_peak_leaves_in_many_blocks_is_given_back)
{
    static void *objects[PEAK];
    struct pool p;
    pool_init(&p, LARGE, SPARES);
    take(&p, objects, PEAK);
    ck_assert_uint_eq(p.slab.blocks, PEAK / 3);
    for (int i = 0; i + 1 < PEAK; i++)
        pool_put(&p, objects[(i * 7 + 7) % PEAK]); /* so that each of the last lies elsewhere */
    ck_assert_uint_eq(pool_used(&p), 1);
    ck_assert_uint_le(p.slab.blocks, 2 + (SPARES + 2) / 3);
    pool_put(&p, objects[0]);
    ck_assert_uint_eq(pool_used(&p), 0);
    ck_assert_uint_le(p.slab.blocks, 1 + (SPARES + 2) / 3);
    pool_done(&p);
}
END_TEST

START_TEST(while_many_are_in_use_there_are_spares)
{
    static void *objects[PEAK], *more[SPARES];
    struct pool p;
    pool_init(&p, LARGE, SPARES);
    take(&p, objects, PEAK);
    take(&p, more, SPARES);
    for (int i = 0; i < SPARES; i++)
        pool_put(&p, more[i]);
    ck_assert_uint_eq(p.spares, SPARES);
    for (int i = 0; i < PEAK; i++)
        pool_put(&p, objects[i]);
    pool_done(&p);
}
END_TEST

static unsigned asked;

static void *count(size_t size)
{
    asked++;
    return slab_map(size);
}

START_TEST(a_burst_costs_no_blocks)
{
    void *objects[SPARES];
    struct pool p;
    pool_init(&p, LARGE, SPARES);
    p.slab.map = count;
    for (int round = 0; round < 10; round++) {
        take(&p, objects, SPARES);
        for (int i = 0; i < SPARES; i++)
            pool_put(&p, objects[i]);
    }
    ck_assert_uint_eq(asked, (SPARES + 2) / 3);
    pool_done(&p);
}
END_TEST

START_TEST(without_memory_spare_objects_still_serve)
{
    struct pool p;
    pool_init(&p, 64, 1);
    p.slab.per_block = 1;
    void *a = pool_get(&p);
    p.slab.map = refuse;
    ck_assert_ptr_null(pool_get(&p));
    ck_assert_uint_eq(pool_used(&p), 1);
    pool_put(&p, a);
    ck_assert_ptr_eq(pool_get(&p), a);
    ck_assert_ptr_null(pool_get(&p));
    pool_put(&p, a);
    pool_done(&p);
}
END_TEST

static void leave_one_out(void)
{
    struct pool p;
    pool_init(&p, 64, 1);
    (void)pool_get(&p);
    pool_done(&p);
}

static void put_what_was_not_taken(void)
{
    struct pool p;
    char object[64];
    pool_init(&p, 64, 1);
    pool_put(&p, object);
    pool_done(&p);
}

static void hold_nothing(void)
{
    struct pool p;
    pool_init(&p, 0, 1);
}

START_TEST(wrong_use_of_a_pool_is_our_own_fault)
{
    ck_assert(aborts(leave_one_out));
    ck_assert(aborts(put_what_was_not_taken));
    ck_assert(aborts(hold_nothing));
}
END_TEST

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

START_TEST(a_spare_object_is_poisoned_until_it_is_taken)
{
    struct pool p;
    pool_init(&p, 128, 1);
    char *object = pool_get(&p);
    ck_assert(!__asan_address_is_poisoned(object + 127));
    pool_put(&p, object);
    ck_assert(__asan_address_is_poisoned(object + sizeof(void *)));
    ck_assert(__asan_address_is_poisoned(object + 127));
    ck_assert_ptr_eq(pool_get(&p), object);
    ck_assert_ptr_null(__asan_region_is_poisoned(object, 128));
    pool_put(&p, object);
    pool_done(&p);
}
END_TEST
#define UNDER_ASAN , a_spare_object_is_poisoned_until_it_is_taken
#else
#define UNDER_ASAN
#endif

UNIT_MAIN("base/pool", what_came_back_last_is_handed_out_first,
          objects_are_whole_cache_lines_and_ours_to_fill, no_more_are_kept_than_was_said,
          what_a_peak_leaves_in_many_blocks_is_given_back, while_many_are_in_use_there_are_spares,
          a_burst_costs_no_blocks, without_memory_spare_objects_still_serve,
          wrong_use_of_a_pool_is_our_own_fault UNDER_ASAN)
