/* watch: a table of folders by watch descriptor, and a filter for their events.
 *
 * Descriptors count up and are never used twice, so the table is reached by number; when the
 * numbers have run out everything begins anew, which counts as a change. */
#include "io/watch.h"

#include "base/check.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    NAMES_MAX = 4,      /* of one folder; with more, everything in it matters */
    READS_MAX = 16,     /* buffers of events in one turn */
    EVENTS = 16 * 1024, /* bytes */
    FIRST_ROOM = 64,
};

/* Done when a file has been written and closed, not at each write: until then nobody knows what it
 * will be. */
static const uint32_t mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE |
                             IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

struct watched {
    bool live, all;
    bool is_blind; /* its file system changes without events */
    uint8_t count;
    uint32_t names[NAMES_MAX]; /* hashes: a wrong match costs a look */
};

/* --- what matters --- */

static bool matters(const struct watched *f, uint32_t hash)
{
    if (f->all)
        return true;
    for (unsigned i = 0; i < f->count; i++)
        if (f->names[i] == hash)
            return true;
    return false;
}

static void want(struct watched *f, struct str name)
{
    uint32_t hash = str_hash(name);
    f->live = true;
    f->all |= name.n == 0;
    if (matters(f, hash))
        return;
    if (f->count < NAMES_MAX)
        f->names[f->count++] = hash;
    else
        f->all = true;
}

static uint16_t counter_of(int folder, uint32_t hash)
{
    return (uint16_t)((hash ^ (uint32_t)folder * 2654435761u) % WATCH_COUNTERS);
}

void watch_doubt(struct watch *w)
{
    w->unnamed++;
    ++*w->changes;
}

static struct watched *find(const struct watch *w, int wd)
{
    return wd >= 0 && (uint32_t)wd < w->room && w->folders[wd].live ? &w->folders[wd] : NULL;
}

/* --- events --- */

static void take(struct watch *w, const struct inotify_event *e)
{
    struct watched *f = find(w, e->wd);
    uint32_t hash = e->len ? str_hash(str_of(e->name)) : 0;
    if ((e->mask & IN_Q_OVERFLOW) || (f && e->len == 0))
        watch_doubt(w);
    if (!f)
        return;
    if (e->len && matters(f, hash)) {
        w->named[counter_of(e->wd, hash)]++;
        ++*w->changes;
    }
    if (e->mask & IN_MOVE_SELF) /* it is another path's now; the kernel says IN_IGNORED next */
        (void)inotify_rm_watch(w->src.fd, e->wd);
    if (e->mask & IN_IGNORED) {
        *f = (struct watched){0};
        w->live--;
    }
}

static void on_ready(struct source *s)
{
    struct watch *w = container_of(s, struct watch, src);
    char events[EVENTS] __attribute__((aligned(8)));
    s->ready = 0;
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t n = read(s->fd, events, sizeof events);
        if (n <= 0)
            return; /* EAGAIN: all are taken */
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *e = (const void *)(events + at);
            take(w, e);
            at += (ssize_t)(sizeof *e + e->len);
        }
    }
    /* It is level-triggered: the rest comes in the next turn, and may be of any name. */
    watch_doubt(w);
}

/* --- folders --- */

static bool open_events(struct watch *w)
{
    w->src = (struct source){.on_ready = on_ready, .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    if (w->src.fd < 0)
        return false;
    if (loop_add_reader(w->loop, &w->src))
        return true;
    (void)close(w->src.fd); /* nobody knows it yet */
    w->src.fd = -1;
    return false;
}

bool watch_init(struct watch *w, struct loop *l, uint32_t *changes)
{
    *w = (struct watch){.loop = l, .changes = changes};
    if (!open_events(w))
        return false;
    l->first = &w->src;
    return true;
}

void watch_done(struct watch *w)
{
    if (w->src.fd >= 0)
        (void)close(w->src.fd); /* it was only read */
    w->src.fd = -1;
    free(w->folders);
    w->folders = NULL;
    w->room = w->live = 0;
}

static void tell(struct watch *w, const char *why)
{
    if (!w->told)
        log_warn("not every folder can be watched, changes may take a second to be seen: %s", why);
    w->told = true;
}

static bool grow(struct watch *w, uint32_t at_least)
{
    uint32_t room = w->room ? w->room : FIRST_ROOM;
    while (room <= at_least)
        room *= 2;
    struct watched *larger = realloc(w->folders, room * sizeof *larger);
    if (!larger)
        return false;
    memset(larger + w->room, 0, (room - w->room) * sizeof *larger);
    w->folders = larger;
    w->room = room;
    return true;
}

/* The numbers have run out: all folders are forgotten, and watched again as they are met. */
static void begin_anew(struct watch *w)
{
    watch_done(w);
    watch_doubt(w);
    if (!open_events(w))
        tell(w, strerror(errno));
}

/* Only this machine writes to these, through names. On all others (of the network, or layered, or
 * made by programs) changes may come without an event. */
static bool tells_all(const char *type)
{
    static const char *const types[] = {"ext2",  "ext3",  "ext4",     "xfs",   "f2fs",
                                        "tmpfs", "ramfs", "squashfs", "erofs", "iso9660"};
    size_t n = strcspn(type, " ");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strlen(types[i]) == n && memcmp(types[i], type, n) == 0)
            return true;
    return false;
}

/* Asked of the table of mounts, proc(5): statfs would wait for the other machine of a network file
 * system. One that has other numbers there than in a stat (btrfs) is not found. */
static bool device_tells_all(unsigned major, unsigned minor)
{
    static const char separator[] = " - "; /* before the type */
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL, *type = NULL;
    size_t room = 0;
    while (mounts && !type && getline(&line, &room, mounts) > 0) {
        unsigned at[2];
        if (sscanf(line, "%*u %*u %u:%u ", &at[0], &at[1]) == 2 && at[0] == major && at[1] == minor)
            type = strstr(line, separator);
    }
    bool tells = type && tells_all(type + sizeof separator - 1);
    if (mounts)
        (void)fclose(mounts); /* it was only read */
    free(line);
    return tells;
}

static bool folder_tells_all(struct watch *w, const char *folder)
{
    struct statx st;
    if (statx(AT_FDCWD, folder, AT_STATX_DONT_SYNC, 0, &st) < 0)
        return false;
    uint64_t device = makedev(st.stx_dev_major, st.stx_dev_minor);
    if (device != w->device) {
        w->device = device;
        w->device_tells = device_tells_all(st.stx_dev_major, st.stx_dev_minor);
    }
    return w->device_tells;
}

int watch_folder(struct watch *w, const char *folder, struct str name)
{
    if (!w || w->src.fd < 0)
        return -1;
    int wd = inotify_add_watch(w->src.fd, folder, mask);
    if (wd < 0) {
        if (errno == ENOSPC || errno == ENOMEM)
            tell(w, errno == ENOSPC ? "fs.inotify.max_user_watches is reached" : "out of memory");
        return -1;
    }
    if (wd >= WATCH_MAX || ((uint32_t)wd >= w->room && !grow(w, (uint32_t)wd))) {
        (void)inotify_rm_watch(w->src.fd, wd);
        if (wd >= WATCH_MAX && w->live < WATCH_MAX / 2)
            begin_anew(w);
        else
            tell(w, "there are too many");
        return -1;
    }
    if (!w->folders[wd].live) {
        w->folders[wd].is_blind = !folder_tells_all(w, folder);
        w->live++;
    }
    want(&w->folders[wd], name);
    return wd;
}

void watch_visit(int fd, const char *folder)
{
    (void)inotify_add_watch(fd, folder, mask); /* who wants it watched sees what it gives */
}

/* --- trails --- */

void trail_add(struct trail *t, const struct watch *w, int folder, struct str name)
{
    t->is_blind |= folder < 0 || w->folders[folder].is_blind;
    if (t->count == TRAIL_MAX)
        t->is_long = true;
    else if (folder >= 0)
        t->steps[t->count++] = counter_of(folder, str_hash(name));
}

static uint32_t sum_of(const struct trail *t, const struct watch *w)
{
    uint32_t sum = w->unnamed;
    for (unsigned i = 0; i < t->count; i++)
        sum += w->named[t->steps[i]];
    return t->is_long ? *w->changes : sum;
}

void trail_mark(struct trail *t, const struct watch *w)
{
    t->sum = sum_of(t, w);
}

bool trail_is_untouched(const struct trail *t, const struct watch *w)
{
    return t->sum == sum_of(t, w);
}
