#include "process/sockets.h"

#include "base/log.h"
#include "support/launcher.h"
#include "support/unit.h"
#include "unit/config/settings_text.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTEN_MAX = 4 };

static struct server place; /* its folder and its free port are used */
static struct listen_conf confs[LISTEN_MAX];
static char texts[LISTEN_MAX][256];
static struct item_list named;
static struct sockets all;

static void setup(void)
{
    server_prepare(&place);
    char *log = server_path(&place, "stderr");
    log_open(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), LOG_NOTICE, "");
    free(log);
    named = (struct item_list){.items = confs};
    all = (struct sockets){0};
}

static void teardown(void)
{
    sockets_done(&all);
    (void)close(log_fd());
    log_open(STDERR_FILENO, LOG_NOTICE, "");
    server_release(&place);
}

static void name(uint32_t i, const char *address)
{
    (void)snprintf(texts[i], sizeof texts[i], "%s", address);
    confs[i] = (struct listen_conf){
        .address_text = str_of(texts[i]), .mode = 0600, .backlog = 16, .congestion = STR("")};
    ck_assert_ptr_null(address_parse(confs[i].address_text, &confs[i].address));
    named.count = i + 1;
}

static void name_port(uint32_t i, uint16_t port)
{
    char text[64];
    (void)snprintf(text, sizeof text, "127.0.0.1:%u", port);
    name(i, text);
}

static char *name_unix(uint32_t i)
{
    char *path = server_path(&place, "x.sock"), *text = NULL;
    ck_assert_int_ge(asprintf(&text, "unix:%s", path), 0);
    name(i, text);
    free(text);
    return path;
}

static bool accepts(uint16_t port)
{
    int fd = port_dial(port);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static void check_said(const char *text)
{
    ck_assert_msg(server_says(&place, text, 0), "no \"%s\" in: %s", text, server_stderr(&place));
}

START_TEST(every_slot_has_a_socket_and_a_unix_one_is_shared)
{
    name_port(0, place.port);
    char *path = name_unix(1);
    ck_assert(sockets_open(&all, &named, 3));
    int *table = sockets_table(&all, &named);
    ck_assert_ptr_nonnull(table);
    ck_assert_int_ne(table[0], table[1]);
    ck_assert_int_ne(table[1], table[2]);
    ck_assert_int_eq(table[3], table[4]);
    ck_assert_int_eq(table[3], table[5]);
    ck_assert(accepts(place.port));
    free(table);
    sockets_done(&all);
    ck_assert(!accepts(place.port));
    ck_assert_int_lt(access(path, F_OK), 0);
    free(path);
}
END_TEST

static int tcp_option(int fd, int option)
{
    int value = -1;
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, option, &value, &(socklen_t){sizeof value}), 0);
    return value;
}

START_TEST(what_the_configuration_says_of_a_listener_reaches_its_socket)
{
    char text[256], congestion[16] = "";
    (void)snprintf(
        text, sizeof text,
        "version: 1\n"
        "listen: [{address: \"127.0.0.1:%u\", defer_accept: 3s, fastopen: 7, congestion: "
        "reno, backlog: 21}, \"127.0.0.1:%u\"]\n"
        "vhosts: [{root: /}]\n",
        place.port, port_free());
    struct config *c = settings_right(text);
    ck_assert(sockets_open(&all, &c->listen, 1));
    int set = all.items[0]->fds[0], plain = all.items[1]->fds[0];
    ck_assert_int_ge(tcp_option(set, TCP_DEFER_ACCEPT), 3); /* the kernel counts in its own steps */
    ck_assert_int_eq(tcp_option(plain, TCP_DEFER_ACCEPT), 0);
    ck_assert_int_eq(tcp_option(set, TCP_FASTOPEN), 7);
    ck_assert_int_eq(tcp_option(plain, TCP_FASTOPEN), 0);
    ck_assert_int_eq(
        getsockopt(set, IPPROTO_TCP, TCP_CONGESTION, congestion, &(socklen_t){sizeof congestion}),
        0);
    ck_assert_str_eq(congestion, "reno");
    struct tcp_info queue;
    ck_assert_int_eq(getsockopt(set, IPPROTO_TCP, TCP_INFO, &queue, &(socklen_t){sizeof queue}), 0);
    ck_assert_uint_eq(queue.tcpi_sacked, 21); /* of a listening socket: its backlog */
    settings_free(c);
}
END_TEST

START_TEST(what_is_named_again_keeps_its_sockets)
{
    name_port(0, place.port);
    ck_assert(sockets_open(&all, &named, 2));
    int *before = sockets_table(&all, &named);
    name_port(1, port_free());
    confs[0].backlog = 32; /* the only option that an open socket takes */
    ck_assert(sockets_open(&all, &named, 1));
    int *after = sockets_table(&all, &named);
    ck_assert_uint_eq(all.slots, 2); /* never fewer */
    ck_assert_int_eq(after[0], before[0]);
    ck_assert_int_eq(after[1], before[1]);
    char *said = server_stderr(&place);
    ck_assert_str_eq(said, "");
    free(said), free(before), free(after);
}
END_TEST

static void name_every(uint32_t i, uint16_t port)
{
    char text[64];
    (void)snprintf(text, sizeof text, "*:%u", port);
    name(i, text);
}

START_TEST(an_address_takes_the_place_of_one_that_it_overlaps)
{
    name_port(0, place.port);
    ck_assert(sockets_open(&all, &named, 2));
    name_every(0, place.port);
    ck_assert(sockets_open(&all, &named, 2));
    sockets_trim(&all, &named, 2);
    ck_assert(accepts(place.port));
    name_port(0, place.port);
    ck_assert(sockets_open(&all, &named, 2));
    sockets_trim(&all, &named, 2);
    ck_assert(accepts(place.port));
    char *said = server_stderr(&place);
    ck_assert_str_eq(said, "");
    free(said);
}
END_TEST

START_TEST(changed_options_are_told_to_need_a_restart)
{
    name_port(0, place.port);
    ck_assert(sockets_open(&all, &named, 1));
    confs[0].defer_accept_ms = 1000;
    ck_assert(sockets_open(&all, &named, 1));
    check_said("need a restart");
}
END_TEST

START_TEST(what_is_named_no_more_is_closed)
{
    uint16_t removed = port_free();
    name_port(0, place.port);
    name_port(1, removed);
    ck_assert(sockets_open(&all, &named, 1));
    named.count = 1;
    sockets_trim(&all, &named, 1);
    ck_assert(accepts(place.port));
    ck_assert(!accepts(removed));
    ck_assert_uint_eq(all.count, 1);
}
END_TEST

START_TEST(when_one_cannot_be_opened_all_is_as_before)
{
    uint16_t other = port_free();
    name_port(0, place.port);
    ck_assert(sockets_open(&all, &named, 1));
    name_port(1, other);
    name(2, "unix:/nowhere/at/all.sock");
    ck_assert(!sockets_open(&all, &named, 2));
    check_said("unix:/nowhere/at/all.sock: bind: No such file");
    ck_assert_uint_eq(all.count, 1);
    ck_assert_uint_eq(all.slots, 1);
    ck_assert_uint_eq(all.items[0]->count, 1);
    ck_assert(accepts(place.port));
    ck_assert(!accepts(other));
}
END_TEST

START_TEST(a_port_in_use_is_told_with_the_hint)
{
    struct sockets mine = {.hint = "take another"};
    name_port(0, place.port);
    ck_assert(sockets_open(&all, &named, 1));
    ck_assert(!sockets_open(&mine, &named, 1));
    check_said("is in use by another program: take another");
    ck_assert_uint_eq(mine.count, 0);
}
END_TEST

START_TEST(too_many_addresses_are_refused)
{
    struct item_list many = {.items = confs, .count = ENDPOINTS_MAX + 1};
    ck_assert(!sockets_open(&all, &many, 1));
    check_said("more than 256 addresses");
}
END_TEST

START_TEST(as_many_addresses_as_are_possible_can_be_reloaded)
{
    static struct listen_conf many[ENDPOINTS_MAX];
    struct item_list list = {.items = many, .count = ENDPOINTS_MAX};
    name_port(0, place.port);
    for (uint32_t i = 0; i < ENDPOINTS_MAX; i++) {
        many[i] = confs[0];
        many[i].address.sa.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
    }
    ck_assert(sockets_open(&all, &list, 1));
    ck_assert(sockets_open(&all, &list, 1));
    ck_assert_uint_eq(all.count, ENDPOINTS_MAX);
}
END_TEST

START_TEST(refusing_reaches_the_copies_that_workers_hold)
{
    name_port(0, place.port);
    char *path = name_unix(1);
    ck_assert(sockets_open(&all, &named, 1));
    int copy = dup(all.items[0]->fds[0]);
    sockets_refuse(&all);
    ck_assert(!accepts(place.port));
    ck_assert_int_lt(access(path, F_OK), 0);
    (void)close(copy);
    free(path);
}
END_TEST

START_TEST(a_file_that_somebody_put_in_place_of_the_socket_stays)
{
    char *path = name_unix(0);
    ck_assert(sockets_open(&all, &named, 1));
    ck_assert_int_eq(unlink(path), 0);
    server_put_text(&place, "x.sock", "not ours");
    sockets_done(&all);
    ck_assert_int_eq(access(path, F_OK), 0);
    free(path);
}
END_TEST

UNIT_MAIN_WITH("process/sockets", setup, teardown, every_slot_has_a_socket_and_a_unix_one_is_shared,
               what_the_configuration_says_of_a_listener_reaches_its_socket,
               what_is_named_again_keeps_its_sockets,
               an_address_takes_the_place_of_one_that_it_overlaps,
               changed_options_are_told_to_need_a_restart, what_is_named_no_more_is_closed,
               when_one_cannot_be_opened_all_is_as_before, a_port_in_use_is_told_with_the_hint,
               too_many_addresses_are_refused, as_many_addresses_as_are_possible_can_be_reloaded,
               refusing_reaches_the_copies_that_workers_hold,
               a_file_that_somebody_put_in_place_of_the_socket_stays)
