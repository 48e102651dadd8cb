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
};

struct walk {
    struct watch *watch;
    struct trail *trail;
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
    if (target[0] == '/') {
        w->at[0] = '\0';
        w->floor = 0;
        w->anything = false;
    }
    return true;
}

static void take_step(struct walk *w, const char *name)
{
    struct str n = str_of(name);
    int folder = watch_folder(w->watch, w->at[0] ? w->at : "/", w->anything ? STR("") : n);
    trail_add(w->trail, folder, n);
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
                return;
            continue;
        }
        take_step(w, name);
        int n = snprintf(path, sizeof path, "%s/%s", w->at, name);
        if (n >= PATH_MAX || lstat(path, &st) < 0)
            return;
        if (S_ISLNK(st.st_mode)) {
            if (++links > LINKS_MAX || !follow(w, path))
                return;
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
static void cover(struct watch *watch, const char *from, struct str path, bool anything,
                  struct trail *t)
{
    struct walk w;
    uint32_t changes;
    int tries = 0;
    if (!watch || watch->src.fd < 0 || path.n >= PATH_MAX)
        return;
    do {
        changes = *watch->changes;
        *t = (struct trail){0};
        w.watch = watch;
        w.trail = t;
        w.anything = anything;
        w.floor = strlen(from);
        memcpy(w.at, from, w.floor + 1);
        if (path.n)
            memcpy(w.rest, path.p, path.n);
        w.rest[path.n] = '\0';
        walk(&w);
    } while (*watch->changes != changes && ++tries < TRIES_MAX);
    trail_mark(t, watch);
}

void coherence_cover(struct watch *watch, int root, struct str path, struct trail *t)
{
    char from[32];
    (void)snprintf(from, sizeof from, "/proc/self/fd/%d", root); /* always fits */
    cover(watch, from, path, true, t);
}

void coherence_cover_root(struct watch *watch, struct str path, struct trail *t)
{
    cover(watch, "", path, false, t);
}
