/* The error log: one event is one line, repeats are counted, nothing blocks. */
#include "base/log.h"
#include "support/unit.h"

#include "support/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int ends[2];

static void setup(void)
{
    ck_assert_int_eq(pipe(ends), 0);
    log_open(ends[1], LOG_NOTICE, "");
}

static void teardown(void)
{
    log_open(STDERR_FILENO, LOG_NOTICE, "");
    close(ends[0]);
    close(ends[1]);
}

static struct str logged(void)
{
    static char text[200000];
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    size_t n = 0;
    for (ssize_t r; (r = read(ends[0], text + n, sizeof text - n)) > 0;)
        n += (size_t)r;
    return str_make(text, n);
}

START_TEST(short_commands_log_plainly)
{
    errno = ENOENT;
    log_error("%s: %m", "/srv");
    ck_str(logged(), "skiff: error: /srv: No such file or directory\n");
    ck_assert_int_eq(log_fd(), ends[1]);
}
END_TEST

START_TEST(a_server_says_when_and_who)
{
    log_open(ends[1], LOG_INFO, "worker 2");
    log_info("hello");
    struct str text = logged();
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    ck_assert_uint_gt(text.n, sizeof shape);
    for (size_t i = 0; i < sizeof shape - 1; i++)
        ck_assert(shape[i] == 'd' ? ascii_is_digit(text.p[i]) : text.p[i] == shape[i]);
    ck_str(str_from(text, sizeof shape - 1), " info worker 2: hello\n");
}
END_TEST

START_TEST(a_long_name_is_cut)
{
    log_open(ends[1], LOG_INFO, "a process whose name is longer than any of ours");
    log_info("hello");
    ck_str(str_from(logged(), 24), " info a process whose name is longer : hello\n");
}
END_TEST

START_TEST(logging_keeps_errno)
{
    errno = ENOENT;
    log_error("first");
    ck_assert_int_eq(errno, ENOENT);
    log_set_fd(-1); /* the write fails as well */
    log_error("second");
    ck_assert_int_eq(errno, ENOENT);
    log_info("third");
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(the_log_goes_on_in_another_descriptor)
{
    char path[] = "/tmp/skiff-log-XXXXXX", text[64];
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(unlink(path), 0);
    log_set_fd(fd);
    ck_assert_int_eq(log_fd(), fd);
    log_error("in a file");
    log_info("the level stays");
    ck_assert_int_eq(pread(fd, text, sizeof text, 0), 24);
    ck_str(str_make(text, 24), "skiff: error: in a file\n");
    ck_assert_uint_eq(logged().n, 0);
    (void)close(fd); /* unlinked already */
}
END_TEST

START_TEST(levels_below_are_silent)
{
    log_info("not this");
    log_notice("but this");
    ck_str(logged(), "skiff: notice: but this\n");
    ck_assert(log_is_on(LOG_ERROR) && !log_is_on(LOG_DEBUG));
}
END_TEST

START_TEST(an_event_stays_one_line_of_printable_text)
{
    log_error("%s", "a\nb\tc\x7f\x1b[0m \xc3\xa9");
    ck_str(logged(), "skiff: error: a b c  [0m \xc3\xa9\n");
}
END_TEST

START_TEST(a_line_over_the_limit_is_cut_and_says_so)
{
    enum { PREFIX = 14, FITS = LOG_LINE_MAX - 1 - PREFIX };
    static const int lengths[] = {FITS - 1, FITS, FITS + 1, 3 * LOG_LINE_MAX};
    char longer[3 * LOG_LINE_MAX];
    memset(longer, 'x', sizeof longer);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        log_error("%.*s", lengths[i], longer);
        struct str text = logged();
        int kept = lengths[i] <= FITS ? lengths[i] : FITS;
        ck_assert_uint_eq(text.n, (size_t)(PREFIX + kept + 1));
        ck_assert(str_ends(text, lengths[i] <= FITS ? STR("xxx\n") : STR("...\n")));
    }
}
END_TEST

static int lines_of(struct str text)
{
    int lines = 0;
    for (; text.n > 0; lines++)
        str_cut(&text, '\n');
    return lines;
}

/* Events that a log tells of: one a line, or as many as the line says were repeated. */
static unsigned told_in(struct str text)
{
    unsigned told = 0;
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n'), repeated = STR(") repeated ");
        const char *at = memmem(line.p, line.n, repeated.p, repeated.n);
        told += at ? (unsigned)atoi(at + repeated.n) : 1;
    }
    return told;
}

START_TEST(repeats_are_counted_and_told)
{
    for (int i = 0; i < 1000; i++)
        log_warn("again %d", i);
    log_flush_repeats();
    struct str text = logged();
    ck_assert_int_le(lines_of(text), 2 * (LOG_BURST + 1)); /* a second may have passed */
    ck_assert(memmem(text.p, text.n, "skiff: warn: (again ...) repeated ", 34));
    ck_assert_uint_eq(told_in(text), 1000);
    log_flush_repeats(); /* told once */
    ck_assert_uint_eq(logged().n, 0);
}
END_TEST

START_TEST(a_few_equal_messages_are_all_told)
{
    for (int i = 0; i < LOG_BURST; i++)
        log_warn("again %d", i);
    log_flush_repeats();
    struct str text = logged();
    ck_assert_int_eq(lines_of(text), LOG_BURST);
    ck_assert(!memmem(text.p, text.n, "repeated", 8));
}
END_TEST

START_TEST(a_shortage_is_told_once_and_counted)
{
    for (int i = 0; i < 1000; i++)
        log_shortage("no more of %d", i);
    log_flush_repeats();
    struct str text = logged();
    ck_assert_int_le(lines_of(text), 2 * 2); /* a second may have passed */
    ck_assert(memmem(text.p, text.n, "skiff: warn: no more of 0\n", 26));
    ck_assert(memmem(text.p, text.n, "skiff: warn: (no more of ...) repeated ", 39));
    ck_assert_uint_eq(told_in(text), 1000);
}
END_TEST

START_TEST(repeats_show_what_they_have_in_common)
{
    for (int i = 0; i < 100; i++)
        log_shortage("%-3s: %5.1f%% of %llu, %.*s: %zu", "a", 1.5, 2ull, 1, "b", (size_t)i);
    log_flush_repeats();
    struct str text = logged(), told = STR("skiff: warn: (...: ...% of ..., ...: ...) repeated ");
    ck_assert(memmem(text.p, text.n, told.p, told.n));
}
END_TEST

START_TEST(messages_in_turn_are_counted_each)
{
    static _Alignas(256) char formats[2][256] = {"one %d",
                                                 "two %d"}; /* one row, were it by address */
    for (int i = 0; i < 1000; i++)
        log_warn(formats[i % 2], i);
    log_flush_repeats();
    struct str text = logged();
    ck_assert_int_le(lines_of(text), 2 * 2 * (LOG_BURST + 1));
    ck_assert_uint_eq(told_in(text), 1000);
}
END_TEST

START_TEST(more_kinds_of_messages_than_rows_lose_none)
{
    static char formats[100][16];
    for (int i = 0; i < 100; i++)
        (void)snprintf(formats[i], sizeof formats[i], "%d: %%d", i);
    for (int i = 0; i < 2000; i++)
        log_warn(formats[i / 20], i);
    log_flush_repeats();
    ck_assert_uint_eq(told_in(logged()), 2000);
}
END_TEST

START_TEST(a_child_does_not_tell_what_its_parent_counted)
{
    for (int i = 0; i < 100; i++)
        log_warn("again %d", i);
    (void)logged();
    log_open(ends[1], LOG_NOTICE, "");
    log_flush_repeats();
    ck_assert_uint_eq(logged().n, 0);
}
END_TEST

static void fill_pipe(void)
{
    char filler[PIPE_BUF];
    memset(filler, 'x', sizeof filler);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], filler, sizeof filler) > 0)
        ;
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0); /* from now on a plain write would wait */
}

static void lose_two_lines(void)
{
    fill_pipe();
    log_error("lost one");
    log_error("lost two");
    (void)logged();
    log_error("heard");
    ck_str(logged(), "skiff: warn: 2 log lines were lost: nobody took them\nskiff: error: heard\n");
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
}

START_TEST(a_full_pipe_loses_lines_and_says_how_many)
{
    lose_two_lines();
    fill_pipe();
    log_error("lost");
    (void)logged();
    log_flush_repeats();
    ck_str(logged(), "skiff: warn: 1 log line was lost: nobody took it\n");
}
END_TEST

START_TEST(an_old_kernel_loses_the_same_lines)
{
    refuse_call(SYS_pwritev2, 5, RWF_NOWAIT, EOPNOTSUPP);
    log_error("heard");
    ck_str(logged(), "skiff: error: heard\n");
    lose_two_lines();
}
END_TEST

START_TEST(the_count_of_lost_lines_is_not_lost)
{
    fill_pipe();
    for (int i = 0; i < 5; i++)
        log_flush_repeats(); /* nothing is lost yet */
    for (int i = 0; i < 7; i++)
        log_error("lost");
    for (int i = 0; i < 5; i++)
        log_flush_repeats(); /* its own line is lost as well, but is no event */
    (void)logged();
    log_flush_repeats();
    ck_str(logged(), "skiff: warn: 7 log lines were lost: nobody took them\n");
}
END_TEST

START_TEST(at_most_a_pipes_worth_is_written_at_once)
{
    char bytes[2 * PIPE_BUF];
    memset(bytes, 'x', sizeof bytes);
    ck_assert_int_eq(log_write_nowait(ends[1], bytes, sizeof bytes), PIPE_BUF);
    ck_assert_int_eq(log_write_nowait(ends[1], bytes, 0), 0);
    ck_assert_uint_eq(logged().n, PIPE_BUF);
}
END_TEST

START_TEST(sockets_take_what_they_can_without_waiting)
{
    char bytes[PIPE_BUF];
    int pair[2];
    long n = 0;
    memset(bytes, 'x', sizeof bytes);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (int i = 0; i < 10000 && n >= 0; i++)
        n = log_write_nowait(pair[0], bytes, sizeof bytes);
    ck_assert_int_eq(n, -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(fcntl(pair[0], F_GETFL) & O_NONBLOCK, 0);
    (void)close(pair[0]); /* nobody reads them */
    (void)close(pair[1]);
}
END_TEST

START_TEST(what_cannot_be_written_says_why)
{
    ck_assert_int_eq(log_write_nowait(-1, "x", 1), -1);
    ck_assert_int_eq(errno, EBADF);
    ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    int pair[2];
    ck_assert_int_eq(pipe(pair), 0);
    (void)close(pair[0]); /* the reader is gone */
    ck_assert_int_eq(log_write_nowait(pair[1], "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
    (void)close(pair[1]); /* nothing was written */
}
END_TEST

START_TEST(peer_bytes_are_escaped)
{
    char out[64];
    for (unsigned c = 0; c < 256; c++) {
        char byte = (char)c, expected[8];
        bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
        (void)snprintf(expected, sizeof expected, plain ? "%c" : "\\x%02x", c);
        ck_assert_uint_eq(log_escape(str_make(&byte, 1), out, 4), strlen(expected));
        ck_assert_str_eq(out, expected);
    }
    ck_assert_uint_eq(log_escape(STR("a\"\\\n\x7f"), out, 64), 17);
    ck_assert_str_eq(out, "a\\x22\\x5c\\x0a\\x7f");
    ck_assert_uint_eq(log_escape(STR("abc\n"), out, 5), 3);
    ck_assert_str_eq(out, "abc"); /* half an escape would say something else */
    ck_assert_uint_eq(log_escape(STR("abc\nd"), out, 7), 7);
    ck_assert_str_eq(out, "abc\\x0a");
    ck_assert_uint_eq(log_escape(STR("a"), out, 0), 0);
    ck_assert_str_eq(out, "");
    ck_assert_uint_eq(log_escape(str_make(NULL, 0), out, 8), 0);
    ck_assert_str_eq(out, "");
}
END_TEST

UNIT_MAIN_WITH("base/log", setup, teardown, short_commands_log_plainly, a_server_says_when_and_who,
               a_long_name_is_cut, logging_keeps_errno, the_log_goes_on_in_another_descriptor,
               levels_below_are_silent, an_event_stays_one_line_of_printable_text,
               a_line_over_the_limit_is_cut_and_says_so, repeats_are_counted_and_told,
               a_few_equal_messages_are_all_told, a_shortage_is_told_once_and_counted,
               repeats_show_what_they_have_in_common, messages_in_turn_are_counted_each,
               more_kinds_of_messages_than_rows_lose_none,
               a_child_does_not_tell_what_its_parent_counted,
               a_full_pipe_loses_lines_and_says_how_many, an_old_kernel_loses_the_same_lines,
               the_count_of_lost_lines_is_not_lost, at_most_a_pipes_worth_is_written_at_once,
               sockets_take_what_they_can_without_waiting, what_cannot_be_written_says_why,
               peer_bytes_are_escaped)
