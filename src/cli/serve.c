/* serve: writes the configuration that a newcomer would, and runs it.
 *
 * Requests are logged to stdout, because who looks at a folder wants to see them; one worker is
 * plenty. Started as root it works as the folder's owner, or as nobody where that is root. */
#include "cli/serve.h"

#include "cli/cli.h"
#include "io/sock.h"
#include "process/master.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: skiff serve [DIR] [--listen ADDRESS]\n"
    "\n"
    "Serves a folder (default: the current one) without a configuration, and logs the requests to\n"
    "stdout. Started as root it works as the folder's owner, or as nobody where that is root.\n"
    "\n"
    "  --listen ADDRESS   HOST:PORT, [IPV6]:PORT or unix:PATH (default: 127.0.0.1:8080)\n"
    "  -h                 this help\n"
    "\n"
    "Exit code: 0 it ended as asked, 1 the environment is at fault, 2 the command line is.\n";

static const char *const known[] = {"--listen", "-h", "--help", NULL};
static const struct option long_options[] = {
    {.name = "listen", .has_arg = required_argument, .val = 'l'},
    {.name = "help", .val = 'h'},
    {0},
};

/* A YAML string in quotes; '$' is doubled, or the configuration would look for a variable. */
static void put_quoted(FILE *f, const char *text)
{
    (void)fputc('"', f);
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            (void)fprintf(f, "\\%c", *p);
        else if (*p == '$')
            (void)fputs("$$", f);
        else if ((unsigned char)*p < ' ' || *p == 0x7f)
            (void)fprintf(f, "\\x%02x", (unsigned char)*p);
        else
            (void)fputc(*p, f);
    }
    (void)fputc('"', f);
}

/* For free(); NULL when memory is out. */
static char *write_config(const char *dir, const char *listen)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return NULL;
    (void)fputs("version: 1\n"
                "process: {workers: 1}\n"
                "log:\n"
                "  error: {to: stderr, level: warn}\n"
                "  access: {to: stdout, buffer: {flush: 100ms}}\n"
                "listen: [",
                f);
    put_quoted(f, listen);
    (void)fputs("]\nvhosts:\n  - root: ", f);
    put_quoted(f, dir);
    (void)fputs("\n    listing: {format: [html, json]}\n", f);
    if (fclose(f) == 0) /* tells of any failure before */
        return text;
    free(text);
    return NULL;
}

static char *write_greeting(const char *dir, const char *listen)
{
    char *text = NULL;
    bool is_unix = strncmp(listen, "unix:", 5) == 0;
    int n = asprintf(&text, "serving %s at %s%s%s\n", dir, is_unix ? "" : "http://", listen,
                     is_unix ? "" : "/");
    return n < 0 ? NULL : text;
}

static int serve(const char *dir, const struct stat *st, const char *listen)
{
    int code = CLI_ENVIRONMENT;
    struct identity id;
    char *config = write_config(dir, listen), *greeting = write_greeting(dir, listen);
    if (!config || !greeting) {
        fprintf(stderr, "skiff serve: out of memory\n");
    } else if (identity_find_uid(st->st_uid, st->st_gid, &id)) {
        struct launch l = {
            .text = str_of(config),
            .name = "(serve)",
            .dir = dir,
            .identity = &id,
            .in_use_hint = "choose another address with --listen, such as 127.0.0.1:8081",
            .greeting = greeting,
        };
        code = master_run(&l);
    }
    free(config);
    free(greeting);
    return code;
}

/* Looks before anything starts, so that a slip is told in one line. */
static int check_and_serve(const char *name, const char *listen)
{
    char dir[PATH_MAX];
    struct stat st;
    struct address address;
    const char *wrong = address_parse(str_of(listen), &address);
    if (wrong) {
        fprintf(stderr, "skiff serve: --listen \"%s\" is no address: %s\n", listen, wrong);
        return CLI_USAGE;
    }
    if (!realpath(name, dir) || stat(dir, &st) < 0) {
        fprintf(stderr, "skiff serve: %s: %s\n", name, strerror(errno));
        return CLI_ENVIRONMENT;
    }
    if (!S_ISDIR(st.st_mode)) {
        fprintf(stderr, "skiff serve: %s: is not a folder\n", name);
        return CLI_ENVIRONMENT;
    }
    return serve(dir, &st, listen);
}

int cli_serve(int argc, char **argv)
{
    const char *listen = "127.0.0.1:8080";
    optind = 0; /* GNU: begin anew, whoever used getopt before */
    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, ":h", long_options, NULL)) != -1;) {
        if (o == 'l')
            listen = optarg;
        else if (o == 'h')
            return fputs(help, stdout) < 0 ? CLI_ENVIRONMENT : CLI_FINE;
        else
            return cli_bad_option("serve", argv, o, known);
    }
    if (argc - optind > 1) {
        fprintf(stderr, "skiff serve: unexpected \"%s\"; one folder can be served\n",
                argv[optind + 1]);
        return CLI_USAGE;
    }
    return check_and_serve(optind < argc ? argv[optind] : ".", listen);
}
