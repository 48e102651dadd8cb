/* accesslog_line: one request as one line, in either format.
 *
 * The part that comes from the request is rendered apart, because the request's head may be given
 * back before the answer is out. */
#ifndef SKIFF_SERVER_ACCESSLOG_LINE_H
#define SKIFF_SERVER_ACCESSLOG_LINE_H

#include "base/clock.h"
#include "io/sock.h"
#include "server/request.h"
#include "server/settings.h"

/* What seldom changes from one line to the next, as text. All zeros, but second -1, at first. */
struct accesslog_texts {
    int64_t second;
    struct peer peer;
    char peer_text[PEER_TEXT];
    char iso[32];                  /* 2026-11-23T08:07:06 */
    char combined[PEER_TEXT + 40]; /* 10.0.0.7 - - [23/Nov/2026:08:07:06 +0000] " */
    size_t peer_n, iso_n, combined_n;
};

/* What r->head says, in at most `cap` bytes (at least 256): two parts with a newline between, as
 * the format needs them. Values that do not fit are cut. The length. */
size_t accesslog_request_part(enum access_format format, const struct request *r, char *out,
                              size_t cap);
/* The whole line with its newline, in at most `cap` bytes (at least 768): of r->log, if that has
 * the request's part, else of r->head. */
size_t accesslog_line(enum access_format format, const struct request *r,
                      struct accesslog_texts *texts, char *out, size_t cap);

#endif
