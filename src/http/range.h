/* range: which part of a representation is asked for (RFC 9110 section 14).
 *
 * Ranges that overlap or touch are one, so no byte is sent twice; more than a few that stay apart
 * are ignored, which the RFC allows: nobody can use them to make us send much more than we have. */
#ifndef SKIFF_HTTP_RANGE_H
#define SKIFF_HTTP_RANGE_H

#include "http/conditional.h"

enum range_result {
    RANGE_IGNORED,       /* another unit, not to the letter, or too many: 200 */
    RANGE_OK,            /* 206 */
    RANGE_UNSATISFIABLE, /* 416 */
};

struct range {
    uint64_t at, n; /* n > 0 */
};

enum {
    RANGE_SPECS_MAX = 64, /* of a request */
    RANGES_MAX = 16,      /* after joining */
};

struct ranges {
    unsigned count;
    struct range
        at[RANGES_MAX]; /* in the order in which they were asked for, apart from each other */
};

/* Reads the value of a Range field for a representation of `size` bytes. */
enum range_result range_parse(struct str value, uint64_t size, struct ranges *out);

/* May the Range field be used, as far as If-Range says? Only validators that are strong match
 * (section 13.1.5); a Last-Modified is strong when the file had not changed for a while. */
bool range_is_wanted(const struct http_head *h, const struct validators *v, int64_t now_s);

enum { CONTENT_RANGE_MAX = 80 };
/* What Content-Range says: "bytes 0-4/10"; without a range (NULL) an asterisk takes its place. Not
 * terminated; the length. */
size_t range_print(const struct range *r, uint64_t size, char out[CONTENT_RANGE_MAX]);

#endif
