/* The bare socket: what each call says, and which readiness it takes away. */
#include "io/channel.h"

#include "support/unit.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BOTH = CAN_READ | CAN_WRITE };

static struct channel ch; /* our end */
static int peer = -1;     /* the other */

static void open_channel(int fd)
{
    ch = (struct channel){.src = {.fd = fd, .ready = BOTH}, .tp = &transport_plain};
}

static void open_pair(void)
{
    int fd[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
    open_channel(fd[0]);
    peer = fd[1];
}

static void open_tcp(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)(void *)&at;
    socklen_t n = sizeof at;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, any, n), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, any, &n), 0);
    peer = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(peer, any, n), 0);
    open_channel(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
    ck_assert_int_ge(ch.src.fd, 0);
    ck_assert_int_eq(setsockopt(ch.src.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    close(listener);
}

static void close_all(void)
{
    transport_plain.close(&ch);
    ck_assert_int_eq(ch.src.fd, -1);
    if (peer >= 0)
        close(peer);
    peer = -1;
}

/* The peer vanishes with a reset. */
static void reset_peer(void)
{
    struct linger now = {.l_onoff = 1};
    ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(peer);
    peer = -1;
}

static void peer_says(const char *text)
{
    ck_assert_int_eq(send(peer, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void peer_hears(const char *text)
{
    char got[64] = "";
    ck_assert_int_eq(recv(peer, got, sizeof got - 1, 0), (ssize_t)strlen(text));
    ck_assert_str_eq(got, text);
}

static ssize_t send_text(const char *text, bool more)
{
    struct iovec v = {(void *)(uintptr_t)text, strlen(text)};
    return transport_plain.send(&ch, &v, 1, more);
}

static int make_file(const char *text)
{
    char path[] = "/tmp/skiff-plain-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

/* --- receiving --- */

START_TEST(a_full_read_keeps_readiness_and_a_short_one_takes_it)
{
    char got[4];
    open_pair();
    peer_says("abcdef");
    ck_assert_int_eq(transport_plain.recv(&ch, got, 4), 4);
    ck_assert_uint_eq(ch.src.ready, BOTH);
    ck_assert_int_eq(transport_plain.recv(&ch, got, 4), 2);
    ck_assert_uint_eq(ch.src.ready, CAN_WRITE);
    close_all();
}
END_TEST

START_TEST(a_dry_socket_wants_to_be_read_later)
{
    char got[4];
    open_pair();
    ck_assert_int_eq(transport_plain.recv(&ch, got, 4), IO_WANT_READ);
    ck_assert_uint_eq(ch.src.ready, CAN_WRITE);
    close_all();
}
END_TEST

START_TEST(after_the_peer_is_done_a_short_read_keeps_readiness_because_the_end_comes)
{
    char got[4];
    open_pair();
    peer_says("ab");
    ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
    ch.src.ready |= PEER_DONE;
    ck_assert_int_eq(transport_plain.recv(&ch, got, 4), 2);
    ck_assert(ch.src.ready & CAN_READ);
    ck_assert_int_eq(transport_plain.recv(&ch, got, 4), IO_EOF);
    close_all();
}
END_TEST

START_TEST(a_reset_connection_is_dead_both_ways)
{
    char got[4];
    int file = make_file("abc");
    open_tcp();
    reset_peer();
    ck_assert_int_eq(transport_plain.recv(&ch, got, 4), IO_DEAD);
    ck_assert_int_eq(send_text("x", false), IO_DEAD); /* and no signal */
    (void)signal(SIGPIPE, SIG_IGN);                   /* as channel.h asks; cannot fail */
    ck_assert_int_eq(transport_plain.send_file(&ch, file, 0, 3), IO_DEAD);
    close_all();
    close(file);
}
END_TEST

/* --- sending --- */

START_TEST(pieces_are_sent_in_one_call)
{
    struct iovec v[3] = {{(char[]){"ab"}, 2}, {(char[]){"c"}, 1}, {(char[]){"def"}, 3}};
    open_pair();
    ck_assert_int_eq(transport_plain.send(&ch, v, 3, false), 6);
    ck_assert_uint_eq(ch.src.ready, BOTH);
    peer_hears("abcdef");
    close_all();
}
END_TEST

static char big[1024 * 1024];

START_TEST(a_short_send_takes_readiness_and_the_next_wants_to_be_made_later)
{
    struct iovec v = {big, sizeof big};
    open_tcp();
    ssize_t n = transport_plain.send(&ch, &v, 1, false);
    for (int tries = 0; n == (ssize_t)sizeof big && tries < 64; tries++)
        n = transport_plain.send(&ch, &v, 1, false);
    ck_assert_int_gt(n, 0);
    ck_assert_int_lt(n, (ssize_t)sizeof big);
    ck_assert_uint_eq(ch.src.ready, CAN_READ);
    ch.src.ready = BOTH;
    for (int tries = 0; tries < 64 && n != IO_WANT_WRITE; tries++)
        n = transport_plain.send(&ch, &v, 1, false); /* the peer's buffer may still grow */
    ck_assert_int_eq(n, IO_WANT_WRITE);
    ck_assert_uint_eq(ch.src.ready, CAN_READ);
    close_all();
}
END_TEST

static uint32_t data_segments_out(void)
{
    struct tcp_info info = {0};
    socklen_t n = sizeof info;
    ck_assert_int_eq(getsockopt(ch.src.fd, IPPROTO_TCP, TCP_INFO, &info, &n), 0);
    return info.tcpi_data_segs_out;
}

START_TEST(what_more_follows_leaves_in_one_segment_with_it)
{
    int file = make_file("file");
    uint32_t segments = 2;
    for (int tries = 0; tries < 5 && segments != 1; tries++) {
        open_tcp(); /* a stall of 200 ms between the two calls would push the first */
        ck_assert_int_eq(send_text("head ", true), 5);
        ck_assert_int_eq(transport_plain.send_file(&ch, file, 0, 4), 4);
        segments = data_segments_out();
        close_all();
    }
    ck_assert_uint_eq(segments, 1);
    open_tcp();
    ck_assert_int_eq(send_text("head ", false), 5);
    ck_assert_int_eq(transport_plain.send_file(&ch, file, 0, 4), 4);
    ck_assert_uint_eq(data_segments_out(), 2);
    close_all();
    close(file);
}
END_TEST

/* --- files --- */

START_TEST(a_range_of_a_file_is_sent_and_the_file_offset_stays)
{
    int file = make_file("0123456789");
    off_t before = lseek(file, 0, SEEK_CUR);
    open_pair();
    ck_assert_int_eq(transport_plain.send_file(&ch, file, 3, 4), 4);
    peer_hears("3456");
    ck_assert_int_eq(lseek(file, 0, SEEK_CUR), before);
    close_all();
    close(file);
}
END_TEST

START_TEST(a_file_that_ends_before_its_range_is_short)
{
    int file = make_file("0123");
    open_pair();
    ck_assert_int_eq(transport_plain.send_file(&ch, file, 2, 10), 2);
    ck_assert_int_eq(transport_plain.send_file(&ch, file, 4, 8), IO_SHORT);
    ck_assert_uint_eq(ch.src.ready, BOTH);
    close_all();
    close(file);
}
END_TEST

static bool is_corked(void)
{
    int on = -1;
    socklen_t n = sizeof on;
    ck_assert_int_eq(getsockopt(ch.src.fd, IPPROTO_TCP, TCP_CORK, &on, &n), 0);
    return on != 0;
}

START_TEST(a_cork_holds_back_what_is_less_than_a_packet)
{
    char none[8];
    open_tcp();
    transport_plain.cork(&ch, true);
    ck_assert(is_corked());
    ck_assert_int_eq(send_text("held", false), 4);
    ck_assert_int_eq(recv(peer, none, sizeof none, MSG_DONTWAIT), -1);
    transport_plain.cork(&ch, false);
    ck_assert(!is_corked());
    peer_hears("held");
    close_all();
}
END_TEST

START_TEST(a_unix_socket_needs_no_cork)
{
    open_pair();
    transport_plain.cork(&ch, true);
    ck_assert_int_eq(send_text("sent", false), 4);
    peer_hears("sent");
    close_all();
}
END_TEST

START_TEST(a_full_socket_stops_a_file)
{
    int file = make_file("x");
    ssize_t n = 1;
    ck_assert_int_eq(ftruncate(file, sizeof big), 0);
    open_pair();
    for (int calls = 0; n > 0 && calls < 1000; calls++)
        n = transport_plain.send_file(&ch, file, 0, sizeof big);
    ck_assert_int_eq(n, IO_WANT_WRITE);
    ck_assert_uint_eq(ch.src.ready, CAN_READ);
    close_all();
    close(file);
}
END_TEST

/* --- the rest --- */

START_TEST(acknowledged_bytes_are_counted_on_tcp)
{
    open_tcp();
    uint64_t before = transport_plain.acked(&ch), after = before;
    ck_assert_int_eq(send_text("12345", false), 5);
    peer_hears("12345");
    for (int tries = 0; tries < 10000000 && after == before; tries++)
        after = transport_plain.acked(&ch);
    ck_assert_uint_eq(after - before, 5);
    close_all();
}
END_TEST

START_TEST(acknowledged_bytes_are_unknown_on_unix_sockets)
{
    open_pair();
    ck_assert(transport_plain.acked(&ch) == ACKED_UNKNOWN);
    close_all();
}
END_TEST

START_TEST(after_shut_the_peer_sees_the_end_and_may_still_send)
{
    char got[4];
    open_pair();
    transport_plain.shut(&ch);
    ck_assert_int_eq(recv(peer, got, sizeof got, 0), 0);
    peer_says("ab");
    ck_assert_int_eq(transport_plain.recv(&ch, got, 2), 2);
    close_all();
}
END_TEST

UNIT_MAIN("io/plain", a_full_read_keeps_readiness_and_a_short_one_takes_it,
          a_dry_socket_wants_to_be_read_later,
          after_the_peer_is_done_a_short_read_keeps_readiness_because_the_end_comes,
          a_reset_connection_is_dead_both_ways, pieces_are_sent_in_one_call,
          a_short_send_takes_readiness_and_the_next_wants_to_be_made_later,
          what_more_follows_leaves_in_one_segment_with_it,
          a_range_of_a_file_is_sent_and_the_file_offset_stays,
          a_file_that_ends_before_its_range_is_short, a_cork_holds_back_what_is_less_than_a_packet,
          a_unix_socket_needs_no_cork, a_full_socket_stops_a_file,
          acknowledged_bytes_are_counted_on_tcp, acknowledged_bytes_are_unknown_on_unix_sockets,
          after_shut_the_peer_sees_the_end_and_may_still_send)
