/* filecache: from path to open file, small contents and prepared field lines.
 *
 * One per worker, so there are no locks. Entries are found by (root, links policy, path), kept in
 * the order of their last use, to the second, and bounded in number and bytes. What an entry says
 * about a file came from one statx of one open descriptor. Misses and refusals are remembered too.
 * An entry is served without any look at the disk as long as no folder on its way has changed
 * (io/watch.h); it is compared when one has, and as a net under the events now and then: every few
 * seconds, or once a second where changes are known to come without one. Whether what is sent from
 * its descriptor is still in memory is asked once a second.
 */
#ifndef SKIFF_SERVER_FILECACHE_H
#define SKIFF_SERVER_FILECACHE_H

#include "base/list.h"
#include "base/pin.h"
#include "base/str.h"
#include "server/coherence.h"
#include "server/filefields.h"

#include <limits.h>

enum {
    FILECACHE_CHECK_MS = 1000,                         /* the usual check_ms */
    FILECACHE_NET_MS = 5000,                           /* where events tell of nearly everything */
    FILECACHE_AT_HAND_MS = 1000,                       /* what was in memory is taken to be still */
    FILECACHE_PATH_MAX = PATH_MAX - CODING_SUFFIX_MAX, /* bytes, the NUL among them */
};

struct file {
    /* What a hit looks at comes first: in a large cache each line of memory is a wait. */
    struct pin pin;    /* the cache holds one; each response in flight holds one */
    struct file *next; /* in its hash bucket */
    const struct filecache_root *root;
    struct str path;              /* the key: decoded, no leading slash */
    uint32_t hash;                /* ... of it all */
    enum coding coding;           /* ... and this: it is the sibling `path` + suffix */
    uint64_t sure_until_ms;       /* a hit asks nothing until then */
    uint32_t changes;             /* the cache's counter when it was last compared ... */
    uint32_t opened;              /* ... and the root's */
    uint32_t used;                /* second in which it was moved to the front of its list */
    uint32_t good_ms;             /* how long it is good without a look, from ... */
    uint64_t checked_ms;          /* ... when it was last compared with the disk */
    int error;                    /* 0, or the errno that opening gave */
    uint32_t headroom;            /* unused bytes in front of data, for a head */
    const char *data;             /* all contents, when small enough; else NULL */
    struct str whole;             /* all lines: validators.fields and the Content-Length */
    struct disk_file disk;        /* kind, size, times; .fd is -1 when the contents are in memory */
    struct validators validators; /* what its lines say, to compare */
    struct link lru;              /* hung while the cache holds it */
    struct trail trail;           /* what must not have changed since */
    bool young;     /* changed so shortly before it was opened that its ETag is weak */
    bool unsettled; /* touched so shortly before that another change may look the same */
    bool told;      /* what is wrong with it was logged */
    char text[];    /* path, fields, headroom and contents */
};

/* A folder to serve from. Opened in the master while it has its privileges; opened again by its
 * path when that leads elsewhere, as when a link to the current release is replaced. */
struct root_folder {
    int fd;          /* O_PATH directory; the number stays */
    struct str path; /* absolute, terminated; empty: it is not looked for again */
    uint64_t checked_ms;
    uint32_t changes;
    uint32_t opened; /* counts how often it was another, or may have been */
    struct trail trail;
    bool covered; /* once its path was watched, as far as it can be */
    bool told;    /* that it cannot be opened any more */
};

/* How it is served. */
struct filecache_root {
    struct root_folder *at;
    enum disk_links links;
    struct file_style style;
};

struct filecache_limits {
    uint64_t bytes;     /* of contents in memory; 0: none is kept */
    uint64_t small_max; /* contents up to this are kept */
    uint32_t entries;   /* 0: nothing is cached */
    uint32_t open;      /* of these, files that are kept open */
    uint32_t check_ms;  /* how long an entry is good without a look, unless events tell */
};

struct filecache {
    struct link lru;     /* contents in memory and folders, most recently used first */
    struct link opened;  /* files that are kept open, the same */
    struct link refused; /* entries that remember an error, the same */
    struct file **buckets;
    uint32_t mask;
    uint32_t entries;
    uint64_t bytes;
    uint32_t open;   /* entries with a descriptor */
    uint32_t errors; /* entries that remember a refusal: at most a quarter */
    const struct mime *mime;
    uint32_t changes; /* counted by its watch */
    struct coherence coherence;
    struct filecache_limits limits;
};

/* false when memory is out. */
bool filecache_init(struct filecache *c, struct filecache_limits limits, const struct mime *mime);
/* Drops the cache's holds; entries in flight live on until they are dropped. */
void filecache_done(struct filecache *c);
/* What filecache_find is asked for. */
struct file_wish {
    const struct filecache_root *root;
    struct str path;    /* decoded, without leading slash, less than FILECACHE_PATH_MAX bytes */
    enum coding coding; /* its sibling in that coding is meant */
    bool patient;       /* the disk may be waited for */
    uint64_t now_ms;
    int64_t wall_s;
};

/* A file, or refusal, that is known, and certain without a look at the disk: as filecache_find()
 * gives it. NULL: that must be asked. */
struct file *filecache_hit(struct filecache *c, const struct filecache_root *root, struct str path,
                           enum coding coding, uint64_t now_ms);
/* Finds or opens a file. The caller holds a pin on the result (pin_drop(&f->pin)). NULL with errno:
 * ENOMEM, or EAGAIN when the disk would have to be waited for; any other failure is an entry with
 * `error` set (what disk_is_trouble() is never remembered). */
struct file *filecache_find(struct filecache *c, const struct file_wish *w);
/* Something was found to be other than an entry says: all are compared before they serve again. */
void filecache_doubt(struct filecache *c);
/* What would be opened, terminated: the path, or its sibling's. */
void filecache_name(const struct file_wish *w, char name[PATH_MAX]);

#endif
