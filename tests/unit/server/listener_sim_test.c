/* Accepting: who is registered with the loop, and when, on real sockets. */
#include "server/listener.h"

#include "io/sock.h"
#include "support/sim.h"
#include "support/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GET      "GET /hello HTTP/1.1\r\nHost: a\r\n"
#define LAST     GET "Connection: close\r\n\r\n"
#define KEEPS    GET "\r\n"
#define ANSWERED "HTTP/1.1 200 OK\r\n"

enum { CROWD = 40, TURNS = 20 };

static struct sim *sim;
static int listening;
static unsigned registered; /* connections, since the test began */

/* In place of the C library's. */
int epoll_ctl(int epfd, int op, int fd, struct epoll_event *e)
{
    registered += op == EPOLL_CTL_ADD;
    return (int)syscall(SYS_epoll_ctl, epfd, op, fd, e);
}

static void setup(void)
{
    sim_no_files();
    sim = sim_new("version: 1\nlisten: [\"127.0.0.1:1\"]\n"
                  "vhosts: [{root: /srv, routes: [{match: {path: /hello}, "
                  "respond: {status: 200, body: hello}}]}]\n");
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(listening, (struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(listen(listening, 2 * CROWD), 0);
    ck_assert(listeners_init(&sim->worker, &listening, 1, 1, 0));
    ck_assert(listeners_take(&sim->worker, 0));
    sim->worker.connections_max = 2 * CROWD;
    registered = 0;
}

static void turn(void)
{
    for (int i = 0; i < TURNS; i++)
        loop_turn(&sim->worker.loop, 0);
}

static void teardown(void)
{
    listeners_done(&sim->worker);
    turn();
    ck_assert_uint_eq(sim->worker.connections, 0);
    sim_free(sim);
}

/* --- the peers --- */

static int peers[2 * CROWD];

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static int join(const char *text)
{
    struct sockaddr_in to;
    socklen_t n = sizeof to;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&to, &n), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, n), 0);
    say(fd, text);
    return fd;
}

static void crowd(const char *text)
{
    for (int i = 0; i < CROWD; i++)
        peers[i] = join(text);
}

static void is_answered(int fd)
{
    char got[1024];
    ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    ck_assert_int_gt(n, (ssize_t)sizeof ANSWERED);
    ck_assert_int_eq(memcmp(got, ANSWERED, sizeof ANSWERED - 1), 0);
}

static void leave(int fd)
{
    close(fd);
    turn();
}

static void all_are_answered_and_leave(void)
{
    for (int i = 0; i < CROWD; i++) {
        is_answered(peers[i]);
        close(peers[i]);
    }
    turn();
}

static void both_are_answered_and_leave(int a, int b)
{
    is_answered(a);
    is_answered(b);
    close(a);
    close(b);
}

/* --- whose request is there --- */

START_TEST(who_is_answered_and_closed_at_once_is_not_registered)
{
    leave(join(LAST)); /* the first is always tried */
    crowd(LAST);
    turn();
    all_are_answered_and_leave();
    ck_assert_uint_eq(registered, 0);
}
END_TEST

START_TEST(who_stays_is_registered_once_and_heard_again)
{
    crowd(KEEPS);
    turn();
    ck_assert_uint_eq(registered, CROWD);
    for (int i = 0; i < CROWD; i++) {
        is_answered(peers[i]);
        say(peers[i], LAST);
    }
    turn();
    all_are_answered_and_leave();
    ck_assert_uint_eq(registered, CROWD);
}
END_TEST

START_TEST(half_a_head_that_is_there_is_completed_later)
{
    leave(join(LAST));
    crowd(GET);
    turn();
    ck_assert_uint_eq(registered, CROWD);
    for (int i = 0; i < CROWD; i++)
        say(peers[i], "\r\n");
    turn();
    all_are_answered_and_leave();
}
END_TEST

/* Its end is here as well when it is read. */
START_TEST(who_has_said_all_is_answered_and_seen_to_leave)
{
    leave(join(LAST));
    int fd = join(KEEPS);
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    turn();
    is_answered(fd);
    ck_assert_uint_eq(sim->worker.connections, 0);
    close(fd);
}
END_TEST

/* --- whose request is not --- */

START_TEST(who_says_nothing_yet_is_awaited_and_seldom_tried)
{
    crowd("");
    turn();
    ck_assert_uint_eq(registered, CROWD);
    ck_assert(!sim->worker.listeners[0].comes_early);
    ck_assert_uint_eq(sim->worker.listeners[0].untried, CROWD);
    for (int i = 0; i < CROWD; i++)
        say(peers[i], LAST);
    turn();
    all_are_answered_and_leave();
}
END_TEST

START_TEST(what_came_early_once_is_not_believed_for_long)
{
    leave(join(LAST));
    ck_assert(sim->worker.listeners[0].comes_early);
    leave(join(""));
    ck_assert(!sim->worker.listeners[0].comes_early);
    for (int i = 0; i < LISTENER_TRY_EACH; i++)
        leave(join(LAST));
    ck_assert(sim->worker.listeners[0].comes_early);
}
END_TEST

/* --- limits --- */

START_TEST(who_was_accepted_and_not_yet_read_does_not_make_room)
{
    leave(join(LAST));
    sim->worker.connections_max = 2;
    crowd(LAST);
    for (int i = 0; i < CROWD; i += TURNS)
        turn(); /* each of them takes one at least */
    all_are_answered_and_leave();
}
END_TEST

/* Their requests may be here: each was connected with one. */
START_TEST(who_is_new_does_not_make_room_for_the_next)
{
    sim->worker.connections_max = CROWD / 4;
    crowd(LAST);
    for (int i = 0; i < CROWD; i += TURNS)
        turn();
    ck_assert(!sim->worker.paused);
    all_are_answered_and_leave();
}
END_TEST

/* It was met last when it was idle. */
START_TEST(who_asks_again_meanwhile_does_not_make_room)
{
    int fd = join(KEEPS);
    turn();
    is_answered(fd);
    sim->worker.connections_max = 1;
    int next = join(LAST);
    say(fd, KEEPS);
    turn();
    both_are_answered_and_leave(fd, next);
}
END_TEST

/* However many there are, and whatever wakes them. */
START_TEST(who_is_silent_makes_room_after_a_turn_or_two)
{
    sim->worker.connections_max = 2;
    crowd("");
    for (int i = 0; i < CROWD; i += TURNS)
        turn();
    int last = join(LAST);
    send(peers[CROWD - 1], "!", 1, MSG_OOB);
    turn();
    is_answered(last);
    close(last);
    for (int i = 0; i < CROWD; i++)
        close(peers[i]);
}
END_TEST

START_TEST(accepting_goes_on_when_somebody_has_become_idle)
{
    int fd = join(GET);
    turn();
    sim->worker.connections_max = 1;
    int next = join(LAST);
    turn();
    ck_assert(sim->worker.paused);
    say(fd, "\r\n");
    loop_turn(&sim->worker.loop, 0);
    ck_assert(!sim->worker.paused);
    turn();
    both_are_answered_and_leave(fd, next);
}
END_TEST

/* It may ask again, and knows that it may be closed. */
START_TEST(who_has_asked_before_makes_room_at_once)
{
    char end;
    int idle = join(KEEPS);
    turn();
    is_answered(idle);
    sim->worker.connections_max = 1;
    int next = join(LAST);
    turn();
    ck_assert_int_eq(recv(idle, &end, 1, MSG_DONTWAIT), 0);
    is_answered(next);
    close(idle);
    close(next);
}
END_TEST

UNIT_MAIN_WITH(
    "server/listener", setup, teardown, who_is_answered_and_closed_at_once_is_not_registered,
    who_stays_is_registered_once_and_heard_again, half_a_head_that_is_there_is_completed_later,
    who_has_said_all_is_answered_and_seen_to_leave,
    who_says_nothing_yet_is_awaited_and_seldom_tried, what_came_early_once_is_not_believed_for_long,
    who_was_accepted_and_not_yet_read_does_not_make_room,
    who_is_new_does_not_make_room_for_the_next, who_asks_again_meanwhile_does_not_make_room,
    who_is_silent_makes_room_after_a_turn_or_two, accepting_goes_on_when_somebody_has_become_idle,
    who_has_asked_before_makes_room_at_once)
