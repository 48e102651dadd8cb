/* clock: the worker's idea of now, read once per turn of the loop.
 *
 * Everything that happens in one turn happens at the same time. The Date line is kept as text and
 * written anew only when the second changes (RFC 9110 section 6.6.1, format of section 5.6.7). */
#ifndef SKIFF_BASE_CLOCK_H
#define SKIFF_BASE_CLOCK_H

#include "base/str.h"

enum { HTTP_DATE_LEN = 29 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" */

struct clock {
    uint64_t now_us;  /* monotonic */
    uint64_t now_ms;  /* the same, divided once a turn and not once a use */
    uint64_t wall_us; /* since 1970, for logs and Date; read once a millisecond */
    int64_t second;   /* the wall second that `date` shows */
    char date[HTTP_DATE_LEN];
};

/* Reads the system's clocks; that of the wall at most once a millisecond. */
void clock_update(struct clock *c);
/* Sets a time by hand, for tests. */
void clock_set(struct clock *c, uint64_t now_us, uint64_t wall_us);

static inline uint64_t clock_ms(const struct clock *c)
{
    return c->now_ms;
}

/* Writes HTTP_DATE_LEN bytes, not terminated. The format knows the years 0 to 9999: what is beyond
 * (some file systems can store it) is written as the nearest of them. */
void clock_http_date(int64_t unix_seconds, char out[HTTP_DATE_LEN]);

#endif
