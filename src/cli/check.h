/* check: `skiff check` and `skiff -t`: is this configuration right? */
#ifndef SKIFF_CLI_CHECK_H
#define SKIFF_CLI_CHECK_H

/* argv[0] is the subcommand; the process's exit code. */
int cli_check(int argc, char **argv);

#endif
