/* listing: a folder's contents as a page or as JSON, row by row.
 *
 * Names come from whoever may write into the folder, so they are data in every place: escaped as
 * text, percent-encoded in links, which begin with "./" so that no name is a scheme or a host.
 * Bytes that are not UTF-8 are shown as U+FFFD and linked as they are. */
#ifndef SKIFF_HTTP_LISTING_H
#define SKIFF_HTTP_LISTING_H

#include "base/str.h"

enum listing_format { LISTING_HTML, LISTING_JSON, LISTING_FORMATS };

struct listing_entry {
    struct str name; /* at most LISTING_NAME_MAX bytes */
    uint64_t size;   /* of a file */
    int64_t mtime_s;
    bool is_folder;
};

enum {
    LISTING_NAME_MAX = 255,
    LISTING_ROW_MAX = 4 * 1024,   /* bytes that one row may take */
    LISTING_EDGE_MAX = 16 * 1024, /* ... and what is before or behind all rows */
};

/* The functions write to dst, which has room for what they may take, and return the length. */

/* `path` is decoded and ends in '/'; a long one is shown by its end. `parent`: with a link to the
 * folder above. */
size_t listing_begin(enum listing_format f, struct str path, bool parent, char *dst);
size_t listing_row(enum listing_format f, const struct listing_entry *e, bool is_first, char *dst);
size_t listing_end(enum listing_format f, size_t count, char *dst);

/* Folders first, then by bytes of the name; for qsort(). */
int listing_compare(const void *a, const void *b);

#endif
