/* spread: medians and quartiles of rounds, for the programs that measure in rounds. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 1000 };

static inline int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct spread {
    double low, median, high; /* quartiles */
};

/* Of 1 to ROUNDS_MAX values, in any order; they stay as they are. */
static inline struct spread spread_of(const double *values, int n)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    return (struct spread){sorted[n / 4], sorted[n / 2], sorted[n * 3 / 4]};
}

#endif
