#include "process/logs.h"

#include "base/log.h"
#include "support/launcher.h"
#include "support/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct server place; /* only its folder is used */

static void setup(void)
{
    server_prepare(&place);
    char *log = server_path(&place, "stderr");
    log_open(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), LOG_NOTICE, "");
    free(log);
}

static void teardown(void)
{
    (void)close(log_fd());
    log_open(STDERR_FILENO, LOG_NOTICE, "");
    server_release(&place);
}

static struct log_conf conf(const char *error, const char *access)
{
    return (struct log_conf){.error.to = str_of(error), .access.to = str_of(access)};
}

START_TEST(words_are_the_standard_descriptors_and_stay_open)
{
    struct logs l;
    struct stat st;
    struct log_conf c = conf("stderr", "stdout");
    ck_assert(logs_open(&c, &l));
    ck_assert_int_eq(l.error, STDERR_FILENO);
    ck_assert_int_eq(l.access, STDOUT_FILENO);
    logs_close(&l);
    ck_assert_int_eq(fstat(STDOUT_FILENO, &st), 0);
    ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
}
END_TEST

START_TEST(an_access_log_that_is_off_has_no_descriptor)
{
    struct logs l;
    struct log_conf c = conf("stdout", "");
    ck_assert(logs_open(&c, &l));
    ck_assert_int_eq(l.error, STDOUT_FILENO);
    ck_assert_int_eq(l.access, -1);
}
END_TEST

START_TEST(files_are_appended_to_and_closed_to_others)
{
    struct logs l;
    struct stat st;
    char *error = server_path(&place, "error.log"), *access = server_path(&place, "access.log");
    server_put_text(&place, "error.log", "before\n");
    struct log_conf c = conf(error, access);
    mode_t mask = umask(0);
    ck_assert(logs_open(&c, &l));
    (void)umask(mask);
    ck_assert_int_eq(write(l.error, "after\n", 6), 6);
    char *text = server_get(&place, "error.log", NULL);
    ck_assert_str_eq(text, "before\nafter\n");
    ck_assert_int_eq(fstat(l.access, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
    ck_assert_int_eq(fcntl(l.access, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND);
    int was = l.access;
    logs_close(&l);
    ck_assert_int_lt(fstat(was, &st), 0);
    free(text), free(error), free(access);
}
END_TEST

START_TEST(a_pipe_that_nobody_reads_is_refused_without_waiting)
{
    struct logs l;
    char *fifo = server_path(&place, "fifo");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    struct log_conf c = conf("stderr", fifo);
    ck_assert(!logs_open(&c, &l));
    ck_assert(server_says(&place, "nobody reads", 0));
    int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert(logs_open(&c, &l));
    ck_assert_int_eq(fcntl(l.access, F_GETFL) & O_NONBLOCK, 0);
    logs_close(&l);
    (void)close(reader);
    free(fifo);
}
END_TEST

START_TEST(a_path_that_cannot_be_opened_is_named)
{
    struct logs l;
    struct log_conf c = conf("/nowhere/error.log", "");
    ck_assert(!logs_open(&c, &l));
    ck_assert(server_says(&place, "/nowhere/error.log: No such file", 0));
}
END_TEST

UNIT_MAIN_WITH("process/logs", setup, teardown, words_are_the_standard_descriptors_and_stay_open,
               an_access_log_that_is_off_has_no_descriptor,
               files_are_appended_to_and_closed_to_others,
               a_pipe_that_nobody_reads_is_refused_without_waiting,
               a_path_that_cannot_be_opened_is_named)
