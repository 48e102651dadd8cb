/* Small objects, packed: aligned, reused, and nothing left after a peak. */
#include "base/slab.h"
#include "support/unit.h"

#include <errno.h>
#include <sys/mman.h>

enum { MANY = 1000 };

static unsigned blocks;

static void *count_blocks(size_t size)
{
    blocks++;
    return slab_map(size);
}

static void *refuse(size_t size)
{
    (void)size;
    return NULL;
}

START_TEST(objects_are_packed_and_aligned)
{
    struct slab s;
    static void *objects[MANY];
    slab_init(&s, 128, 0);
    s.map = count_blocks;
    for (int i = 0; i < MANY; i++) {
        objects[i] = slab_get(&s);
        ck_assert_ptr_nonnull(objects[i]);
        ck_assert_uint_eq((uintptr_t)objects[i] % 64, 0);
        memset(objects[i], i, 128);
    }
    ck_assert_uint_eq(blocks, (MANY + 510) / 511); /* 511 of 128 bytes in a block */
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(((unsigned char *)objects[i])[127], i % 256);
    for (int i = 0; i < MANY; i++)
        slab_put(&s, objects[(i * 7) % MANY]);
    ck_assert_uint_eq(s.used, 0);
    ck_assert_uint_eq(s.empty, 1);
    slab_done(&s);
    ck_assert_uint_eq(s.empty, 0);
}
END_TEST

START_TEST(what_came_back_last_is_handed_out_next)
{
    struct slab s;
    slab_init(&s, 100, 0);
    ck_assert_uint_eq(s.size, 128);
    void *a = slab_get(&s), *b = slab_get(&s);
    slab_put(&s, a);
    ck_assert_ptr_eq(slab_get(&s), a);
    slab_put(&s, b);
    slab_put(&s, a);
    slab_done(&s);
}
END_TEST

START_TEST(large_objects_have_large_blocks)
{
    static const size_t sizes[] = {20000, 32 * 1024, 70000, 1024 * 1024};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct slab s;
        void *objects[20];
        slab_init(&s, sizes[i], 5);
        for (int n = 0; n < 20; n++) {
            objects[n] = slab_get(&s);
            ck_assert_ptr_nonnull(objects[n]);
            memset(objects[n], n, sizes[i]);
        }
        ck_assert_uint_ge(s.per_block, 3);
        ck_assert_uint_eq(s.blocks, (20 + s.per_block - 1) / s.per_block);
        for (int n = 0; n < 20; n++)
            ck_assert_int_eq(((unsigned char *)objects[n])[sizes[i] - 1], n);
        for (int n = 0; n < 20; n++)
            slab_put(&s, objects[n]);
        ck_assert_uint_eq(s.empty, (5 + s.per_block - 1) / s.per_block);
        ck_assert_uint_eq(s.blocks, s.empty);
        slab_done(&s);
        ck_assert_uint_eq(s.blocks, 0);
    }
}
END_TEST

START_TEST(without_memory_it_says_so_and_goes_on_later)
{
    struct slab s;
    slab_init(&s, 64, 0);
    s.map = refuse;
    ck_assert_ptr_null(slab_get(&s));
    s.map = slab_map;
    void *a = slab_get(&s);
    ck_assert_ptr_nonnull(a);
    slab_put(&s, a);
    slab_done(&s);
}
END_TEST

START_TEST(a_block_is_aligned_whatever_lies_beside_it_and_goes_back)
{
    enum { SIZE = 64 * 1024 };
    char *blocks_of[8], *beside[8];
    for (int i = 0; i < 8; i++) { /* the next mapping would begin a page below an aligned one */
        beside[i] = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(beside[i], MAP_FAILED);
        blocks_of[i] = slab_map(SIZE);
        ck_assert_ptr_nonnull(blocks_of[i]);
        ck_assert_uint_eq((uintptr_t)blocks_of[i] % SIZE, 0);
        ck_assert_int_eq(blocks_of[i][0] | blocks_of[i][SIZE - 1], 0);
        memset(blocks_of[i], 1, SIZE);
    }
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(munmap(blocks_of[i], SIZE), 0);
        ck_assert_int_eq(munmap(beside[i], 4096), 0);
    }
    struct slab s;
    slab_init(&s, 128, 0);
    char *object = slab_get(&s);
    ck_assert_int_eq(msync(object - 64, s.block, MS_ASYNC), 0);
    slab_put(&s, object);
    slab_done(&s);
    ck_assert_int_ne(msync(object - 64, s.block, MS_ASYNC), 0); /* nothing is mapped there */
    ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

UNIT_MAIN("base/slab", objects_are_packed_and_aligned, what_came_back_last_is_handed_out_next,
          large_objects_have_large_blocks, without_memory_it_says_so_and_goes_on_later,
          a_block_is_aligned_whatever_lies_beside_it_and_goes_back)
