/* master: the parent of all workers.
 *
 * It reads the configuration, opens everything that needs privileges, starts workers and then only
 * waits: for signals, for children, for words from them. It never touches a connection, so nothing
 * that a client sends can reach it. */
#ifndef SKIFF_PROCESS_MASTER_H
#define SKIFF_PROCESS_MASTER_H

#include "base/str.h"
#include "process/confine.h"

#include <stdbool.h>

/* What to run, and how. */
struct launch {
    const char *file; /* the configuration; NULL: it is `text` */
    struct str text;
    const char *name, *dir;          /* of the text, for messages; what it is relative to */
    const struct identity *identity; /* of the workers; NULL: as the configuration says */
    bool background;                 /* the command returns when the server accepts */
    const char *in_use_hint;         /* said when an address is in use; NULL: nothing */
    const char *greeting;            /* printed to stdout when the server accepts; NULL: nothing */
};

/* Runs the server to its end; the exit code. */
int master_run(const struct launch *l);

#endif
