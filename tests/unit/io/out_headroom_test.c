/* The writer: a head that is written in front of what it belongs to. */
#include "unit/io/out_fake.h"

/* "head " and "body" with n bytes in front of it that may be written over. */
static void lend_with_headroom(char body[16], uint32_t n)
{
    memcpy(body, "........body", 12);
    struct span s = span_of_memory(body + 8, 4);
    s.headroom = n;
    copy("head ");
    out_lend(o, s);
    out_mark(o, &pins[dropped]);
}

START_TEST(a_head_is_written_in_front_of_memory_with_headroom)
{
    char body[16];
    lend_with_headroom(body, 5);
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "s");
    ck_assert_int_eq(pieces, 1);
    arrived("head body");
    ck_assert_int_eq(memcmp(body, "...head body", 12), 0);
    ck_assert_uint_eq(dropped, 1);
    ck_assert_uint_eq(dropped_at[0], 9);
    ck_assert_ptr_null(o->heads);
}
END_TEST

START_TEST(a_head_longer_than_the_headroom_stays_where_it_is)
{
    char body[16];
    lend_with_headroom(body, 4);
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_int_eq(pieces, 2);
    arrived("head body");
    ck_assert_int_eq(memcmp(body, "........body", 12), 0);
}
END_TEST

/* Others write their heads there while the rest waits. */
START_TEST(headroom_is_not_relied_on_while_something_waits)
{
    for (size_t first = 1; first < 9; first++) {
        char body[16];
        got_n = 0;
        lend_with_headroom(body, 8);
        open_room(first);
        ck_assert_int_eq(flush(), OUT_BLOCKED);
        memset(body, '!', 8);
        open_room(ROOM_ALL);
        ck_assert_int_eq(flush(), OUT_DONE);
        arrived("head body");
        ck_assert_uint_eq(dropped, first);
    }
}
END_TEST

START_TEST(answers_of_one_file_do_not_share_its_headroom)
{
    char body[16];
    lend_with_headroom(body, 8);
    struct span again = out_segment(o, 1)->span;
    copy("next ");
    out_lend(o, again);
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_int_eq(pieces, 4);
    arrived("head bodynext body");
    ck_assert_int_eq(memcmp(body, "........body", 12), 0);
}
END_TEST

START_TEST(a_part_of_memory_has_headroom_only_from_its_beginning)
{
    struct span s = span_of_memory("body", 4);
    s.headroom = 8;
    ck_assert_uint_eq(span_part(s, 0, 2).headroom, 8);
    ck_assert_uint_eq(span_part(s, 1, 2).headroom, 0);
    ck_assert_uint_eq(span_from(s, 1).headroom, 0);
}
END_TEST

UNIT_MAIN_WITH("io/out_headroom", setup, teardown,
               a_head_is_written_in_front_of_memory_with_headroom,
               a_head_longer_than_the_headroom_stays_where_it_is,
               headroom_is_not_relied_on_while_something_waits,
               answers_of_one_file_do_not_share_its_headroom,
               a_part_of_memory_has_headroom_only_from_its_beginning)
