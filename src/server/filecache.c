/* filecache: a hash table, two lists, and the making of entries.
 *
 * An entry is one block of memory: the struct, its path, its field lines, and the contents when
 * they are small. Refusals have a list of their own, so that random names cannot evict files. */
#include "server/filecache.h"

#include "base/log.h"
#include "server/coherence.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READ_TRIES = 3,   /* a file that changes while it is read */
    ERRORS_SHARE = 4, /* at most a quarter of the entries remember refusals */
    BUCKETS_MAX = 65536,
    SETTLED_S = 2, /* longer than any tick of the clock that stamps changes */
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

static void release(struct pin *pin)
{
    struct file *f = container_of(pin, struct file, pin);
    if (f->disk.fd >= 0)
        (void)close(f->disk.fd); /* it was only read */
    free(f);
}

/* --- in and out of the table --- */

static uint64_t cached_bytes(const struct file *f)
{
    return f->data ? f->disk.size : 0;
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

static void insert(struct filecache *c, struct file *f)
{
    struct file **bucket = &c->buckets[f->hash & c->mask];
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

static uint32_t hash_of(const struct filecache_root *root, struct str path, enum coding coding)
{
    return str_hash(path) ^ (uint32_t)(((uintptr_t)root >> 4) + coding) * 2654435761u;
}

static struct file *lookup(struct filecache *c, const struct filecache_root *root, struct str path,
                           enum coding coding, uint32_t hash)
{
    struct file *f = c->buckets[hash & c->mask];
    while (f &&
           !(f->hash == hash && f->root == root && f->coding == coding && str_same(f->path, path)))
        f = f->next;
    return f;
}

/* --- making an entry --- */

/* The same text, moved from one buffer to another. */
static struct str moved(struct str s, const char *from, const char *to)
{
    return s.p ? str_make(to + (s.p - from), s.n) : s;
}

static bool is_small(const struct filecache *c, const struct disk_file *d)
{
    return d->kind == DISK_FILE && d->size <= c->limits.small_max && d->size <= c->limits.bytes;
}

/* Of two changes in one tick of the file system's clock a stat shows one (before Linux 6.13, and on
 * many file systems still). */
static bool is_unsettled(const struct disk_file *d, int64_t wall_s)
{
    int64_t age_s = wall_s - d->ctime_ns / 1000000000; /* long ahead: the clock was set back */
    return age_s < SETTLED_S && age_s > -SETTLED_S;
}

struct opening {
    struct filecache *cache;
    const struct file_wish *wish;
    uint32_t hash;
    struct trail trail;
};

/* A new entry with one pin, the caller's. Takes d->fd over. NULL when memory is out. */
static struct file *new_entry(const struct opening *o, int error, const struct disk_file *d,
                              size_t contents)
{
    char fields[FILE_FIELDS_MAX];
    bool is_file = error == 0 && d->kind == DISK_FILE;
    struct validators v = {0};
    const struct file_facts facts = {o->wish->path, o->wish->coding, d, o->wish->wall_s};
    size_t whole_n =
        is_file ? filefields_write(&o->wish->root->style, o->cache->mime, &facts, fields, &v) : 0;
    struct file *f = malloc(sizeof *f + o->wish->path.n + whole_n + contents);
    if (!f)
        return NULL;
    *f = (struct file){
        .hash = o->hash,
        .root = o->wish->root,
        .coding = o->wish->coding,
        .checked_ms = o->wish->now_ms,
        .changes = o->cache->changes,
        .opened = o->wish->root->at->opened,
        .trail = o->trail,
        .error = error,
        .disk = *d,
        .young = is_file && filefields_is_young(d, o->wish->wall_s),
        .unsettled = is_file && is_unsettled(d, o->wish->wall_s),
        .path = str_make(f->text, o->wish->path.n),
        .whole = str_make(f->text + o->wish->path.n, whole_n),
    };
    f->validators = (struct validators){
        .etag = moved(v.etag, fields, f->whole.p),
        .modified = v.modified,
        .lines = moved(v.lines, fields, f->whole.p),
        .fields = moved(v.fields, fields, f->whole.p),
    };
    pin_init(&f->pin, release);
    link_init(&f->lru);
    memcpy(mempcpy(f->text, o->wish->path.p, o->wish->path.n), fields, whole_n);
    return f;
}

/* Reads the contents behind the fields. false: the file changed meanwhile. */
static bool read_contents(struct file *f)
{
    struct disk_file after;
    char *data = f->text + f->path.n + f->whole.n;
    ssize_t n = disk_read(f->disk.fd, data, f->disk.size, 0);
    if (n < 0 || (uint64_t)n != f->disk.size || disk_stat(f->disk.fd, &after) != 0 ||
        !disk_same(&f->disk, &after))
        return false;
    (void)close(f->disk.fd); /* it was only read */
    f->disk.fd = -1;
    f->data = data;
    return true;
}

static struct file *open_once(const struct opening *o, const char *name, bool small_allowed)
{
    struct disk_file d = {.fd = -1};
    int error = -disk_open(o->wish->root->at->fd, name, o->wish->root->links, &d);
    if (d.kind == DISK_DIRECTORY && d.fd >= 0) {
        (void)close(d.fd); /* that it is a folder is all there is to know */
        d.fd = -1;
    }
    bool small = error == 0 && small_allowed && is_small(o->cache, &d);
    struct file *f = new_entry(o, error, &d, small ? d.size : 0);
    if (!f && d.fd >= 0)
        (void)close(d.fd); /* it was not used */
    if (!f || !small || read_contents(f))
        return f;
    pin_drop(&f->pin);
    return NULL;
}

void filecache_name(const struct file_wish *w, char name[PATH_MAX])
{
    char *p = mempcpy(name, w->path.p, w->path.n);
    strcpy(p, codings[w->coding].suffix);
}

/* Trouble of the machine's is never remembered: the next request may fare better. */
static bool is_lasting(int error)
{
    switch (error) {
    case 0:
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
        return true;
    default:
        return false;
    }
}

static struct file *open_entry(struct opening *o)
{
    char name[PATH_MAX];
    filecache_name(o->wish, name);
    coherence_cover(o->cache->watch, o->wish->root->at->fd, str_of(name), &o->trail);
    struct file *f = NULL;
    bool settled = true;
    for (int try = 0; !f && try < READ_TRIES; try++) {
        settled = try < READ_TRIES - 1;
        f = open_once(o, name, settled);
    }
    /* One that changed under each reading is sent from its descriptor, and not remembered. */
    if (f && settled && o->cache->limits.entries > 0 && is_lasting(f->error))
        insert(o->cache, f);
    if (!f)
        errno = ENOMEM;
    return f;
}

/* --- finding --- */

/* Is what the entry says still what the disk says? */
static bool still_true(const struct opening *o, const struct file *f)
{
    char name[PATH_MAX];
    struct disk_file now = {.fd = -1};
    if (f->unsettled)
        return false;
    filecache_name(o->wish, name);
    int error = -disk_open(o->wish->root->at->fd, name, o->wish->root->links, &now);
    if (now.fd >= 0)
        (void)close(now.fd); /* it was only looked at */
    if (error || f->error)
        return error == f->error;
    return disk_same(&f->disk, &now) &&
           f->young == (f->whole.n > 0 && filefields_is_young(&now, o->wish->wall_s));
}

/* The folders on its way may be others than when it was opened. */
static void cover(const struct opening *o, struct file *f)
{
    char name[PATH_MAX];
    filecache_name(o->wish, name);
    coherence_cover(o->cache->watch, o->wish->root->at->fd, str_of(name), &f->trail);
}

/* Has what changed nothing to do with it? */
static bool is_untouched(const struct filecache *c, const struct trail *t)
{
    return c->watch && trail_is_untouched(t, c->watch);
}

/* The root's path may lead to another folder than it did: then that one takes its place. */
static void refresh_root(struct filecache *c, struct root_folder *at, uint64_t now_ms)
{
    bool is_told = at->changes != c->changes && !is_untouched(c, &at->trail);
    at->changes = c->changes;
    if (at->path.n == 0 || (!is_told && now_ms - at->checked_ms < c->limits.check_ms))
        return;
    at->opened += is_told;
    at->checked_ms = now_ms;
    coherence_cover_root(c->watch, at->path, &at->trail);
    int error = disk_reopen_root(at->path.p, at->fd);
    if (error && !at->told)
        log_warn("root %s cannot be opened again, what it was is served: %s", at->path.p,
                 strerror(-error));
    at->told = error != 0;
}

static inline struct file *use(struct filecache *c, struct file *f)
{
    link_remove(&f->lru);
    link_after(list_of(c, f), &f->lru);
    pin_hold(&f->pin);
    return f;
}

static inline bool is_fresh(const struct filecache *c, const struct file_wish *w,
                            const struct file *f)
{
    return w->now_ms - f->checked_ms < c->limits.check_ms;
}

static bool is_cold(const struct file_wish *w)
{
    char name[PATH_MAX];
    filecache_name(w, name);
    return disk_is_cold(w->root->at->fd, name, w->root->links);
}

/* Looks whether f, if there is one, still says what the disk says, else opens anew. Out of line, so
 * that a hit has no room for names on its stack. */
static __attribute__((noinline)) struct file *ask_disk(struct filecache *c,
                                                       const struct file_wish *wish, uint32_t hash,
                                                       struct file *f)
{
    struct opening o = {.cache = c, .wish = wish, .hash = hash};
    refresh_root(c, wish->root->at, wish->now_ms);
    if (f && is_fresh(c, wish, f) && f->opened == wish->root->at->opened &&
        is_untouched(c, &f->trail)) {
        f->changes = c->changes;
        return use(c, f);
    }
    if (!wish->patient && is_cold(wish)) {
        errno = EAGAIN;
        return NULL;
    }
    if (!f)
        return open_entry(&o);
    if (f->changes != c->changes)
        cover(&o, f);
    f->opened = wish->root->at->opened;
    f->checked_ms = wish->now_ms;
    f->changes = c->changes;
    if (still_true(&o, f))
        return use(c, f);
    forget(c, f);
    return open_entry(&o);
}

struct file *filecache_find(struct filecache *c, const struct file_wish *w)
{
    uint32_t hash = hash_of(w->root, w->path, w->coding);
    struct file *f = lookup(c, w->root, w->path, w->coding, hash);
    if (f && f->changes == c->changes && is_fresh(c, w, f))
        return use(c, f);
    return ask_disk(c, w, hash, f);
}
