/* text: bytes that grow, and how they are filled in and shown.
 *
 * Transcripts name what differs from run to run as @NAME@; what went over the wire is shown with
 * every byte visible. NUL is a byte like any other. */
#ifndef SKIFF_TESTS_WIRE_TEXT_H
#define SKIFF_TESTS_WIRE_TEXT_H

#include "base/str.h"

/* A zeroed text is an empty one. */
struct text {
    char *p; /* terminated; NULL while nothing was added */
    size_t n, room;
};

struct text_value {
    const char *name; /* with its @s; NULL ends a list */
    struct str value;
};

void text_done(struct text *t);
/* At least n unused bytes behind the end, for reading into. */
char *text_reserve(struct text *t, size_t n);
void text_add(struct text *t, struct str s);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct str text_str(const struct text *t);
/* Adds s with the names of a list replaced by their values. */
void text_fill(struct text *t, struct str s, const struct text_value *values);
/* Adds bytes as readable lines, each behind `prefix`; at most `max` bytes are shown. */
void text_show(struct text *t, const char *prefix, struct str bytes, size_t max);

#endif
