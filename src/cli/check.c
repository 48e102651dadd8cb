/* check: reads a configuration and says what is wrong with it, or what it has.
 *
 * It reads files and looks whether the roots are there: no privileges, no sockets, nothing opened.
 * So it can run anywhere, also where the configuration is only written. */
#include "cli/check.h"

#include "cli/cli.h"
#include "config.h"
#include "config/diag.h"
#include "server/settings.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: skiff check [-c FILE]\n"
    "\n"
    "Reads the configuration and everything it includes, and says all that is wrong with it.\n"
    "Warns of roots that are not there or closed to who asks; takes no port and no privilege.\n"
    "\n"
    "  -c FILE   the file to check (default: " SKIFF_SYSCONFDIR "/skiff/skiff.yaml)\n"
    "  -h        this help\n"
    "\n"
    "Exit code: 0 it is right, 1 it cannot be read, 2 it is wrong.\n";

static const char *const known[] = {"-c", "-h", "--help", NULL};
static const struct option long_options[] = {{.name = "help", .val = 'h'}, {0}};

static void print_count(unsigned n, const char *what)
{
    printf("%u %s%s", n, what, n == 1 ? "" : "s");
}

static void print_summary(const char *file, const struct config *c, const struct diag *d)
{
    unsigned routes = 0;
    /* The last route of a vhost is ours: it takes what no other did. */
    for (uint32_t i = 0; i < c->vhost_count; i++)
        routes += c->vhosts[i].route_count - 1;
    printf("ok: %s: ", file);
    print_count(c->vhost_count, "vhost");
    fputs(", ", stdout);
    print_count(routes, "route");
    fputs(", ", stdout);
    print_count(c->listen.count, "listener");
    if (diag_warnings(d) > 0) {
        fputs(", ", stdout);
        print_count(diag_warnings(d), "warning");
    }
    fputc('\n', stdout);
}

static int check(const char *file)
{
    struct diag d;
    diag_init(&d);
    struct config *c = settings_check(file, &d);
    diag_print(&d, stderr);
    int code = diag_exit_code(&d);
    if (c)
        print_summary(file, c, &d);
    if (fflush(stdout) != 0)
        code = 1;
    settings_free(c);
    diag_done(&d);
    return code;
}

int cli_check(int argc, char **argv)
{
    const char *file = SKIFF_SYSCONFDIR "/skiff/skiff.yaml";
    optind = 0; /* GNU: begin anew, whoever used getopt before */
    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "+:c:h", long_options, NULL)) != -1;) {
        if (o == 'h')
            return fputs(help, stdout) < 0 ? CLI_ENVIRONMENT : CLI_FINE;
        if (o != 'c')
            return cli_bad_option("check", argv, o, known);
        file = optarg;
    }
    if (optind == argc)
        return check(file);
    fprintf(stderr, "skiff check: unexpected \"%s\"; the file is named with -c\n", argv[optind]);
    return CLI_USAGE;
}
