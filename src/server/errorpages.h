/* errorpages: the operator's own pages for errors, by status or class. */
#ifndef SKIFF_SERVER_ERRORPAGES_H
#define SKIFF_SERVER_ERRORPAGES_H

#include "server/settings.h"

struct error_pages {
    const struct route *files; /* serves the vhost's root, where the pages are */
    uint8_t of[200];           /* by status less 400: 1 + index in vhost.error_pages; 0: none */
};

/* The key of a vhost; reading it makes vhost.pages, but for `files`. */
extern const struct opt errorpages_rows[];

/* Gives an error's small page the content that its vhost wants. */
void errorpages_apply(struct request *r);

#endif
