/* static_listing: what is in a folder that has no index.
 *
 * A thread reads the folder, because that may take as long as the disk likes; the page is then made
 * row by row as the client takes it. */
#ifndef SKIFF_HANDLERS_STATIC_LISTING_H
#define SKIFF_HANDLERS_STATIC_LISTING_H

#include "http/listing.h"
#include "server/module.h"

struct static_conf;

enum {
    LISTING_ENTRIES_MAX = 120 * 1000, /* of one folder; a larger one is answered with 500 */
};

struct listing_conf {
    struct str_list format; /* "off", or formats in the order of preference */
    /* Made of it by listing_prepare(): */
    uint8_t order[LISTING_FORMATS]; /* enum listing_format */
    unsigned count;                 /* 0: off */
    struct str lines[LISTING_FORMATS];
};

extern const struct opt listing_rows[];

/* Makes the rest of `format`; false after an error. */
bool listing_prepare(struct listing_conf *c, struct load *l);
/* Answers with the folder `path` below the root, which is empty or ends in '/'. Called again when a
 * thread has read it. */
enum verdict listing_handle(struct request *r, const struct static_conf *c, struct str path);
/* The client left while we waited. */
void listing_abandon(struct request *r);

#endif
