/* chunked: frames a body whose length nobody knows in advance (RFC 9112 section 7.1).
 *
 * What the inner body lends at a time is one chunk, so nothing is copied. When the inner body
 * fails, so does this one: a message that is cut must not look complete. */
#ifndef SKIFF_HTTP_CHUNKED_H
#define SKIFF_HTTP_CHUNKED_H

#include "base/body.h"

enum { CHUNK_HEAD_MAX = 18 }; /* 16 digits, CR, LF */

struct chunked {
    struct body body;
    struct body *inner; /* closed with this one */
    char head[CHUNK_HEAD_MAX];
    uint8_t head_n, head_sent;
    uint8_t tail_sent; /* of the CRLF behind the chunk's data */
    bool open;         /* a chunk is under way */
    bool ended;        /* it is the last one: "0", CRLF, CRLF */
    size_t data_left;  /* of the chunk's */
};

/* Wraps `inner`; *c must live until it is closed. */
struct body *chunked_init(struct chunked *c, struct body *inner);

#endif
