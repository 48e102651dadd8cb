/* Faults of the machine while files are served: each is survived, told, and over when it is over.
 */
#include "support/launcher.h"
#include "support/refuse.h"
#include "support/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    LARGE = 24 * 1024 * 1024, /* more than socket buffers hold */
    CHECK_MS = 1000,          /* files.cache.check */
    SETTLED_MS = 2100,        /* the age from which a file's times tell one change from another */
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
    server_start_all(&s, config);
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

/* What is in memory needs no descriptor, though it is compared with the disk once a second. */
START_TEST(without_descriptors_what_is_cached_is_served_on)
{
    server_start_all(&s, config);
    pid_t worker = worker_of();
    int fd = server_dial(&s);
    sleep_ms(SETTLED_MS); /* before, another change could look like none */
    for (int i = 0; i < 5; i++, sleep_ms(20))
        ck_assert_int_eq(ask(fd, "/a.txt"), 200);
    limit_worker(worker, RLIMIT_NOFILE, 3);
    sleep_ms(CHECK_MS + 200);
    ck_assert_int_eq(ask(fd, "/a.txt"), 200);
    ck_assert_int_eq(ask(fd, "/b.txt"), 503);
    close(fd);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

static const char fallback_config[] = "version: 1\nprocess: {workers: 1}\n"
                                      "listen: [\"127.0.0.1:@PORT@\"]\n"
                                      "vhosts: [{root: @DIR@/www, fallback: /a.txt}]\n";

START_TEST(a_fallback_that_cannot_be_read_is_503)
{
    struct answer a;
    refuse_all_calls(SYS_preadv2, EIO);
    server_start_all(&s, fallback_config);
    int fd = server_dial(&s);
    ck_assert(send_text(fd, "GET /app HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n"));
    ck_assert(answer_read(fd, false, &a));
    ck_assert_int_eq(a.status, 503);
    answer_free(&a);
    close(fd);
    server_must_say(&s, "the fallback cannot be opened: Input/output error");
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
    server_start_all(&s, config);
    pid_t worker = worker_of();
    int fd = server_dial(&s);
    ck_assert(send_text(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert(!answer_read(fd, false, &a));
    answer_free(&a);
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
    server_start_all(&s, config);
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
    ck_assert_int_eq(server_fetch(&s, "/large", NULL), 200); /* as it is now, and whole */
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
    server_start_all(&s, config);
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

/* --- reload --- */

#ifndef __SANITIZE_ADDRESS__ /* which dies without memory, whoever asked for it */
enum {
    SITES = 4000, /* more than what the allocator has left over from the start */
    STEP = 1536 * 1024,
    TRIES_MAX = 40,
};

static void put_many_sites(void)
{
    char *path = server_path(&s, "skiff.yaml");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "version: 1\nprocess: {workers: 1}\nlisten: [\"127.0.0.1:%u\"]\nvhosts:\n",
            s.port);
    for (int i = 0; i < SITES; i++)
        fprintf(file, "  - {names: [n%d.example], root: %s/www}\n", i, s.dir);
    fprintf(file, "  - root: %s/www\n", s.dir);
    ck_assert_int_eq(fclose(file), 0);
    free(path);
}

static void limit_master(rlim_t soft)
{
    struct rlimit r;
    ck_assert_int_eq(prlimit(s.pid, RLIMIT_AS, NULL, &r), 0);
    r.rlim_cur = soft < r.rlim_max ? soft : r.rlim_max;
    ck_assert_int_eq(prlimit(s.pid, RLIMIT_AS, &r, NULL), 0);
}

static rlim_t master_size(void)
{
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)s.pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lu", &pages), 1);
    ck_assert_int_eq(fclose(file), 0);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static unsigned refusals(void)
{
    return server_said(&s, "the running configuration stays");
}

/* Asks for a reload and waits for its end: was it done? */
static bool reloads(void)
{
    unsigned before = refusals();
    server_signal(&s, SIGHUP);
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; refusals() == before; sleep_ms(5)) {
        if (server_said(&s, "reload: done") > 0)
            return true;
        ck_assert_msg(now_ms() < end, "the reload does not end");
    }
    return false;
}

/* A little more each time, so that memory runs out at every stage. */
START_TEST(without_memory_a_reload_is_refused_and_later_done)
{
    server_start(&s, config);
    put_many_sites();
    rlim_t size = master_size();
    unsigned refused = 0;
    for (limit_master(size); refused < TRIES_MAX && !reloads(); refused++) {
        ck_assert_int_eq(server_fetch(&s, "/a.txt", NULL), 200);
        limit_master(size + refused * STEP);
    }
    ck_assert_uint_gt(refused, 2);
    ck_assert_uint_ge(server_said(&s, "memory"), 1);
    limit_master(RLIM_INFINITY);
    ck_assert(refused < TRIES_MAX || reloads());
    ck_assert_int_eq(server_fetch(&s, "/a.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

#define WITHOUT_ASAN , without_memory_a_reload_is_refused_and_later_done
#else
#define WITHOUT_ASAN
#endif

UNIT_MAIN_WITH("life/faults", setup, teardown, without_descriptors_files_are_503_and_later_200,
               without_descriptors_what_is_cached_is_served_on,
               a_fallback_that_cannot_be_read_is_503, a_file_that_cannot_be_read_is_503,
               a_file_that_cannot_be_sent_ends_the_connection,
               a_file_that_shrinks_while_it_is_sent_ends_the_connection,
               with_a_full_disk_under_the_access_log_it_serves_on WITHOUT_ASAN)
