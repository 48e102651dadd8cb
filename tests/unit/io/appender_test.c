/* The appender beside the loop: order, what it keeps open, and what a disk or the machine refuses.
 */
#include "io/appender.h"

#include "base/check.h"
#include "base/log.h"
#include "support/refuse.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 20000 };

static struct loop l;
static struct appender a;
static char path[80];
static unsigned done_n;
static struct write_outcome last;

static void is_done(struct appender *of, struct write_outcome o)
{
    ck_assert_ptr_eq(of, &a);
    done_n++;
    last = o;
}

static int open_file(void)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void setup(void)
{
    static const timer_fn none[1];
    log_open(STDERR_FILENO, LOG_ERROR, ""); /* a thread that cannot be had is only a warning */
    ck_assert(loop_init(&l, none));
    scratch_make();
    strcpy(path, in("log"));
}

static void teardown(void)
{
    be_root_again();
    loop_done(&l);
    scratch_remove();
}

static void start(int fd)
{
    ck_assert(appender_init(&a, &l, fd, is_done));
}

/* Writes, and waits for the outcome. */
static void write_lines(const char *text)
{
    unsigned before = done_n;
    appender_write(&a, str_of(text));
    ck_assert(a.is_busy);
    ck_assert_uint_eq(done_n, before); /* done() comes with a turn */
    while (done_n == before)
        loop_turn(&l, WAIT_MS);
    ck_assert(!a.is_busy);
}

static void file_is(const char *name, const char *expected)
{
    char text[256];
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text);
    ck_assert_int_ge(n, 0);
    (void)close(fd);
    ck_str(str_make(text, (size_t)n), expected);
}

/* Nobody has the other end open any more. */
static bool is_closed_elsewhere(int reader)
{
    char byte;
    ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
    return read(reader, &byte, 1) == 0;
}

START_TEST(what_is_written_is_there_when_it_is_done)
{
    start(open_file());
    write_lines("one\n");
    file_is(path, "one\n");
    ck_assert_uint_eq(last.n, 4);
    ck_assert_int_eq(last.error, 0);
    write_lines("two\nthree\n");
    file_is(path, "one\ntwo\nthree\n");
    ck_assert(appender_done(&a));
}
END_TEST

/* Or a connection that the loop closes would not be closed. */
START_TEST(the_thread_keeps_nothing_open_but_the_file)
{
    int earlier[2], later[2];
    ck_assert_int_eq(pipe2(earlier, O_CLOEXEC), 0);
    start(open_file());
    ck_assert_int_eq(pipe2(later, O_CLOEXEC), 0);
    ck_assert(a.has_thread);
    (void)close(earlier[1]);
    (void)close(later[1]);
    ck_assert(is_closed_elsewhere(earlier[0]));
    ck_assert(is_closed_elsewhere(later[0]));
    (void)close(earlier[0]);
    (void)close(later[0]);
    ck_assert(appender_done(&a));
}
END_TEST

START_TEST(the_file_is_closed_at_the_end_and_nothing_is_left_open)
{
    int ends[2], next = dup(0);
    (void)close(next);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    start(ends[1]);
    ck_assert(!is_closed_elsewhere(ends[0]));
    ck_assert(appender_done(&a));
    ck_assert(is_closed_elsewhere(ends[0]));
    (void)close(ends[0]);
    ck_assert_int_eq(dup(0), next);
    (void)close(next);
}
END_TEST

START_TEST(a_switch_holds_for_what_is_written_later)
{
    start(open_file());
    ck_assert_int_eq(rename(path, in("old")), 0);
    appender_write(&a, STR("old\n"));
    appender_switch(&a, open_file());
    while (a.is_busy)
        loop_turn(&l, WAIT_MS);
    write_lines("new\n");
    file_is(in("old"), "old\n");
    file_is(path, "new\n");
    ck_assert(appender_done(&a));
}
END_TEST

START_TEST(a_switch_closes_the_file_before_without_another_write)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    start(ends[1]);
    appender_switch(&a, open_file());
    for (int i = 0; !is_closed_elsewhere(ends[0]); i++) {
        ck_assert_int_lt(i, WAIT_MS);
        usleep(1000);
    }
    (void)close(ends[0]);
    ck_assert(appender_done(&a));
}
END_TEST

/* --- what the disk refuses --- */

/* The size limit stands for a disk that is full. */
static void fill_and_go_on(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    rlim_t before = limit(RLIMIT_FSIZE, 6);
    write_lines("one\ntwo\n");
    ck_assert_uint_eq(last.n, 6);
    ck_assert_int_eq(last.error, EFBIG);
    write_lines("three\n"); /* not even the end of the half line */
    ck_assert_uint_eq(last.n, 0);
    ck_assert_int_eq(last.error, EFBIG);
    limit(RLIMIT_FSIZE, 7);
    write_lines("four\n"); /* that, and nothing behind it */
    ck_assert_uint_eq(last.n, 0);
    ck_assert_int_eq(last.error, EFBIG);
    limit(RLIMIT_FSIZE, before);
    write_lines("five\n");
    ck_assert_int_eq(last.error, 0);
    file_is(path, "one\ntw\nfive\n");
}

START_TEST(half_a_line_is_ended_once)
{
    start(open_file());
    fill_and_go_on();
    ck_assert(appender_done(&a));
}
END_TEST

START_TEST(half_a_line_of_one_file_is_not_ended_in_another)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    start(open_file());
    rlim_t before = limit(RLIMIT_FSIZE, 6);
    write_lines("one\ntwo\n");
    limit(RLIMIT_FSIZE, before);
    (void)unlink(path);
    appender_switch(&a, open_file());
    write_lines("three\n");
    file_is(path, "three\n");
    ck_assert(appender_done(&a));
}
END_TEST

START_TEST(a_pipe_that_somebody_made_non_blocking_is_waited_for)
{
    static char lines[256 * 1024], got[sizeof lines];
    int ends[2];
    memset(lines, '\n', sizeof lines);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    start(ends[1]);
    appender_write(&a, str_make(lines, sizeof lines));
    for (size_t n = 0; n < sizeof lines;) {
        ssize_t r = read(ends[0], got + n, sizeof got - n);
        ck_assert_int_gt(r, 0);
        n += (size_t)r;
    }
    while (a.is_busy)
        loop_turn(&l, WAIT_MS);
    ck_assert_uint_eq(last.n, sizeof lines);
    (void)close(ends[0]);
    ck_assert(appender_done(&a));
}
END_TEST

START_TEST(a_busy_appender_is_not_done_and_the_loop_goes_on)
{
    static char lines[256 * 1024];
    int ends[2];
    memset(lines, '\n', sizeof lines);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    start(ends[1]);
    appender_write(&a, str_make(lines, sizeof lines));
    loop_turn(&l, 10);
    ck_assert(!appender_done(&a));
    (void)close(ends[0]); /* the reader is gone: EPIPE */
    while (a.is_busy)
        loop_turn(&l, WAIT_MS);
    ck_assert_int_eq(last.error, EPIPE);
    ck_assert(appender_done(&a));
}
END_TEST

/* --- what the machine refuses --- */

START_TEST(without_a_thread_the_loop_writes)
{
    int fd = open_file();
    stop_being_root();
    rlim_t before = limit(RLIMIT_NPROC, 0);
    start(fd);
    limit(RLIMIT_NPROC, before);
    be_root_again();
    ck_assert(!a.has_thread);
    fill_and_go_on();
    ck_assert_int_eq(rename(path, in("old")), 0);
    appender_switch(&a, open_file());
    write_lines("six\n");
    file_is(path, "six\n");
    ck_assert(appender_done(&a));
}
END_TEST

/* Before Linux 5.9. */
START_TEST(a_table_that_cannot_be_left_is_shared)
{
    int next = dup(0);
    (void)close(next);
    refuse_all_calls(SYS_close_range, ENOSYS);
    start(open_file());
    ck_assert(a.has_thread);
    fill_and_go_on();
    (void)unlink(path);
    appender_switch(&a, open_file());
    write_lines("six\n");
    file_is(path, "six\n");
    ck_assert(appender_done(&a));
    ck_assert_int_eq(dup(0), next);
    (void)close(next);
}
END_TEST

START_TEST(without_descriptors_no_appender_begins_and_the_file_stays_open)
{
    int fd = open_file();
    rlim_t before = limit(RLIMIT_NOFILE, 0);
    bool began = appender_init(&a, &l, fd, is_done);
    int error = errno;
    limit(RLIMIT_NOFILE, before);
    ck_assert(!began);
    ck_assert_int_eq(error, EMFILE);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_loop_that_refuses_the_appender_leaves_no_descriptor_open)
{
    struct loop closed = {.epfd = -1};
    int fd = open_file(), next = dup(0);
    (void)close(next);
    ck_assert(!appender_init(&a, &closed, fd, is_done));
    ck_assert_int_eq(dup(0), next);
    (void)close(next);
    (void)close(fd);
}
END_TEST

UNIT_MAIN_WITH("io/appender", setup, teardown, what_is_written_is_there_when_it_is_done,
               the_thread_keeps_nothing_open_but_the_file,
               the_file_is_closed_at_the_end_and_nothing_is_left_open,
               a_switch_holds_for_what_is_written_later,
               a_switch_closes_the_file_before_without_another_write, half_a_line_is_ended_once,
               half_a_line_of_one_file_is_not_ended_in_another,
               a_pipe_that_somebody_made_non_blocking_is_waited_for,
               a_busy_appender_is_not_done_and_the_loop_goes_on, without_a_thread_the_loop_writes,
               a_table_that_cannot_be_left_is_shared,
               without_descriptors_no_appender_begins_and_the_file_stays_open,
               a_loop_that_refuses_the_appender_leaves_no_descriptor_open)
