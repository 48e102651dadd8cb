/* coherence: a walk along a path, as the kernel would do it. */
#include "server/coherence.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as many as the kernel follows */

struct walk {
    struct watch *watch;
    bool anything;     /* watch for all names, else for those on the way */
    size_t floor;      /* bytes of `at` above which ".." does not lead */
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

static void leave(struct walk *w)
{
    char *slash = strrchr(w->at, '/');
    if (slash && strlen(w->at) > w->floor)
        *slash = '\0';
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
        w->anything = false; /* elsewhere, where more may be going on */
    }
    return true;
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
            leave(w);
            continue;
        }
        watch_folder(w->watch, w->at[0] ? w->at : "/", w->anything ? STR("") : str_of(name));
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
        watch_folder(w->watch, w->at[0] ? w->at : "/", STR(""));
}

void coherence_cover(struct watch *watch, int root, struct str path)
{
    struct walk w;
    if (!watch || watch->src.fd < 0)
        return;
    w.watch = watch;
    w.anything = true;
    w.floor = (size_t)snprintf(w.at, sizeof w.at, "/proc/self/fd/%d", root);
    memcpy(w.rest, path.p, path.n);
    w.rest[path.n] = '\0';
    walk(&w);
}

void coherence_cover_root(struct watch *watch, struct str path)
{
    struct walk w;
    if (!watch || watch->src.fd < 0 || path.n >= PATH_MAX)
        return;
    w.watch = watch;
    w.anything = false;
    w.floor = 0;
    w.at[0] = '\0';
    memcpy(w.rest, path.p, path.n);
    w.rest[path.n] = '\0';
    walk(&w);
}
