/* Options whose effect only a running server shows. */
#include "support/launcher.h"
#include "support/unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct server s;

static void setup(void)
{
    server_prepare(&s);
    server_put_text(&s, "www/hello.txt", "hello");
}

static void teardown(void)
{
    server_release(&s);
}

/* Starts with these lines before the usual ones, all workers serving. */
static void start_with(const char *lines)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "version: 1\n%slisten: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n",
                   lines);
    server_start(&s, text);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
}

/* --- log.error.level --- */

START_TEST(a_start_is_told_at_notice_and_not_at_error)
{
    start_with("");
    server_must_say(&s, "serving: ");
    ck_assert_int_eq(server_stop(&s), 0);
    start_with("log: {error: {level: error}}\n");
    ck_assert_int_eq(server_stop(&s), 0);
    char *said = server_stderr(&s);
    ck_assert_str_eq(said, "");
    free(said);
}
END_TEST

/* --- process.pin_cpus --- */

static int cpus_of(pid_t pid)
{
    cpu_set_t set;
    ck_assert_int_eq(sched_getaffinity(pid, sizeof set, &set), 0);
    return CPU_COUNT(&set);
}

START_TEST(pinned_workers_have_one_cpu_and_others_all)
{
    static const char *const lines[] = {"process: {workers: 2, pin_cpus: true}\n",
                                        "process: {workers: 2}\n"};
    for (size_t i = 0; i < 2; i++) {
        pid_t workers[4];
        start_with(lines[i]);
        server_must_say(&s, "serving: ");
        ck_assert_int_eq(server_workers(&s, workers, 4), 2);
        for (size_t k = 0; k < 2; k++)
            ck_assert_int_eq(cpus_of(workers[k]), i == 0 ? 1 : cpus_of(s.pid));
        ck_assert_int_eq(server_stop(&s), 0);
    }
}
END_TEST

/* --- files.cache --- */

/* By rename, and old enough to be remembered. */
static void replace(const char *text)
{
    char *from = server_path(&s, "new"), *to = server_path(&s, "www/hello.txt");
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    server_put_text(&s, "new", text);
    ck_assert_int_eq(utimensat(AT_FDCWD, from, times, 0), 0);
    ck_assert_int_eq(rename(from, to), 0);
    free(from);
    free(to);
}

static bool has(const char *text)
{
    struct answer a;
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", &a), 200);
    bool is_same = strcmp(a.body, text) == 0;
    answer_free(&a);
    return is_same;
}

START_TEST(a_file_is_good_for_as_long_as_check_says)
{
    replace("first");
    start_with("process: {workers: 1}\nfiles: {cache: {check: 1h}}\n");
    replace("second");
    ck_assert(has("first"));
    ck_assert_int_eq(server_stop(&s), 0);
    start_with("process: {workers: 1}\nfiles: {cache: {check: 10ms}}\n");
    replace("third");
    for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; !has("third"); sleep_ms(5))
        ck_assert_uint_lt(now_ms(), end);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

UNIT_MAIN_WITH("life/options", setup, teardown, a_start_is_told_at_notice_and_not_at_error,
               pinned_workers_have_one_cpu_and_others_all, a_file_is_good_for_as_long_as_check_says)
