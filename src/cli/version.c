/* version: what this binary is made of, for bug reports. */
#include "cli/cli.h"
#include "config.h"

#include <llhttp.h>
#include <stdio.h>
#include <yaml.h>

#ifndef SKIFF_COMMIT
#define SKIFF_COMMIT "unknown"
#endif

int cli_version(int argc, char **argv)
{
    (void)argc, (void)argv;
    printf("skiff %s\n", SKIFF_VERSION);
    printf("commit    %s\n", SKIFF_COMMIT);
    printf("compiler  %s\n", __VERSION__);
    printf("llhttp    %d.%d.%d\n", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR,
           LLHTTP_VERSION_PATCH);
    printf("libyaml   %s\n", yaml_get_version_string());
    return fflush(stdout) == 0 ? CLI_FINE : CLI_ENVIRONMENT;
}
