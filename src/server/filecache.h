/* filecache: from path to open file, small contents and prepared field lines.
 *
 * One per worker, so there are no locks. Entries are found by (root, links policy, path), kept in
 * least-recently-used order and bounded in number and bytes. What an entry says about a file came
 * from one fstat of one open descriptor. Misses and refusals are remembered too. An entry is
 * compared with the disk when it is used and the last comparison is FILECACHE_CHECK_MS old. */
#ifndef SKIFF_SERVER_FILECACHE_H
#define SKIFF_SERVER_FILECACHE_H

#include "base/list.h"
#include "base/pin.h"
#include "base/str.h"
#include "server/filefields.h"

#include <limits.h>

enum {
    FILECACHE_CHECK_MS = 1000,
    FILECACHE_PATH_MAX = PATH_MAX - CODING_SUFFIX_MAX, /* bytes, the NUL among them */
};

struct file {
    struct pin pin;    /* the cache holds one; each response in flight holds one */
    struct link lru;   /* hung while the cache holds it */
    struct file *next; /* in its hash bucket */
    uint32_t hash;
    const struct filecache_root *root;
    struct str path;              /* the key: decoded, no leading slash */
    enum coding coding;           /* ... and this: it is the sibling `path` + suffix */
    uint64_t checked_ms;          /* when it was last compared with the disk */
    int error;                    /* 0, or the errno that opening gave */
    struct disk_file disk;        /* kind, size, times; .fd is -1 when the contents are in memory */
    struct validators validators; /* what its lines say, to compare */
    bool young;       /* changed so shortly before it was opened that its ETag is weak */
    bool told;        /* what is wrong with it was logged */
    struct str whole; /* all lines: validators.fields and the Content-Length */
    const char *data; /* all contents, when small enough; else NULL */
    struct filecache *cache;
    char text[]; /* path, fields and contents */
};

/* A folder to serve from and how. Made in the master while it has its privileges. */
struct filecache_root {
    int fd; /* O_PATH directory */
    enum disk_links links;
    struct file_style style;
};

struct filecache_limits {
    uint64_t bytes;     /* of contents in memory; 0: none is kept */
    uint64_t small_max; /* contents up to this are kept */
    uint32_t entries;   /* 0: nothing is cached */
};

struct filecache {
    struct link lru;     /* files and folders, most recently used first */
    struct link refused; /* entries that remember an error, the same */
    struct file **buckets;
    uint32_t mask;
    uint32_t entries;
    uint64_t bytes;
    uint32_t errors; /* entries that remember a refusal: at most a quarter */
    const struct mime *mime;
    struct filecache_limits limits;
};

/* false when memory is out. */
bool filecache_init(struct filecache *c, struct filecache_limits limits, const struct mime *mime);
/* Drops the cache's holds; entries in flight live on until they are dropped. */
void filecache_done(struct filecache *c);
/* Finds or opens a file, or its sibling in that coding; `path` is decoded, without leading slash,
 * less than FILECACHE_PATH_MAX bytes. The caller holds a pin on the result (pin_drop(&f->pin)).
 * NULL when memory is out; any other failure is an entry with `error` set (EMFILE and ENFILE are
 * never remembered). */
struct file *filecache_find(struct filecache *c, const struct filecache_root *root, struct str path,
                            enum coding coding, uint64_t now_ms, int64_t wall_s);

#endif
