#include "process/budget.h"

#include "base/log.h"
#include "support/unit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static int said; /* what was logged goes into this pipe */

static void setup(void)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    said = ends[0];
    log_open(ends[1], LOG_NOTICE, "");
}

static void teardown(void)
{
    (void)close(said);
    (void)close(log_fd());
    log_open(STDERR_FILENO, LOG_NOTICE, "");
}

static bool divide(struct budget_request r, struct budget *out)
{
    *out = (struct budget){0};
    return budget_divide(&r, out);
}

static void check_refused(struct budget_request r, const char *text)
{
    struct budget b;
    char line[1024];
    ck_assert(!divide(r, &b));
    ssize_t n = read(said, line, sizeof line - 1);
    ck_assert_int_gt(n, 0);
    line[n] = '\0';
    ck_assert_msg(strstr(line, text) != NULL, "no \"%s\" in: %s", text, line);
}

START_TEST(automatic_numbers_are_three_quarters_and_one_of_each_process)
{
    struct budget b;
    ck_assert(divide(
        (struct budget_request){.open_files = OPEN_FILES_AUTO, .workers = 4, .limit = 1064}, &b));
    ck_assert_uint_eq(b.connections, 750);
    ck_assert_uint_eq(b.files, 250);
}
END_TEST

START_TEST(written_numbers_are_shared_among_the_workers)
{
    struct budget b;
    struct budget_request r = {
        .workers = 3, .max_connections = 100, .open_files = 10, .limit = 1064};
    ck_assert(divide(r, &b));
    ck_assert_uint_eq(b.connections, 34);
    ck_assert_uint_eq(b.files, 4);
}
END_TEST

START_TEST(what_is_not_written_gives_way)
{
    struct budget b;
    struct budget_request r = {
        .open_files = OPEN_FILES_AUTO, .workers = 1, .max_connections = 900, .limit = 1064};
    ck_assert(divide(r, &b));
    ck_assert_uint_eq(b.connections, 900);
    ck_assert_uint_eq(b.files, 100);
    r = (struct budget_request){.workers = 1, .open_files = 600, .limit = 1064};
    ck_assert(divide(r, &b));
    ck_assert_uint_eq(b.connections, 400);
    ck_assert_uint_eq(b.files, 600);
}
END_TEST

START_TEST(a_written_number_is_met_exactly_at_the_limit_and_refused_beyond)
{
    struct budget b;
    struct budget_request r = {
        .open_files = OPEN_FILES_AUTO, .workers = 1, .max_connections = 1000, .limit = 1064};
    ck_assert(divide(r, &b));
    ck_assert_uint_eq(b.connections, 1000);
    ck_assert_uint_eq(b.files, 0);
    r.max_connections = 1001;
    check_refused(r, "1065 descriptors (1001 connections, 0 cached files, 64 others); the hard "
                     "limit is 1064");
    check_refused(r, "lower process.max_connections to 750");
}
END_TEST

START_TEST(both_written_numbers_are_named_when_they_do_not_fit_together)
{
    struct budget_request r = {
        .workers = 1, .max_connections = 50000, .open_files = 20000, .limit = 65536};
    check_refused(r, "70064 descriptors (50000 connections, 20000 cached files, 64 others)");
    check_refused(r, "lower process.max_connections to 45472, or lower files.cache.open_files");
}
END_TEST

START_TEST(no_files_at_all_is_a_number_like_any)
{
    struct budget b;
    ck_assert(divide((struct budget_request){.workers = 1, .open_files = 0, .limit = 1064}, &b));
    ck_assert_uint_eq(b.connections, 750);
    ck_assert_uint_eq(b.files, 0);
}
END_TEST

START_TEST(too_many_files_alone_are_refused)
{
    struct budget_request r = {.workers = 1, .open_files = 1000, .limit = 1064};
    check_refused(r, "lower files.cache.open_files");
}
END_TEST

START_TEST(many_sockets_take_from_what_is_left)
{
    struct budget b;
    struct budget_request r = {
        .open_files = OPEN_FILES_AUTO, .workers = 1, .inherited = 132, .limit = 1164};
    ck_assert(divide(r, &b));
    ck_assert_uint_eq(b.connections + b.files, 1000);
}
END_TEST

START_TEST(a_limit_that_leaves_nothing_is_refused)
{
    struct budget b;
    check_refused((struct budget_request){.open_files = OPEN_FILES_AUTO,
                                          .workers = 1,
                                          .limit = BUDGET_LIMIT_MIN - 1},
                  "at least 96");
    ck_assert(divide((struct budget_request){.open_files = OPEN_FILES_AUTO,
                                             .workers = 1,
                                             .limit = BUDGET_LIMIT_MIN},
                     &b));
    ck_assert_uint_eq(b.connections, 24);
    check_refused(
        (struct budget_request){
            .open_files = OPEN_FILES_AUTO, .workers = 1, .inherited = 200, .limit = 200},
        "at least 234");
}
END_TEST

START_TEST(the_soft_limit_is_raised_to_the_hard_one)
{
    struct rlimit before, after;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit low = {.rlim_cur = 64, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    ck_assert_uint_gt(budget_raise_limit(), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &after), 0);
    ck_assert_uint_eq(after.rlim_cur, before.rlim_max);
}
END_TEST

UNIT_MAIN_WITH("process/budget", setup, teardown,
               automatic_numbers_are_three_quarters_and_one_of_each_process,
               written_numbers_are_shared_among_the_workers, what_is_not_written_gives_way,
               a_written_number_is_met_exactly_at_the_limit_and_refused_beyond,
               both_written_numbers_are_named_when_they_do_not_fit_together,
               no_files_at_all_is_a_number_like_any, too_many_files_alone_are_refused,
               many_sockets_take_from_what_is_left, a_limit_that_leaves_nothing_is_refused,
               the_soft_limit_is_raised_to_the_hard_one)
