/* multipart: several ranges of one representation as one answer (RFC 9110 section 15.3.7.2). */
#ifndef SKIFF_SERVER_MULTIPART_H
#define SKIFF_SERVER_MULTIPART_H

#include "http/range.h"
#include "server/request.h"

/* Makes an answer that has `validators` and `whole` a 206 of `ranges`, each with its part of
 * `whole`. Without memory it is a 503. */
void multipart_begin(struct request *r, const struct ranges *ranges);

#endif
