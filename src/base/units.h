/* units: durations, sizes and rates as people write them.
 *
 * "75s", "250ms", "2m", "1h30m"; "16KiB", "64MiB", "10MB", "512B". A number without a unit is
 * refused: who reads the file cannot know which one was meant. */
#ifndef SKIFF_BASE_UNITS_H
#define SKIFF_BASE_UNITS_H

#include "base/str.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

enum units_result {
    UNITS_OK,
    UNITS_MISSING,  /* a number, but no unit */
    UNITS_NONSENSE, /* not a number with a known unit */
    UNITS_OVERFLOW, /* does not fit */
};

/* Milliseconds from "ms", "s", "m", "h", "d", or several of them from large to small ("1h30m");
 * "0" needs no unit. */
enum units_result units_parse_duration(struct str s, int64_t *ms);
/* Bytes from "B", "KiB", "MiB", "GiB", "TiB" and the decimal "kB", "MB", "GB", "TB"; "0" needs no
 * unit. */
enum units_result units_parse_size(struct str s, int64_t *bytes);

enum { UNITS_TEXT = 40 };
/* Prints in the largest unit that is exact ("90s", "1m", "16KiB"); returns the text's length. */
size_t units_print_duration(int64_t ms, char out[UNITS_TEXT]);
size_t units_print_size(int64_t bytes, char out[UNITS_TEXT]);

/* Decimal digits of `v`, not terminated; returns how many (at most 20). */
size_t units_print_u64(uint64_t v, char *out);

#endif
