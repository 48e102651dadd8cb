/* generation: a configuration with everything its workers need, opened and checked.
 *
 * Either all of it is there or nothing: a start or a reload begins with a generation that could be
 * prepared. */
#ifndef SKIFF_PROCESS_GENERATION_H
#define SKIFF_PROCESS_GENERATION_H

#include "process/budget.h"
#include "process/confine.h"
#include "process/cpus.h"
#include "process/logs.h"
#include "process/sockets.h"
#include "server/settings.h"

struct generation {
    struct config *config;
    uint32_t number;
    uint32_t workers;
    char workers_how[CPUS_TEXT]; /* what an automatic number was computed from; else empty */
    uint32_t slots;              /* of the sockets; those beyond `workers` are siblings' */
    int *listen_fds; /* listen entry i, slot s at [i * slots + s]; owned by the sockets */
    struct identity identity;
    struct budget budget;
    struct logs logs;
};

/* What a generation is prepared from. */
struct preparation {
    struct config *config;           /* taken over */
    const struct identity *identity; /* NULL: as the configuration says */
    struct sockets *sockets;
    const struct generation *old; /* NULL at the start */
    uint32_t number;
};

/* Opens roots, logs and sockets. NULL after one line in the log: the configuration is freed, and of
 * the sockets no more are open than before, unless memory is out. */
struct generation *generation_prepare(const struct preparation *p);
/* Closes what it opened, except the sockets, and frees. NULL is fine. */
void generation_free(struct generation *g);

#endif
