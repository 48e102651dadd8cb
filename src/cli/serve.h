/* serve: `skiff serve`: a folder, at once, without a configuration. */
#ifndef SKIFF_CLI_SERVE_H
#define SKIFF_CLI_SERVE_H

/* argv[0] is the subcommand; the process's exit code. */
int cli_serve(int argc, char **argv);

#endif
