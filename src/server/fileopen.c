/* fileopen: one openat2 and one statx, and one read and another statx for small contents.
 *
 * An entry is one block of memory: the struct, its path, its field lines, and the contents when
 * they are small. */
#include "server/fileopen.h"

#include "io/out.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SETTLED_S = 2, /* longer than any tick of the clock that stamps changes */
    HEADROOM = 512 /* the usual head, and as much again */
};

void filecache_name(const struct file_wish *w, char name[PATH_MAX])
{
    char *p = mempcpy(name, w->path.p, w->path.n);
    strcpy(p, codings[w->coding].suffix);
}

/* 0, or the errno. */
static int open_it(const struct fileopen *o, struct disk_file *d)
{
    char name[PATH_MAX];
    int root = o->wish->root->at->fd;
    filecache_name(o->wish, name);
    *d = (struct disk_file){.fd = -1};
    return o->wish->patient ? -disk_open(root, name, o->links, d)
                            : -disk_open_cached(root, name, o->links, d);
}

static void close_it(struct disk_file *d)
{
    if (d->fd >= 0)
        (void)close(d->fd); /* it was only read */
    d->fd = -1;
}

bool fileopen_is_cold(const struct fileopen *o)
{
    struct disk_file d;
    bool is_cold = !o->wish->patient && open_it(o, &d) == EAGAIN;
    if (!o->wish->patient)
        close_it(&d);
    return is_cold;
}

/* A file that will be sent from its descriptor: is its beginning in memory? */
static bool is_at_hand(const struct fileopen *o, const struct disk_file *d)
{
    size_t n = d->size < DISK_WARM_MAX ? d->size : DISK_WARM_MAX;
    return o->wish->patient || d->fd < 0 || n == 0 || disk_is_cached(d->fd, 0, n);
}

bool fileopen_is_at_hand(const struct fileopen *o, const struct file *f)
{
    return is_at_hand(o, &f->disk);
}

/* --- making an entry --- */

static void release(struct pin *pin)
{
    struct file *f = container_of(pin, struct file, pin);
    close_it(&f->disk);
    free(f);
}

/* The same text, moved from one buffer to another. */
static struct str moved(struct str s, const char *from, const char *to)
{
    return s.p ? str_make(to + (s.p - from), s.n) : s;
}

/* In front of contents that are not copied behind their head. */
static uint32_t headroom_of(uint64_t contents)
{
    return contents > OUT_COPY_MAX ? HEADROOM : 0;
}

static bool is_small(const struct filecache *c, const struct disk_file *d)
{
    return d->kind == DISK_FILE && d->size <= c->limits.small_max &&
           headroom_of(d->size) + d->size <= c->limits.bytes;
}

/* Of two changes in one tick of the file system's clock a stat shows one (before Linux 6.13, and on
 * many file systems still). */
static bool is_unsettled(const struct disk_file *d, int64_t wall_s)
{
    int64_t age_s = wall_s - d->ctime_ns / 1000000000; /* long ahead: the clock was set back */
    return age_s < SETTLED_S && age_s > -SETTLED_S;
}

/* Takes d->fd over. NULL when memory is out. */
static struct file *make(const struct fileopen *o, int error, const struct disk_file *d,
                         size_t contents)
{
    uint32_t headroom = headroom_of(contents);
    char fields[FILE_FIELDS_MAX];
    bool is_file = error == 0 && d->kind == DISK_FILE;
    struct validators v = {0};
    const struct file_facts facts = {o->wish->path, o->wish->coding, d, o->wish->wall_s};
    size_t whole_n =
        is_file ? filefields_write(&o->wish->root->style, o->cache->mime, &facts, fields, &v) : 0;
    struct file *f = malloc(sizeof *f + o->wish->path.n + whole_n + headroom + contents);
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
        .headroom = headroom,
        .disk = *d,
        .young = is_file && filefields_is_young(d, o->wish->wall_s),
        .unsettled = is_file && is_unsettled(d, o->wish->wall_s),
        .told = o->passing, /* by the one that will be remembered */
        .path = str_make(f->text, o->wish->path.n),
        .whole = str_make(f->text + o->wish->path.n, whole_n),
    };
    f->validators = (struct validators){
        .etag = moved(v.etag, fields, f->whole.p),
        .modified = v.modified,
        .date = moved(v.date, fields, f->whole.p),
        .lines = moved(v.lines, fields, f->whole.p),
        .fields = moved(v.fields, fields, f->whole.p),
    };
    pin_init(&f->pin, release);
    link_init(&f->lru);
    memcpy(mempcpy(f->text, o->wish->path.p, o->wish->path.n), fields, whole_n);
    return f;
}

/* Reads the contents behind the fields. 0, or the errno. */
static int read_contents(const struct fileopen *o, struct file *f)
{
    struct disk_file after;
    char *data = f->text + f->path.n + f->whole.n + f->headroom;
    ssize_t n = o->wish->patient ? disk_read(f->disk.fd, data, f->disk.size, 0)
                                 : disk_read_cached(f->disk.fd, data, f->disk.size, 0);
    if (n == -EAGAIN && !o->wish->patient)
        return EAGAIN;
    if (n < 0)
        return (int)-n;
    if ((uint64_t)n != f->disk.size || disk_stat(f->disk.fd, &after) != 0 ||
        !disk_same(&f->disk, &after))
        return ESTALE;
    close_it(&f->disk);
    f->data = data;
    return 0;
}

/* The disk's own: answered like a file that cannot be opened, before a head promises its bytes. */
static bool is_trouble(int failure)
{
    return failure != EAGAIN && failure != ESTALE && failure != ENOMEM;
}

struct file *fileopen_new(const struct fileopen *o, bool may_read)
{
    static const struct disk_file nothing = {.fd = -1};
    struct disk_file d;
    int error = open_it(o, &d);
    if (d.kind == DISK_DIRECTORY)
        close_it(&d); /* that it is a folder is all there is to know */
    bool is_read = error == 0 && may_read && is_small(o->cache, &d);
    if (error == EAGAIN ? !o->wish->patient : !is_read && !is_at_hand(o, &d)) {
        close_it(&d);
        errno = EAGAIN;
        return NULL;
    }
    struct file *f = make(o, error, &d, is_read ? d.size : 0);
    if (!f)
        close_it(&d);
    int failure = !f ? ENOMEM : is_read ? read_contents(o, f) : 0;
    if (failure == 0)
        return f;
    if (f)
        pin_drop(&f->pin);
    if (is_trouble(failure))
        return make(o, failure, &nothing, 0);
    errno = failure;
    return NULL;
}

int fileopen_confirms(const struct fileopen *o, const struct file *f)
{
    struct disk_file now;
    if (f->unsettled)
        return 0;
    int error = open_it(o, &now);
    bool is_ready = f->data || error || is_at_hand(o, &now);
    close_it(&now);
    if (!o->wish->patient && (error == EAGAIN || !is_ready))
        return -EAGAIN;
    if (disk_is_trouble(error))
        return -error;
    if (error || f->error)
        return error == f->error;
    return disk_same(&f->disk, &now) &&
           f->young == (f->whole.n > 0 && filefields_is_young(&now, o->wish->wall_s));
}
