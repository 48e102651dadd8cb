/* suggest: what an unknown key was probably meant to be.
 *
 * Asked in this order: the name nginx has for a key here, a key here that is one letter away, a key
 * of that name or nginx name anywhere else, a key here that is two letters away. */
#ifndef SKIFF_CONFIG_SUGGEST_H
#define SKIFF_CONFIG_SUGGEST_H

#include "config/load.h"

enum { SUGGEST_MAX = 192 };

/* Writes a note for the caret, terminated; empty when nothing comes near. */
void suggest_key(const struct load *l, const struct load_part *parts, size_t count, struct str key,
                 char out[SUGGEST_MAX]);

#endif
