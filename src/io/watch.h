/* watch: counts changes in folders, as the kernel tells of them (inotify(7)).
 *
 * There is one counter for all: who remembers what he read from the disk remembers the counter too,
 * and looks again when it has moved on. So nothing must know what depends on what. Events are only
 * ever a reason to look: that some are missing (other machines' writes, a folder that may not be
 * read, too many folders) makes a change visible later, not never. */
#ifndef SKIFF_IO_WATCH_H
#define SKIFF_IO_WATCH_H

#include "base/str.h"
#include "io/loop.h"

enum { WATCH_MAX = 16 * 1024 }; /* folders */

struct watched; /* what matters in one folder */

struct watch {
    struct source src; /* fd -1: there are no events */
    struct loop *loop;
    uint32_t *changes;       /* the counter */
    struct watched *folders; /* by watch descriptor */
    uint32_t room;           /* in that table */
    uint32_t live;           /* folders that are watched */
    bool told;               /* that not all can be watched */
};

/* Its events come first in a turn of the loop. false with errno: there will be none; everything
 * else works, and w need not be given back. */
bool watch_init(struct watch *w, struct loop *l, uint32_t *changes);
void watch_done(struct watch *w);
/* From now on a change of `name` in a folder counts, or of anything when it is empty. `folder` is
 * terminated; nothing happens when it cannot be watched. Cheap when it is watched already. */
void watch_folder(struct watch *w, const char *folder, struct str name);

#endif
