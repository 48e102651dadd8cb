/* roots: one walk over all routes, to open, to ask and to close. */
#include "process/roots.h"

#include "base/log.h"
#include "base/map.h"

#include <fcntl.h>
#include <unistd.h>

/* --- opening --- */

/* A walk over the routes. Routes may share what is configured: `seen` holds what was met. */
struct walk {
    struct map seen;
    const struct identity *id; /* of whom ask_one() asks */
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

static void ask_one(const struct route *route, struct walk *w)
{
    struct str path;
    if (!route->handler->root || !is_new(route, w))
        return;
    int inside =
        openat(route->handler->root(route->conf, &path), ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (inside >= 0) {
        (void)close(inside); /* a path-only descriptor */
        return;
    }
    log_error("root %.*s: workers run as %s, who cannot enter it: %m", (int)path.n, path.p,
              w->id->name);
    w->failed = true;
}

bool roots_check(const struct config *c, const struct identity *id)
{
    struct walk w = {.id = id};
    struct identity own;
    if (!confine_borrow(id, &own))
        return false;
    walk_routes(c, &w, ask_one);
    confine_give_back(&own);
    return !w.failed;
}
