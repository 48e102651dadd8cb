/* config_print: prints what the option tables and a configuration say. */
#include "cli/config_print.h"

#include "cli/cli.h"
#include "config.h"
#include "config/diag.h"
#include "server/settings.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: skiff config dump [-c FILE]\n"
    "       skiff config manual\n"
    "\n"
    "dump      prints the effective configuration, each value with where it comes from;\n"
    "          what it prints is a configuration itself\n"
    "manual    prints the manual, with every key, in Markdown\n"
    "\n"
    "  -c FILE   the file to read (default: " SKIFF_SYSCONFDIR "/skiff/skiff.yaml)\n"
    "  -h        this help\n"
    "\n"
    "Exit code: 0 fine, 1 the file cannot be read, 2 it is wrong.\n";

static const char *const known[] = {"-c", "-h", "--help", NULL};
static const struct option long_options[] = {{.name = "help", .val = 'h'}, {0}};

static int written(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    fprintf(stderr, "skiff config: cannot write: %m\n");
    return 1;
}

static int dump(const char *file)
{
    struct diag d;
    diag_init(&d);
    bool is_right = settings_dump(file, stdout, &d);
    diag_print(&d, stderr);
    int code = diag_exit_code(&d);
    diag_done(&d);
    return is_right ? written() : code;
}

static int run(int argc, char **argv)
{
    const char *file = SKIFF_SYSCONFDIR "/skiff/skiff.yaml";
    bool is_dump = strcmp(argv[0], "dump") == 0;
    optind = 0; /* GNU: begin anew, whoever used getopt before */
    opterr = 0;
    for (int o;
         (o = getopt_long(argc, argv, is_dump ? "+:c:h" : "+:h", long_options, NULL)) != -1;) {
        if (o == 'h')
            return fputs(help, stdout) < 0 ? CLI_ENVIRONMENT : CLI_FINE;
        if (o != 'c')
            return cli_bad_option("config", argv, o, known);
        file = optarg;
    }
    if (optind < argc) {
        fprintf(stderr, "skiff config %s: unexpected \"%s\"\n", argv[0], argv[optind]);
        return CLI_USAGE;
    }
    if (is_dump)
        return dump(file);
    settings_manual(stdout);
    return written();
}

int cli_config(int argc, char **argv)
{
    static const char *const words[] = {"dump", "manual", NULL};
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "dump") == 0 || strcmp(word, "manual") == 0)
        return run(argc - 1, argv + 1);
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return fputs(help, stdout) < 0 ? CLI_ENVIRONMENT : CLI_FINE;
    if (argc > 1)
        return cli_unknown("config", "command", word, words);
    fputs(help, stderr);
    return CLI_USAGE;
}
