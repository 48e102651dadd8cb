/* accesslog_line: one request as one line, in either format.
 *
 * The part that comes from the request is rendered apart, because the request's head may be given
 * back before the answer is out. */
#ifndef SKIFF_SERVER_ACCESSLOG_LINE_H
#define SKIFF_SERVER_ACCESSLOG_LINE_H

#include "base/clock.h"
#include "server/request.h"
#include "server/settings.h"

/* Times as text, made anew when the second changes. */
struct accesslog_time {
    int64_t second;
    char combined[40]; /* " - - [23/Nov/2026:08:07:06 +0000] \"" */
    char iso[32];      /* 2026-11-23T08:07:06 */
    size_t combined_n, iso_n;
};

/* What r->head says, in at most `cap` bytes (at least 256): two parts with a newline between, as
 * the format needs them. Values that do not fit are cut. The length. */
size_t accesslog_request_part(enum access_format format, const struct request *r, char *out,
                              size_t cap);
/* The whole line with its newline, in at most `cap` bytes (at least 768): of r->log, if that has
 * the request's part, else of r->head. */
size_t accesslog_line(enum access_format format, const struct request *r,
                      struct accesslog_time *time, char *out, size_t cap);

#endif
