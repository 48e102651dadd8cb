/* route: two lookups for the host, a short walk for the path. */
#include "server/route.h"

static const struct vhost *find_wildcard(const struct config *c, struct str host)
{
    /* The longest suffix first: "a.b.example" tries ".b.example", then ".example". */
    for (struct str rest = host; rest.n > 0;) {
        ptrdiff_t dot = str_find(str_from(rest, 1), '.');
        if (dot < 0)
            return NULL;
        rest = str_from(rest, (size_t)dot + 1);
        const struct vhost *v = map_get(&c->wildcards, rest);
        if (v)
            return v;
    }
    return NULL;
}

const struct vhost *route_vhost(const struct config *c, struct str host)
{
    const struct vhost *v = host.n && c->hosts.used ? map_get(&c->hosts, host) : NULL;
    if (!v && host.n && c->wildcards.used)
        v = find_wildcard(c, host);
    return v ? v : c->any;
}

bool route_prefix_matches(struct str prefix, struct str path)
{
    if (!str_starts(path, prefix))
        return false;
    bool at_segment = prefix.n == 0 || prefix.p[prefix.n - 1] == '/';
    return at_segment || path.n == prefix.n || path.p[prefix.n] == '/';
}

static bool takes(const struct route *r, struct str path)
{
    if (r->paths.count == 0 && r->prefixes.count == 0)
        return true;
    for (uint32_t i = 0; i < r->paths.count; i++)
        if (str_eq(r->paths.items[i], path))
            return true;
    for (uint32_t i = 0; i < r->prefixes.count; i++)
        if (route_prefix_matches(r->prefixes.items[i], path))
            return true;
    return false;
}

const struct route *route_find(const struct vhost *v, struct str path)
{
    const struct route *r = v->routes;
    while (!takes(r, path))
        r++; /* the last one takes every path */
    return r;
}

struct str route_rest(const struct route *r, struct str path)
{
    size_t n = 0;
    for (uint32_t i = 0; i < r->prefixes.count; i++)
        if (route_prefix_matches(r->prefixes.items[i], path) && r->prefixes.items[i].n > n)
            n = r->prefixes.items[i].n;
    n += n < path.n && path.p[n] == '/';
    return str_from(path, n);
}
