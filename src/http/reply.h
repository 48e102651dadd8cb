/* reply: writes response heads.
 *
 * Status line, Date, the lines that were prepared long ago, the lines of this request, the length
 * and the connection's fate: a few copies into the output buffer. */
#ifndef SKIFF_HTTP_REPLY_H
#define SKIFF_HTTP_REPLY_H

#include "base/clock.h"
#include "base/str.h"

enum reply_connection {
    REPLY_KEEP,     /* HTTP/1.1: nothing to say */
    REPLY_KEEP_1_0, /* "Connection: keep-alive", for HTTP/1.0 clients that asked */
    REPLY_CLOSE,    /* "Connection: close" */
};

enum { LENGTH_NONE = -1, LENGTH_CHUNKED = -2 };

struct reply {
    uint16_t status;
    enum reply_connection connection;
    bool hides_server; /* no Server line */
    const char *date;  /* HTTP_DATE_LEN bytes */
    struct str fixed;  /* complete lines with CRLF, or empty */
    struct str extra;  /* the same */
    int64_t length;    /* Content-Length, or LENGTH_* */
};

/* The most that reply_write may write. */
size_t reply_max(const struct reply *r);
/* Writes the head with its empty line; returns its length. */
size_t reply_write(const struct reply *r, char *dst);

#endif
