/* scout: a thread is the first to watch a folder.
 *
 * For the first watch of a folder the kernel visits all of its names that it has in memory: 100,000
 * of them are 8 ms. So a thread goes there first, and the loop's own watch finds the work done.
 * Until it is back the folder's files are served, and not remembered. What a worker has seen is
 * kept as a bit by hash: where two folders share one, the loop does the second one's work. */
#ifndef SKIFF_SERVER_SCOUT_H
#define SKIFF_SERVER_SCOUT_H

#include "base/str.h"
#include "io/offload.h"
#include "io/watch.h"

enum { SCOUT_BITS = 16 * 1024 };

struct scout {
    struct offload *offload; /* NULL: the loop does it all */
    uint64_t sent[SCOUT_BITS / 64], back[SCOUT_BITS / 64];
};

/* Have the folders on the way to `path` below the folder `from` (empty: "/") been watched by a
 * thread? Sends one when none was sent; false until it is back. `hash` is of the folder that is
 * meant; `from` is terminated, `path` at most PATH_MAX bytes. */
bool scout_is_back(struct scout *s, const struct watch *w, const char *from, struct str path,
                   uint32_t hash);

#endif
