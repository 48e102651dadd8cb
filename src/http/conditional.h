/* conditional: may this request go on, given what the client knows? (RFC 9110 section 13)
 *
 * Evaluated in the order of section 13.2.2. A field that cannot be read never makes a client lose:
 * a malformed If-None-Match or date is ignored, a malformed If-Match fails. */
#ifndef SKIFF_HTTP_CONDITIONAL_H
#define SKIFF_HTTP_CONDITIONAL_H

#include "http/head.h"

/* What an answer says of its representation. */
struct validators {
    struct str etag;   /* as sent, with quotes and "W/" if it is weak; empty: none is sent */
    int64_t modified;  /* seconds of Last-Modified; 0: none is sent */
    struct str date;   /* the same as sent, unless it is 0 */
    struct str lines;  /* the field lines of both, the date first, and of caching */
    struct str fields; /* all its field lines but the length */
};

enum condition {
    CONDITION_HOLDS,        /* answer as if there were none */
    CONDITION_NOT_MODIFIED, /* 304 */
    CONDITION_FAILED,       /* 412 */
};

/* `h` is conditional (http_head.is_conditional), and the answer without conditions would be 200. */
enum condition conditional_evaluate(const struct http_head *h, const struct validators *v,
                                    int64_t now_s);

#endif
