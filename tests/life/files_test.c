/* What the server says of a site's files: what is wrong with them is told once. */
#include "support/launcher.h"
#include "support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct server server;

static void prepare(void)
{
    server_prepare(&server);
}

static void release(void)
{
    server_release(&server);
}

static void put_at(const char *path, const char *text, time_t when)
{
    struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    server_put(&server, path, text, strlen(text));
    char *full = server_path(&server, path);
    ck_assert_int_eq(utimensat(AT_FDCWD, full, times, 0), 0);
    free(full);
}

/* A request with this field; the answer's status. */
static int ask(const char *path, const char *field)
{
    char text[300];
    struct answer a;
    int fd = server_dial(&server);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n\r\n",
             path, field);
    ck_assert(send_text(fd, text));
    ck_assert(answer_read(fd, false, &a));
    int status = a.status;
    answer_free(&a);
    close(fd);
    return status;
}

static const char config_text[] = "version: 1\n"
                                  "process: {workers: 1}\n"
                                  "listen: [\"127.0.0.1:@PORT@\"]\n"
                                  "vhosts:\n"
                                  "  - root: @DIR@/www\n"
                                  "    precompressed: [br, gz]\n"
                                  "    fallback: /app.html\n"
                                  "    error_pages: {404: /404.html}\n";

/* Asks until it says so, and a few times more. Not the first answer tells: until a thread watches
 * the folder answers are made for one request alone, and only what is remembered is told. */
static void ask_until_told(const char *path, const char *field, int status, const char *text)
{
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; server_said(&server, text) == 0; sleep_ms(5)) {
        ck_assert_msg(now_ms() < end, "it does not say \"%s\"", text);
        ck_assert_int_eq(ask(path, field), status);
    }
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(ask(path, field), status);
}

START_TEST(a_stale_sibling_is_told_once)
{
    put_at("www/a.js", "new", 1700000100);
    put_at("www/a.js.gz", "old", 1700000000);
    server_start(&server, config_text);
    ask_until_told("/a.js", "Accept-Encoding: gzip, br", 200, "a.js.gz is older than its source");
    ck_assert_uint_eq(server_said(&server, "is older than its source"), 1);
    ck_assert_int_eq(server_stop(&server), 0);
}
END_TEST

START_TEST(a_page_that_is_configured_but_missing_is_told_once)
{
    server_start(&server, config_text);
    ask_until_told("/users", "Accept: text/html", 404, "the fallback /app.html is not there");
    ask_until_told("/users", "Accept: text/html", 404, "the error page /404.html is not there");
    ck_assert_uint_eq(server_said(&server, "is not there"), 2);
    ck_assert_int_eq(server_stop(&server), 0);
}
END_TEST

static void make_entries(int from, int to)
{
    char *folder = server_path(&server, "www/many");
    int fd = open(folder, O_PATH | O_DIRECTORY);
    ck_assert_int_ge(fd, 0);
    for (int i = from; i < to; i++) {
        char name[32];
        snprintf(name, sizeof name, "entry-%06d", i);
        ck_assert_int_eq(mknodat(fd, name, S_IFREG | 0644, 0), 0);
    }
    close(fd);
    free(folder);
}

static const char listing_text[] = "version: 1\n"
                                   "process: {workers: 1}\n"
                                   "listen: [\"127.0.0.1:@PORT@\"]\n"
                                   "vhosts: [{root: @DIR@/www, listing: json}]\n";

/* Clients that do not read hold half a million entries between them, and no more. */
static void hold_listings(void)
{
    enum { CLIENTS = 7, SERVED = 5 };
    int fds[CLIENTS], served = 0, refused = 0;
    char begin[12];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = server_dial(&server);
        ck_assert(send_text(fds[i], "GET /many/ HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_int_eq(recv(fds[i], begin, sizeof begin, MSG_PEEK | MSG_WAITALL), sizeof begin);
        served += memcmp(begin, "HTTP/1.1 200", sizeof begin) == 0;
        refused += memcmp(begin, "HTTP/1.1 503", sizeof begin) == 0;
    }
    ck_assert_int_eq(served, SERVED);
    ck_assert_int_eq(refused, CLIENTS - SERVED);
    ck_assert(server_says(&server, "slow readers of listings", 1000));
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; ask("/many/", "X: y") != 200; sleep_ms(50))
        ck_assert_uint_lt(now_ms(), end);
}

/* A hundred thousand entries are a page, some more are a refusal. */
START_TEST(a_large_folder_is_listed_while_others_are_answered)
{
    size_t n;
    bool closed;
    server_put_text(&server, "www/many/a", "a");
    server_put_text(&server, "www/b.txt", "b");
    make_entries(1, 100000);
    server_start(&server, listing_text);
    int slow = server_dial(&server);
    ck_assert(send_text(slow, "GET /many/ HTTP/1.0\r\nHost: a\r\n\r\n"));
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(ask("/b.txt", "X: y"), 200); /* the page is not read yet */
    char *page = read_to_end(slow, LAUNCH_WAIT_MS, &n, &closed);
    ck_assert(closed);
    const char *rows = strstr(page, "[\n");
    ck_assert_ptr_nonnull(rows);
    unsigned entries = 0;
    for (const char *p = rows + 2; *p; p++)
        entries += *p == '{';
    ck_assert_uint_eq(entries, 100000);
    ck_assert_int_eq(memcmp(page + n - 4, "}\n]\n", 4), 0);
    free(page);
    close(slow);
    hold_listings();
    make_entries(100000, 120001);
    ck_assert_int_eq(ask("/many/", "X: y"), 500);
    ck_assert(server_says(&server, "a folder has more than 120000 entries", 1000));
    ck_assert_int_eq(ask("/b.txt", "X: y"), 200);
    ck_assert_int_eq(server_stop(&server), 0);
}
END_TEST

/* Files that are not in memory are read by threads; what arrives is the same. Where the file system
 * is nothing but memory, nothing is cold, and this is a test of large files. */
START_TEST(files_that_are_not_in_memory_arrive_whole)
{
    enum { SIZE = 6 * 1024 * 1024 + 7, READERS = 4 };
    char *bytes = malloc(SIZE), *path;
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)('a' + (i / 1000 + i) % 26);
    server_put(&server, "www/large", bytes, SIZE);
    server_start(&server, config_text);
    path = server_path(&server, "www/large");
    for (int round = 0; round < 3; round++) {
        int fds[READERS], fd = open(path, O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fsync(fd), 0);
        ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
        close(fd);
        for (int i = 0; i < READERS; i++) {
            fds[i] = server_dial(&server);
            ck_assert(send_text(fds[i], "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
        }
        close(fds[0]); /* one leaves in the middle */
        for (int i = 1; i < READERS; i++) {
            struct answer a;
            ck_assert(answer_read(fds[i], false, &a));
            ck_assert_int_eq(a.status, 200);
            ck_assert_uint_eq(a.body_size, SIZE);
            ck_assert_int_eq(memcmp(a.body, bytes, SIZE), 0);
            answer_free(&a);
            close(fds[i]);
        }
    }
    free(path);
    free(bytes);
    ck_assert_int_eq(server_stop(&server), 0);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* which keeps what is freed, to see it used again */
static long anonymous_kib(pid_t pid)
{
    char name[64], line[200];
    long kib = -1;
    snprintf(name, sizeof name, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(name, "r");
    ck_assert_ptr_nonnull(f);
    while (kib < 0 && fgets(line, sizeof line, f))
        (void)sscanf(line, "Anonymous: %ld", &kib);
    fclose(f);
    return kib;
}

/* What connections hold while they wait: an input buffer each, or a queue and requests. Both bounds
 * are above at_rest, which the worker holds before its first client: after a peak it may still be
 * giving back. */
static void hold_and_let_go(const char *text, size_t n, pid_t worker, long at_rest, long held_kib)
{
    enum { CLIENTS = 600, KEPT_KIB = 2048 };
    static int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = server_dial(&server);
        ck_assert(send_all(fds[i], text, n));
    }
    uint64_t until = now_ms() + 5000;
    while (anonymous_kib(worker) < at_rest + held_kib && now_ms() < until)
        sleep_ms(10);
    ck_assert_int_ge(anonymous_kib(worker), at_rest + held_kib);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i * 7 % CLIENTS]);
    until = now_ms() + 5000;
    while (anonymous_kib(worker) >= at_rest + KEPT_KIB && now_ms() < until)
        sleep_ms(10);
    ck_assert_int_lt(anonymous_kib(worker), at_rest + KEPT_KIB);
}

START_TEST(what_slow_peers_took_is_given_back)
{
    static char head[16000] = "GET / HTTP/1.1\r\nHost: a\r\nCookie: ", pipeline[64 * 60];
    static const char ask[] = "GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n";
    pid_t worker;
    size_t n = 0;
    memset(head + strlen(head), 'c', sizeof head - strlen(head));
    for (int i = 0; i < 64; i++, n += sizeof ask - 1)
        memcpy(pipeline + n, ask, sizeof ask - 1);
    char *large = calloc(1, 8 << 20);
    ck_assert_ptr_nonnull(large);
    server_put(&server, "www/large.bin", large, 8 << 20);
    free(large);
    server_start_all(&server, listing_text);
    ck_assert_int_eq(server_workers(&server, &worker, 1), 1);
    long at_rest = anonymous_kib(worker);
    hold_and_let_go(head, sizeof head, worker, at_rest, 6000);
    hold_and_let_go(pipeline, n, worker, at_rest, 2500);
    ck_assert_int_eq(server_stop(&server), 0);
}
END_TEST

/* A long listing takes megabytes while it is made. */
START_TEST(what_a_peak_took_is_given_back)
{
    enum { ENTRIES = 40000, KEPT_KIB = 1024 };
    pid_t worker;
    struct answer a;
    server_put_text(&server, "www/many/a", "a");
    make_entries(1, ENTRIES);
    server_start_all(&server, listing_text);
    ck_assert_int_eq(server_workers(&server, &worker, 1), 1);
    long before = anonymous_kib(worker);
    for (int i = 0; i < 3; i++) { /* what is given back once teaches the C library to keep it */
        ck_assert_int_eq(server_fetch(&server, "/many/", &a), 200);
        ck_assert_uint_gt(a.size, ENTRIES * 50);
        answer_free(&a);
    }
    ck_assert_int_lt(anonymous_kib(worker), before + KEPT_KIB);
}
END_TEST
#define WITHOUT_ASAN , what_a_peak_took_is_given_back, what_slow_peers_took_is_given_back
#else
#define WITHOUT_ASAN
#endif

UNIT_MAIN_WITH("life/files", prepare, release, a_stale_sibling_is_told_once,
               a_page_that_is_configured_but_missing_is_told_once,
               a_large_folder_is_listed_while_others_are_answered,
               files_that_are_not_in_memory_arrive_whole WITHOUT_ASAN)
