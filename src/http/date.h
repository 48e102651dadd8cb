/* date: the three formats in which HTTP writes a time (RFC 9110 section 5.6.7). */
#ifndef SKIFF_HTTP_DATE_H
#define SKIFF_HTTP_DATE_H

#include "base/str.h"

/* Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or
 * "Sun Nov  6 08:49:37 1994"; false for anything else, to the letter. A year of two digits that
 * would be more than 50 years after `now_s` is the century before. The day's name is not compared
 * with the date. */
bool date_parse(struct str text, int64_t now_s, int64_t *seconds);

#endif
