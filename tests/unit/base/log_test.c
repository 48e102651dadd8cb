/* The error log: one event is one line, repeats are counted, nothing blocks. */
#include "base/log.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
    ck_assert_uint_gt(text.n, 24);
    ck_assert(text.p[4] == '-' && text.p[10] == 'T' && text.p[23] == 'Z');
    ck_str(str_from(text, 24), " info worker 2: hello\n");
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

START_TEST(an_event_stays_one_line_and_is_bounded)
{
    char longer[3 * LOG_LINE_MAX];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    log_error("a\nb\tc");
    log_error("%s", longer);
    struct str text = logged(), rest = text;
    ck_str(str_cut(&rest, '\n'), "skiff: error: a b c");
    ck_assert_uint_le(rest.n, LOG_LINE_MAX + 1);
    ck_assert(str_ends(rest, STR("...\n")));
}
END_TEST

static int lines_of(struct str text)
{
    int lines = 0;
    for (; text.n > 0; lines++)
        str_cut(&text, '\n');
    return lines;
}

START_TEST(repeats_are_counted_and_told)
{
    for (int i = 0; i < 1000; i++)
        log_warn("again %d", i);
    log_flush_repeats();
    struct str text = logged();
    ck_assert_int_le(lines_of(text), 2 * (LOG_BURST + 1)); /* a second may have passed */
    ck_assert(memmem(text.p, text.n, "(again %d) repeated 9", 21));
}
END_TEST

START_TEST(a_full_pipe_loses_lines_and_says_how_many)
{
    char filler[4096];
    memset(filler, 'x', sizeof filler);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    while (write(ends[1], filler, sizeof filler) > 0)
        ;
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0); /* now only poll can tell */
    log_error("lost one");
    log_error("lost two");
    (void)logged();
    log_error("heard");
    ck_str(logged(), "skiff: warn: 2 log lines were lost: nobody took them\nskiff: error: heard\n");
}
END_TEST

START_TEST(peer_bytes_are_escaped)
{
    char out[5 * 256 + 1], all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    size_t n = log_escape(str_make(all, sizeof all), out, sizeof out - 1);
    for (size_t i = 0; i < n; i++)
        ck_assert(out[i] >= ' ' && out[i] <= '~');
    ck_assert_uint_eq(n, 93 + 163 * 4);
    ck_assert_uint_eq(log_escape(STR("a\"\\\n\x7f"), out, 64), 17);
    ck_assert_str_eq(out, "a\\x22\\x5c\\x0a\\x7f");
    ck_assert_uint_eq(log_escape(STR("abc\n"), out, 5), 3);
    ck_assert_str_eq(out, "abc");
}
END_TEST

UNIT_MAIN_WITH("base/log", setup, teardown, short_commands_log_plainly, a_server_says_when_and_who,
               levels_below_are_silent, an_event_stays_one_line_and_is_bounded,
               repeats_are_counted_and_told, a_full_pipe_loses_lines_and_says_how_many,
               peer_bytes_are_escaped)
