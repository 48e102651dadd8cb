/* config_print: `skiff config`: the effective configuration, and the manual.
 *
 * Not cli/config.h: beside it every "config.h" of this folder would be that one. */
#ifndef SKIFF_CLI_CONFIG_PRINT_H
#define SKIFF_CLI_CONFIG_PRINT_H

/* argv[0] is the subcommand; the process's exit code. */
int cli_config(int argc, char **argv);

#endif
