/* coherence: a walk along a path, as the kernel would do it. */
#include "server/coherence.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINKS_MAX = 40, /* as many as the kernel follows */
    TRIES_MAX = 2,
    ROOT_NAME_MAX = 32, /* bytes */
};

struct walk {
    struct watch *watch;
    struct trail *trail;
    struct way *way;   /* to be remembered; NULL once it is no plain one */
    bool anything;     /* watch for all names, else for those on the way */
    size_t floor;      /* bytes of `at` that are no names: ".." does not cut them off */
    char at[PATH_MAX]; /* the folder, resolved; empty: "/" */
    char rest[2 * PATH_MAX];
};

/* Cuts the next component off; false at the end. */
static bool next_component(struct walk *w, char name[NAME_MAX + 1])
{
    char *p = w->rest;
    while (*p == '/')
        p++;
    size_t n = strcspn(p, "/");
    if (n == 0 || n > NAME_MAX)
        return false;
    memcpy(name, p, n);
    name[n] = '\0';
    memmove(w->rest, p + n, strlen(p + n) + 1);
    return true;
}

/* To the folder above. Above the root only links lead that may (LINKS_FOLLOW). */
static bool leave(struct walk *w)
{
    size_t n = strlen(w->at);
    w->way = NULL;
    if (n > w->floor) {
        *strrchr(w->at, '/') = '\0';
        return true;
    }
    if (n == 0)
        return true; /* nothing is above "/" */
    if (n + sizeof "/.." > sizeof w->at)
        return false;
    memcpy(w->at + n, "/..", sizeof "/..");
    w->floor = n + sizeof "/.." - 1;
    w->anything = false; /* elsewhere, where more may be going on */
    return true;
}

/* The link's target takes the place of its name. */
static bool follow(struct walk *w, const char *link)
{
    char target[PATH_MAX];
    ssize_t n = readlink(link, target, sizeof target - 1);
    size_t rest = strlen(w->rest);
    if (n <= 0 || (size_t)n + 1 + rest >= sizeof w->rest)
        return false;
    memmove(w->rest + n + 1, w->rest, rest + 1);
    memcpy(w->rest, target, (size_t)n);
    w->rest[n] = '/';
    w->way = NULL;
    if (target[0] == '/') {
        w->at[0] = '\0';
        w->floor = 0;
        w->anything = false;
    }
    return true;
}

/* All but the last name of a path were folders. */
static void remember(struct way *way, const struct walk *w, int folder)
{
    way->folder = folder;
    way->trail = *w->trail;
    trail_mark(&way->trail, w->watch);
    way->is_set = folder >= 0 && !way->trail.is_long;
}

static void take_step(struct walk *w, const char *name)
{
    struct str n = str_of(name);
    int folder = watch_folder(w->watch, w->at[0] ? w->at : "/", w->anything ? STR("") : n);
    if (w->way && w->rest[0] == '\0')
        remember(w->way, w, folder);
    trail_add(w->trail, w->watch, folder, n);
}

/* Where the kernel may know on. */
static void give_up(struct walk *w)
{
    w->trail->is_blind = true;
}

static void walk(struct walk *w)
{
    char name[NAME_MAX + 1], path[PATH_MAX + NAME_MAX + 2];
    struct stat st;
    int links = 0;
    while (next_component(w, name)) {
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0) {
            if (!leave(w))
                return give_up(w);
            continue;
        }
        take_step(w, name);
        int n = snprintf(path, sizeof path, "%s/%s", w->at, name);
        if (n >= PATH_MAX)
            return give_up(w);
        if (lstat(path, &st) < 0)
            return;
        if (S_ISLNK(st.st_mode)) {
            if (++links > LINKS_MAX || !follow(w, path))
                return give_up(w);
        } else if (S_ISDIR(st.st_mode)) {
            memcpy(w->at, path, (size_t)n + 1);
        } else {
            return;
        }
    }
    if (w->anything) /* what is in a folder that was meant itself */
        (void)watch_folder(w->watch, w->at[0] ? w->at : "/", STR("")); /* if it can be */
}

/* Walks from a folder (terminated, resolved; empty: "/") along a path. Twice when a change was
 * counted meanwhile: then the watch began anew, and has forgotten the first steps. */
static void cover(struct watch *watch, const char *from, struct str path, struct way *way,
                  struct trail *t)
{
    struct walk w;
    uint32_t changes;
    int tries = 0;
    t->is_blind = true;
    if (!watch || watch->src.fd < 0 || path.n >= PATH_MAX)
        return;
    do {
        changes = *watch->changes;
        *t = (struct trail){0};
        if (way)
            way->is_set = false;
        w.watch = watch;
        w.trail = t;
        w.way = way;
        w.anything = way != NULL;
        w.floor = strlen(from);
        memcpy(w.at, from, w.floor + 1);
        if (path.n)
            memcpy(w.rest, path.p, path.n);
        w.rest[path.n] = '\0';
        walk(&w);
    } while (*watch->changes != changes && ++tries < TRIES_MAX);
    trail_mark(t, watch);
}

/* --- ways --- */

/* Cuts the last name off; *folder is what is before it. */
static struct str last_name(struct str path, struct str *folder)
{
    const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
    *folder = str_make(path.p, slash ? (size_t)(slash - path.p) : 0);
    return slash ? str_from(path, folder->n + 1) : path;
}

static uint64_t root_key(int root, uint32_t opened)
{
    return (uint64_t)(uint32_t)root << 32 | opened;
}

static uint32_t way_hash(uint64_t root, struct str folder)
{
    return str_hash(folder) ^ (uint32_t)(root >> 32) * 2654435761u;
}

/* The name of a folder that is known by a descriptor; always fits. */
static void name_root(int root, char name[ROOT_NAME_MAX])
{
    (void)snprintf(name, ROOT_NAME_MAX, "/proc/self/fd/%d", root);
}

bool coherence_is_near(struct coherence *c, int root, uint32_t opened, struct str path)
{
    char from[ROOT_NAME_MAX];
    struct str folder;
    (void)last_name(path, &folder);
    name_root(root, from);
    return scout_is_back(&c->scout, c->watch, from, path,
                         way_hash(root_key(root, opened), folder) + opened);
}

bool coherence_root_is_near(struct coherence *c, struct str path)
{
    return scout_is_back(&c->scout, c->watch, "", str_from(path, 1), str_hash(path));
}

void coherence_cover(struct coherence *c, int root, uint32_t opened, struct str path,
                     struct trail *t)
{
    char from[ROOT_NAME_MAX];
    struct str folder;
    (void)last_name(path, &folder);
    struct way way = {.root = root_key(root, opened)};
    way.hash = way_hash(way.root, folder);
    name_root(root, from);
    cover(c->watch, from, path, &way, t);
    if (!way.is_set || folder.n > WAY_MAX)
        return;
    if (folder.n)
        memcpy(way.text, folder.p, folder.n);
    way.n = (uint8_t)folder.n;
    c->ways[way.hash % COHERENCE_WAYS] = way;
}

bool coherence_recall(const struct coherence *c, int root, uint32_t opened, struct str path,
                      struct trail *t)
{
    struct str folder, name = last_name(path, &folder);
    uint64_t key = root_key(root, opened);
    uint32_t hash = way_hash(key, folder);
    const struct way *way = &c->ways[hash % COHERENCE_WAYS];
    if (!c->watch || !way->is_set || way->hash != hash || way->root != key ||
        !str_same(str_make(way->text, way->n), folder) || name.n == 0 ||
        !trail_is_untouched(&way->trail, c->watch))
        return false;
    *t = way->trail;
    trail_add(t, c->watch, way->folder, name);
    trail_mark(t, c->watch);
    return true;
}

void coherence_cover_root(struct coherence *c, struct str path, struct trail *t)
{
    cover(c->watch, "", path, NULL, t);
}
