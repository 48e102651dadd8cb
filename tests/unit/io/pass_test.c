/* Messages with descriptors: what arrives, and what a full table does to it. */
#include "io/pass.h"

#include "support/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

static int ends[2], one[2], two[2];

static void setup(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(pipe2(one, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(two, O_CLOEXEC), 0);
}

static void teardown(void)
{
    const int all[] = {ends[0], ends[1], one[0], one[1], two[0], two[1]};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        (void)close(all[i]);
}

/* Writes by one descriptor, reads by another. */
static void is_same_pipe(int writer, int reader)
{
    char byte = 0;
    ck_assert_int_eq(write(writer, "x", 1), 1);
    ck_assert_int_eq(read(reader, &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
}

START_TEST(descriptors_arrive_in_their_order_and_closed_on_exec)
{
    const int fds[] = {one[1], two[1]};
    char message[8];
    struct passed got;
    ck_assert(pass_send(ends[0], "hello", 5, fds, 2));
    ck_assert_int_eq(pass_receive(ends[1], message, sizeof message, 0, &got), 5);
    ck_assert_int_eq(memcmp(message, "hello", 5), 0);
    ck_assert_uint_eq(got.count, 2);
    ck_assert(!got.is_cut);
    is_same_pipe(got.fds[0], one[0]);
    is_same_pipe(got.fds[1], two[0]);
    for (unsigned i = 0; i < got.count; i++) {
        ck_assert(fcntl(got.fds[i], F_GETFD) & FD_CLOEXEC);
        (void)close(got.fds[i]);
    }
    is_same_pipe(one[1], one[0]); /* ours stay open */
}
END_TEST

START_TEST(a_message_may_come_alone)
{
    char message[8];
    struct passed got;
    ck_assert(pass_send(ends[0], "a", 1, NULL, 0));
    ck_assert_int_eq(pass_receive(ends[1], message, sizeof message, 0, &got), 1);
    ck_assert_uint_eq(got.count, 0);
    ck_assert(!got.is_cut);
    ck_assert_int_eq(pass_receive(ends[1], message, sizeof message, MSG_DONTWAIT, &got), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_uint_eq(got.count, 0);
}
END_TEST

START_TEST(in_a_full_table_the_message_arrives_and_says_so)
{
    char message[8];
    struct passed got;
    ck_assert(pass_send(ends[0], "a", 1, &one[1], 1));
    rlim_t before = limit(RLIMIT_NOFILE, 0);
    ssize_t n = pass_receive(ends[1], message, sizeof message, 0, &got);
    limit(RLIMIT_NOFILE, before);
    ck_assert_int_eq(n, 1);
    ck_assert_uint_eq(got.count, 0);
    ck_assert(got.is_cut);
}
END_TEST

START_TEST(the_end_is_told_and_sending_to_it_raises_nothing)
{
    char message[8];
    struct passed got;
    (void)close(ends[0]);
    ck_assert_int_eq(pass_receive(ends[1], message, sizeof message, 0, &got), 0);
    ck_assert(!pass_send(ends[1], "a", 1, NULL, 0));
    ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(who_does_not_receive_is_not_waited_for)
{
    static const char message[1024];
    int sent = 0;
    while (pass_send(ends[0], message, sizeof message, NULL, 0) && sent < 100000)
        sent++;
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_gt(sent, 0);
}
END_TEST

UNIT_MAIN_WITH("io/pass", setup, teardown, descriptors_arrive_in_their_order_and_closed_on_exec,
               a_message_may_come_alone, in_a_full_table_the_message_arrives_and_says_so,
               the_end_is_told_and_sending_to_it_raises_nothing,
               who_does_not_receive_is_not_waited_for)
