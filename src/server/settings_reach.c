/* settings_reach: can every route be reached?
 *
 * The first match wins, so a route whose patterns were all taken by earlier ones never answers:
 * that is always a mistake in the order. */
#include "server/settings_load.h"

/* An earlier pattern. */
struct taken {
    uint32_t route; /* its number */
    bool is_prefix;
    struct str pattern; /* .p NULL: a route without patterns takes everything */
};

struct reach {
    struct settings_load *s;
    const struct reach_route *routes;
    struct map exact, prefixes; /* pattern -> struct taken */
    struct taken *everything;   /* NULL: no such route so far */
};

/* The earlier pattern that takes every path `pattern` takes; NULL: there is none. The prefixes that
 * could are those that end where a segment of the pattern does. */
static const struct taken *cover_of(const struct reach *r, struct str pattern, bool is_prefix)
{
    const struct taken *found = is_prefix ? NULL : map_get(&r->exact, pattern);
    for (size_t n = 1; !found && n <= pattern.n; n++) {
        bool is_end = n == pattern.n || pattern.p[n - 1] == '/' || pattern.p[n] == '/';
        if (is_end)
            found = map_get(&r->prefixes, str_make(pattern.p, n));
    }
    return found ? found : r->everything;
}

static void say(struct reach *r, uint32_t route, const struct taken *by, struct str example)
{
    struct load *l = &r->s->load;
    const struct yaml_node *node = r->routes[by->route].node;
    const char *name = node->source->name;
    const char *file = strrchr(name, '/');
    struct str what =
        by->pattern.p ? arena_printf(l->scratch, "%s \"%.*s\", ", by->is_prefix ? "prefix" : "path",
                                     (int)by->pattern.n, by->pattern.p)
                      : STR("");
    struct str taken =
        example.p ? arena_printf(l->scratch, "takes \"%.*s\" before it", (int)example.n, example.p)
                  : STR("takes every path");
    if (what.p && taken.p)
        load_error(l, r->routes[route].node,
                   "this route can never match: %s.routes[%u] (%.*s%s:%u) %s", load_path(l),
                   by->route, (int)what.n, what.p, file ? file + 1 : name, node->line, taken.p);
    else
        diag_environment(l->diag, "out of memory");
}

/* The cover of the first pattern when every pattern has one; else NULL. */
static const struct taken *cover_all(const struct reach *r, const struct route *route,
                                     struct str *example)
{
    const struct taken *first = NULL;
    for (uint32_t i = 0; i < route->paths.count + route->prefixes.count; i++) {
        bool is_prefix = i >= route->paths.count;
        struct str pattern =
            is_prefix ? route->prefixes.items[i - route->paths.count] : route->paths.items[i];
        const struct taken *by = cover_of(r, pattern, is_prefix);
        if (!by)
            return NULL;
        if (!first) {
            first = by;
            *example = pattern;
        }
    }
    return first ? first : r->everything;
}

static bool take(struct reach *r, struct map *map, const struct str_list *patterns, uint32_t number)
{
    for (uint32_t i = 0; i < patterns->count; i++) {
        struct taken *t = arena_alloc(r->s->load.scratch, sizeof *t);
        if (!t)
            return false;
        *t = (struct taken){number, map == &r->prefixes, patterns->items[i]};
        if (!map_get(map, t->pattern) && !map_set(map, t->pattern, t))
            return false;
    }
    return true;
}

static bool take_route(struct reach *r, const struct route *route, uint32_t number)
{
    bool is_all = route->paths.count + route->prefixes.count == 0;
    if (is_all && !r->everything) {
        r->everything = arena_alloc(r->s->load.scratch, sizeof *r->everything);
        if (!r->everything)
            return false;
        *r->everything = (struct taken){.route = number};
    }
    return take(r, &r->exact, &route->paths, number) &&
           take(r, &r->prefixes, &route->prefixes, number);
}

bool settings_check_reach(struct settings_load *s, const struct reach_route *routes, uint32_t count)
{
    struct reach r = {.s = s, .routes = routes};
    bool is_right = true, has_memory = true;
    for (uint32_t i = 0; i < count && has_memory; i++) {
        struct str example = {0};
        const struct taken *by = cover_all(&r, routes[i].route, &example);
        bool is_root = by && by->is_prefix && str_eq(by->pattern, STR("/"));
        if (by)
            say(&r, i, by, is_root || !by->pattern.p ? (struct str){0} : example);
        is_right &= !by;
        has_memory = take_route(&r, routes[i].route, i);
    }
    if (!has_memory)
        diag_environment(s->load.diag, "out of memory");
    map_done(&r.exact);
    map_done(&r.prefixes);
    return is_right && has_memory;
}
