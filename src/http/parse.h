/* parse: bytes to a request head, strictly.
 *
 * A head is scanned once as raw bytes up to its empty line: a CR without LF, an LF without CR,
 * NUL, leading white space (obs-fold) are refused before llhttp sees it. llhttp then runs on the
 * complete head; so no parser state outlives a call, and a connection that waits for the rest of
 * a head holds bytes and a scan position. Framing (RFC 9112 section 6) is ours: what could be read
 * two ways is refused with 400. Plain heads take a short way (http/plain_head.h). */
#ifndef SKIFF_HTTP_PARSE_H
#define SKIFF_HTTP_PARSE_H

#include "http/head.h"

struct http_limits {
    uint32_t line_max;   /* request line, without CRLF: 414 beyond */
    uint32_t head_max;   /* the whole head with its empty line: 431 beyond; at most HTTP_HEAD_CAP */
    uint16_t fields_max; /* 431 beyond */
};

enum { HTTP_HEAD_CAP = 65535 }; /* what a slice can address */

enum http_parse_result {
    HTTP_HEAD_OK,   /* *h is filled in, *used says how many bytes the head took */
    HTTP_HEAD_MORE, /* not complete yet */
    HTTP_HEAD_BAD,  /* *status says what to answer; the connection must close */
};

struct http_parse {
    uint32_t scanned; /* bytes already looked at by an earlier call on the same start; 0 at first */
    uint32_t used;    /* out: bytes of the head, with empty lines skipped before it */
    uint16_t status;  /* out: 400, 414, 431, 501 or 505 */
    const char *reason; /* out: for the log, a constant: "CR without LF" */
};

/* Parses one head from the n bytes at p, behind which are HTTP_SLACK more: they are looked at
 * together with the last ones, and the first is overwritten. *h has room for limits->fields_max. On
 * HTTP_HEAD_BAD as much of *h as could be read is filled in (method_text and target for the log,
 * else empty; h->base is always set). Tabs in field lines become spaces, in place. An unknown
 * method is not an error here: METHOD_UNKNOWN. n never needs to exceed head_max + a few skipped
 * CRLFs. */
enum http_parse_result http_parse(struct http_head *h, char *p, size_t n,
                                  const struct http_limits *limits, struct http_parse *io);

/* The same without the short way for plain heads (http/plain_head.h): what that is held against. */
enum http_parse_result http_parse_any(struct http_head *h, char *p, size_t n,
                                      const struct http_limits *limits, struct http_parse *io);

#endif
