/* Small objects, packed: aligned, reused, and nothing left after a peak. */
#include "base/slab.h"
#include "support/unit.h"

enum { MANY = 1000 };

static unsigned blocks;

static void *count_blocks(size_t align, size_t size)
{
    blocks++;
    return aligned_alloc(align, size);
}

static void *refuse(size_t align, size_t size)
{
    (void)align;
    (void)size;
    return NULL;
}

START_TEST(objects_are_packed_and_aligned)
{
    struct slab s;
    static void *objects[MANY];
    slab_init(&s, 128, 0);
    s.alloc = count_blocks;
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
    s.alloc = refuse;
    ck_assert_ptr_null(slab_get(&s));
    s.alloc = aligned_alloc;
    void *a = slab_get(&s);
    ck_assert_ptr_nonnull(a);
    slab_put(&s, a);
    slab_done(&s);
}
END_TEST

UNIT_MAIN("base/slab", objects_are_packed_and_aligned, what_came_back_last_is_handed_out_next,
          large_objects_have_large_blocks, without_memory_it_says_so_and_goes_on_later)
