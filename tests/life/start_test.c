/* Starting and ending: exit codes, one clear line for each broken environment, no half server. */
#include "support/launcher.h"
#include "support/unit.h"

#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool is_root(void)
{
    return geteuid() == 0;
}

/* Runs with this configuration to its end; the exit code. */
static int run_config(const char *text)
{
    const char *const args[] = {"run", "-c", "@DIR@/skiff.yaml", NULL};
    server_put_text(&s, "skiff.yaml", text);
    return server_run(&s, args);
}

/* It said exactly one line, with this in it, and nothing listens. */
static void check_refusal(const char *text)
{
    char *said = server_stderr(&s);
    const char *end = strchr(said, '\n');
    ck_assert_msg(strstr(said, text) != NULL, "no \"%s\" in: %s", text, said);
    ck_assert_msg(end && end[1] == '\0', "not one line: %s", said);
    free(said);
    ck_assert_int_lt(port_dial(s.port), 0);
}

/* --- ends --- */

START_TEST(term_ends_it_with_0)
{
    server_start(&s, server_plain_config);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
    ck_assert_int_lt(port_dial(s.port), 0);
}
END_TEST

START_TEST(quit_and_int_end_it_with_0)
{
    static const int signals[] = {SIGQUIT, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        server_start(&s, server_plain_config);
        server_signal(&s, signals[i]);
        ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 0);
    }
}
END_TEST

START_TEST(no_worker_outlives_a_killed_master)
{
    pid_t workers[8];
    server_start_all(&s, server_plain_config);
    int count = server_workers(&s, workers, 8);
    ck_assert_int_eq(count, 2);
    server_signal(&s, SIGKILL);
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 128 + SIGKILL);
    for (int i = 0; i < count; i++)
        for (uint64_t end = now_ms() + LAUNCH_WAIT_MS; kill(workers[i], 0) == 0; sleep_ms(5))
            ck_assert_uint_lt(now_ms(), end);
}
END_TEST

/* --- refusals --- */

START_TEST(a_port_in_use_is_told_with_1)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(s.port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(run_config(server_plain_config), 1);
    (void)close(fd);
    check_refusal("in use");
}
END_TEST

START_TEST(the_port_of_another_skiff_is_in_use)
{
    struct server other;
    server_start(&s, server_plain_config);
    server_prepare(&other);
    other.port = s.port;
    const char *const args[] = {"run", "-c", "@DIR@/skiff.yaml", NULL};
    server_put_text(&other, "skiff.yaml", server_plain_config);
    ck_assert_int_eq(server_run(&other, args), 1);
    ck_assert(server_says(&other, "in use", 0));
    server_release(&other);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
}
END_TEST

START_TEST(an_address_of_another_machine_is_told_with_1)
{
    ck_assert_int_eq(run_config("version: 1\nlisten: [\"192.0.2.1:@PORT@\"]\n"
                                "vhosts: [{root: @DIR@/www}]\n"),
                     1);
    check_refusal("192.0.2.1");
}
END_TEST

START_TEST(a_missing_root_is_named_with_1)
{
    ck_assert_int_eq(run_config("version: 1\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                                "vhosts: [{root: @DIR@/nowhere}]\n"),
                     1);
    check_refusal("/nowhere: No such file");
}
END_TEST

START_TEST(a_root_that_workers_cannot_enter_is_named_with_1)
{
    char *www = server_path(&s, "www");
    ck_assert_int_eq(chmod(www, is_root() ? 0700 : 0), 0);
    ck_assert_int_eq(run_config(server_plain_config), 1);
    check_refusal("/www");
    free(www);
}
END_TEST

START_TEST(a_missing_user_is_named_with_1)
{
    ck_assert_int_eq(run_config("version: 1\nprocess: {user: no-such-user}\n"
                                "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n"),
                     1);
    check_refusal("no-such-user");
}
END_TEST

START_TEST(a_missing_group_is_named_with_1)
{
    ck_assert_int_eq(run_config("version: 1\nprocess: {group: no-such-group}\n"
                                "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n"),
                     1);
    check_refusal("no-such-group");
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_is_named_with_1)
{
    ck_assert_int_eq(run_config("version: 1\nlog: {access: {to: @DIR@/nowhere/access.log}}\n"
                                "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n"),
                     1);
    check_refusal("/nowhere/access.log");
}
END_TEST

START_TEST(more_connections_than_descriptors_are_refused_with_the_numbers)
{
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nprocess: {workers: 1, max_connections: 500}\n"
                    "listen: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n");
    server_launch_shell(&s, "ulimit -n 256; exec \"$SKIFF\" run -c skiff.yaml");
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 1);
    check_refusal("500 connections");
    ck_assert(server_says(&s, "process.max_connections to 144", 0));
}
END_TEST

START_TEST(a_broken_configuration_starts_nothing_with_2)
{
    ck_assert_int_eq(run_config("version: 1\nlisten: [\"127.0.0.1:@PORT@\"]\n"
                                "vhosts: [{rooot: @DIR@/www}]\n"),
                     2);
    ck_assert(server_says(&s, "rooot", 0));
    ck_assert_int_lt(port_dial(s.port), 0);
}
END_TEST

START_TEST(a_missing_configuration_is_told_with_1)
{
    const char *const args[] = {"run", "-c", "@DIR@/nowhere.yaml", NULL};
    ck_assert_int_eq(server_run(&s, args), 1);
    check_refusal("nowhere.yaml");
}
END_TEST

START_TEST(without_any_configuration_it_says_what_else_can_be_done)
{
    static const char *const help[] = {"run", "-h", NULL}, *const none[] = {NULL};
    ck_assert_int_eq(server_run(&s, help), 0);
    char *out = server_get(&s, "stdout", NULL);
    char *usual = strstr(out, "(default: ");
    ck_assert_ptr_nonnull(usual);
    usual += strlen("(default: ");
    usual[strcspn(usual, ")")] = '\0';
    if (access(usual, F_OK) < 0) { /* else this machine has one, which would start */
        ck_assert_int_eq(server_run(&s, none), 1);
        check_refusal("skiff serve DIR");
    }
    free(out);
}
END_TEST

START_TEST(a_worker_that_cannot_start_ends_the_start_with_1)
{
    /* The master fits into its memory, a worker with these buffers does not. */
    server_put_text(&s, "skiff.yaml",
                    "version: 1\nlisten: [\"127.0.0.1:@PORT@\"]\nvhosts: [{root: @DIR@/www}]\n"
                    "log: {access: {to: @DIR@/access.log, buffer: {size: 16MiB}}}\n");
    server_launch_shell(&s, "ulimit -v 30000; exec \"$SKIFF\" run -c skiff.yaml");
    ck_assert_int_eq(server_wait(&s, LAUNCH_WAIT_MS), 1);
#ifndef SKIFF_DEBUG /* the sanitizers' memory does not fit either: then even the master ends */
    ck_assert(server_says(&s, "a worker could not start", 0));
#endif
    ck_assert_int_lt(port_dial(s.port), 0);
}
END_TEST

/* --- the command line --- */

START_TEST(wrong_words_are_told_with_2)
{
    static const char *const words[][4] = {
        {"servee", NULL},          {"--verison", NULL},
        {"run", "--nope", NULL},   {"run", "more", NULL},
        {"run", "-c", NULL},       {"serve", "--listen", NULL},
        {"serve", "a", "b", NULL}, {"serve", "--listen", "nonsense", NULL},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ck_assert_int_eq(server_run(&s, words[i]), 2);
        char *said = server_stderr(&s);
        ck_assert_msg(strchr(said, '\n') == said + strlen(said) - 1, "not one line: %s", said);
        free(said);
    }
    ck_assert_int_eq(server_run(&s, words[0]), 2);
    ck_assert(server_says(&s, "did you mean \"serve\"?", 0));
}
END_TEST

START_TEST(a_command_that_is_a_signal_here_says_which)
{
    static const char *const words[][2] = {{"reload", "send HUP"},
                                           {"reopen", "send USR1"},
                                           {"stop", "send TERM"},
                                           {"quit", "send QUIT"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *const args[] = {words[i][0], NULL};
        ck_assert_int_eq(server_run(&s, args), 2);
        ck_assert(server_says(&s, words[i][1], 0));
    }
}
END_TEST

START_TEST(check_is_an_option_too)
{
    static const char *const words[][4] = {{"-t", "-c", "@DIR@/skiff.yaml", NULL},
                                           {"-c", "@DIR@/skiff.yaml", "-t", NULL},
                                           {"-tc", "@DIR@/skiff.yaml", NULL}};
    server_put_text(&s, "skiff.yaml", server_plain_config);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ck_assert_int_eq(server_run(&s, words[i]), 0);
        char *out = server_get(&s, "stdout", NULL);
        ck_assert_msg(strncmp(out, "ok: ", 4) == 0, "%s", out);
        free(out);
    }
}
END_TEST

START_TEST(version_and_help_are_printed_with_0)
{
    static const char *const words[][3] = {{"-V", NULL},          {"--version", NULL},
                                           {"-h", NULL},          {"--help", NULL},
                                           {"run", "-h", NULL},   {"serve", "--help", NULL},
                                           {"check", "-h", NULL}, {"config", "-h", NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        ck_assert_int_eq(server_run(&s, words[i]), 0);
        char *out = server_get(&s, "stdout", NULL);
        ck_assert_msg(strstr(out, "skiff") != NULL, "%s: %s", words[i][0], out);
        free(out);
    }
}
END_TEST

/* --- where it works --- */

START_TEST(two_run_at_once)
{
    struct server other;
    server_start(&s, server_plain_config);
    server_prepare(&other);
    server_put_text(&other, "www/hello.txt", "other");
    server_start(&other, server_plain_config);
    struct answer a;
    ck_assert_int_eq(server_fetch(&other, "/hello.txt", &a), 200);
    ck_assert_str_eq(a.body, "other");
    answer_free(&a);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&other), 0);
    server_release(&other);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(a_root_below_a_folder_that_is_closed_to_workers_is_served)
{
    ck_assert_int_eq(chmod(s.dir, 0700), 0);
    server_start(&s, server_plain_config);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", NULL), 200);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

START_TEST(closed_standard_descriptors_do_no_harm)
{
    struct answer a;
    server_put_text(&s, "skiff.yaml", server_plain_config);
    server_launch_shell(&s, "exec \"$SKIFF\" run -c skiff.yaml <&- >&- 2>&-");
    server_await(&s);
    ck_assert_int_eq(server_fetch(&s, "/hello.txt", &a), 200);
    ck_assert_str_eq(a.body, "hello");
    answer_free(&a);
    ck_assert_int_eq(server_stop(&s), 0);
}
END_TEST

/* A field of /proc/PID/status. */
static void read_status(pid_t pid, const char *field, char out[256])
{
    char path[64], line[512];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    ck_assert_ptr_nonnull(f);
    out[0] = '\0';
    while (fgets(line, sizeof line, f))
        if (strncmp(line, field, strlen(field)) == 0)
            (void)snprintf(out, 256, "%s", line + strlen(field));
    (void)fclose(f); /* only read */
}

START_TEST(workers_have_no_privileges_and_no_way_back)
{
    pid_t workers[8];
    char text[256];
    server_start_all(&s, server_plain_config);
    ck_assert_int_eq(server_workers(&s, workers, 8), 2);
    read_status(workers[0], "NoNewPrivs:", text);
    ck_assert_int_eq(atoi(text), 1);
    read_status(workers[0], "CapPrm:", text);
    ck_assert_uint_eq(strtoull(text, NULL, 16), 0);
    const struct passwd *user = is_root() ? getpwnam("nobody") : getpwuid(geteuid());
    ck_assert_ptr_nonnull(user);
    unsigned ids[4];
    read_status(workers[0], "Uid:", text);
    ck_assert_int_eq(sscanf(text, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]), 4);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(ids[i], user->pw_uid);
}
END_TEST

UNIT_MAIN_WITH("life/start", setup, teardown, term_ends_it_with_0, quit_and_int_end_it_with_0,
               no_worker_outlives_a_killed_master, a_port_in_use_is_told_with_1,
               the_port_of_another_skiff_is_in_use, an_address_of_another_machine_is_told_with_1,
               a_missing_root_is_named_with_1, a_root_that_workers_cannot_enter_is_named_with_1,
               a_missing_user_is_named_with_1, a_missing_group_is_named_with_1,
               a_log_that_cannot_be_opened_is_named_with_1,
               more_connections_than_descriptors_are_refused_with_the_numbers,
               a_broken_configuration_starts_nothing_with_2, a_missing_configuration_is_told_with_1,
               without_any_configuration_it_says_what_else_can_be_done,
               a_worker_that_cannot_start_ends_the_start_with_1, wrong_words_are_told_with_2,
               a_command_that_is_a_signal_here_says_which, check_is_an_option_too,
               version_and_help_are_printed_with_0, two_run_at_once,
               a_root_below_a_folder_that_is_closed_to_workers_is_served,
               closed_standard_descriptors_do_no_harm, workers_have_no_privileges_and_no_way_back)
