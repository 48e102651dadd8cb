/* Access log lines and buffers: one line a request, whatever the peer sent, and none lost. */
#include "base/check.h"
#include "server/accesslog.h"
#include "server/accesslog_line.h"
#include "server/conn.h"
#include "server/worker.h"
#include "support/refuse.h"
#include "support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static struct worker worker;
static struct conn conn;
static struct request request;
static union {
    struct http_head head;
    char room[2048];
} store;
static struct access_log_conf conf;
static struct accesslog *accesslog;
static char path[64];
static const timer_fn none[1];

static int open_log(void)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void ask(const char *wire)
{
    static char text[16000];
    ck_assert_uint_lt(strlen(wire) + HTTP_SLACK, sizeof text);
    strcpy(text, wire);
    struct http_limits limits = {8000, 16000, 50};
    struct http_parse io = {0};
    ck_assert_int_eq(http_parse(&store.head, text, strlen(text), &limits, &io), HTTP_HEAD_OK);
    request = (struct request){.conn = &conn, .head = &store.head, .sent = 1234};
    request.resp.status = 200;
    request.began_us = worker.loop.clock.now_us - 250;
}

static void setup(void)
{
    strcpy(path, "/tmp/skiff-accesslog-XXXXXX");
    close(mkstemp(path));
    ck_assert(loop_init(&worker.loop, none));
    pool_init(&worker.notes, REQUEST_NOTES, 0);
    conn = (struct conn){.worker = &worker, .peer = {.family = AF_INET, .addr = {10, 0, 0, 7}}};
    conf = (struct access_log_conf){.buffer = {.size = 64 * 1024, .flush_ms = 1000}};
    clock_set(&worker.loop.clock, worker.loop.clock.now_us, UINT64_C(1700000000123000));
}

static void start(enum access_format format)
{
    conf.format = format;
    accesslog = accesslog_new(&conf, open_log(), &worker.loop);
    ck_assert_ptr_nonnull(accesslog);
}

static void teardown(void)
{
    accesslog_free(accesslog, 2000);
    accesslog = NULL;
    pool_done(&worker.notes);
    loop_done(&worker.loop);
    unlink(path);
}

static struct str logged(void)
{
    static char text[512 * 1024];
    accesslog_free(accesslog, 5000);
    accesslog = NULL;
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    close(fd);
    return str_make(text, (size_t)n);
}

#define REQUEST                                                                                    \
    "GET /a?b HTTP/1.1\r\nHost: example.org\r\nReferer: http://r/\r\nUser-Agent: tool/1\r\n\r\n"

START_TEST(a_combined_line_is_what_every_tool_reads)
{
    start(ACCESS_COMBINED);
    ask(REQUEST);
    accesslog_write(accesslog, &request);
    ck_str(logged(), "10.0.0.7 - - [14/Nov/2023:22:13:20 +0000] \"GET /a?b HTTP/1.1\" 200 1234 "
                     "\"http://r/\" \"tool/1\"\n");
}
END_TEST

START_TEST(each_line_names_its_own_peer)
{
    static const struct peer peers[] = {
        {.family = AF_INET, .port = 1, .addr = {10, 0, 0, 7}},
        {.family = AF_INET, .port = 2, .addr = {10, 0, 0, 7}},
        {.family = AF_INET, .addr = {192, 168, 100, 255}},
        {.family = AF_INET6, .addr = {10, 0, 0, 7}},
        {.family = AF_UNIX},
        {.family = AF_INET, .addr = {10, 0, 0, 7}},
    };
    static const char *const names[] = {"10.0.0.7", "10.0.0.7", "192.168.100.255",
                                        "a00:7::",  "unix",     "10.0.0.7"};
    start(ACCESS_COMBINED);
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        conn.peer = peers[i];
        ask(REQUEST);
        accesslog_write(accesslog, &request);
    }
    struct str lines = logged();
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        struct str line = str_cut(&lines, '\n');
        ck_str(str_cut(&line, ' '), names[i]);
    }
}
END_TEST

START_TEST(a_missing_field_is_a_dash_in_combined)
{
    start(ACCESS_COMBINED);
    ask("GET / HTTP/1.0\r\n\r\n");
    accesslog_write(accesslog, &request);
    ck_str(logged(), "10.0.0.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.0\" 200 1234 "
                     "\"-\" \"-\"\n");
}
END_TEST

START_TEST(a_json_line_has_typed_values)
{
    start(ACCESS_JSON);
    ask(REQUEST);
    accesslog_write(accesslog, &request);
    ck_str(logged(), "{\"time\":\"2023-11-14T22:13:20.123Z\",\"client_ip\":\"10.0.0.7\","
                     "\"method\":\"GET\",\"host\":\"example.org\",\"path\":\"/a?b\","
                     "\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":1234,\"duration_us\":250,"
                     "\"referer\":\"http://r/\",\"user_agent\":\"tool/1\"}\n");
}
END_TEST

START_TEST(bytes_of_the_peer_are_escaped)
{
    char part[1024];
    ask("GET /\"\\\xff\xc3\xa9 HTTP/1.1\r\nHost: a\r\nUser-Agent: a\"b\tc\r\n\r\n");
    size_t n = accesslog_request_part(ACCESS_COMBINED, &request, part, sizeof part);
    ck_str(str_make(part, n), "GET /\\x22\\x5c\\xff\\xc3\\xa9 HTTP/1.1\" \n \"-\" \"a\\x22b c\"\n");
    n = accesslog_request_part(ACCESS_JSON, &request, part, sizeof part);
    ck_str(str_make(part, n),
           "\"method\":\"GET\",\"host\":\"a\",\"path\":\"/\\u0022\\u005c\\u00ff\xc3\xa9\","
           "\"protocol\":\"HTTP/1.1\"\n\"referer\":\"\",\"user_agent\":\"a\\u0022b c\"}\n");
}
END_TEST

START_TEST(a_byte_is_escaped_wherever_it_stands)
{
    enum { LONGEST = 40 };
    static const char odd[] = "\"\\\x80\xff";
    for (size_t at = 0; at < LONGEST; at++) {
        for (const char *c = odd; *c; c++) {
            char wire[200], expected[300], part[512], field[LONGEST + 1];
            memset(field, 'a', LONGEST);
            field[at] = *c;
            field[LONGEST] = '\0';
            snprintf(wire, sizeof wire, "GET /%s HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\n\r\n",
                     field, field);
            ask(wire);
            size_t n = accesslog_request_part(ACCESS_COMBINED, &request, part, sizeof part);
            char escaped[2 * LONGEST + 8];
            snprintf(escaped, sizeof escaped, "%.*s\\x%02x%s", (int)at, field, (unsigned char)*c,
                     field + at + 1);
            snprintf(expected, sizeof expected, "GET /%s HTTP/1.1\" \n \"-\" \"%s\"\n", escaped,
                     escaped);
            ck_str(str_make(part, n), expected);
        }
    }
}
END_TEST

START_TEST(broken_utf8_is_never_passed_on_in_json)
{
    static const char *const broken[] = {"\xc0\x80",     "\xed\xa0\x80",     "\xf4\x90\x80\x80",
                                         "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xc3",
                                         "\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char text[128], part[1024];
        snprintf(text, sizeof text, "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", broken[i]);
        ask(text);
        size_t n = accesslog_request_part(ACCESS_JSON, &request, part, sizeof part);
        for (size_t k = 0; k < n; k++)
            ck_assert((unsigned char)part[k] < 0x80);
    }
}
END_TEST

START_TEST(values_that_are_too_long_are_cut_and_the_line_stays_whole)
{
    static char text[9000];
    char part[512];
    int n = snprintf(text, sizeof text, "GET /%0*d HTTP/1.1\r\nHost: a\r\nUser-Agent: %0*d\r\n\r\n",
                     3000, 0, 3000, 0);
    ck_assert_int_lt(n, (int)sizeof text);
    ask(text);
    size_t json = accesslog_request_part(ACCESS_JSON, &request, part, sizeof part);
    ck_assert_uint_le(json, sizeof part);
    ck_assert(str_ends(str_make(part, json), STR("0\"}\n")));
    ck_assert(memmem(part, json, "\"protocol\":\"HTTP/1.1\"\n", 22));
}
END_TEST

static void ask_for_the_most(void)
{
    static char text[16000];
    char quotes[1101], host[1101], target[5001];
    memset(quotes, '"', sizeof quotes - 1);
    memset(host, 'h', sizeof host - 1);
    memset(target, 't', sizeof target - 1);
    quotes[1100] = host[1100] = target[5000] = '\0';
    int n = snprintf(text, sizeof text,
                     "GET /%s HTTP/1.1\r\nHost: %s\r\nReferer: %s\r\nUser-Agent: %s\r\n\r\n",
                     target, host, quotes, quotes);
    ck_assert_int_lt(n, (int)sizeof text);
    ask(text);
    /* One that is as long is refused, and shown. */
    store.head.method_text = store.head.fields[store.head.first[KNOWN_REFERER] - 1].value;
    request.sent = UINT64_MAX;
    request.began_us = worker.loop.clock.now_us + 1; /* UINT64_MAX ago */
    conn.peer.family = AF_INET6;
    memset(conn.peer.addr, 0xfe, sizeof conn.peer.addr);
}

static void ck_longest_line(enum access_format format, const char *end, bool is_captured)
{
    start(format);
    ask_for_the_most();
    if (is_captured)
        ck_assert(accesslog_capture(accesslog, &request));
    accesslog_write(accesslog, &request);
    struct str line = logged();
    ck_assert_uint_le(line.n, ACCESSLOG_LINE_MAX);
    ck_assert_uint_ge(line.n, is_captured ? 800 : 6500);
    ck_assert(str_ends(line, str_of(end)));
    ck_assert_ptr_eq(memchr(line.p, '\n', line.n), line.p + line.n - 1);
    ck_assert_int_eq(unlink(path), 0);
    if (!is_captured)
        return;
    arena_free(request.arena);
    pool_put(&worker.notes, request.arena);
}

START_TEST(the_longest_line_there_can_be_fits_and_is_whole)
{
    ck_longest_line(ACCESS_COMBINED, "\"\n", false);
    ck_longest_line(ACCESS_COMBINED, "\"\n", true);
    ck_longest_line(ACCESS_JSON, "\"}\n", false);
    ck_longest_line(ACCESS_JSON, "\"}\n", true);
}
END_TEST

START_TEST(a_captured_request_is_logged_after_its_head_is_gone)
{
    start(ACCESS_COMBINED);
    ask(REQUEST);
    ck_assert(accesslog_capture(accesslog, &request));
    request.head = NULL;
    accesslog_write(accesslog, &request);
    arena_free(request.arena);
    pool_put(&worker.notes, request.arena);
    ck_assert(memmem(logged().p, 100, "\"GET /a?b HTTP/1.1\" 200 1234", 28));
}
END_TEST

START_TEST(a_full_buffer_is_written_while_the_other_fills)
{
    start(ACCESS_COMBINED);
    ask(REQUEST);
    for (int i = 0; i < 2000; i++) {
        accesslog_write(accesslog, &request);
        loop_turn(&worker.loop, 0);
        if (i % 100 == 0)
            usleep(1000);
    }
    uint64_t dropped = accesslog_dropped(accesslog);
    size_t lines = 0;
    for (struct str text = logged(); text.n > 0; lines++)
        str_cut(&text, '\n');
    ck_assert_uint_eq(lines + dropped, 2000); /* dropped only if the disk is slower than we are */
    ck_assert_uint_gt(lines, 2 * 400);
}
END_TEST

START_TEST(a_stuck_pipe_drops_lines_and_counts_them)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    conf.format = ACCESS_COMBINED;
    accesslog = accesslog_new(&conf, ends[1], &worker.loop);
    ask(REQUEST);
    for (int i = 0; i < 5000; i++)
        accesslog_write(accesslog, &request);
    ck_assert_uint_gt(accesslog_dropped(accesslog), 1000);
    close(ends[0]); /* the reader is gone: the writer gets EPIPE and is free again */
}
END_TEST

static void write_until_done(int lines)
{
    for (int i = 0; i < lines; i++)
        accesslog_write(accesslog, &request);
    clock_set(&worker.loop.clock, worker.loop.clock.now_us + 2000000, UINT64_C(1700000000123000));
    accesslog_tick(accesslog);
    for (int i = 0; i < 50; i++)
        loop_turn(&worker.loop, 10);
}

/* The size limit stands for a disk that is full: part of a write succeeds, the rest fails. */
START_TEST(lines_that_a_full_disk_refuses_are_counted_and_leave_no_half_line)
{
    enum { ROOM = 1000, LINES = 100, LATER = 3 };
    signal(SIGXFSZ, SIG_IGN);
    start(ACCESS_COMBINED);
    ask(REQUEST);
    rlim_t before = limit(RLIMIT_FSIZE, ROOM);
    write_until_done(LINES);
    write_until_done(LINES);
    limit(RLIMIT_FSIZE, before);
    uint64_t lost = accesslog_dropped(accesslog);
    write_until_done(LATER);
    ck_assert_uint_eq(accesslog_dropped(accesslog), lost);
    uint64_t whole = 0, torn = 0;
    for (struct str text = logged(), line; text.n > 0;) {
        line = str_cut(&text, '\n');
        bool is_whole = str_starts(line, STR("10.0.0.7 - -")) && str_ends(line, STR("\"tool/1\""));
        whole += is_whole;
        torn += !is_whole;
    }
    ck_assert_uint_eq(whole + lost, 2 * LINES + LATER);
    ck_assert_uint_gt(whole, LATER);
    ck_assert_uint_eq(torn, 1);
}
END_TEST

/* There is room to end the half line, and for no more: it is not ended twice. */
START_TEST(half_a_line_is_ended_once)
{
    enum { ROOM = 1000, LINES = 100, LATER = 3 };
    unsigned empty = 0;
    signal(SIGXFSZ, SIG_IGN);
    start(ACCESS_COMBINED);
    ask(REQUEST);
    rlim_t before = limit(RLIMIT_FSIZE, ROOM);
    write_until_done(LINES);
    limit(RLIMIT_FSIZE, ROOM + 1);
    write_until_done(LINES);
    limit(RLIMIT_FSIZE, before);
    write_until_done(LATER);
    for (struct str text = logged(); text.n > 0;)
        empty += str_cut(&text, '\n').n == 0;
    ck_assert_uint_eq(empty, 0);
}
END_TEST

START_TEST(a_switch_sends_old_lines_to_the_old_file)
{
    char moved[80];
    start(ACCESS_COMBINED);
    ask("GET /before HTTP/1.0\r\n\r\n");
    accesslog_write(accesslog, &request);
    snprintf(moved, sizeof moved, "%s.1", path);
    ck_assert_int_eq(rename(path, moved), 0);
    accesslog_switch(accesslog, open_log());
    ask("GET /after HTTP/1.0\r\n\r\n");
    accesslog_write(accesslog, &request);
    struct str text = logged();
    ck_assert(memmem(text.p, text.n, "/after", 6) && !memmem(text.p, text.n, "/before", 7));
    char old[512];
    int fd = open(moved, O_RDONLY);
    ssize_t n = read(fd, old, sizeof old);
    close(fd);
    unlink(moved);
    ck_assert(n > 0 && memmem(old, (size_t)n, "/before", 7) &&
              !memmem(old, (size_t)n, "/after", 6));
}
END_TEST

START_TEST(of_many_switches_behind_a_stuck_pipe_the_last_one_counts)
{
    enum { SWITCHES = 1000, LINES = 200, TURNS = 200 };
    static char drained[64 * 1024];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_gt(fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    conf.format = ACCESS_COMBINED;
    accesslog = accesslog_new(&conf, ends[1], &worker.loop);
    ask("GET /before HTTP/1.0\r\n\r\n");
    for (int i = 0; i < LINES; i++)
        accesslog_write(accesslog, &request);
    for (int i = 0; i < SWITCHES; i++) {
        (void)unlink(path);
        accesslog_switch(accesslog, open_log());
    }
    for (int i = 0; i < TURNS; i++) {
        (void)!read(ends[0], drained, sizeof drained);
        loop_turn(&worker.loop, 2);
    }
    ask("GET /after HTTP/1.0\r\n\r\n");
    accesslog_write(accesslog, &request);
    struct str text = logged();
    ck_assert(memmem(text.p, text.n, "/after", 6) && !memmem(text.p, text.n, "/before", 7));
    close(ends[0]);
}
END_TEST

START_TEST(a_tick_writes_what_is_old_enough)
{
    start(ACCESS_COMBINED);
    ask(REQUEST);
    accesslog_write(accesslog, &request);
    clock_set(&worker.loop.clock, worker.loop.clock.now_us + 1000000, UINT64_C(1700000001123000));
    accesslog_tick(accesslog);
    char text[16];
    int fd = open(path, O_RDONLY);
    ssize_t n = 0;
    for (int i = 0; i < 200 && n == 0; i++) {
        usleep(5000);
        n = read(fd, text, sizeof text);
    }
    close(fd);
    ck_assert_int_gt(n, 0);
}
END_TEST

UNIT_MAIN_WITH("server/accesslog", setup, teardown, a_combined_line_is_what_every_tool_reads,
               each_line_names_its_own_peer, a_missing_field_is_a_dash_in_combined,
               a_json_line_has_typed_values, bytes_of_the_peer_are_escaped,
               a_byte_is_escaped_wherever_it_stands, broken_utf8_is_never_passed_on_in_json,
               values_that_are_too_long_are_cut_and_the_line_stays_whole,
               the_longest_line_there_can_be_fits_and_is_whole,
               a_captured_request_is_logged_after_its_head_is_gone,
               a_full_buffer_is_written_while_the_other_fills,
               a_stuck_pipe_drops_lines_and_counts_them,
               lines_that_a_full_disk_refuses_are_counted_and_leave_no_half_line,
               half_a_line_is_ended_once, a_switch_sends_old_lines_to_the_old_file,
               of_many_switches_behind_a_stuck_pipe_the_last_one_counts,
               a_tick_writes_what_is_old_enough)
