/* accept: what a client would like, with weights (RFC 9110 section 12.4.2).
 *
 * An element that is not to the letter is skipped as if it were not there: nothing is ever sent
 * because of a preference that could not be read. */
#ifndef SKIFF_HTTP_ACCEPT_H
#define SKIFF_HTTP_ACCEPT_H

#include "http/head.h"

enum { ACCEPT_WEIGHT_MAX = 1000 }; /* "q=1", in thousandths */

struct accept_item {
    struct str name; /* "gzip", "text/html", "*" */
    uint16_t weight; /* 0: not wanted at all; 1000 when nothing is said */
};

/* The next element of one field line's value, which loses it; false at its end. */
bool accept_next(struct str *rest, struct accept_item *out);

/* How much the client wants a media type, 0 to 1000: what it says of the type itself goes before
 * its kind ("text" and a star), and that before any (section 12.5.1). Without Accept it wants all.
 */
uint16_t accept_weight(const struct http_head *h, struct str type);

/* Does the client name HTML itself, as browsers do when somebody goes to a page? Wildcards, which
 * scripts and tools send, do not count. */
bool accept_names_html(const struct http_head *h);

#endif
