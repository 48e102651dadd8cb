/* main: picks the command.
 *
 * `skiff`, `skiff -c FILE` and `skiff -d` are `skiff run`. */
#include "base/str.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/config_print.h"
#include "cli/run.h"
#include "cli/serve.h"
#include "process/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

const struct command commands[] = {
    {"run", "[-c FILE] [-d]", "runs the server (also without the word run)", cli_run},
    {"serve", "[DIR] [--listen ADDRESS]", "serves a folder without a configuration", cli_serve},
    {"check", "[-c FILE]", "says what is wrong with a configuration (also -t)", cli_check},
    {"config", "dump [-c FILE]|manual", "prints the effective configuration, or the manual",
     cli_config},
    {0},
};

/* Words that stand for a command, as other servers have taught people. */
static const struct {
    const char *word, *command;
} aliases[] = {{"-t", "check"}, {"-c", "run"}, {"-d", "run"}};

static int help(int argc, char **argv)
{
    (void)argc, (void)argv;
    fputs("usage: skiff COMMAND [ARGUMENT]...\n\n"
          "An HTTP/1.1 server for static files, to stand behind a load balancer.\n\n",
          stdout);
    for (const struct command *c = commands; c->name; c++)
        printf("  %-6s %-25s %s\n", c->name, c->arguments, c->summary);
    fputs("\n"
          "  -h     this help; skiff COMMAND -h explains a command\n"
          "  -V     version, commit, compiler and libraries\n",
          stdout);
    return fflush(stdout) == 0 ? CLI_FINE : CLI_ENVIRONMENT;
}

static const struct command *find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* The command that an option stands for: "-c", and "-cFILE" as well. */
static const struct command *find_alias(const char *word)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strncmp(word, aliases[i].word, 2) == 0 && word[1] != '-')
            return find(aliases[i].command);
    return NULL;
}

/* What other servers have commands for, here a signal does. */
static const struct {
    const char *word, *signal;
} signals[] = {{"reload", "HUP"}, {"reopen", "USR1"}, {"stop", "TERM"}, {"quit", "QUIT"}};

static int unknown(const char *word)
{
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (strcmp(word, signals[i].word) == 0) {
            fprintf(stderr,
                    "skiff: %s is not a command: send %s to the master, whose id is in "
                    "process.pid_file\n",
                    word, signals[i].signal);
            return CLI_USAGE;
        }
    static const char *const options[] = {"-c",     "-d", "-t",        "-h",
                                          "--help", "-V", "--version", NULL};
    const char *names[16] = {NULL};
    size_t n = 0;
    for (const struct command *c = commands; c->name && n < 15; c++)
        names[n++] = c->name;
    if (word[0] == '-')
        return cli_unknown(NULL, "option", word, options);
    return cli_unknown(NULL, "command", word, names);
}

/* `skiff -c FILE -t` and the like mean the check: then its option is taken out. */
static bool take_check(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++)
        if (strncmp(argv[i], "-t", 2) == 0) {
            memmove(argv[i] + 1, argv[i] + 2, strlen(argv[i] + 1)); /* "-tc" is "-c" */
            if (argv[i][1])
                return true;
            memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof argv[0]);
            --*argc;
            return true;
        }
    return false;
}

static int run_alias(const struct command *c, int argc, char **argv)
{
    if (take_check(&argc, argv))
        c = find("check");
    return c->run(argc, argv);
}

/* Tables of names that peers choose must not be predictable; without entropy they still work. */
static void seed_hash(void)
{
    uint32_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
        str_hash_seed(seed);
}

int main(int argc, char **argv)
{
    seed_hash();
    if (!service_open_standard()) {
        fputs("skiff: /dev/null cannot be opened\n", stderr);
        return EXIT_FAILURE;
    }
    /* A line is one write: it stays whole beside what others say there. */
    (void)setvbuf(stderr, NULL, _IOLBF, 0);
    const char *word = argc > 1 ? argv[1] : "run";
    if (argc < 2)
        return cli_run(argc, argv);
    if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
        return cli_version(argc, argv);
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return help(argc, argv);
    const struct command *c = find(word);
    if (c)
        return c->run(argc - 1, argv + 1);
    c = find_alias(word);
    return c ? run_alias(c, argc, argv) : unknown(word);
}
