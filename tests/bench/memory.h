/* memory: what processes hold, by /proc. */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A numeric line of a file in /proc; 0 when the process or thread has ended. */
static inline long read_line(const char *path, const char *line)
{
    char text[256];
    long value = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    while (fgets(text, sizeof text, f))
        if (strncmp(text, line, strlen(line)) == 0)
            value = strtol(text + strlen(line), NULL, 10);
    fclose(f);
    return value;
}

/* Proportional memory of the processes in KiB; ends the program when one of
 * them is gone. */
static inline long pss_kib(const int *pids, int n)
{
    long sum = 0;
    for (int i = 0; i < n; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pids[i]);
        long pss = read_line(path, "Pss:");
        if (pss == 0) {
            fprintf(stderr, "%s: no such memory\n", path);
            exit(1);
        }
        sum += pss;
    }
    return sum;
}

#endif
