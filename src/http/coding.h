/* coding: which content coding a client gets (RFC 9110 section 12.5.3).
 *
 * Without Accept-Encoding nothing is coded, which everybody can read. A coding is used when its
 * weight is not below identity's, so "gzip" alone and "gzip, identity" both get gzip. */
#ifndef SKIFF_HTTP_CODING_H
#define SKIFF_HTTP_CODING_H

#include "http/head.h"

enum coding { CODING_IDENTITY, CODING_BROTLI, CODING_ZSTD, CODING_GZIP, CODING_COUNT };

enum { CODING_SUFFIX_MAX = 4 };

struct coding_type {
    const char *name;   /* as in Content-Encoding: RFC 7932, RFC 8878, RFC 9110 section 8.4.1.3 */
    const char *suffix; /* of a file that holds another's contents in this coding */
    const char *key;    /* in the configuration, and in entity tags */
};
extern const struct coding_type codings[CODING_COUNT];

/* For each coding its weight in thousandths; 0: not acceptable. */
struct coding_weights {
    uint16_t of[CODING_COUNT];
};

/* Reads every Accept-Encoding line; without one, only identity is acceptable. */
void coding_weigh(const struct http_head *h, struct coding_weights *out);

/* The coding of those in `available` (bits) that the client likes best; of equal ones the first in
 * `order`. CODING_IDENTITY when none is wanted. */
enum coding coding_choose(const struct coding_weights *w, const uint8_t order[], unsigned count,
                          unsigned available);

#endif
