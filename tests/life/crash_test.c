/* Workers that die, hang or run out of something: the others and the next ones serve on. */
#include "support/launcher.h"
#include "support/refuse.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONNECTIONS = 60, DESCRIPTORS = 40, ASKS = 24 /* enough to meet every slot */ };

static const char one_worker[] = "version: 1\nprocess: {workers: 1}\n"
                                 "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n";
static const char request[] = "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";

static struct server s;

static void setup(void)
{
    server_prepare(&s);
    server_put_text(&s, "www/hello.txt", "hello");
}

static void teardown(void)
{
    server_release(&s);
}

/* Waits until there are so many workers that `gone` is not among them; the newest one. */
static pid_t wait_for_workers(int wanted, pid_t gone)
{
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS;; sleep_ms(2)) {
        pid_t pids[16], newest = 0;
        int count = server_workers(&s, pids, 16);
        bool is_gone = true;
        for (int i = 0; i < count; i++) {
            is_gone = is_gone && pids[i] != gone;
            newest = pids[i] > newest ? pids[i] : newest;
        }
        if (count == wanted && is_gone)
            return newest;
        ck_assert_msg(now_ms() < end, "there are %d workers, not %d: %s", count, wanted,
                      server_stderr(&s));
    }
}

static void ask_all_slots(void)
{
    for (int i = 0; i < ASKS; i++)
        ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
}

START_TEST(a_killed_worker_is_replaced_at_once)
{
    server_start_all(&s, server_plain_config);
    pid_t victim = wait_for_workers(2, 0);
    uint64_t began = now_ms();
    ck_assert_int_eq(kill(victim, SIGKILL), 0);
    wait_for_workers(2, victim);
    ck_assert_uint_lt(now_ms() - began, 400); /* less than any back-off */
    server_must_say(&s, "killed by signal 9");
    ask_all_slots();
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(what_waits_in_the_queue_is_served_by_the_next_worker)
{
    struct answer a;
    server_start_all(&s, one_worker);
    pid_t victim = wait_for_workers(1, 0);
    ck_assert_int_eq(kill(victim, SIGSTOP), 0);
    int fd = server_dial(&s);
    ck_assert(send_text(fd, request));
    ck_assert_int_eq(kill(victim, SIGKILL), 0);
    ck_assert(answer_read(fd, false, &a));
    ck_assert_int_eq(a.status, 200);
    answer_free(&a);
    (void)close(fd);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_slot_that_dies_again_and_again_waits_and_a_sibling_serves_it)
{
    server_start_all(&s, server_plain_config);
    pid_t victim = wait_for_workers(2, 0);
    for (int deaths = 1; deaths <= 3; deaths++) {
        ck_assert_int_eq(kill(victim, SIGKILL), 0);
        if (deaths < 3)
            victim = wait_for_workers(2, victim);
    }
    server_must_say(&s, "started again in 500 ms");
    uint64_t began = now_ms();
    ask_all_slots(); /* long before the next worker is there */
    pid_t next = wait_for_workers(2, victim);
    ck_assert_uint_gt(now_ms() - began, 100);
    ask_all_slots();
    ck_assert_int_eq(kill(next, SIGKILL), 0);
    server_must_say(&s, "started again in 1000 ms");
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_hung_workers_slot_is_adopted_and_given_back)
{
    server_start_all(&s, server_plain_config);
    pid_t hung = wait_for_workers(2, 0);
    ck_assert_int_eq(kill(hung, SIGSTOP), 0);
    server_must_say(&s, "does not answer");
    ask_all_slots();
    ck_assert_int_eq(kill(hung, SIGCONT), 0);
    server_must_say(&s, "answers again");
    ask_all_slots();
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_hung_worker_does_not_outlive_int)
{
    server_start_all(&s, server_plain_config);
    ck_assert_int_eq(kill(wait_for_workers(2, 0), SIGSTOP), 0);
    server_signal(&s, SIGINT);
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 0);
}
END_TEST

/* Connections that hold a worker's descriptors and cannot be shed: half a request each. */
static void hold(int fds[CONNECTIONS])
{
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = server_dial(&s);
        ck_assert(send_text(fds[i], "GET /hello.txt HTTP/1.1\r\n"));
    }
}

/* Until what waited in the queue is worked off, an ask may be among what is closed to make room. */
static void wait_for_recovery(void)
{
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; server_fetch(&s, "/hello.txt", NULL) != 200;)
        ck_assert_uint_lt(now_ms(), end);
}

START_TEST(out_of_descriptors_it_survives_and_recovers)
{
    int fds[CONNECTIONS];
    server_start_all(&s, one_worker);
    pid_t worker = wait_for_workers(1, 0);
    limit_worker(worker, RLIMIT_NOFILE, DESCRIPTORS);
    hold(fds);
    server_must_say(&s, "no descriptors left");
    for (int i = 0; i < CONNECTIONS; i++)
        (void)close(fds[i]);
    wait_for_recovery();
    ask_all_slots();
    ck_assert_int_eq(wait_for_workers(1, 0), worker);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(at_the_connection_limit_it_waits_and_goes_on)
{
    int fds[CONNECTIONS];
    server_start_all(&s, "version: 1\nprocess: {workers: 1, max_connections: 20}\n"
                         "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n");
    hold(fds);
    server_must_say(&s, "connection limit reached");
    for (int i = 0; i < CONNECTIONS; i++)
        (void)close(fds[i]);
    wait_for_recovery();
    ask_all_slots();
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

/* A process's children, zombies as well; -1 where the kernel does not tell. */
static int count_children(pid_t pid)
{
    char path[64];
    int count = 0, one;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return -1;
    while (fscanf(f, "%d", &one) == 1)
        count++;
    (void)fclose(f); /* only read */
    return count;
}

START_TEST(children_that_are_no_workers_are_reaped)
{
    server_put_text(&s, "skiff.yaml", server_plain_config);
    server_launch_shell(&s, "sleep 0.3 & exec \"$SKIFF\" run -c skiff.yaml");
    server_await(&s);
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; count_children(s.pid) > 2; sleep_ms(10))
        ck_assert_uint_lt(now_ms(), end);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

UNIT_MAIN_WITH("life/crash", setup, teardown, a_killed_worker_is_replaced_at_once,
               what_waits_in_the_queue_is_served_by_the_next_worker,
               a_slot_that_dies_again_and_again_waits_and_a_sibling_serves_it,
               a_hung_workers_slot_is_adopted_and_given_back, a_hung_worker_does_not_outlive_int,
               out_of_descriptors_it_survives_and_recovers,
               at_the_connection_limit_it_waits_and_goes_on,
               children_that_are_no_workers_are_reaped)
