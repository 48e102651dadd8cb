/* diag: the errors and warnings of one run, each with its place.
 *
 * They are collected while a configuration is read and printed together, sorted by place, with the
 * source line and a caret. Nothing here keeps the texts that were read: what is needed is copied.
 */
#ifndef SKIFF_CONFIG_DIAG_H
#define SKIFF_CONFIG_DIAG_H

#include "base/arena.h"
#include "base/str.h"

#include <stdio.h>

enum diag_level { DIAG_ERROR, DIAG_WARNING };

enum { DIAG_SHOWN_MAX = 20 }; /* of each level: a screen of them; the rest is only counted */

/* Where something stands. Columns and width count characters from 1. */
struct diag_place {
    const char *file;
    uint32_t order; /* of the file in this run, for sorting */
    uint32_t line;  /* 0: the file as a whole */
    uint32_t column, width;
    struct str source; /* the line's bytes without its end */
};

struct diag_item {
    enum diag_level level;
    struct diag_place place; /* file NULL: nowhere in particular */
    struct str message;
    struct str note; /* beside the caret: how to mend it; may be empty */
};

struct diag {
    struct arena *arena; /* NULL when memory is out: then items are only counted */
    struct diag_item items[2 * DIAG_SHOWN_MAX];
    uint32_t kept;
    uint32_t counts[2]; /* by level, with those not kept */
    bool environment;   /* the machine is at fault, not the configuration */
};

void diag_init(struct diag *d);
void diag_done(struct diag *d);
/* `where` may be NULL. The first line break in `text` ends the message; the rest is the note. */
void diag_add(struct diag *d, enum diag_level level, const struct diag_place *where,
              struct str text);
/* The machine's fault: a file that cannot be read, memory that is out. */
void diag_environment(struct diag *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint32_t diag_errors(const struct diag *d);
uint32_t diag_warnings(const struct diag *d);
/* 0 without errors; 1 when the environment is at fault; else 2. */
int diag_exit_code(const struct diag *d);
/* Prints everything, sorted; with errors also a summary line. */
void diag_print(struct diag *d, FILE *out);

#endif
