/* Buffers: a read end, a write end, and never more than the block. */
#include "base/buf.h"
#include "support/unit.h"

static void *refuse(size_t size)
{
    (void)size;
    return NULL;
}

static void fill(struct buf *b, const char *text)
{
    size_t n = strlen(text);
    ck_assert_uint_le(n, buf_room(b));
    memcpy(b->data + b->w, text, n);
    b->w += (uint32_t)n;
}

START_TEST(a_new_buffer_is_empty_even_when_it_was_used_before)
{
    struct buf_pool p;
    buf_pool_init(&p, 16, 1);
    for (int round = 0; round < 2; round++) {
        struct buf *b = buf_get(&p);
        ck_assert_uint_eq(b->cap, 16);
        ck_assert_uint_eq(buf_used(b), 0);
        ck_assert_uint_eq(buf_room(b), 16);
        ck_assert_uint_eq(b->mark, 0);
        fill(b, "0123456789abcdef");
        ck_assert_uint_eq(buf_room(b), 0);
        b->r = b->mark = 3;
        buf_put(&p, b);
    }
    buf_pool_done(&p);
}
END_TEST

START_TEST(compacting_keeps_what_waits_and_the_mark)
{
    struct buf_pool p;
    buf_pool_init(&p, 8, 1);
    struct buf *b = buf_get(&p);
    buf_compact(b); /* nothing in it */
    ck_assert_uint_eq(buf_room(b), 8);
    fill(b, "abcdefgh");
    buf_compact(b); /* nothing consumed */
    ck_assert_uint_eq(buf_used(b), 8);
    b->r = 2;
    b->mark = 4; /* counted from r, so it stays true */
    buf_compact(b);
    ck_assert_uint_eq(b->r, 0);
    ck_assert_uint_eq(b->mark, 4);
    ck_str(str_make(b->data, buf_used(b)), "cdefgh");
    ck_assert_uint_eq(buf_room(b), 2);
    b->r = b->w;
    buf_compact(b); /* all consumed */
    ck_assert_uint_eq(buf_used(b), 0);
    ck_assert_uint_eq(buf_room(b), 8);
    buf_put(&p, b);
    buf_pool_done(&p);
}
END_TEST

START_TEST(clearing_forgets_everything)
{
    struct buf_pool p;
    buf_pool_init(&p, 8, 1);
    struct buf *b = buf_get(&p);
    fill(b, "abc");
    b->r = b->mark = 1;
    buf_clear(b);
    ck_assert_uint_eq(buf_used(b), 0);
    ck_assert_uint_eq(buf_room(b), 8);
    ck_assert_uint_eq(b->mark, 0);
    buf_put(&p, b);
    buf_pool_done(&p);
}
END_TEST

START_TEST(without_memory_there_is_no_buffer)
{
    struct buf_pool p;
    buf_pool_init(&p, 100, 1);
    p.blocks.slab.map = refuse;
    ck_assert_ptr_null(buf_get(&p));
    ck_assert_uint_eq(pool_used(&p.blocks), 0);
    buf_pool_done(&p);
}
END_TEST

UNIT_MAIN("base/buf", a_new_buffer_is_empty_even_when_it_was_used_before,
          compacting_keeps_what_waits_and_the_mark, clearing_forgets_everything,
          without_memory_there_is_no_buffer)
