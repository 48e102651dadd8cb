/* run: options to a struct launch. */
#include "cli/run.h"

#include "cli/cli.h"
#include "config.h"
#include "process/master.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static const char help[] =
    "usage: skiff [run] [-c FILE] [-d]\n"
    "\n"
    "Runs the server.\n"
    "\n"
    "  -c FILE   the configuration (default: " SKIFF_SYSCONFDIR "/skiff/skiff.yaml)\n"
    "  -d        go to the background: the command returns when the server accepts connections,\n"
    "            or says why it does not\n"
    "  -h        this help\n"
    "\n"
    "Signals: TERM and QUIT finish the requests in hand, then end; INT, or a second TERM, ends at\n"
    "once; HUP reads the configuration anew; USR1 reopens the logs.\n"
    "Exit code: 0 it ended as asked, 1 the environment is at fault, 2 the configuration is.\n";

static const char usual_file[] = SKIFF_SYSCONFDIR "/skiff/skiff.yaml";
static const char *const known[] = {"-c", "-d", "-h", "--help", NULL};
static const struct option long_options[] = {{.name = "help", .val = 'h'}, {0}};

/* In the background the current folder is another: the path must not depend on it. */
static bool make_absolute(const char *file, char out[PATH_MAX])
{
    char dir[PATH_MAX];
    int n;
    if (file[0] == '/')
        n = snprintf(out, PATH_MAX, "%s", file);
    else if (getcwd(dir, sizeof dir))
        n = snprintf(out, PATH_MAX, "%s/%s", dir[1] ? dir : "", file);
    else
        return false;
    return n < PATH_MAX;
}

int cli_run(int argc, char **argv)
{
    char path[PATH_MAX];
    const char *file = usual_file;
    struct launch l = {0};
    optind = 0; /* GNU: begin anew, whoever used getopt before */
    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, "+:c:dh", long_options, NULL)) != -1;) {
        if (o == 'c')
            file = optarg;
        else if (o == 'd')
            l.background = true;
        else if (o == 'h')
            return fputs(help, stdout) < 0 ? CLI_ENVIRONMENT : CLI_FINE;
        else
            return cli_bad_option("run", argv, o, known);
    }
    if (optind < argc) {
        fprintf(stderr, "skiff run: unexpected \"%s\"; the configuration is named with -c\n",
                argv[optind]);
        return CLI_USAGE;
    }
    if (file == usual_file && access(file, F_OK) < 0 && errno == ENOENT) {
        fprintf(stderr,
                "skiff: there is no %s; name a configuration with -c, or a folder: skiff serve "
                "DIR\n",
                file);
        return CLI_ENVIRONMENT;
    }
    l.file = file;
    if (l.background) {
        if (!make_absolute(file, path)) {
            fprintf(stderr, "skiff run: %s: its absolute path cannot be found\n", file);
            return CLI_ENVIRONMENT;
        }
        l.file = path;
    }
    return master_run(&l);
}
