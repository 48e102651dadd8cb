/* run: `skiff run`, which is also `skiff` alone: the server, from a configuration. */
#ifndef SKIFF_CLI_RUN_H
#define SKIFF_CLI_RUN_H

/* argv[0] is the subcommand; the process's exit code. */
int cli_run(int argc, char **argv);

#endif
