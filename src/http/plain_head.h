/* plain_head: a short way for the heads that nearly every client sends.
 *
 * One pass over "GET /path HTTP/1.1" and fields of letters, digits and '-' with printable values
 * fills in the head just as the way through llhttp does. Whatever is not that plain to the last
 * byte (other methods and versions, content, expectations, tabs, empty values, bytes beyond ASCII,
 * a head that is not complete or too long) is left to http/parse.c, which decides and finds the
 * words for it: nothing is ever refused here. */
#ifndef SKIFF_HTTP_PLAIN_HEAD_H
#define SKIFF_HTTP_PLAIN_HEAD_H

#include "http/parse.h"

/* Reads the head that begins at p; behind the bytes that are here are a NUL and the rest of
 * HTTP_SLACK (http/head.h). The head's length in bytes, or 0: not plain, *h holds nothing of use.
 * The bytes stay as they are. */
uint32_t plain_head_read(struct http_head *h, const char *p, const struct http_limits *limits);

#endif
