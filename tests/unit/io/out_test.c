/* The writer: what leaves in one call, files, budget, limits. */
#include "unit/io/out_fake.h"

static char large[OUT_BUDGET];

/* --- one send --- */

START_TEST(pipelined_answers_are_one_contiguous_send)
{
    for (int i = 0; i < 16; i++) {
        copy("head ");
        copy("body ");
        out_mark(o, &pins[i]);
    }
    ck_assert_uint_eq(o->count, 16);
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "s");
    ck_assert_int_eq(pieces, 1);
    ck_assert_uint_eq(got_n, 160);
    ck_assert_uint_eq(dropped, 16);
    ck_assert_uint_eq(dropped_at[2], 30);
    ck_assert_ptr_null(o->heads);
    ck_assert(out_is_empty(o));
}
END_TEST

START_TEST(lent_memory_leaves_in_the_same_call_as_its_head)
{
    copy("head ");
    lend("body ");
    copy("head2");
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "s");
    ck_assert_int_eq(pieces, 3);
    arrived("head body head2");
}
END_TEST

START_TEST(memory_before_a_file_is_corked_and_the_file_follows_at_once)
{
    copy("head ");
    out_lend(o, span_of_file(file, 2, 3));
    copy(" next");
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "mfs");
    arrived("head 234 next");
}
END_TEST

START_TEST(nothing_queued_is_nothing_called)
{
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "");
}
END_TEST

START_TEST(a_socket_that_is_not_writable_is_not_tried)
{
    copy("head");
    ch.src.ready = 0;
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    ck_assert_str_eq(calls, "");
    ck_assert_uint_eq(o->count, 1);
}
END_TEST

START_TEST(a_dead_peer_breaks_and_no_file_is_blamed)
{
    copy("head");
    fails = IO_DEAD;
    ck_assert_int_eq(flush(), OUT_BROKEN);
}
END_TEST

START_TEST(a_transport_that_must_read_before_it_can_write_blocks)
{
    copy("head");
    fails = IO_WANT_READ;
    ck_assert_int_eq(flush(), OUT_BLOCKED);
}
END_TEST

START_TEST(copied_bytes_never_move_while_part_of_them_waits)
{
    copy("0123456789");
    const char *at = out_segment(o, 0)->span.mem;
    open_room(4);
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    ck_assert_ptr_eq(out_segment(o, 0)->span.mem, at + 4);
    copy("more");
    ck_assert_ptr_eq(out_segment(o, 0)->span.mem, at + 4);
    ck_assert_uint_eq(o->count, 1); /* the same answer goes on */
    open_room(ROOM_ALL);
    ck_assert_int_eq(flush(), OUT_DONE);
    arrived("0123456789more");
}
END_TEST

START_TEST(the_buffer_goes_back_when_all_that_was_copied_is_sent)
{
    copy("head");
    lend("body");
    open_room(3);
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    ck_assert_ptr_nonnull(o->heads);
    open_room(2);
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    ck_assert_ptr_null(o->heads);
    ck_assert_uint_eq(pool_used(&pool.heads.blocks), 0);
    copy("next"); /* in another buffer */
    open_room(ROOM_ALL);
    ck_assert_int_eq(flush(), OUT_DONE);
    arrived("headbodynext");
}
END_TEST

/* --- files --- */

START_TEST(a_file_shorter_than_promised_breaks_and_says_so)
{
    copy("head ");
    out_lend(o, span_of_file(file, 4, 100));
    out_mark(o, &pins[0]);
    ck_assert_int_eq(flush(), OUT_SHORT);
    arrived("head 456789");
    ck_assert_uint_eq(dropped, 0);
}
END_TEST

START_TEST(without_send_file_a_short_file_breaks_too)
{
    fake.send_file = NULL;
    out_lend(o, span_of_file(file, 4, 100));
    ck_assert_int_eq(flush(), OUT_SHORT);
    arrived("456789");
}
END_TEST

START_TEST(without_send_file_an_unreadable_file_breaks_too)
{
    int ends_of_pipe[2];
    ck_assert_int_eq(pipe(ends_of_pipe), 0); /* cannot be read at an offset */
    fake.send_file = NULL;
    out_lend(o, span_of_file(ends_of_pipe[0], 0, 4));
    ck_assert_int_eq(flush(), OUT_UNREAD);
    close(ends_of_pipe[0]);
    close(ends_of_pipe[1]);
}
END_TEST

START_TEST(without_send_file_and_memory_it_breaks)
{
    fake.send_file = NULL;
    out_lend(o, span_of_file(file, 0, 4));
    pool.heads.blocks.slab.map = no_memory;
    ck_assert_int_eq(flush(), OUT_BROKEN);
}
END_TEST

START_TEST(a_large_file_leaves_in_windows_and_its_turn_has_a_budget)
{
    ck_assert_int_eq(ftruncate(file, 2 * OUT_BUDGET), 0);
    out_lend(o, span_of_file(file, 0, OUT_BUDGET + 10));
    copy("tail");
    ck_assert_int_eq(flush(), OUT_BUDGETED);
    ck_assert_str_eq(calls, "<f");
    ck_assert_uint_eq(got_n, OUT_BUDGET);
    ck_assert(ch.src.ready & CAN_WRITE);
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "<ff>s");
    ck_assert_uint_eq(got_n, OUT_BUDGET + 14);
}
END_TEST

START_TEST(a_large_file_is_corked_from_its_first_byte_to_its_last)
{
    ck_assert_int_eq(ftruncate(file, OUT_CORK_MIN), 0);
    copy("head ");
    out_lend(o, span_of_file(file, 0, OUT_CORK_MIN - 1));
    copy(" next ");
    out_lend(o, span_of_file(file, 0, OUT_CORK_MIN));
    copy(" last");
    open_room(OUT_CORK_MIN + 100);
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    ck_assert_str_eq(calls, "mfm<f");
    open_room(100);
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    open_room(ROOM_ALL);
    ck_assert_int_eq(flush(), OUT_MUCH);
    ck_assert_str_eq(calls, "mfm<fff>s");
}
END_TEST

START_TEST(what_knows_no_packets_is_not_corked)
{
    ck_assert_int_eq(ftruncate(file, OUT_CORK_MIN), 0);
    fake.cork = NULL;
    out_lend(o, span_of_file(file, 0, OUT_CORK_MIN));
    copy("tail");
    ck_assert_int_eq(flush(), OUT_MUCH);
    ck_assert_str_eq(calls, "fs");
}
END_TEST

START_TEST(a_budget_that_ends_between_head_and_file_does_not_leave_the_head_corked)
{
    out_lend(o, span_of_memory(large, sizeof large));
    out_lend(o, span_of_file(file, 0, 10));
    lend("tail");
    ck_assert_int_eq(flush(), OUT_BUDGETED);
    ck_assert_str_eq(calls, "mf");
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_uint_eq(got_n, sizeof large + 14);
}
END_TEST

/* --- limits --- */

START_TEST(room_ends_when_too_few_segments_are_free)
{
    for (int i = 0; i <= OUT_SEGMENTS - OUT_ANSWER_SEGMENTS; i++) {
        ck_assert(out_has_room(o, 100));
        lend("x");
        out_mark(o, &pins[i]);
    }
    ck_assert(!out_has_room(o, 100));
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert(out_has_room(o, 100));
}
END_TEST

START_TEST(the_ring_of_segments_goes_round)
{
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < OUT_SEGMENTS - 2; i++)
            lend("x");
        ck_assert_int_eq(flush(), OUT_DONE);
    }
    ck_assert_uint_eq(got_n, 5 * (OUT_SEGMENTS - 2));
}
END_TEST

START_TEST(room_ends_when_the_buffer_could_not_take_a_head_and_a_copied_body)
{
    size_t head_max = 1000, fits = OUT_BUFFER - OUT_COPY_MAX - head_max;
    ck_assert_ptr_nonnull(out_reserve(&pool, o, fits));
    out_wrote(o, fits);
    ck_assert(out_has_room(o, head_max));
    ck_assert(!out_has_room(o, head_max + 1));
    ck_assert_ptr_nonnull(out_reserve(&pool, o, head_max + OUT_COPY_MAX));
    ck_assert_ptr_null(out_reserve(&pool, o, head_max + OUT_COPY_MAX + 1));
    ck_assert(out_has_room(&(struct out){0}, OUT_BUFFER - OUT_COPY_MAX));
    ck_assert(!out_has_room(&(struct out){0}, OUT_BUFFER - OUT_COPY_MAX + 1));
}
END_TEST

START_TEST(room_ends_when_enough_bytes_wait)
{
    static char much[OUT_ENOUGH];
    out_lend(o, span_of_memory(much, OUT_ENOUGH - 1));
    out_mark(o, &pins[0]);
    ck_assert(out_has_room(o, 100));
    lend("x");
    out_mark(o, &pins[1]);
    ck_assert(!out_has_room(o, 100));
    room = 1;
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    ck_assert(out_has_room(o, 100));
}
END_TEST

/* Also where a head could be written in front of its contents. */
START_TEST(a_flush_that_sent_enough_says_so)
{
    static char cached[64 + OUT_ENOUGH];
    struct span whole = {.mem = cached + 64, .len = OUT_ENOUGH, .fd = -1, .headroom = 64};
    copy("head");
    out_lend(o, whole);
    ck_assert_int_eq(flush(), OUT_MUCH);
    copy("head");
    out_lend(o, span_part(whole, 0, OUT_ENOUGH - 5));
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_uint_eq(got_n, 4 + OUT_ENOUGH + 4 + OUT_ENOUGH - 5);
}
END_TEST

START_TEST(without_memory_there_is_no_queue_and_no_place_for_a_head)
{
    struct out *first = out_get(&pool);
    pool.outs.slab.map = no_memory;
    ck_assert_ptr_null(out_get(&pool));
    out_put(&pool, first);
    pool.heads.blocks.slab.map = no_memory;
    ck_assert_ptr_null(out_reserve(&pool, o, 1));
    ck_assert(out_is_empty(o));
}
END_TEST

UNIT_MAIN_WITH(
    "io/out", setup, teardown, pipelined_answers_are_one_contiguous_send,
    lent_memory_leaves_in_the_same_call_as_its_head,
    memory_before_a_file_is_corked_and_the_file_follows_at_once, nothing_queued_is_nothing_called,
    a_socket_that_is_not_writable_is_not_tried, a_dead_peer_breaks_and_no_file_is_blamed,
    a_transport_that_must_read_before_it_can_write_blocks,
    copied_bytes_never_move_while_part_of_them_waits,
    the_buffer_goes_back_when_all_that_was_copied_is_sent,
    a_file_shorter_than_promised_breaks_and_says_so, without_send_file_a_short_file_breaks_too,
    without_send_file_an_unreadable_file_breaks_too, without_send_file_and_memory_it_breaks,
    a_large_file_leaves_in_windows_and_its_turn_has_a_budget,
    a_large_file_is_corked_from_its_first_byte_to_its_last, what_knows_no_packets_is_not_corked,
    a_budget_that_ends_between_head_and_file_does_not_leave_the_head_corked,
    room_ends_when_too_few_segments_are_free, the_ring_of_segments_goes_round,
    room_ends_when_the_buffer_could_not_take_a_head_and_a_copied_body,
    room_ends_when_enough_bytes_wait, a_flush_that_sent_enough_says_so,
    without_memory_there_is_no_queue_and_no_place_for_a_head)
