/* filefields: the field lines of a file's answers, put together once, when it enters the cache.
 *
 * Nothing about a file is added to an answer later: type, coding, validators and what the operator
 * wants are one text, which 200, 206 and 304 send whole or in part. */
#ifndef SKIFF_SERVER_FILEFIELDS_H
#define SKIFF_SERVER_FILEFIELDS_H

#include "config/opt.h"
#include "http/coding.h"
#include "http/conditional.h"
#include "http/mime.h"
#include "io/disk.h"

enum {
    FILE_STYLE_LINES_MAX = 512, /* bytes of a style's own lines */
    FILE_FIELDS_MAX = 1280,     /* bytes of all: a type's name is at most 127 each side */
};

/* How the files of a root are presented. */
struct file_style {
    const struct pair_list *types; /* by extension, before the table's; "*" is behind it */
    struct str charset;            /* of text; empty: none is said */
    struct str lines;              /* complete lines for 200, 206 and 304: Cache-Control, Vary */
    bool no_etag;
};

/* What the lines of one file say. */
struct file_facts {
    struct str path; /* gives the type; of a coded file, its source's */
    enum coding coding;
    const struct disk_file *disk;
    int64_t wall_s; /* now */
};

/* A file changed this shortly ago may change again without a new mtime. */
bool filefields_is_young(const struct disk_file *d, int64_t wall_s);

/* Writes all lines, Content-Length last; returns the bytes. *v points into `out`: v->fields are all
 * lines but the length, and Content-Type is the first. */
size_t filefields_write(const struct file_style *style, const struct mime *mime,
                        const struct file_facts *f, char out[FILE_FIELDS_MAX],
                        struct validators *v);

#endif
