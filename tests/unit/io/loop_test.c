/* The loop's turn: who is called, when, and what becomes of the closed. */
#include "io/loop.h"

#include "base/check.h"
#include "support/unit.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop l;
static char trace[128]; /* a letter a call, in order */
static size_t traced;

/* A source that leaves a trace; `act` is what it does besides. */
struct actor {
    struct source src;
    char letter;
    void (*act)(struct actor *self);
    struct actor *other; /* for act */
    bool freed;
};

static void leave_trace(char letter)
{
    ck_assert_uint_lt(traced, sizeof trace - 1);
    trace[traced++] = letter;
    trace[traced] = '\0';
}

static void on_ready(struct source *s)
{
    struct actor *a = container_of(s, struct actor, src);
    leave_trace(a->letter);
    if (a->act)
        a->act(a);
}

static struct actor actor(char letter, int fd, void (*act)(struct actor *self))
{
    return (struct actor){.src = {.on_ready = on_ready, .fd = fd}, .letter = letter, .act = act};
}

static void due(struct timer *t)
{
    (void)t;
    leave_trace('t');
}

static const timer_fn expire[] = {due};

static void setup(void)
{
    ck_assert(loop_init(&l, expire));
    traced = 0;
    trace[0] = '\0';
}

static void teardown(void)
{
    loop_done(&l);
}

/* One turn that does not wait; what was called, as letters. */
static const char *turn(void)
{
    traced = 0;
    trace[0] = '\0';
    loop_turn(&l, 0);
    return trace;
}

static void make_pair(int fd[2])
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
}

static void close_pair(const int fd[2])
{
    close(fd[0]);
    close(fd[1]);
}

/* --- readiness --- */

START_TEST(one_source_may_come_first)
{
    int fds[3];
    struct actor actors[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        actors[i] = actor((char)('a' + i), fds[i], NULL);
        ck_assert(loop_add_reader(&l, &actors[i].src));
    }
    l.first = &actors[2].src;
    loop_turn(&l, 0);
    ck_assert_uint_eq(traced, 3);
    ck_assert_int_eq(trace[0], 'c');
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}
END_TEST

START_TEST(a_connection_is_told_of_an_edge_once_and_readiness_is_sticky)
{
    int fd[2];
    make_pair(fd);
    struct actor a = actor('a', fd[0], NULL);
    ck_assert(loop_add(&l, &a.src));
    ck_assert_str_eq(turn(), "a");
    ck_assert_uint_eq(a.src.ready, CAN_WRITE);
    ck_assert_str_eq(turn(), "");
    ck_assert_int_eq(write(fd[1], "x", 1), 1);
    ck_assert_str_eq(turn(), "a");
    ck_assert_uint_eq(a.src.ready, CAN_READ | CAN_WRITE);
    ck_assert_str_eq(turn(), ""); /* not read, not told again */
    ck_assert_int_eq(write(fd[1], "x", 1), 1);
    ck_assert_str_eq(turn(), "a");
    close_pair(fd);
}
END_TEST

START_TEST(a_peer_that_sends_no_more_is_done_and_still_readable)
{
    int fd[2];
    make_pair(fd);
    struct actor a = actor('a', fd[0], NULL);
    ck_assert(loop_add(&l, &a.src));
    ck_assert_int_eq(shutdown(fd[1], SHUT_WR), 0);
    ck_assert_str_eq(turn(), "a");
    ck_assert_uint_eq(a.src.ready, CAN_READ | CAN_WRITE | PEER_DONE);
    close_pair(fd);
}
END_TEST

START_TEST(a_peer_that_has_left_is_gone)
{
    int fd[2];
    make_pair(fd);
    struct actor a = actor('a', fd[0], NULL);
    ck_assert(loop_add(&l, &a.src));
    close(fd[1]);
    ck_assert_str_eq(turn(), "a");
    ck_assert(a.src.ready & PEER_GONE);
    close(fd[0]);
}
END_TEST

START_TEST(a_reader_is_told_as_long_as_something_is_there)
{
    struct actor a = actor('a', eventfd(1, EFD_NONBLOCK), NULL);
    eventfd_t value;
    ck_assert(loop_add_reader(&l, &a.src));
    ck_assert_str_eq(turn(), "a");
    ck_assert_str_eq(turn(), "a");
    ck_assert_int_eq(eventfd_read(a.src.fd, &value), 0);
    ck_assert_str_eq(turn(), "");
    close(a.src.fd);
}
END_TEST

START_TEST(a_listener_can_be_paused_and_resumed)
{
    int pair[2];
    make_pair(pair);
    struct actor a = actor('a', pair[0], NULL);
    ck_assert(loop_add_listener(&l, &a.src));
    ck_assert_str_eq(turn(), "");
    ck_assert_int_eq(write(pair[1], "x", 1), 1);
    ck_assert_str_eq(turn(), "a");
    ck_assert_str_eq(turn(), "a");
    loop_remove(&l, &a.src);
    ck_assert_str_eq(turn(), "");
    ck_assert(loop_add_listener(&l, &a.src));
    ck_assert_str_eq(turn(), "a");
    close_pair(pair);
}
END_TEST

START_TEST(what_epoll_refuses_is_a_return_value)
{
    char path[] = "/tmp/skiff-loop-XXXXXX";
    int fd = mkstemp(path); /* a regular file has no readiness */
    struct actor a = actor('a', fd, NULL);
    ck_assert(!loop_add(&l, &a.src));
    ck_assert_int_eq(errno, EPERM);
    ck_assert(!loop_add_reader(&l, &a.src));
    ck_assert(!loop_add_listener(&l, &a.src));
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(without_descriptors_no_loop_begins)
{
    struct loop another;
    struct rlimit before, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool began = loop_init(&another, expire);
    int error = errno;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert(!began);
    ck_assert_int_eq(error, EMFILE);
    loop_done(&another);
}
END_TEST

/* --- closing and freeing --- */

static void release(struct source *s)
{
    struct actor *a = container_of(s, struct actor, src);
    ck_assert(!a->freed);
    a->freed = true;
    leave_trace('f');
}

static void close_actor(struct actor *a)
{
    if (a->src.fd < 0)
        return;
    close(a->src.fd);
    a->src.fd = -1;
    a->src.on_ready = release;
    loop_run_later(&l, &a->src);
}

static void close_other(struct actor *self)
{
    ck_assert(!self->other->freed);
    close_actor(self->other);
}

START_TEST(who_was_closed_earlier_in_the_batch_is_skipped_and_freed_after_it)
{
    int fd[2];
    make_pair(fd);
    struct actor a = actor('a', fd[0], close_other), b = actor('b', fd[1], close_other);
    a.other = &b;
    b.other = &a;
    ck_assert(loop_add(&l, &a.src));
    ck_assert(loop_add(&l, &b.src));
    turn();
    ck_assert_uint_eq(traced, 2); /* one of both, then the other's end */
    ck_assert_int_eq(trace[1], 'f');
    ck_assert_int_ne(a.freed, b.freed);
    ck_assert_int_eq(a.src.fd >= 0, b.freed);
    close(a.freed ? fd[1] : fd[0]);
}
END_TEST

START_TEST(who_closes_itself_is_freed_when_the_events_of_the_turn_are_over)
{
    int fd[2];
    make_pair(fd);
    struct actor a = actor('a', fd[0], close_actor);
    ck_assert(loop_add(&l, &a.src));
    ck_assert_str_eq(turn(), "af");
    ck_assert_str_eq(turn(), "");
    close(fd[1]);
}
END_TEST

START_TEST(who_is_closed_while_queued_is_freed_once)
{
    int fd[2];
    make_pair(fd);
    struct actor a = actor('a', fd[0], NULL), b = actor('b', -2, close_other);
    b.other = &a;
    loop_run_later(&l, &b.src);
    loop_run_later(&l, &a.src);
    ck_assert_str_eq(turn(), "bf");
    ck_assert_str_eq(turn(), "");
    ck_assert(a.freed);
    close(fd[1]);
}
END_TEST

/* --- the run list --- */

static void again(struct actor *self)
{
    loop_run_later(&l, &self->src);
    loop_run_later(&l, &self->src); /* twice is once */
}

static void queue_other(struct actor *self)
{
    loop_run_later(&l, &self->other->src);
}

START_TEST(what_is_queued_by_the_run_list_waits_for_the_next_turn)
{
    struct actor a = actor('a', -1, again), b = actor('b', -1, NULL);
    loop_run_later(&l, &a.src);
    loop_run_later(&l, &b.src);
    ck_assert_str_eq(turn(), "ab");
    ck_assert_str_eq(turn(), "a");
    a.act = NULL;
    ck_assert_str_eq(turn(), "a");
    ck_assert_str_eq(turn(), "");
}
END_TEST

START_TEST(a_turn_serves_events_then_timers_then_the_run_list)
{
    struct actor a = actor('a', eventfd(1, EFD_NONBLOCK), queue_other), b = actor('b', -1, NULL);
    struct timer t;
    a.other = &b;
    timer_init(&t, 0);
    uint64_t past = clock_ms(&l.clock) - 10 * WHEEL_TICK_MS;
    wheel_init(&l.wheel, past, expire);
    timer_set(&l.wheel, &t, past, WHEEL_TICK_MS);
    ck_assert(loop_add_reader(&l, &a.src));
    ck_assert_str_eq(turn(), "atb");
    close(a.src.fd);
}
END_TEST

START_TEST(an_idle_loop_wakes_for_its_deadline_but_at_most_once_a_second)
{
    struct timer t;
    timer_init(&t, 0);
    ck_assert_int_eq(loop_wait_ms(&l, -1), -1);
    ck_assert_int_eq(loop_wait_ms(&l, 30), 30);
    clock_set(&l.clock, 0, 0);
    wheel_init(&l.wheel, 0, expire);
    timer_set(&l.wheel, &t, 0, 2 * LOOP_IDLE_MS);
    ck_assert_int_eq(loop_wait_ms(&l, -1), 2 * LOOP_IDLE_MS);
    ck_assert_int_eq(loop_wait_ms(&l, 30), 30);
    timer_set(&l.wheel, &t, 0, WHEEL_TICK_MS);
    ck_assert_int_eq(loop_wait_ms(&l, -1), LOOP_IDLE_MS);
    ck_assert_int_eq(loop_wait_ms(&l, 30), 30);
    timer_stop(&l.wheel, &t);
}
END_TEST

START_TEST(a_turn_with_something_queued_does_not_wait)
{
    struct actor a = actor('a', -1, NULL);
    loop_run_later(&l, &a.src);
    uint64_t before = l.clock.now_us;
    ck_assert_int_eq(loop_wait_ms(&l, -1), 0);
    loop_turn(&l, -1); /* would wait for ever: nothing is registered */
    ck_assert_str_eq(trace, "a");
    ck_assert_uint_gt(l.clock.now_us, before);
}
END_TEST

static unsigned told;

static void count_and_close(struct source *s)
{
    told++;
    close(s->fd);
    s->fd = -1;
}

START_TEST(more_events_than_one_turn_takes_are_told_in_the_next)
{
    static struct source many[LOOP_EVENTS_MAX + 10];
    for (size_t i = 0; i < LOOP_EVENTS_MAX + 10; i++) {
        many[i] = (struct source){.on_ready = count_and_close, .fd = eventfd(0, EFD_NONBLOCK)};
        ck_assert(loop_add(&l, &many[i]));
    }
    loop_turn(&l, 0);
    ck_assert_uint_eq(told, LOOP_EVENTS_MAX);
    loop_turn(&l, 0);
    ck_assert_uint_eq(told, LOOP_EVENTS_MAX + 10);
}
END_TEST

/* --- groups --- */

static void ask(struct actor *self)
{
    (void)loop_call_again(&l, &self->src);
}

static void ask_and_close(struct actor *self)
{
    ask(self);
    close_other(self);
}

static void ask_often(struct actor *self)
{
    int times = 0;
    while (loop_call_again(&l, &self->src))
        times++;
    leave_trace(times == LOOP_GROUP ? '!' : times == 0 ? '.' : '?');
}

/* So many actors whose event is here, by letters from 'a' on. */
static void arrive(struct actor *actors, int n, void (*act)(struct actor *self))
{
    for (int i = 0; i < n; i++) {
        actors[i] =
            actor((char)('a' + i), eventfd(0, EFD_NONBLOCK), act); /* an edge: may be written */
        ck_assert(loop_add(&l, &actors[i].src));
    }
}

static void depart(struct actor *actors, int n)
{
    for (int i = 0; i < n; i++)
        if (actors[i].src.fd >= 0)
            close(actors[i].src.fd);
}

START_TEST(who_asks_is_called_again_behind_its_group)
{
    struct actor actors[LOOP_GROUP + 4];
    arrive(actors, LOOP_GROUP + 4, ask);
    ck_assert_str_eq(turn(), "abcdefghijklmnopabcdefghijklmnopqrst");
    ck_assert_str_eq(turn(), "");
    depart(actors, LOOP_GROUP + 4);
}
END_TEST

START_TEST(who_is_alone_is_not_called_again)
{
    struct actor actors[LOOP_GROUP + 1];
    arrive(actors, 1, ask_often);
    ck_assert_str_eq(turn(), "a.");
    loop_run_later(&l, &actors[0].src); /* nor is there a group on the run list */
    ck_assert_str_eq(turn(), "a.");
    depart(actors, 1);
    arrive(actors, LOOP_GROUP + 1, ask); /* the last is a group of its own */
    ck_assert_str_eq(turn(), "abcdefghijklmnopabcdefghijklmnopq");
    depart(actors, LOOP_GROUP + 1);
}
END_TEST

START_TEST(few_are_not_called_again)
{
    struct actor actors[LOOP_GROUP - 1];
    arrive(actors, LOOP_GROUP - 1, ask); /* their peers would wait for nothing */
    ck_assert_str_eq(turn(), "abcdefghijklmno");
    depart(actors, LOOP_GROUP - 1);
}
END_TEST

START_TEST(who_is_closed_meanwhile_is_not_called_again)
{
    struct actor actors[LOOP_GROUP];
    arrive(actors, LOOP_GROUP, ask);
    actors[1].act = ask_and_close;
    actors[1].other = &actors[0];
    ck_assert_str_eq(turn(), "abcdefghijklmnopbcdefghijklmnopf");
    ck_assert(actors[0].freed);
    depart(actors, LOOP_GROUP);
}
END_TEST

START_TEST(a_group_has_room_for_as_many_calls_as_sources)
{
    struct actor actors[LOOP_GROUP];
    arrive(actors, LOOP_GROUP, NULL);
    actors[0].act = ask_often;
    actors[1].act = ask;
    ck_assert_str_eq(turn(), "a!bcdefghijklmnopa.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.");
    depart(actors, LOOP_GROUP);
}
END_TEST

UNIT_MAIN_WITH("io/loop", setup, teardown, one_source_may_come_first,
               a_connection_is_told_of_an_edge_once_and_readiness_is_sticky,
               a_peer_that_sends_no_more_is_done_and_still_readable, a_peer_that_has_left_is_gone,
               a_reader_is_told_as_long_as_something_is_there, a_listener_can_be_paused_and_resumed,
               what_epoll_refuses_is_a_return_value, without_descriptors_no_loop_begins,
               who_was_closed_earlier_in_the_batch_is_skipped_and_freed_after_it,
               who_closes_itself_is_freed_when_the_events_of_the_turn_are_over,
               who_is_closed_while_queued_is_freed_once,
               what_is_queued_by_the_run_list_waits_for_the_next_turn,
               a_turn_serves_events_then_timers_then_the_run_list,
               an_idle_loop_wakes_for_its_deadline_but_at_most_once_a_second,
               a_turn_with_something_queued_does_not_wait,
               more_events_than_one_turn_takes_are_told_in_the_next,
               who_asks_is_called_again_behind_its_group, who_is_alone_is_not_called_again,
               few_are_not_called_again, who_is_closed_meanwhile_is_not_called_again,
               a_group_has_room_for_as_many_calls_as_sources)
