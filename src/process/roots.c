/* roots: one walk over all routes, and a question asked by a process that is a worker for a moment.
 */
#include "process/roots.h"

#include "base/log.h"
#include "base/map.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- opening --- */

/* A walk over the routes. Routes may share what is configured: `seen` holds what was met. */
struct walk {
    struct map seen;
    uint32_t count;
    bool failed;
};

static void walk_routes(const struct config *c, struct walk *w,
                        void (*visit)(const struct route *route, struct walk *w))
{
    for (uint32_t i = 0; i < c->vhost_count && !w->failed; i++)
        for (uint32_t k = 0; k < c->vhosts[i].route_count && !w->failed; k++)
            visit(&c->vhosts[i].routes[k], w);
    if (!w->failed)
        visit(c->unknown_host, w);
    map_done(&w->seen);
}

/* The first time that this configuration is met? */
static bool is_new(const struct route *route, struct walk *w)
{
    struct str key = str_make((const char *)&route->conf, sizeof route->conf);
    if (map_get(&w->seen, key))
        return false;
    if (map_set(&w->seen, key, (void *)(uintptr_t)route))
        return true;
    log_error("out of memory");
    w->failed = true;
    return false;
}

/* The configuration is frozen for workers; in the master its handler may still complete it. */
static void *unfrozen(const struct route *route)
{
    return (void *)(uintptr_t)route->conf;
}

static void open_one(const struct route *route, struct walk *w)
{
    struct str why = STR("");
    if (!route->handler->open || !is_new(route, w))
        return;
    if (route->handler->open(unfrozen(route), &why)) {
        w->count++;
        return;
    }
    log_error("cannot open %.*s: %m", (int)why.n, why.p);
    w->failed = true;
}

static void close_one(const struct route *route, struct walk *w)
{
    if (route->handler->close && is_new(route, w))
        route->handler->close(unfrozen(route));
}

bool roots_open(const struct config *c, uint32_t *count)
{
    struct walk w = {0};
    walk_routes(c, &w, open_one);
    *count = w.count;
    if (w.failed)
        roots_close(c);
    return !w.failed;
}

void roots_close(const struct config *c)
{
    struct walk w = {0};
    walk_routes(c, &w, close_one);
}

/* --- asking as the workers' user --- */

static bool can_enter(int fd, const struct identity *id)
{
    char link[64], path[PATH_MAX];
    int inside = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (inside >= 0)
        return close(inside) == 0;
    int error = errno;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    errno = error;
    log_error("root %s: workers run as %s, who cannot enter it: %m", path, id->name);
    return false;
}

/* In the child. The master holds no other folders open than roots. */
static bool can_enter_all(const struct identity *id, const struct config *others)
{
    struct stat st;
    if (others)
        roots_close(others);
    DIR *open_ones = opendir("/proc/self/fd");
    if (!open_ones)
        return true; /* without /proc nothing is asked; a request will tell */
    if (!confine_drop(id))
        return false;
    for (struct dirent *e; (e = readdir(open_ones));) {
        int fd = atoi(e->d_name);
        if (e->d_name[0] == '.' || fd == dirfd(open_ones) || fstat(fd, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && !can_enter(fd, id))
            return false;
    }
    return true;
}

bool roots_check(const struct identity *id, const struct config *others)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(can_enter_all(id, others) ? EXIT_SUCCESS : EXIT_FAILURE);
    if (child < 0) {
        log_error("cannot fork: %m");
        return false;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}
