/* coherence: which folders a path depends on, links on the way included.
 *
 * A file's name means something else when any folder changes in which one of its components, or of
 * a link's on the way, is looked up: all of these are watched. Watch first, then open: what changes
 * in between is told afterwards. */
#ifndef SKIFF_SERVER_COHERENCE_H
#define SKIFF_SERVER_COHERENCE_H

#include "io/watch.h"

/* Watches for everything in the folders on the way to `path` below the folder `root` (a
 * descriptor), as far as they are there. `path` is relative and shorter than PATH_MAX. *t is the
 * way, marked. w may be NULL: then t is left alone. */
void coherence_cover(struct watch *w, int root, struct str path, struct trail *t);
/* Watches for the components of an absolute path alone: the folders may be busy ones, like /tmp. */
void coherence_cover_root(struct watch *w, struct str path, struct trail *t);

#endif
