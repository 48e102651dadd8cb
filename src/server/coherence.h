/* coherence: which folders a path depends on, links on the way included.
 *
 * A file's name means something else when any folder changes in which one of its components, or of
 * a link's on the way, is looked up: all of these are watched. Watch first, then open: what changes
 * in between is told afterwards. */
#ifndef SKIFF_SERVER_COHERENCE_H
#define SKIFF_SERVER_COHERENCE_H

#include "server/scout.h"

enum {
    COHERENCE_WAYS = 64, /* remembered, by hash */
    WAY_MAX = 95,        /* bytes of a folder's path */
};

/* A folder below a root, every part of whose path is a folder and no link. */
struct way {
    uint64_t root;
    uint32_t hash;
    int folder;         /* its number in the watch */
    struct trail trail; /* to it */
    uint8_t n;          /* bytes of text ... */
    bool is_set;
    char text[WAY_MAX];
};

struct coherence {
    struct watch *watch; /* NULL: no events */
    struct scout scout;
    struct way ways[COHERENCE_WAYS];
};

/* May the folders on the way be covered without a long wait? If not a thread is on its way: serve
 * what is there and remember nothing. */
bool coherence_is_near(struct coherence *c, int root, uint32_t opened, struct str path);
bool coherence_root_is_near(struct coherence *c, struct str path);

/* Watches for everything in the folders on the way to `path` below the folder `root` (a descriptor
 * that was opened for the `opened`th time), as far as they are there. `path` is relative and
 * shorter than PATH_MAX. *t is the way, marked. Without a watch t is left alone, but blind. */
void coherence_cover(struct coherence *c, int root, uint32_t opened, struct str path,
                     struct trail *t);
/* The same without a system call, when a path to the same folder was covered and nothing on it has
 * changed. Only if `path` itself is no link: who opens it must refuse one. false: cover it. */
bool coherence_recall(const struct coherence *c, int root, uint32_t opened, struct str path,
                      struct trail *t);
/* Watches for the components of an absolute path alone: the folders may be busy ones, like /tmp. */
void coherence_cover_root(struct coherence *c, struct str path, struct trail *t);

#endif
