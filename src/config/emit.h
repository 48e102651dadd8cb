/* emit: tables and structs to text: the effective configuration, the manual.
 *
 * What is printed as YAML loads again to the same values; a comment says where each came from. */
#ifndef SKIFF_CONFIG_EMIT_H
#define SKIFF_CONFIG_EMIT_H

#include "config/opt.h"
#include "config/origin.h"

#include <stdio.h>

struct emit {
    FILE *out;
    const struct origins *origins;
    unsigned indent; /* columns */
    bool dash;       /* the next line begins an entry of a list */
};

/* "key:" alone, as a map or list follows. */
void emit_key(struct emit *e, const char *key);
void emit_texts(struct emit *e, const char *key, const struct str_list *list);
/* All rows but custom ones. `parent` is the level above (the same struct when it is shared; NULL:
 * none), `except` a key to leave out. */
void emit_rows(struct emit *e, const struct opt *table, const void *conf, const void *parent,
               const char *except);
void emit_row(struct emit *e, const struct opt *row, const void *conf, const void *parent);

/* --- the manual, in Markdown --- */

/* The head of the table that rows follow in. */
void emit_manual_head(FILE *out);
/* A line for each row, nested keys with dots. `prefix` may be empty. */
void emit_manual_rows(FILE *out, const struct opt *table, const char *prefix, const char *except);

#endif
