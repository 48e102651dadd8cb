/* watch: counts changes in folders, as the kernel tells of them (inotify(7)).
 *
 * Who remembers what he read from the disk remembers a counter of all changes too, and looks again
 * when it has moved on. A trail says whether what moved was on his way: its names in folders share
 * a table of counters, whose sum it remembers. So nothing must know what depends on what, and a
 * busy folder troubles only who reads the files that change. Events are only ever a reason to
 * look: one that is missing (another machine's write, a folder that may not be read, too many
 * folders) makes a change visible later, not never.
 */
#ifndef SKIFF_IO_WATCH_H
#define SKIFF_IO_WATCH_H

#include "base/str.h"
#include "io/loop.h"

enum {
    WATCH_MAX = 16 * 1024, /* folders */
    WATCH_COUNTERS = 4096, /* a thousand files that change at once meet a quarter of all others */
    TRAIL_MAX = 12,        /* steps; a longer way is touched by any change */
};

/* The names in folders that lead to a file. */
struct trail {
    uint32_t sum; /* of its counters when it was marked */
    uint16_t steps[TRAIL_MAX];
    uint8_t count;
    bool is_long;
    bool is_blind; /* not every change on it makes an event */
};

struct watched; /* what matters in one folder */

struct watch {
    struct source src; /* fd -1: there are no events */
    struct loop *loop;
    uint32_t *changes; /* the counter of all that matters */
    uint32_t unnamed;  /* changes that may be of any name */
    uint32_t named[WATCH_COUNTERS];
    struct watched *folders; /* by watch descriptor */
    uint32_t room;           /* in that table */
    uint32_t live;           /* folders that are watched */
    uint64_t device;         /* of the last new folder ... */
    bool device_tells;       /* ... and whether all changes on it make events */
    bool told;               /* that not all can be watched */
};

/* Its events come first in a turn of the loop. false with errno: there will be none; everything
 * else works, and w need not be given back. */
bool watch_init(struct watch *w, struct loop *l, uint32_t *changes);
void watch_done(struct watch *w);
/* From now on a change of `name` in a folder counts, or of anything when it is empty. `folder` is
 * terminated. Its number for trail_add(), or -1 when it cannot be watched. Cheap when it is watched
 * already. */
int watch_folder(struct watch *w, const char *folder, struct str name);

/* Counts a change that may be of any name. */
void watch_doubt(struct watch *w);

/* Watches a folder for nobody, so that doing it again is cheap; `fd` is a watch's src.fd. May run
 * on any thread. */
void watch_visit(int fd, const char *folder);

/* A trail that is all zero has no steps. Adds one: a name in a folder (a watch_folder() result).
 * Blind makes it a folder that is not watched, or on a file system that others write to. */
void trail_add(struct trail *t, const struct watch *w, int folder, struct str name);
/* Remembers what its counters are now. */
void trail_mark(struct trail *t, const struct watch *w);
/* Has nothing on it changed since it was marked? Wrong only the safe way. */
bool trail_is_untouched(const struct trail *t, const struct watch *w);

#endif
