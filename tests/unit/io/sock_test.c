/* Listening sockets, accepted ones, and their errors. */
#include "io/sock.h"

#include "support/refuse.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <sys/stat.h>

static struct address a;
static struct sock_error e;
static struct listen_options o;
static char path[64];

static void setup(void)
{
    o = (struct listen_options){.backlog = 16, .unix_mode = 0640};
    ck_assert_int_eq(chmod(scratch_make(), 0777), 0);
    strcpy(path, in("socket"));
}

static void teardown(void)
{
    be_root_again();
    scratch_remove();
}

static struct address loopback(int family)
{
    struct address at = {0};
    at.sa.any.sa_family = (sa_family_t)family;
    at.len = family == AF_INET ? sizeof at.sa.v4 : sizeof at.sa.v6;
    if (family == AF_INET)
        at.sa.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        at.sa.v6.sin6_addr = in6addr_loopback;
    return at;
}

static void unix_address(void)
{
    char text[80];
    snprintf(text, sizeof text, "unix:%s", path);
    ck_assert_ptr_null(address_parse(str_of(text), &a));
}

/* Listens on `at` and fills in the port that was chosen. */
static int listen_at(struct address *at)
{
    int fd = sock_listen(at, &o, &e);
    ck_assert_msg(fd >= 0, "%s: %s", e.what, strerror(e.error));
    ck_assert_int_eq(getsockname(fd, &at->sa.any, &at->len), 0);
    return fd;
}

static int connect_to(const struct address *at)
{
    int fd = socket(at->sa.any.sa_family, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, &at->sa.any, at->len), 0);
    return fd;
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof value;
    ck_assert_int_eq(getsockopt(fd, level, name, &value, &n), 0);
    return value;
}

static bool have_v6(void)
{
    struct address at = loopback(AF_INET6);
    return sock_probe(&at, true, &e);
}

static void refused(const char *what, int error)
{
    ck_assert_int_eq(sock_listen(&a, &o, &e), -1);
    ck_assert_str_eq(e.what, what);
    ck_assert_int_eq(e.error, error);
}

/* --- listening on TCP --- */

START_TEST(an_accepted_connection_is_ready_to_be_served)
{
    struct peer p;
    char text[PEER_TEXT];
    a = loopback(AF_INET);
    int listener = listen_at(&a);
    ck_assert_int_eq(sock_accept(listener, &p), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert(fcntl(listener, F_GETFD) & FD_CLOEXEC);
    int client = connect_to(&a), fd = sock_accept(listener, &p);
    ck_assert_int_ge(fd, 0);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    ck_assert_int_ne(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    peer_print(&p, text);
    ck_assert_str_eq(text, "127.0.0.1");
    struct address from = {.len = sizeof from.sa};
    ck_assert_int_eq(getsockname(client, &from.sa.any, &from.len), 0);
    ck_assert_uint_eq(p.port, ntohs(from.sa.v4.sin_port));
    close(fd);
    close(client);
    close(listener);
}
END_TEST

START_TEST(the_options_of_a_listener_are_set)
{
    char congestion[16] = "";
    socklen_t n = sizeof congestion;
    a = loopback(AF_INET);
    int plain = listen_at(&a);
    ck_assert_int_eq(option(plain, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
    ck_assert_int_eq(option(plain, IPPROTO_TCP, TCP_FASTOPEN), 0);
    ck_assert_int_eq(option(plain, SOL_SOCKET, SO_REUSEPORT), 0);
    ck_assert_int_ne(option(plain, SOL_SOCKET, SO_REUSEADDR), 0);
    close(plain);
    o.defer_accept_s = 3;
    o.fastopen = 7;
    o.congestion = "reno";
    o.sharing = SOCK_SHARED;
    a = loopback(AF_INET);
    int fd = listen_at(&a);
    ck_assert_int_ge(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 3);
    ck_assert_int_eq(option(fd, IPPROTO_TCP, TCP_FASTOPEN), 7);
    ck_assert_int_ne(option(fd, SOL_SOCKET, SO_REUSEPORT), 0);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, &n), 0);
    ck_assert_str_eq(congestion, "reno");
    close(fd);
}
END_TEST

START_TEST(slots_share_an_address_and_the_probe_still_sees_it_taken)
{
    o.sharing = SOCK_SHARED;
    a = loopback(AF_INET);
    int first = listen_at(&a), second = listen_at(&a);
    ck_assert(!sock_probe(&a, false, &e));
    ck_assert_str_eq(e.what, "bind");
    ck_assert_int_eq(e.error, EADDRINUSE);
    close(first);
    close(second);
    ck_assert(sock_probe(&a, false, &e));
}
END_TEST

/* Connections that wait in a socket's queue. */
static int count_waiting(int listener)
{
    struct peer peer;
    int count = 0;
    for (int fd; (fd = sock_accept(listener, &peer)) >= 0; count++)
        (void)close(fd);
    return count;
}

START_TEST(the_first_of_the_slots_is_opened_alone_and_then_shared)
{
    enum { CLIENTS = 64 };
    int clients[CLIENTS];
    o.backlog = CLIENTS;
    o.sharing = SOCK_SHARED;
    a = loopback(AF_INET);
    int rival = listen_at(&a);
    o.sharing = SOCK_SHARED_LATER;
    refused("bind", EADDRINUSE);
    close(rival);
    int first = listen_at(&a);
    refused("bind", EADDRINUSE);
    o.sharing = SOCK_SHARED;
    int second = listen_at(&a);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = connect_to(&a);
    int one = count_waiting(first), other = count_waiting(second);
    ck_assert_int_gt(one, 0);
    ck_assert_int_gt(other, 0);
    ck_assert_int_eq(one + other, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    close(first);
    close(second);
}
END_TEST

START_TEST(a_port_in_use_is_refused_without_reuseport)
{
    a = loopback(AF_INET);
    int fd = listen_at(&a);
    refused("bind", EADDRINUSE);
    close(fd);
}
END_TEST

START_TEST(an_address_of_another_machine_is_refused)
{
    ck_assert_ptr_null(address_parse(STR("192.0.2.1:80"), &a));
    refused("bind", EADDRNOTAVAIL);
}
END_TEST

START_TEST(an_unknown_congestion_control_is_named)
{
    a = loopback(AF_INET);
    o.congestion = "nonesuch";
    refused("congestion", ENOENT);
}
END_TEST

START_TEST(a_dual_stack_socket_takes_both_and_knows_ipv4_peers)
{
    struct peer p;
    struct address v4 = loopback(AF_INET);
    if (!have_v6())
        return;
    a = loopback(AF_INET6);
    a.sa.v6.sin6_addr = in6addr_any;
    int listener = listen_at(&a);
    ck_assert_int_eq(option(listener, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    v4.sa.v4.sin_port = a.sa.v6.sin6_port;
    int client4 = connect_to(&v4), fd4 = sock_accept(listener, &p);
    ck_assert_int_ge(fd4, 0);
    ck_assert_int_eq(p.family, AF_INET);
    a.sa.v6.sin6_addr = in6addr_loopback;
    int client6 = connect_to(&a), fd6 = sock_accept(listener, &p);
    ck_assert_int_ge(fd6, 0);
    ck_assert_int_eq(p.family, AF_INET6);
    close(client4);
    close(fd4);
    close(client6);
    close(fd6);
    close(listener);
}
END_TEST

START_TEST(an_ipv6_only_socket_leaves_the_ipv4_port_alone)
{
    struct address v4 = loopback(AF_INET);
    if (!have_v6())
        return;
    o.v6only = true;
    a = loopback(AF_INET6);
    a.sa.v6.sin6_addr = in6addr_any;
    int listener = listen_at(&a);
    v4.sa.v4.sin_port = a.sa.v6.sin6_port;
    ck_assert_int_ne(option(listener, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    ck_assert(sock_probe(&v4, false, &e));
    ck_assert(!sock_probe(&a, true, &e));
    close(listener);
}
END_TEST

/* --- what the kernel seldom refuses --- */

START_TEST(without_descriptors_the_error_names_the_socket)
{
    a = loopback(AF_INET);
    rlim_t before = limit(RLIMIT_NOFILE, 0);
    int fd = sock_listen(&a, &o, &e);
    struct sock_error of_probe;
    bool is_free = sock_probe(&a, false, &of_probe);
    limit(RLIMIT_NOFILE, before);
    ck_assert_int_eq(fd, -1);
    ck_assert_str_eq(e.what, "socket");
    ck_assert_int_eq(e.error, EMFILE);
    ck_assert(!is_free);
    ck_assert_str_eq(of_probe.what, "socket");
}
END_TEST

START_TEST(a_refused_listen_is_named)
{
    a = loopback(AF_INET);
    refuse_call(SYS_listen, 1, o.backlog, EADDRINUSE);
    refused("listen", EADDRINUSE);
}
END_TEST

START_TEST(each_refused_option_is_named)
{
    o.sharing = SOCK_SHARED;
    o.defer_accept_s = o.fastopen = 1;
    a = loopback(AF_INET6);
    refuse_call(SYS_setsockopt, 2, TCP_FASTOPEN, EPERM);
    if (have_v6())
        refused("fastopen", EPERM);
    a = loopback(AF_INET);
    refused("fastopen", EPERM);
    refuse_call(SYS_setsockopt, 2, TCP_DEFER_ACCEPT, EPERM);
    refused("defer_accept", EPERM);
    refuse_call(SYS_setsockopt, 2, TCP_NODELAY, EPERM);
    refused("TCP_NODELAY", EPERM);
    refuse_call(SYS_setsockopt, 2, SO_REUSEPORT, EPERM);
    refused("SO_REUSEPORT", EPERM);
}
END_TEST

START_TEST(a_refused_family_option_is_named_by_listen_and_probe)
{
    if (!have_v6())
        return;
    a = loopback(AF_INET6);
    refuse_call(SYS_setsockopt, 2, IPV6_V6ONLY, EPERM);
    refused("IPV6_V6ONLY", EPERM);
    ck_assert(!sock_probe(&a, true, &e));
    ck_assert_str_eq(e.what, "IPV6_V6ONLY");
}
END_TEST

START_TEST(a_refused_address_option_is_named_by_listen_and_probe)
{
    a = loopback(AF_INET);
    refuse_call(SYS_setsockopt, 2, SO_REUSEADDR, EPERM);
    refused("SO_REUSEADDR", EPERM);
    ck_assert(!sock_probe(&a, false, &e));
    ck_assert_str_eq(e.what, "SO_REUSEADDR");
}
END_TEST

/* --- unix sockets --- */

START_TEST(a_unix_socket_is_born_with_its_mode_and_its_peer_has_no_address)
{
    struct stat st;
    struct peer p;
    char text[PEER_TEXT];
    unix_address();
    mode_t before = umask(0);
    int listener = sock_listen(&a, &o, &e);
    ck_assert_int_ge(listener, 0);
    ck_assert_uint_eq(umask(before), 0); /* left as it was */
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
    int client = connect_to(&a), fd = sock_accept(listener, &p);
    ck_assert_int_ge(fd, 0);
    ck_assert_uint_eq(peer_print(&p, text), 4);
    ck_assert_str_eq(text, "unix");
    ck_assert(sock_probe(&a, false, &e));
    close(fd);
    close(client);
    close(listener);
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced)
{
    unix_address();
    close(sock_listen(&a, &o, &e));
    ck_assert_int_eq(access(path, F_OK), 0);
    int fd = sock_listen(&a, &o, &e);
    ck_assert_int_ge(fd, 0);
    close(connect_to(&a));
    close(fd);
}
END_TEST

START_TEST(a_unix_socket_is_not_replaced_unasked)
{
    unix_address();
    close(sock_listen(&a, &o, &e));
    int next = dup(0); /* descriptors are enough for the listener, not for the question */
    close(next);
    rlim_t before = limit(RLIMIT_NOFILE, (rlim_t)next + 1);
    int fd = sock_listen(&a, &o, &e);
    limit(RLIMIT_NOFILE, before);
    ck_assert_int_eq(fd, -1);
    ck_assert_str_eq(e.what, "bind");
    ck_assert_int_eq(e.error, EMFILE);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_live_unix_socket_is_in_use_even_when_its_queue_is_full)
{
    unix_address();
    o.backlog = 0;
    int fd = sock_listen(&a, &o, &e);
    refused("bind", EADDRINUSE);
    refused("bind", EADDRINUSE); /* the first time asking took the only place in the queue */
    close(fd);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_never_touched)
{
    struct stat st;
    unix_address();
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_eq(write(fd, "dear", 4), 4);
    close(fd);
    refused("bind", EEXIST);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 4);
}
END_TEST

START_TEST(a_unix_socket_in_a_folder_that_is_not_there_is_refused)
{
    ck_assert_ptr_null(address_parse(STR("unix:/nonexistent-folder/socket"), &a));
    refused("bind", ENOENT);
    ck_assert_ptr_null(address_parse(STR("unix:/dev/null/socket"), &a));
    refused("bind", ENOTDIR);
}
END_TEST

START_TEST(a_unix_socket_that_may_not_be_asked_is_not_permitted)
{
    unix_address();
    int fd = sock_listen(&a, &o, &e);
    ck_assert_int_eq(chmod(path, 0), 0);
    stop_being_root();
    refused("bind", EACCES);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(fd);
}
END_TEST

UNIT_MAIN_WITH("io/sock", setup, teardown, an_accepted_connection_is_ready_to_be_served,
               the_options_of_a_listener_are_set,
               slots_share_an_address_and_the_probe_still_sees_it_taken,
               the_first_of_the_slots_is_opened_alone_and_then_shared,
               a_port_in_use_is_refused_without_reuseport, an_address_of_another_machine_is_refused,
               an_unknown_congestion_control_is_named,
               a_dual_stack_socket_takes_both_and_knows_ipv4_peers,
               an_ipv6_only_socket_leaves_the_ipv4_port_alone,
               without_descriptors_the_error_names_the_socket, a_refused_listen_is_named,
               each_refused_option_is_named, a_refused_family_option_is_named_by_listen_and_probe,
               a_refused_address_option_is_named_by_listen_and_probe,
               a_unix_socket_is_born_with_its_mode_and_its_peer_has_no_address,
               a_stale_unix_socket_is_replaced, a_unix_socket_is_not_replaced_unasked,
               a_live_unix_socket_is_in_use_even_when_its_queue_is_full,
               a_file_that_is_no_socket_is_never_touched,
               a_unix_socket_in_a_folder_that_is_not_there_is_refused,
               a_unix_socket_that_may_not_be_asked_is_not_permitted)
