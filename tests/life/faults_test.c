/* Faults of the machine while files are served: each is survived, told, and over when it is over.
 */
#include "support/launcher.h"
#include "support/refuse.h"
#include "support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    LARGE = 24 * 1024 * 1024, /* more than socket buffers hold */
    LINES_MAX = 40,           /* one a second and kind, and its count, of 100 answers */
};

static struct server s;
static const char config[] = "version: 1\nprocess: {workers: 1}\n"
                             "listen: [\"127.0.0.1:@PORT@\"]\n"
                             "log: {access: {to: @DIR@/access.log}}\n"
                             "vhosts: [{root: @DIR@/www}]\n";

static void setup(void)
{
    server_prepare(&s);
    server_put_text(&s, "www/a.txt", "small");
    server_put_text(&s, "www/b.txt", "other");
    server_put_text(&s, "www/sub/index.html", "page");
}

static void teardown(void)
{
    server_release(&s);
}

static pid_t worker_of(void)
{
    pid_t worker;
    ck_assert_int_eq(server_workers(&s, &worker, 1), 1);
    return worker;
}

/* Asks on a connection that is there already; the status. */
static int ask(int fd, const char *path)
{
    struct answer a;
    char text[128];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    ck_assert(send_text(fd, text));
    ck_assert(answer_read(fd, false, &a));
    int status = a.status;
    answer_free(&a);
    return status;
}

static void put_large(void)
{
    char *bytes = calloc(1, LARGE);
    ck_assert_ptr_nonnull(bytes);
    server_put(&s, "www/large", bytes, LARGE);
    free(bytes);
}

START_TEST(without_descriptors_files_are_503_and_later_200)
{
    static const char *const paths[] = {"/b.txt", "/sub/", "/sub", "/none"};
    static const int later[] = {200, 200, 301, 404};
    server_start(&s, config);
    pid_t worker = worker_of();
    int fd = server_dial(&s);
    ck_assert_int_eq(ask(fd, "/a.txt"), 200);
    limit_worker(worker, RLIMIT_NOFILE, 3); /* what is open stays, more is not to be had */
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(ask(fd, paths[i % 4]), 503);
    ck_assert_uint_ge(server_said(&s, "cannot be opened"), 1);
    ck_assert_uint_le(server_said(&s, "cannot be opened"), LINES_MAX);
    limit_worker(worker, RLIMIT_NOFILE, RLIM_INFINITY);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(ask(fd, paths[i]), later[i]);
    close(fd);
    ck_assert_int_eq(worker_of(), worker);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_503)
{
    refuse_all_calls(SYS_preadv2, EIO);
    server_start(&s, config);
    int fd = server_dial(&s);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ask(fd, "/a.txt"), 503); /* and the connection goes on */
    close(fd);
    server_must_say(&s, "Input/output error");
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_sent_ends_the_connection)
{
    struct answer a;
    put_large();
    refuse_all_calls(SYS_sendfile, EIO);
    server_start(&s, config);
    pid_t worker = worker_of();
    int fd = server_dial(&s);
    ck_assert(send_text(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(!answer_read(fd, false, &a));
    close(fd);
    server_must_say(&s, "cannot be read while it is sent");
    ck_assert_int_eq(server_fetch(&s, "/a.txt", NULL), 200);
    ck_assert_int_eq(worker_of(), worker);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_sent_ends_the_connection)
{
    size_t n;
    bool closed;
    put_large();
    server_start(&s, config);
    pid_t worker = worker_of();
    int fd = server_dial(&s);
    char *path = server_path(&s, "www/large");
    ck_assert(send_text(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
                            "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"));
    char first;
    ck_assert_int_eq((int)read(fd, &first, 1), 1);
    ck_assert_int_eq(truncate(path, LARGE / 2), 0);
    char *rest = read_to_end(fd, LAUNCH_WAIT_MS, &n, &closed);
    ck_assert(closed);
    ck_assert_uint_lt(n, LARGE); /* nor did the next answer fill the gap: */
    ck_assert_ptr_null(memmem(rest + 200, n - 200, "HTTP/1.1", 8));
    free(rest);
    free(path);
    close(fd);
    server_must_say(&s, "became shorter");
    ck_assert_int_eq(server_fetch(&s, "/a.txt", NULL), 200);
    ck_assert_int_eq(worker_of(), worker);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

/* How many lines of the access log name this path. */
static unsigned logged(const char *path)
{
    unsigned lines = 0;
    char *log = server_get(&s, "access.log", NULL);
    for (const char *p = log; (p = strstr(p, path)); p++)
        lines++;
    free(log);
    return lines;
}

/* The size limit stands for a full disk: part of a write succeeds, the rest fails. It raises a
 * signal as well. */
START_TEST(with_a_full_disk_under_the_access_log_it_serves_on)
{
    server_start(&s, config);
    pid_t worker = worker_of();
    limit_worker(worker, RLIMIT_FSIZE, 4096);
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; server_said(&s, "lines are lost") == 0;) {
        ck_assert_uint_lt(now_ms(), end);
        ck_assert_int_eq(server_fetch(&s, "/a.txt", NULL), 200);
    }
    limit_worker(worker, RLIMIT_FSIZE, RLIM_INFINITY);
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; logged("/b.txt") == 0; sleep_ms(20)) {
        ck_assert_uint_lt(now_ms(), end);
        ck_assert_int_eq(server_fetch(&s, "/b.txt", NULL), 200);
    }
    server_must_say(&s, "it can be written again");
    ck_assert_uint_eq(server_said(&s, "lines are lost"), 1);
    ck_assert_int_eq(worker_of(), worker);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

UNIT_MAIN_WITH("life/faults", setup, teardown, without_descriptors_files_are_503_and_later_200,
               a_file_that_cannot_be_read_is_503, a_file_that_cannot_be_sent_ends_the_connection,
               a_file_that_shrinks_while_it_is_sent_ends_the_connection,
               with_a_full_disk_under_the_access_log_it_serves_on)
