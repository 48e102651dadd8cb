/* expand: variables of the environment inside a value.
 *
 * "${NAME}" and "${NAME:-default}" (used when NAME is unset or empty), after parsing: a value can
 * never inject structure. "$$" is one dollar sign; a '$' before anything else is itself. */
#ifndef SKIFF_CONFIG_EXPAND_H
#define SKIFF_CONFIG_EXPAND_H

#include "base/arena.h"
#include "base/str.h"

enum { EXPAND_MAX = 65536 }; /* bytes of a value that has variables; no row takes more */

struct expand_fault {
    size_t at, len; /* bytes of `text`: what the message is about */
    char what[256]; /* as for load_error: may have a note behind '\n' */
    bool no_memory;
};

/* The value in *out, in the arena; false with *f filled in. */
bool expand(struct str text, struct arena *a, struct str *out, struct expand_fault *f);

#endif
