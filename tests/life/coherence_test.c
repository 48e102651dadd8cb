/* The cache under change: whatever happens to a file, its folders or the links on its way, the next
 * answers say so within moments, also while others ask for the same. */
#include "support/launcher.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between a change and its being seen. The promise is 50 ms; a machine that runs tests may be slow,
 * so what is told apart here is events from the look that comes once a second. */
enum { SEEN_MS = 500 };

static struct server server;
static int line = -1;

static const char *path_of(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", server.dir, name);
    return path[turn];
}

static void put(const char *name, const char *text)
{
    char fresh[128];
    snprintf(fresh, sizeof fresh, "%s.new", name);
    server_put(&server, fresh, text, strlen(text));
    ck_assert_int_eq(rename(path_of(fresh), path_of(name)), 0);
}

static void put_in_place(const char *name, const char *text)
{
    server_put(&server, name, text, strlen(text));
}

static void link_over(const char *target, const char *name)
{
    ck_assert_int_eq(symlink(target, path_of("next")), 0);
    ck_assert_int_eq(rename(path_of("next"), path_of(name)), 0);
}

/* One request on the connection that all use: the cache's worker is always the same. */
static struct answer ask(const char *path)
{
    char text[200];
    struct answer a;
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    ck_assert(send_text(line, text));
    ck_assert(answer_read(line, false, &a));
    return a;
}

/* It must come to this status and body (NULL: any) without the second's look. */
static void becomes(const char *path, int status, const char *body)
{
    uint64_t end = now_ms() + SEEN_MS;
    for (;;) {
        struct answer a = ask(path);
        bool is_it = a.status == status &&
                     (!body || (a.body_size == strlen(body) && !memcmp(a.body, body, a.body_size)));
        if (!is_it && now_ms() >= end)
            ck_abort_msg("%s: %d \"%.*s\", expected %d \"%s\"", path, a.status, (int)a.body_size,
                         a.body, status, body ? body : "");
        answer_free(&a);
        if (is_it)
            return;
    }
}

static void setup(void)
{
    server_prepare(&server);
    server_put_text(&server, "one/a.txt", "one");
    server_put_text(&server, "one/sub/b.txt", "b one");
    server_put_text(&server, "two/a.txt", "two");
    server_put_text(&server, "two/sub/b.txt", "b two");
    ck_assert_int_eq(symlink("one", path_of("current")), 0);
    server_start(&server, "version: 1\n"
                          "process: {workers: 1}\n"
                          "listen: [\"127.0.0.1:@PORT@\"]\n"
                          "vhosts: [{root: @DIR@/current}]\n");
    line = server_dial(&server);
    becomes("/a.txt", 200, "one");
    becomes("/sub/b.txt", 200, "b one");
}

static void teardown(void)
{
    close(line);
    server_release(&server);
}

START_TEST(files_that_change_are_seen)
{
    put("one/a.txt", "renamed over");
    becomes("/a.txt", 200, "renamed over");
    put_in_place("one/a.txt", "written in place");
    becomes("/a.txt", 200, "written in place");
    ck_assert_int_eq(unlink(path_of("one/a.txt")), 0);
    becomes("/a.txt", 404, NULL);
    put_in_place("one/a.txt", "created");
    becomes("/a.txt", 200, "created");
    ck_assert_int_eq(link(path_of("one/sub/b.txt"), path_of("one/a.new")), 0);
    ck_assert_int_eq(rename(path_of("one/a.new"), path_of("one/a.txt")), 0);
    becomes("/a.txt", 200, "b one");
    ck_assert_int_eq(unlink(path_of("one/a.txt")), 0);
    ck_assert_int_eq(mkdir(path_of("one/a.txt"), 0755), 0);
    becomes("/a.txt", 301, NULL);
    ck_assert_int_eq(rmdir(path_of("one/a.txt")), 0);
    put("one/a.txt", "a file again");
    becomes("/a.txt", 200, "a file again");
    ck_assert_int_eq(chmod(path_of("one/a.txt"), 0), 0);
    becomes("/a.txt", 403, NULL);
    ck_assert_int_eq(chmod(path_of("one/a.txt"), 0644), 0);
    becomes("/a.txt", 200, "a file again");
}
END_TEST

START_TEST(what_is_missing_is_not_missing_for_good)
{
    becomes("/none", 404, NULL);
    put("one/none", "now it is");
    becomes("/none", 200, "now it is");
    becomes("/deep/er/file", 404, NULL);
    server_put_text(&server, "one/deep/er/file", "deep");
    becomes("/deep/er/file", 200, "deep");
}
END_TEST

START_TEST(folders_that_change_are_seen)
{
    ck_assert_int_eq(rename(path_of("one/sub"), path_of("one/away")), 0);
    becomes("/sub/b.txt", 404, NULL);
    becomes("/away/b.txt", 200, "b one");
    server_put_text(&server, "one/sub/b.txt", "another");
    becomes("/sub/b.txt", 200, "another");
    put("one/sub/b.txt", "and another");
    becomes("/sub/b.txt", 200, "and another");
}
END_TEST

START_TEST(links_that_change_are_seen)
{
    link_over("sub", "one/link");
    becomes("/link/b.txt", 200, "b one");
    server_put_text(&server, "one/other/b.txt", "other");
    link_over("other", "one/link");
    becomes("/link/b.txt", 200, "other");
    put("one/other/b.txt", "behind the link");
    becomes("/link/b.txt", 200, "behind the link");
    link_over("link", "one/hop");
    becomes("/hop/b.txt", 200, "behind the link");
    link_over("sub", "one/link"); /* the link in the middle */
    becomes("/hop/b.txt", 200, "b one");
}
END_TEST

START_TEST(a_release_that_is_switched_is_seen)
{
    for (int i = 0; i < 20; i++) {
        link_over(i % 2 ? "one" : "two", "current");
        becomes("/a.txt", 200, i % 2 ? "one" : "two");
        becomes("/sub/b.txt", 200, i % 2 ? "b one" : "b two");
    }
    put("one/a.txt", "and goes on");
    becomes("/a.txt", 200, "and goes on");
    ck_assert_int_eq(unlink(path_of("current")), 0); /* nothing: what was there is served */
    becomes("/a.txt", 200, "and goes on");
    ck_assert(server_says(&server, "cannot be opened again", 2000));
    link_over("two", "current");
    becomes("/a.txt", 200, "two");
}
END_TEST

/* --- under load --- */

static atomic_bool stop;
static atomic_uint asked;

/* Every answer is one whole version, with the length of that version. */
static void *ask_on(void *unused)
{
    (void)unused;
    int fd = server_dial(&server);
    while (!atomic_load(&stop)) {
        struct answer a;
        if (!send_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n") || !answer_read(fd, false, &a))
            return "no answer";
        if (a.status != 200)
            return "not 200";
        char first = a.body[0];
        for (size_t i = 0; i < a.body_size; i++)
            if (a.body[i] != first)
                return "a mixed answer";
        if (a.body_size != (first == 'a' ? 20000 : 50000))
            return "a body of another's length";
        answer_free(&a);
        atomic_fetch_add(&asked, 1);
    }
    close(fd);
    return NULL;
}

START_TEST(answers_under_change_are_never_mixed_and_never_missing)
{
    static char a[20001], b[50001];
    pthread_t threads[4];
    memset(a, 'a', sizeof a - 1);
    memset(b, 'b', sizeof b - 1);
    put("one/big", a);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_on, NULL), 0);
    uint64_t end = now_ms() + 3000;
    for (int i = 0; now_ms() < end; i++) {
        put("one/big", i % 2 ? a : b);
        sleep_ms(1);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        ck_assert_msg(!wrong, "%s", (const char *)wrong);
    }
    ck_assert_uint_gt(atomic_load(&asked), 100);
}
END_TEST

UNIT_MAIN_WITH("life/coherence", setup, teardown, files_that_change_are_seen,
               what_is_missing_is_not_missing_for_good, folders_that_change_are_seen,
               links_that_change_are_seen, a_release_that_is_switched_is_seen,
               answers_under_change_are_never_mixed_and_never_missing)
