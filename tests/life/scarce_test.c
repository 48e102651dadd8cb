/* What the machine refuses (watches, threads, memory) makes the server slower and is told once;
 * what it answers is still right. */
#include "support/launcher.h"
#include "support/refuse.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LOOK_MS = 3000 /* files.cache.check is a second */ };

static struct server s;

static void setup(void)
{
    server_prepare(&s);
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

/* --- watches --- */

static const char current_text[] = "version: 1\nprocess: {workers: 1}\n"
                                   "listen: [\"127.0.0.1:@PORT@\"]\n"
                                   "vhosts: [{root: @DIR@/current}]\n";

static bool is_now(const char *path, int status, const char *body)
{
    struct answer a;
    server_fetch(&s, path, &a);
    bool same = a.status == status && (!body || strcmp(a.body, body) == 0);
    answer_free(&a);
    return same;
}

static void becomes(const char *path, int status, const char *body)
{
    for (uint64_t end = now_ms() + LOOK_MS; !is_now(path, status, body); sleep_ms(20))
        ck_assert_msg(now_ms() < end, "%s does not become %d", path, status);
}

static void rename_over(const char *from, const char *to)
{
    char *old = server_path(&s, from), *new = server_path(&s, to);
    ck_assert_int_eq(rename(old, new), 0);
    free(old);
    free(new);
}

static void switch_to(const char *release)
{
    char *next = server_path(&s, "next");
    ck_assert_int_eq(symlink(release, next), 0);
    free(next);
    rename_over("next", "current");
}

/* Every kind of change, with nothing but the look once a second to see it by. */
static void changes_are_seen(const char *complaint)
{
    server_put_text(&s, "one/a.txt", "one");
    server_put_text(&s, "two/a.txt", "two");
    switch_to("one");
    server_start(&s, current_text);
    becomes("/a.txt", 200, "one");
    becomes("/sub/b.txt", 404, NULL);
    server_put_text(&s, "new", "another");
    rename_over("new", "one/a.txt");
    server_put_text(&s, "one/sub/b.txt", "there");
    becomes("/a.txt", 200, "another");
    becomes("/sub/b.txt", 200, "there");
    switch_to("two");
    becomes("/a.txt", 200, "two");
    becomes("/sub/b.txt", 404, NULL);
    server_must_say(&s, complaint);
    ck_assert_uint_eq(server_said(&s, "changes may take a second to be seen"), 1);
    ck_assert_int_eq(server_stop(&s), 0);
}

START_TEST(without_inotify_changes_are_seen_once_a_second)
{
    refuse_all_calls(SYS_inotify_init1, EMFILE);
    changes_are_seen("folders cannot be watched");
}
END_TEST

START_TEST(without_watches_changes_are_seen_once_a_second)
{
    refuse_all_calls(SYS_inotify_add_watch, ENOSPC);
    changes_are_seen("fs.inotify.max_user_watches is reached");
}
END_TEST

/* --- threads --- */

enum { LARGE = 6 * 1024 * 1024 + 7 };

/* Out of the kernel's memory, where the file system has another place for it. */
static void make_cold(const char *name)
{
    char *path = server_path(&s, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fsync(fd), 0);
    ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    close(fd);
    free(path);
}

static void is_logged(const char *text)
{
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS;; sleep_ms(20)) {
        size_t n;
        char *log = server_get(&s, "access.log", &n);
        bool found = strstr(log, text) != NULL;
        free(log);
        if (found)
            return;
        ck_assert_msg(now_ms() < end, "%s is not in the log", text);
    }
}

START_TEST(without_threads_the_loop_reads_lists_and_logs)
{
    struct answer a;
    char *bytes = malloc(LARGE);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)('a' + (i / 1000 + i) % 26);
    server_put(&s, "www/large", bytes, LARGE);
    server_start_all(&s, "version: 1\nprocess: {workers: 1}\n"
                         "listen: [\"127.0.0.1:@PORT@\"]\n"
                         "log: {access: {to: @DIR@/access.log}}\n"
                         "vhosts: [{root: @DIR@/www, listing: json}]\n");
    pid_t worker = worker_of();
    limit_worker(worker, RLIMIT_NPROC, 0);
    for (int i = 0; i < 3; i++) {
        make_cold("www/large");
        ck_assert_int_eq(server_fetch(&s, "/large", &a), 200);
        ck_assert_uint_eq(a.body_size, LARGE);
        ck_assert_int_eq(memcmp(a.body, bytes, LARGE), 0);
        answer_free(&a);
        ck_assert_int_eq(server_fetch(&s, "/", &a), 200);
        ck_assert_ptr_nonnull(strstr(a.body, "\"large\""));
        answer_free(&a);
    }
    free(bytes);
    is_logged("/large");
    ck_assert_uint_eq(server_said(&s, "no more threads to be had"), 1);
    limit_worker(worker, RLIMIT_NPROC, RLIM_INFINITY);
    ck_assert_int_eq(server_fetch(&s, "/large", NULL), 200);
    ck_assert_int_eq(worker_of(), worker);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

/* --- memory --- */

#ifndef __SANITIZE_ADDRESS__ /* which dies without memory, whoever asked for it */
enum { CROWD = 3000, LINES_MAX = 20 /* two a second and kind */ };

/* Each connection is answered 200 or 503, or closed; how many 200. */
static int crowd_hears(const int *fds)
{
    int good = 0;
    for (int i = 0; i < CROWD; i++) {
        struct answer a;
        if (answer_read(fds[i], false, &a)) {
            ck_assert_msg(a.status == 200 || a.status == 503, "%d", a.status);
            good += a.status == 200;
            answer_free(&a);
        }
        close(fds[i]);
    }
    return good;
}

START_TEST(without_memory_requests_are_refused_and_later_served)
{
    static int fds[CROWD];
    server_put_text(&s, "www/a.txt", "small");
    server_start_all(&s, "version: 1\nprocess: {workers: 1}\n"
                         "listen: [\"127.0.0.1:@PORT@\"]\n"
                         "vhosts: [{root: @DIR@/www}]\n");
    pid_t worker = worker_of();
    ck_assert_int_eq(server_fetch(&s, "/a.txt", NULL), 200);
    limit_worker(worker, RLIMIT_AS, 1); /* what it has stays, more is not to be had */
    for (int i = 0; i < CROWD; i++) {
        fds[i] = server_dial(&s);
        (void)send_text(fds[i], "GET /a.txt HTTP/1.1\r\nHost: a\r\n"); /* a buffer each */
    }
    for (int i = 0; i < CROWD; i++)
        (void)send_text(fds[i], "\r\n");
    int good = crowd_hears(fds);
    ck_assert_int_lt(good, CROWD);
    ck_assert(server_said(&s, "memory") > 0 && server_said(&s, "memory") < LINES_MAX);
    limit_worker(worker, RLIMIT_AS, RLIM_INFINITY);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(server_fetch(&s, "/a.txt", NULL), 200);
    ck_assert_int_eq(worker_of(), worker);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST
#define WITHOUT_ASAN , without_memory_requests_are_refused_and_later_served
#else
#define WITHOUT_ASAN
#endif

UNIT_MAIN_WITH("life/scarce", setup, teardown, without_inotify_changes_are_seen_once_a_second,
               without_watches_changes_are_seen_once_a_second,
               without_threads_the_loop_reads_lists_and_logs WITHOUT_ASAN)
