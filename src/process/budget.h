/* budget: what each worker may have of the machine's descriptors, decided before it starts.
 *
 * The soft limit is raised to the hard one. A number that the operator wrote is met or refused; it
 * is for the whole server and divided among the workers. What is left to us ("auto") fits by
 * itself: three quarters of a process's descriptors for connections, one quarter for files. */
#ifndef SKIFF_PROCESS_BUDGET_H
#define SKIFF_PROCESS_BUDGET_H

#include "server/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BUDGET_SPARE = 64,    /* descriptors for all else */
    BUDGET_OWN = 32,      /* of these, what a worker itself needs: epoll, logs, opens in flight */
    BUDGET_LIMIT_MIN = 96 /* a hard limit below this leaves nothing to serve with */
};

struct budget_request {
    uint32_t workers;
    uint32_t max_connections; /* of the whole server; 0: auto */
    uint32_t open_files;      /* of the whole server, or OPEN_FILES_AUTO */
    uint32_t inherited;       /* listening sockets and roots that each worker holds */
    uint64_t limit;           /* hard limit of descriptors */
};

struct budget {
    uint32_t connections, files; /* of one worker */
};

/* Raises the soft limit and returns the hard one; 0 with errno. */
uint64_t budget_raise_limit(void);
/* false after one message in the log that has the numbers. */
bool budget_divide(const struct budget_request *r, struct budget *out);

#endif
