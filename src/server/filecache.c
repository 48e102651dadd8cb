/* filecache: a hash table, three lists, and when the disk is asked.
 *
 * Refusals have a list of their own, so that random names cannot evict files. */
#include "server/filecache.h"

#include "base/log.h"
#include "server/fileopen.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READ_TRIES = 3,   /* a file that changes while it is read */
    ERRORS_SHARE = 4, /* at most a quarter of the entries remember refusals */
    BUCKETS_MAX = 65536,
};

bool filecache_init(struct filecache *c, struct filecache_limits limits, const struct mime *mime)
{
    uint32_t buckets = 64;
    while (buckets < limits.entries && buckets < BUCKETS_MAX)
        buckets *= 2;
    *c = (struct filecache){.limits = limits, .mime = mime, .mask = buckets - 1};
    link_init(&c->lru);
    link_init(&c->opened);
    link_init(&c->refused);
    c->buckets = calloc(buckets, sizeof(struct file *));
    return c->buckets != NULL;
}

/* --- in and out of the table --- */

static uint64_t cached_bytes(const struct file *f)
{
    return f->data ? f->headroom + f->disk.size : 0;
}

static void forget(struct filecache *c, struct file *f)
{
    struct file **at = &c->buckets[f->hash & c->mask];
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    link_remove(&f->lru);
    c->entries--;
    c->errors -= f->error != 0;
    c->open -= f->disk.fd >= 0;
    c->bytes -= cached_bytes(f);
    pin_drop(&f->pin);
}

static struct file *oldest(struct link *list)
{
    return container_of(list->prev, struct file, lru);
}

static struct link *list_of(struct filecache *c, const struct file *f)
{
    if (f->error)
        return &c->refused;
    return f->disk.fd >= 0 ? &c->opened : &c->lru;
}

/* Where something is let go first: contents, because bytes are counted of them alone. */
static struct link *to_shorten(struct filecache *c)
{
    if (!link_is_alone(&c->lru))
        return &c->lru;
    return link_is_alone(&c->opened) ? &c->refused : &c->opened;
}

static void make_room(struct filecache *c)
{
    while (c->errors > c->limits.entries / ERRORS_SHARE)
        forget(c, oldest(&c->refused));
    while (c->open > c->limits.open)
        forget(c, oldest(&c->opened));
    while (c->entries > c->limits.entries || c->bytes > c->limits.bytes)
        forget(c, oldest(to_shorten(c)));
}

/* On a way that is watched, on file systems that tell, the look is only a net: for writes through a
 * mapping and the like (docs/manual.md has the list). */
static uint32_t good_ms(const struct filecache *c, const struct file *f)
{
    const struct root_folder *at = f->root->at;
    bool is_root_told =
        at->path.n == 0 || (at->covered && at->trail.count > 0 && !at->trail.is_blind);
    bool is_told = is_root_told && f->trail.count > 0 && !f->trail.is_blind && !f->trail.is_long;
    bool is_moving = f->disk.has_other_names || f->young || f->unsettled;
    return c->coherence.watch && is_told && !is_moving ? FILECACHE_NET_MS : c->limits.check_ms;
}

/* What is sent from its descriptor was in memory at `now_ms`, and need not stay there. */
static void reassure(struct file *f, uint64_t now_ms)
{
    uint64_t good_until = f->checked_ms + f->good_ms, here_until = now_ms + FILECACHE_AT_HAND_MS;
    f->sure_until_ms = f->disk.fd >= 0 && here_until < good_until ? here_until : good_until;
}

static void insert(struct filecache *c, struct file *f)
{
    struct file **bucket = &c->buckets[f->hash & c->mask];
    f->good_ms = good_ms(c, f);
    reassure(f, f->checked_ms);
    f->next = *bucket;
    *bucket = f;
    link_after(list_of(c, f), &f->lru);
    c->entries++;
    c->errors += f->error != 0;
    c->open += f->disk.fd >= 0;
    c->bytes += cached_bytes(f);
    pin_hold(&f->pin); /* the cache's */
    make_room(c);
}

void filecache_done(struct filecache *c)
{
    while (c->entries > 0)
        forget(c, oldest(to_shorten(c)));
    free(c->buckets);
    c->buckets = NULL;
}

static inline uint32_t hash_of(const struct filecache_root *root, struct str path,
                               enum coding coding)
{
    return str_hash(path) ^ (uint32_t)(((uintptr_t)root >> 4) + coding) * 2654435761u;
}

static inline struct file *lookup(struct filecache *c, const struct filecache_root *root,
                                  struct str path, enum coding coding, uint32_t hash)
{
    struct file *f = c->buckets[hash & c->mask];
    while (f &&
           !(f->hash == hash && f->root == root && f->coding == coding && str_same(f->path, path)))
        f = f->next;
    return f;
}

static void cover(const struct fileopen *o, struct trail *t)
{
    char name[PATH_MAX];
    filecache_name(o->wish, name);
    coherence_cover(&o->cache->coherence, o->wish->root->at->fd, o->wish->root->at->opened,
                    str_of(name), t);
}

static bool is_near(const struct fileopen *o)
{
    char name[PATH_MAX];
    filecache_name(o->wish, name);
    return coherence_is_near(&o->cache->coherence, o->wish->root->at->fd, o->wish->root->at->opened,
                             str_of(name));
}

/* By a way that was walked before: nothing but the last name is new, and that is no link. NULL with
 * errno, ENOENT when it is not so. */
static struct file *open_known(struct fileopen *o)
{
    char name[PATH_MAX];
    const struct root_folder *at = o->wish->root->at;
    filecache_name(o->wish, name);
    errno = ENOENT;
    if (!coherence_recall(&o->cache->coherence, at->fd, at->opened, str_of(name), &o->trail))
        return NULL;
    o->links = LINKS_DENY;
    struct file *f = fileopen_new(o, true);
    o->links = o->wish->root->links;
    if (!f || (f->error != ELOOP && f->disk.kind != DISK_DIRECTORY))
        return f;
    pin_drop(&f->pin);
    errno = ENOENT;
    return NULL;
}

/* Watches what is on the way first. */
static struct file *open_unknown(struct fileopen *o)
{
    struct file *f = NULL;
    if (fileopen_is_cold(o)) {
        errno = EAGAIN;
        return NULL;
    }
    o->passing = o->passing || !is_near(o);
    if (!o->passing)
        cover(o, &o->trail);
    errno = ESTALE;
    for (int try = 0; !f && errno == ESTALE && try < READ_TRIES; try++)
        f = fileopen_new(o, true);
    return f;
}

static struct file *open_entry(struct fileopen *o)
{
    struct file *f = open_known(o);
    if (!f && errno != EAGAIN && errno != ENOMEM)
        f = open_unknown(o);
    if (f && !o->passing && o->cache->limits.entries > 0 && !disk_is_trouble(f->error))
        insert(o->cache, f);
    /* One that changed under each reading is sent from its descriptor, and not remembered. */
    return f || errno != ESTALE ? f : fileopen_new(o, false);
}

/* --- finding --- */

/* Has what changed nothing to do with it? */
static bool is_untouched(const struct filecache *c, const struct trail *t)
{
    return c->coherence.watch && trail_is_untouched(t, c->coherence.watch);
}

static void cover_root(struct filecache *c, struct root_folder *at)
{
    at->covered = coherence_root_is_near(&c->coherence, at->path);
    if (at->covered)
        coherence_cover_root(&c->coherence, at->path, &at->trail);
}

/* The root's path may lead to another folder than it did: then that one takes its place. */
static void refresh_root(struct filecache *c, struct root_folder *at, uint64_t now_ms)
{
    bool is_told = at->changes != c->changes && !is_untouched(c, &at->trail);
    at->changes = c->changes;
    if (at->path.n == 0 ||
        (!is_told && at->covered && now_ms - at->checked_ms < c->limits.check_ms))
        return;
    at->checked_ms = now_ms;
    if (is_told || at->trail.count == 0)
        cover_root(c, at);
    int r = disk_reopen_root(at->path.p, at->fd);
    if (r > 0 && !is_told) { /* a mount, perhaps: what is watched may be below it */
        filecache_doubt(c);
        at->changes = c->changes;
        cover_root(c, at);
    }
    at->opened += is_told || r > 0;
    if (r < 0 && !at->told)
        log_warn("root %s cannot be opened again, what it was is served: %s", at->path.p,
                 strerror(-r));
    at->told = r < 0;
}

/* Moves it to the front, but once in a second: its neighbours are cold memory in a large cache. */
static inline struct file *use(struct filecache *c, struct file *f, uint64_t now_ms)
{
    uint32_t second = (uint32_t)(now_ms >> 10); /* or nearly */
    if (f->used != second) {
        f->used = second;
        link_remove(&f->lru);
        link_after(list_of(c, f), &f->lru);
    }
    pin_hold(&f->pin);
    return f;
}

static inline bool is_fresh(const struct file *f, uint64_t now_ms)
{
    return now_ms - f->checked_ms < f->good_ms;
}

/* Compares f with the disk, which may have to be asked what its way is now. 1 or 0; -EAGAIN when it
 * would have to be waited for. What cannot be compared for want of descriptors or memory is good
 * for as long as nothing speaks against it. */
static int confirm(const struct fileopen *o, struct file *f)
{
    const struct root_folder *at = o->wish->root->at;
    bool is_touched = f->opened != at->opened ||
                      (f->changes != o->cache->changes && !is_untouched(o->cache, &f->trail));
    if (is_touched) {
        if (fileopen_is_cold(o))
            return -EAGAIN;
        if (!is_near(o))
            return 0;
        cover(o, &f->trail);
    }
    int r = fileopen_confirms(o, f);
    if (r < 0 && r != -EAGAIN)
        r = !is_touched;
    if (r == 0 && !is_touched && f->good_ms == FILECACHE_NET_MS)
        filecache_doubt(o->cache); /* a mount, perhaps: other folders are on the way by now */
    if (r > 0) {
        f->opened = at->opened;
        f->checked_ms = o->wish->now_ms;
        f->good_ms = good_ms(o->cache, f);
        f->changes = o->cache->changes;
        reassure(f, f->checked_ms);
    }
    return r;
}

/* A file that is as it was, and need not be in memory any more. */
static struct file *use_at_hand(const struct fileopen *o, struct file *f)
{
    if (!fileopen_is_at_hand(o, f)) {
        errno = EAGAIN;
        return NULL;
    }
    reassure(f, o->wish->now_ms);
    return use(o->cache, f, o->wish->now_ms);
}

/* Looks whether what is known still says what the disk says, else opens anew. Out of line, so that
 * a hit has no room for names on its stack. */
static __attribute__((noinline)) struct file *ask_disk(struct filecache *c,
                                                       const struct file_wish *wish)
{
    uint32_t hash = hash_of(wish->root, wish->path, wish->coding);
    struct file *f = lookup(c, wish->root, wish->path, wish->coding, hash);
    struct fileopen o = {.cache = c, .wish = wish, .links = wish->root->links, .hash = hash};
    refresh_root(c, wish->root->at, wish->now_ms);
    o.passing = wish->root->at->path.n > 0 && !wish->root->at->covered;
    if (f && is_fresh(f, wish->now_ms) && f->opened == wish->root->at->opened &&
        is_untouched(c, &f->trail)) {
        f->changes = c->changes;
        return use_at_hand(&o, f);
    }
    int r = f ? confirm(&o, f) : 0;
    if (r > 0)
        return use(c, f, wish->now_ms);
    if (r < 0) {
        errno = -r;
        return NULL;
    }
    if (f)
        forget(c, f);
    return open_entry(&o);
}

void filecache_doubt(struct filecache *c)
{
    if (c->coherence.watch)
        watch_doubt(c->coherence.watch);
    else
        c->changes++;
}

inline struct file *filecache_hit(struct filecache *c, const struct filecache_root *root,
                                  struct str path, enum coding coding, uint64_t now_ms)
{
    struct file *f = lookup(c, root, path, coding, hash_of(root, path, coding));
    return f && f->changes == c->changes && now_ms < f->sure_until_ms ? use(c, f, now_ms) : NULL;
}

struct file *filecache_find(struct filecache *c, const struct file_wish *wish)
{
    struct file *f = filecache_hit(c, wish->root, wish->path, wish->coding, wish->now_ms);
    return f ? f : ask_disk(c, wish);
}
