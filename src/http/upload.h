/* upload: the framing of a request body (RFC 9112 sections 6 and 7).
 *
 * Fed with bytes, it says how many belong to the body, which of them are content, and when the
 * body is over. Chunk sizes, extensions and trailers are checked to the letter: lines end in CRLF,
 * sizes are hex digits only and bounded, trailers are read, checked and ignored. */
#ifndef SKIFF_HTTP_UPLOAD_H
#define SKIFF_HTTP_UPLOAD_H

#include "http/head.h"

enum upload_result {
    UPLOAD_MORE,      /* all given bytes used, the body goes on */
    UPLOAD_CONTENT,   /* *content is a run of body bytes; call again with what is behind *used */
    UPLOAD_DONE,      /* the body ended at *used */
    UPLOAD_BAD,       /* malformed: 400, close */
    UPLOAD_TOO_LARGE, /* over the limit: 413, close */
};

struct upload {
    uint64_t left;     /* bytes to come of the length or of this chunk */
    uint64_t content;  /* content bytes so far */
    uint64_t max;      /* content bytes allowed */
    uint32_t overhead; /* bytes of chunk lines and trailers so far, bounded too */
    uint8_t framing;   /* enum http_framing */
    uint8_t state;     /* of the chunk reader */
};

/* UPLOAD_DONE when there is no body, UPLOAD_TOO_LARGE when Content-Length says so, else
 * UPLOAD_MORE. */
enum upload_result upload_begin(struct upload *u, const struct http_head *h, uint64_t max);
enum upload_result upload_feed(struct upload *u, const char *p, size_t n, size_t *used,
                               struct str *content);

#endif
