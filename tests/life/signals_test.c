/* Signals to the master: what is in hand is finished, what is asked for is done, nothing is lost.
 */
#include "support/launcher.h"
#include "support/refuse.h"
#include "support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BIG_FILE = 32 * 1024 * 1024, /* more than all socket buffers: its answer stays in hand */
    LOADERS = 3,
    LOAD_MS = 1500,
};

static struct server s;

static void setup(void)
{
    server_prepare(&s);
    server_put_text(&s, "www/hello.txt", "hello");
    char *big = server_path(&s, "www/big");
    int fd = open(big, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_eq(ftruncate(fd, BIG_FILE), 0);
    ck_assert_int_eq(close(fd), 0);
    free(big);
}

static void teardown(void)
{
    server_release(&s);
}

/* A connection whose answer is in hand: its head was read, the rest waits for us. */
static int begin_big(void)
{
    char first[16];
    int fd = server_dial(&s);
    ck_assert(send_text(fd, "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    ck_assert_int_eq(recv(fd, first, sizeof first, MSG_PEEK | MSG_WAITALL), sizeof first);
    return fd;
}

static void check_refused(uint16_t port)
{
    int fd;
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; (fd = port_dial(port)) >= 0; sleep_ms(10)) {
        (void)close(fd);
        ck_assert_msg(now_ms() < end, "port %u still accepts", port);
    }
}

/* --- ending --- */

START_TEST(term_finishes_the_answer_in_hand)
{
    struct answer a;
    server_start_all(&s, server_plain_config);
    int fd = begin_big();
    server_signal(&s, SIGTERM);
    check_refused(s.port);
    ck_assert_int_eq(server_wait(&s, 300), -1);
    ck_assert(answer_read(fd, false, &a));
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(a.body_size, BIG_FILE);
    answer_free(&a);
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 0);
    (void)close(fd);
}
END_TEST

START_TEST(term_refuses_who_comes_later_at_once)
{
    server_start_all(&s, server_plain_config);
    int fd = begin_big();
    server_signal(&s, SIGTERM);
    server_must_say(&s, "finishing");
    sleep_ms(100);
    ck_assert_int_lt(port_dial(s.port), 0);
    (void)close(fd);
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 0);
}
END_TEST

START_TEST(a_killed_master_leaves_the_port_though_an_answer_is_in_hand)
{
    server_start_all(&s, server_plain_config);
    int fd = begin_big();
    server_signal(&s, SIGKILL);
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 128 + SIGKILL);
    check_refused(s.port);
    server_start_all(&s, server_plain_config);
    (void)close(fd);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(term_closes_idle_connections)
{
    struct answer a;
    char byte;
    server_start_all(&s, server_plain_config);
    int fd = server_dial(&s);
    ck_assert(send_text(fd, "GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    ck_assert(answer_read(fd, false, &a));
    answer_free(&a);
    ck_assert_int_eq(server_stop(&s), 0);
    ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
}
END_TEST

static void end_at_once(int signal)
{
    uint64_t began = now_ms();
    server_signal(&s, signal);
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 0);
    ck_assert_uint_lt(now_ms() - began, 1500);
}

START_TEST(int_ends_at_once)
{
    server_start_all(&s, server_plain_config);
    int fd = begin_big();
    end_at_once(SIGINT);
    (void)close(fd);
}
END_TEST

/* A client that asks without reading, each time on a new connection, until it is ended. */
static pid_t start_crowd(void)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; now_ms() < end;) {
        int fd = port_dial(s.port);
        if (fd >= 0 && send_text(fd, "GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n"))
            (void)close(fd);
    }
    _exit(0);
}

START_TEST(int_ends_at_once_while_others_connect)
{
    pid_t crowd[LOADERS];
    server_start_all(&s, "version: 1\nprocess: {workers: 1}\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                         "log: {access: {to: @DIR@/access.log}}\n"
                         "vhosts: [{root: @DIR@/www}]\n");
    for (int i = 0; i < LOADERS; i++)
        crowd[i] = start_crowd();
    sleep_ms(200);
    end_at_once(SIGINT);
    for (int i = 0; i < LOADERS; i++) {
        ck_assert_int_eq(kill(crowd[i], SIGKILL), 0);
        ck_assert_int_eq(waitpid(crowd[i], NULL, 0), crowd[i]);
    }
    ck_assert_uint_eq(server_said(&s, "aborting"), 0);
}
END_TEST

START_TEST(a_second_term_ends_at_once)
{
    server_start_all(&s, server_plain_config);
    int fd = begin_big();
    server_signal(&s, SIGTERM);
    server_must_say(&s, "finishing");
    end_at_once(SIGTERM);
    (void)close(fd);
}
END_TEST

START_TEST(workers_ignore_signals)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};
    pid_t before[8], after[8];
    server_start_all(&s, server_plain_config);
    ck_assert_int_eq(server_workers(&s, before, 8), 2);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        ck_assert_int_eq(kill(before[0], signals[i]), 0);
    sleep_ms(100);
    ck_assert_int_eq(server_workers(&s, after, 8), 2);
    ck_assert_int_eq(after[0], before[0]);
    ck_assert_int_eq(after[1], before[1]);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(usr2_is_told_and_changes_nothing)
{
    server_start_all(&s, server_plain_config);
    server_signal(&s, SIGUSR2);
    server_must_say(&s, "not supported");
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
}
END_TEST

/* --- reload --- */

START_TEST(hup_serves_what_the_new_configuration_says)
{
    pid_t before[8], after[8];
    server_start_all(&s, server_plain_config);
    ck_assert_int_eq(server_workers(&s, before, 8), 2);
    server_put_text(&s, "other/new.txt", "new");
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nprocess: {workers: 3}\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                    "vhosts: [{root: @DIR@/other}]\n");
    server_signal(&s, SIGHUP);
    server_must_say(&s, "reload: done: 3 workers");
    ck_assert_int_eq(server_fetch(&s, "/new.txt", NULL), 200);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 404);
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; server_workers(&s, after, 8) != 3; sleep_ms(20))
        ck_assert_uint_lt(now_ms(), end);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(fewer_workers_accept_from_the_slots_that_are_left_over)
{
    server_start_all(&s, "version: 1\nprocess: {workers: 4}\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                         "vhosts: [{root: @DIR@/www}]\n");
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nprocess: {workers: 1}\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                    "vhosts: [{root: @DIR@/www}]\n");
    server_signal(&s, SIGHUP);
    server_must_say(&s, "reload: done: 1 worker,");
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
}
END_TEST

START_TEST(a_bad_configuration_on_hup_keeps_the_old_one)
{
    pid_t before[8], after[8];
    server_start_all(&s, server_plain_config);
    ck_assert_int_eq(server_workers(&s, before, 8), 2);
    server_put_text(&s, "skiff.yaml", "version: 1\nlisten: nonsense\n");
    server_signal(&s, SIGHUP);
    server_must_say(&s, "reload: refused");
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nlisten: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/none}]\n");
    server_signal(&s, SIGHUP);
    server_must_say(&s, "/none: No such file");
    ck_assert_int_eq(server_workers(&s, after, 8), 2);
    ck_assert_int_eq(after[0], before[0]);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

/* Reloads what works, with this behind it. */
static void hup_with(const char *more)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "version: 1\nlisten: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n%s",
                   more);
    server_put_text(&s, "skiff.yaml", text);
    server_signal(&s, SIGHUP);
}

START_TEST(hup_tells_all_that_is_wrong)
{
    server_start_all(&s, server_plain_config);
    hup_with("a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\ng: 1\nh: 1\ni: 1\nj: 1\nk: 1\n");
    server_must_say(&s, "unknown key \"k\"");
    server_must_say(&s, "11 errors, 0 warnings");
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(hup_tells_what_a_configuration_is_warned_of)
{
    server_start_all(&s, server_plain_config);
    hup_with("unknown_host: {respond: {status: 404}}\n");
    server_must_say(&s, "reload: done");
    ck_assert(server_says(&s, "warning: unknown_host is never used", 0));
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(hup_opens_new_addresses_and_closes_removed_ones)
{
    struct server moved = s;
    server_start_all(&s, server_plain_config);
    moved.port = port_free();
    server_put_text(&moved, "skiff.yaml", server_plain_config);
    server_signal(&s, SIGHUP);
    server_must_say(&s, "reload: done");
    ck_assert_int_eq(server_fetch(&moved, "/hello.txt", NULL), 200);
    check_refused(s.port);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

/* The descriptors of the only worker, when it has no other beside it. */
static int count_descriptors(void)
{
    pid_t workers[8];
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; server_workers(&s, workers, 8) != 1;
         sleep_ms(20))
        ck_assert_uint_lt(now_ms(), end);
    return server_descriptors(workers[0]);
}

START_TEST(after_hup_workers_hold_nothing_of_the_old_configuration)
{
    static const char text[] = "version: 1\nprocess: {workers: 1}\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                               "log: {access: {to: @DIR@/@PORT@.log}}\n"
                               "vhosts: [{root: @DIR@/www}]\n";
    struct server moved = s;
    server_start_all(&s, text);
    int before = count_descriptors();
    moved.port = port_free();
    server_put_text(&moved, "skiff.yaml", text);
    server_signal(&s, SIGHUP);
    server_must_say(&s, "reload: done");
    ck_assert_int_eq(count_descriptors(), before);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(hup_finishes_the_answer_in_hand)
{
    struct answer a;
    server_start_all(&s, server_plain_config);
    int fd = begin_big();
    server_signal(&s, SIGHUP);
    server_must_say(&s, "reload: done");
    ck_assert(answer_read(fd, false, &a));
    ck_assert_uint_eq(a.body_size, BIG_FILE);
    answer_free(&a);
    (void)close(fd);
}
END_TEST

/* A client that asks, each time on a new connection; the exit code is 1 when one ask failed. */
static pid_t start_loader(void)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    for (uint64_t end = now_ms() + LOAD_MS; now_ms() < end;)
        if (server_fetch(&s, "/hello.txt", NULL) != 200)
            _exit(1);
    _exit(0);
}

START_TEST(hup_under_load_fails_no_request)
{
    pid_t loaders[LOADERS];
    server_start_all(&s, server_plain_config);
    for (int i = 0; i < LOADERS; i++)
        loaders[i] = start_loader();
    for (int i = 0; i < 3; i++) {
        sleep_ms(LOAD_MS / 5);
        server_signal(&s, SIGHUP);
    }
    for (int i = 0; i < LOADERS; i++) {
        int status;
        ck_assert_int_eq(waitpid(loaders[i], &status, 0), loaders[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a request failed");
    }
    server_must_say(&s, "reload: done");
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(signals_that_arrive_together_coalesce)
{
    server_start_all(&s, server_plain_config);
    for (int i = 0; i < 50; i++)
        server_signal(&s, i % 2 ? SIGHUP : SIGUSR1);
    server_must_say(&s, "reload: done");
    server_must_say(&s, "logs reopened");
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

/* --- logs --- */

static int count_lines(const char *path)
{
    char *text = server_get(&s, path, NULL);
    int count = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        count++;
    free(text);
    return count;
}

START_TEST(usr1_reopens_both_logs_and_loses_no_line)
{
    int asked = 0;
    server_start(&s, "version: 1\nprocess: {workers: 2}\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                     "log: {error: {to: @DIR@/error.log},\n"
                     "      access: {to: @DIR@/access.log, buffer: {flush: 50ms}}}\n"
                     "vhosts: [{root: @DIR@/www}]\n");
    char *log = server_path(&s, "access.log"), *old = server_path(&s, "access.log.1");
    char *error = server_path(&s, "error.log"), *old_error = server_path(&s, "error.log.1");
    for (int round = 0; round < 40; round++, asked++) {
        if (round == 20) {
            ck_assert_int_eq(rename(log, old), 0);
            ck_assert_int_eq(rename(error, old_error), 0);
            server_signal(&s, SIGUSR1);
        }
        ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    }
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; count_lines("access.log") == 0; sleep_ms(10))
        ck_assert_uint_lt(now_ms(), end);
    ck_assert_int_eq(server_stop(&s), 0);
    ck_assert_int_eq(count_lines("access.log") + count_lines("access.log.1"), asked);
    ck_assert_int_gt(count_lines("error.log"), 0);
    ck_assert_int_gt(count_lines("error.log.1"), 0);
    free(log), free(old), free(error), free(old_error);
}
END_TEST

/* Connections have taken all descriptors: there is room for those of the logs all the same. */
START_TEST(usr1_reopens_logs_when_descriptors_have_run_out)
{
    enum { CROWD = 100, FEW = 60 };
    int crowd[CROWD];
    pid_t worker;
    server_start_all(&s, "version: 1\nprocess: {workers: 1}\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                         "log: {access: {to: @DIR@/access.log, buffer: {flush: 50ms}}}\n"
                         "vhosts: [{root: @DIR@/www}]\n");
    ck_assert_int_eq(server_workers(&s, &worker, 1), 1);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    limit_worker(worker, RLIMIT_NOFILE, FEW);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = server_dial(&s);
    server_must_say(&s, "descriptors");
    char *log = server_path(&s, "access.log"), *old = server_path(&s, "access.log.1");
    ck_assert_int_eq(rename(log, old), 0);
    server_signal(&s, SIGUSR1);
    server_must_say(&s, "logs reopened");
    sleep_ms(100);
    for (int i = 0; i < CROWD; i++)
        (void)close(crowd[i]);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; count_lines("access.log") == 0; sleep_ms(10))
        ck_assert_uint_lt(now_ms(), end);
    ck_assert_int_eq(server_stop(&s), 0);
    free(log), free(old);
}
END_TEST

START_TEST(logs_that_cannot_be_reopened_stay)
{
    server_put_text(&s, "logs/.keep", "");
    server_start(&s, "version: 1\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                     "log: {access: {to: @DIR@/logs/access.log, buffer: {flush: 50ms}}}\n"
                     "vhosts: [{root: @DIR@/www}]\n");
    char *logs = server_path(&s, "logs"), *moved = server_path(&s, "moved");
    ck_assert_int_eq(rename(logs, moved), 0);
    server_signal(&s, SIGUSR1);
    server_must_say(&s, "the logs stay as they were");
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
    ck_assert_int_eq(count_lines("moved/access.log"), 1);
    free(logs), free(moved);
}
END_TEST

UNIT_MAIN_WITH("life/signals", setup, teardown, term_finishes_the_answer_in_hand,
               term_refuses_who_comes_later_at_once,
               a_killed_master_leaves_the_port_though_an_answer_is_in_hand,
               term_closes_idle_connections, int_ends_at_once,
               int_ends_at_once_while_others_connect, a_second_term_ends_at_once,
               workers_ignore_signals, usr2_is_told_and_changes_nothing,
               hup_serves_what_the_new_configuration_says,
               fewer_workers_accept_from_the_slots_that_are_left_over,
               a_bad_configuration_on_hup_keeps_the_old_one, hup_tells_all_that_is_wrong,
               hup_tells_what_a_configuration_is_warned_of,
               hup_opens_new_addresses_and_closes_removed_ones,
               after_hup_workers_hold_nothing_of_the_old_configuration,
               hup_finishes_the_answer_in_hand, hup_under_load_fails_no_request,
               signals_that_arrive_together_coalesce, usr1_reopens_both_logs_and_loses_no_line,
               usr1_reopens_logs_when_descriptors_have_run_out, logs_that_cannot_be_reopened_stay)
