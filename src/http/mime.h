/* mime: content types by file name extension.
 *
 * The table comes from conf/mime.types, compiled in at build time and replaceable by a file of the
 * same format (files.types in the configuration): "type ext ext ...", '#' comments. */
#ifndef SKIFF_HTTP_MIME_H
#define SKIFF_HTTP_MIME_H

#include "base/arena.h"
#include "base/map.h"

struct mime {
    struct map by_extension; /* lower-case extension without dot -> const char * of the type */
};

/* Reads a table from text in the format above; false when memory is out or a line is wrong:
 * *bad_line is its number then (0 for memory). Later lines win. Values are kept in the arena. */
bool mime_load(struct mime *m, struct arena *a, struct str text, unsigned *bad_line);
/* The compiled-in table's text. */
struct str mime_builtin(void);
/* The type of a file name (any path), terminated; .p NULL when not known. */
struct str mime_of(const struct mime *m, struct str path);
/* What stands behind the last dot of the last segment; empty: nothing does. */
struct str mime_extension(struct str path);
/* Is it text that has no better place to say its charset, and does not yet say one? */
bool mime_takes_charset(struct str type);
/* "type/subtype", with whatever parameters (RFC 9110 section 8.3.1)? */
bool mime_is_type(struct str value);

#endif
