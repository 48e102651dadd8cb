/* warm: has a thread touch the disk first, so that the loop does not wait for it.
 *
 * What a path leads to, and the beginning of the file, is read once beside the loop; then the same
 * request is handled again and finds all of it in the kernel's caches. Nothing is handed over, so
 * there is nothing that could be stale or mixed. */
#ifndef SKIFF_SERVER_WARM_H
#define SKIFF_SERVER_WARM_H

#include "io/disk.h"
#include "io/out.h"
#include "server/request.h"

enum { WARMINGS_MAX = 32 }; /* of one request: where the kernel never says "cached" it ends */
/* The handler must say V_WAIT then. `path` (terminated) is copied; `key` becomes r->warmed when it
 * is done. false: no thread takes it now. */
bool warm_begin(struct request *r, int root, const char *path, enum disk_links links, uint32_t key);
/* The client left while r->is_warming. */
void warm_abandon(struct request *r);

/* Has c->out->cold read; c is run again then, and sends it. false: no thread takes it now. */
bool warm_window(struct conn *c);
/* The connection is closed while c->out->warming. */
void warm_forget(struct out *o);

#endif
