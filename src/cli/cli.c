/* cli: words that no command knows. */
#include "cli/cli.h"

#include "base/str.h"

#include <getopt.h>
#include <stdio.h>

enum { SLIPS_MAX = 2 }; /* wrong letters that still look like a slip of the finger */

static const char *nearest(const char *word, const char *const *known)
{
    const char *best = NULL;
    unsigned best_distance = SLIPS_MAX + 1;
    for (; *known; known++) {
        unsigned distance = str_distance(str_of(word), str_of(*known), SLIPS_MAX + 1);
        if (distance < best_distance) {
            best_distance = distance;
            best = *known;
        }
    }
    return best;
}

int cli_unknown(const char *command, const char *what, const char *word, const char *const *known)
{
    /* Every single letter is one slip away from every other. */
    const char *meant = strlen(word) > 2 ? nearest(word, known) : NULL;
    fprintf(stderr, "skiff%s%s: unknown %s \"%s\"; ", command ? " " : "", command ? command : "",
            what, word);
    if (meant)
        fprintf(stderr, "did you mean \"%s\"?\n", meant);
    else
        fprintf(stderr, "see skiff %s%s-h\n", command ? command : "", command ? " " : "");
    return CLI_USAGE;
}

int cli_bad_option(const char *command, char **argv, int result, const char *const *known)
{
    char letter[] = {'-', (char)optopt, '\0'};
    /* getopt says nothing of a long option but where it stood. */
    const char *word = optopt ? letter : argv[optind - 1];
    if (result != ':')
        return cli_unknown(command, "option", word, known);
    fprintf(stderr, "skiff %s: option \"%s\" needs a value\n", command, argv[optind - 1]);
    return CLI_USAGE;
}
