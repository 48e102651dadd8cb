/* cli: the command line: a table of subcommands, and what they share.
 *
 * A command returns the process's exit code: 0 fine, 1 the environment is at fault, 2 the
 * configuration or the command line is. */
#ifndef SKIFF_CLI_CLI_H
#define SKIFF_CLI_CLI_H

#include <stddef.h>

enum { CLI_FINE = 0, CLI_ENVIRONMENT = 1, CLI_USAGE = 2 };

struct command {
    const char *name;
    const char *arguments; /* as the help shows them */
    const char *summary;   /* one line */
    /* argv[0] is the command's name. */
    int (*run)(int argc, char **argv);
};

/* In main.c; name NULL at the end. */
extern const struct command commands[];

/* Says on one line that a word is unknown, and which of `known` (NULL at the end) was probably
 * meant; CLI_USAGE. `what` is "command" or "option"; `command` is NULL for skiff itself. */
int cli_unknown(const char *command, const char *what, const char *word, const char *const *known);
/* What getopt found wrong (its result, '?' or ':'), said on one line; CLI_USAGE. */
int cli_bad_option(const char *command, char **argv, int result, const char *const *known);

/* `skiff -V`: what this binary is made of. */
int cli_version(int argc, char **argv);

#endif
