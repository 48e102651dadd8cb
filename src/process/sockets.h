/* sockets: the listening sockets, which outlive workers and configurations.
 *
 * TCP: one SO_REUSEPORT socket per address and worker slot, so that a new worker inherits its slot
 * and nothing that waits in a queue is lost. Unix: one per address, shared by all slots. A new
 * configuration keeps the sockets of every address that it still names. The number of slots only
 * grows: closing one would drop its queue, so a sibling accepts from it. */
#ifndef SKIFF_PROCESS_SOCKETS_H
#define SKIFF_PROCESS_SOCKETS_H

#include "server/settings.h"

enum {
    SLOTS_MAX = 256,     /* an order names a slot in one byte */
    ENDPOINTS_MAX = 256, /* a connection names its listen entry in one byte */
};

struct endpoint {
    struct address address;
    struct listen_options options;
    char congestion[16]; /* what options.congestion points to */
    dev_t device;        /* of a unix socket's file: only that one is removed */
    ino_t inode;
    int *fds;       /* one per slot; unix: the first alone */
    uint32_t count; /* of fds that are open */
};

struct sockets {
    struct endpoint *items[ENDPOINTS_MAX];
    uint32_t count;
    uint32_t slots;
    const char *hint; /* said when an address is in use; NULL: nothing */
};

/* Opens what `listen` names and is not open, for at least `slots` slots. On failure, after one line
 * in the log, everything is as it was. */
bool sockets_open(struct sockets *s, const struct item_list *listen, uint32_t slots);
/* The descriptors as a worker wants them: entry i, slot n at [i * s->slots + n]; for free(). NULL
 * when memory is out. */
int *sockets_table(const struct sockets *s, const struct item_list *listen);
/* Closes what `listen` does not name, and the slots from `slots` on. What waits in their queues is
 * refused. */
void sockets_trim(struct sockets *s, const struct item_list *listen, uint32_t slots);
/* In a worker: closes its copies of what `listen` does not name. The sockets go on. */
void sockets_give_up(const struct sockets *s, const struct item_list *listen);
/* From now on connections are refused, also where workers still hold the sockets. */
void sockets_refuse(struct sockets *s);
/* Closes all; files of unix sockets are removed. */
void sockets_done(struct sockets *s);

#endif
