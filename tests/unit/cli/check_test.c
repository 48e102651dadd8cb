/* check and config: what they print where, and their exit codes. */
#include "cli/check.h"
#include "cli/config_print.h"
#include "support/scratch.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static char file[96];
static char out[65536], err[8192];

static void slurp(const char *name, char *to, size_t cap)
{
    FILE *f = fopen(in(name), "r");
    ck_assert_ptr_nonnull(f);
    to[fread(to, 1, cap - 1, f)] = '\0';
    fclose(f);
}

static void redirect(FILE *stream, const char *name)
{
    ck_assert_ptr_nonnull(freopen(in(name), "w", stream));
}

/* A folder with a configuration; each test is a process of its own, so its streams are ours. */
static void prepare(const char *yaml)
{
    scratch_make();
    strcpy(file, in("skiff.yaml"));
    scratch_put("skiff.yaml", yaml);
}

static int run(int (*command)(int, char **), const char *a, const char *b, const char *c)
{
    char *argv[] = {(char[]){"command"}, (char *)(uintptr_t)a, (char *)(uintptr_t)b,
                    (char *)(uintptr_t)c, NULL};
    int argc = 1;
    while (argv[argc])
        argc++;
    redirect(stdout, "out");
    redirect(stderr, "err");
    int code = command(argc, argv);
    fflush(stdout);
    fflush(stderr);
    slurp("out", out, sizeof out);
    slurp("err", err, sizeof err);
    return code;
}

#define RIGHT                                                                                      \
    "version: 1\nlisten: [\"127.0.0.1:80\"]\nvhosts: [{root: /, routes: [{respond: {}}]}]\n"

START_TEST(a_right_file_is_summed_up_on_stdout)
{
    char expected[192];
    prepare(RIGHT);
    ck_assert_int_eq(run(cli_check, "-c", file, NULL), 0);
    snprintf(expected, sizeof expected, "ok: %s: 1 vhost, 1 route, 1 listener\n", file);
    ck_assert_str_eq(out, expected);
    ck_assert_str_eq(err, "");
    scratch_remove();
}
END_TEST

START_TEST(warnings_do_not_fail_but_are_told)
{
    prepare(RIGHT "unknown_host: {respond: {status: 404}}\n");
    ck_assert_int_eq(run(cli_check, "-c", file, NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, ", 1 listener, 1 warning\n"));
    ck_assert_ptr_nonnull(strstr(err, "warning: unknown_host is never used"));
    scratch_remove();
}
END_TEST

START_TEST(a_root_that_is_no_folder_is_a_warning)
{
    prepare(
        "version: 1\nlisten: [\"127.0.0.1:80\"]\nvhosts:\n  - root: nowhere\n    routes:\n"
        "      - {match: {path: /a}, root: skiff.yaml}\n      - {match: {path: /b}, root: /}\n");
    ck_assert_int_eq(run(cli_check, "-c", file, NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, ", 2 warnings\n"));
    ck_assert_ptr_nonnull(strstr(err, "/nowhere: No such file or directory\n    4 |"));
    ck_assert_ptr_nonnull(strstr(err, "/skiff.yaml is not a folder\n    6 |"));
    ck_assert_int_eq(run(cli_config, "dump", "-c", file), 0);
    ck_assert_str_eq(err, "");
    scratch_remove();
}
END_TEST

START_TEST(a_wrong_file_is_explained_on_stderr_with_code_two)
{
    prepare("version: 1\n");
    ck_assert_int_eq(run(cli_check, "-c", file, NULL), 2);
    ck_assert_str_eq(out, "");
    ck_assert_ptr_nonnull(strstr(err, "2 errors, 0 warnings; nothing was loaded\n"));
    scratch_remove();
}
END_TEST

START_TEST(a_missing_file_is_one_line_with_code_one)
{
    prepare("");
    ck_assert_int_eq(run(cli_check, "-c", "/nonexistent/skiff.yaml", NULL), 1);
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(err,
                     "error: cannot read /nonexistent/skiff.yaml: No such file or directory\n");
    scratch_remove();
}
END_TEST

START_TEST(the_command_line_is_checked)
{
    prepare("");
    ck_assert_int_eq(run(cli_check, "-z", NULL, NULL), 2);
    ck_assert_str_eq(err, "skiff check: unknown option \"-z\"; see skiff check -h\n");
    ck_assert_int_eq(run(cli_check, "-c", NULL, NULL), 2);
    ck_assert_str_eq(err, "skiff check: option \"-c\" needs a value\n");
    ck_assert_int_eq(run(cli_check, "a.yaml", NULL, NULL), 2);
    ck_assert_ptr_nonnull(strstr(err, "unexpected \"a.yaml\""));
    ck_assert_int_eq(run(cli_config, NULL, NULL, NULL), 2);
    ck_assert_ptr_nonnull(strstr(err, "usage: skiff config"));
    ck_assert_int_eq(run(cli_config, "schema", NULL, NULL), 2);
    ck_assert_ptr_nonnull(strstr(err, "skiff config: unknown command \"schema\"; "));
    ck_assert_int_eq(run(cli_config, "manual", "-c", "x"), 2);
    ck_assert_int_eq(run(cli_config, "dump", "x", NULL), 2);
    scratch_remove();
}
END_TEST

START_TEST(help_goes_to_stdout)
{
    prepare("");
    ck_assert_int_eq(run(cli_check, "-h", NULL, NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "usage: skiff check"));
    ck_assert_int_eq(run(cli_config, "-h", NULL, NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "usage: skiff config"));
    ck_assert_int_eq(run(cli_config, "dump", "-h", NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "usage: skiff config"));
    scratch_remove();
}
END_TEST

START_TEST(the_dump_goes_to_stdout)
{
    prepare(RIGHT);
    ck_assert_int_eq(run(cli_config, "dump", "-c", file), 0);
    ck_assert_ptr_nonnull(strstr(out, "version: 1\nprocess:\n"));
    ck_assert_str_eq(err, "");
    ck_assert_int_eq(run(cli_config, "dump", "-c", "/nonexistent"), 1);
    ck_assert_str_eq(out, "");
    scratch_remove();
}
END_TEST

START_TEST(the_manual_goes_to_stdout)
{
    prepare("");
    ck_assert_int_eq(run(cli_config, "manual", NULL, NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "# The skiff manual\n"));
    scratch_remove();
}
END_TEST

UNIT_MAIN("cli/check", a_right_file_is_summed_up_on_stdout, warnings_do_not_fail_but_are_told,
          a_root_that_is_no_folder_is_a_warning, a_wrong_file_is_explained_on_stderr_with_code_two,
          a_missing_file_is_one_line_with_code_one, the_command_line_is_checked,
          help_goes_to_stdout, the_dump_goes_to_stdout, the_manual_goes_to_stdout)
