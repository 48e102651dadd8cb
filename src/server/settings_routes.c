/* settings_routes: what a vhost does with the paths it is asked for. */
#include "http/target.h"
#include "server/settings_load.h"

struct match_conf {
    struct str_list paths, prefixes;
};

/* A route while it is read. */
struct route_load {
    struct match_conf match;
    const struct handler_type *handler; /* NULL: files are served */
    const struct yaml_node *node;       /* the handler's value */
    void *conf;
};

/* --- match --- */

/* Paths are compared with decoded, normalised ones: another spelling would never match. */
static bool check_pattern(struct load *l, const struct yaml_node *n, struct str pattern)
{
    if (pattern.n == 0 || pattern.p[0] != '/') {
        load_error(l, n, "%s must begin with \"/\"", load_path(l));
        return false;
    }
    for (size_t i = 0; i < pattern.n; i++)
        if ((unsigned char)pattern.p[i] < 0x20 || pattern.p[i] == 0x7F) {
            load_error(l, n, "%s has a control character", load_path(l));
            return false;
        }
    for (struct str rest = str_from(pattern, 1); rest.p;) {
        struct str segment = str_cut(&rest, '/');
        bool is_dots = str_eq(segment, STR(".")) || str_eq(segment, STR(".."));
        if (is_dots || (segment.n == 0 && rest.p)) {
            load_error(l, n,
                       "%s can never match\npaths are compared without \"//\", \"/./\" and "
                       "\"/../\"",
                       load_path(l));
            return false;
        }
    }
    if (str_find(pattern, '%') >= 0)
        load_warning(l, n,
                     "%s has a \"%%\"\npaths are compared decoded: write \"/a b\", not "
                     "\"/a%%20b\"",
                     load_path(l));
    if (str_find(pattern, '?') >= 0)
        load_warning(l, n, "%s has a \"?\"\nthe query is not part of the path", load_path(l));
    return true;
}

static bool check_patterns(struct load *l, const struct yaml_node *n, const struct str_list *all)
{
    bool is_right = true;
    const struct yaml_item *at = NULL;
    for (uint32_t i = 0; i < all->count; i++)
        is_right &= check_pattern(l, settings_next(n, &at), all->items[i]);
    if (all->count == 0)
        load_error(l, n, "%s is empty\nwrite a path that begins with \"/\"", load_path(l));
    return is_right && all->count > 0;
}

static bool check_paths(struct load *l, const struct yaml_node *n, void *conf)
{
    return check_patterns(l, n, &((struct match_conf *)conf)->paths);
}

static bool check_prefixes(struct load *l, const struct yaml_node *n, void *conf)
{
    return check_patterns(l, n, &((struct match_conf *)conf)->prefixes);
}

static bool check_match(struct load *l, const struct yaml_node *n, void *conf)
{
    (void)conf;
    if (n->count > 0)
        return true;
    load_error(l, n, "%s is empty\nwrite path or prefix; a route without match takes everything",
               load_path(l));
    return false;
}

static const struct opt match_rows[] = {
    {.key = "path",
     .kind = K_TEXTS,
     .at = AT(struct match_conf, paths, struct str_list),
     .max = 4095,
     .read = check_paths,
     .doc = "Exact paths, decoded: \"/health\" takes nothing else."},
    {.key = "prefix",
     .kind = K_TEXTS,
     .at = AT(struct match_conf, prefixes, struct str_list),
     .max = 4095,
     .read = check_prefixes,
     .doc = "Beginnings of paths, by whole segments: \"/a\" takes \"/a\" and \"/a/b\", not "
            "\"/ab\"."},
    {0},
};

const struct opt settings_route_rows[] = {
    {.key = "match",
     .kind = K_GROUP,
     .at = AT(struct route_load, match, struct match_conf),
     .table = match_rows,
     .read = check_match,
     .doc = "Which paths the route takes; without it, every path.",
     .was = "location"},
    {0},
};

/* --- handlers --- */

static bool read_handler(struct load *l, const struct yaml_node *n, void *conf)
{
    struct route_load *r = conf;
    const struct handler_type *h = handler_find(str_of(l->row->key));
    CHECK(h != NULL);
    if (r->handler) {
        load_error(l, n, "%s is a second handler of this route\nthe first is \"%s\", at %s",
                   load_path(l), r->handler->name, load_place(l, r->node));
        return false;
    }
    struct opt group = {
        .key = h->name, .kind = K_GROUP, .table = h->options, .short_key = h->short_key};
    r->handler = h;
    r->node = n;
    r->conf = load_alloc(l, h->conf_size);
    return r->conf && load_defaults(l, h->options, r->conf) && load_value(l, &group, n, r->conf) &&
           (!h->prepare || h->prepare(r->conf, l, n));
}

/* A row for each handler but `static`, whose keys stand in the route itself. */
static const struct opt *handler_rows(struct settings_load *s)
{
    if (s->handler_rows)
        return s->handler_rows;
    size_t count = 0, n = 0;
    while (handlers[count])
        count++;
    struct opt *rows = arena_alloc(s->load.scratch, (count + 1) * sizeof *rows);
    for (size_t i = 0; rows && i < count; i++)
        if (!str_eq(str_of(handlers[i]->name), STR("static")))
            rows[n++] = (struct opt){.key = handlers[i]->name,
                                     .kind = K_CUSTOM,
                                     .table = handlers[i]->options,
                                     .read = read_handler,
                                     .doc = handlers[i]->doc};
    if (!rows)
        diag_environment(s->load.diag, "out of memory");
    s->handler_rows = rows;
    return rows;
}

/* --- one route --- */

/* Options of serving files beside a handler that serves none. */
static bool refuse_idle_options(struct load *l, const struct yaml_node *n,
                                const struct route_load *r, const struct load_part *statics)
{
    bool is_right = true;
    for (const struct opt *row = statics->table; row->key; row++) {
        if (!(statics->seen >> (row - statics->table) & 1))
            continue;
        load_error(l, yaml_key(n, row->key),
                   "%s.%s has no effect: the route's handler is \"%s\"\nleave one of them out",
                   load_path(l), row->key, r->handler->name);
        is_right = false;
    }
    return is_right;
}

static void note_match(struct load *l, const struct yaml_node *n, const struct route *r)
{
    const struct yaml_node *match = yaml_get(n, "match");
    if (r->paths.count)
        load_note(l, &r->paths, yaml_get(match, "path"));
    if (r->prefixes.count)
        load_note(l, &r->prefixes, yaml_get(match, "prefix"));
}

static bool load_route(struct settings_load *s, struct scope *vhost, const struct yaml_node *n,
                       struct route *out)
{
    struct load *l = &s->load;
    struct route_load r = {0};
    struct scope scope;
    struct load_part parts[LOAD_PARTS_MAX];
    const struct opt *rows = handler_rows(s);
    if (!rows || !scope_enter(l, &scope, vhost, n))
        return false;
    size_t count = scope_parts(&scope, parts, NULL);
    parts[count++] = (struct load_part){.table = settings_route_rows, .conf = &r};
    parts[count++] = (struct load_part){.table = rows, .conf = &r};
    bool is_right = load_map(l, n, parts, count);
    scope_settle(&scope, parts);
    if (r.handler)
        is_right &= refuse_idle_options(l, n, &r, &parts[0]);
    if (is_right && !r.handler && !scope_has_root(&scope)) {
        if (!vhost->failed)
            load_error(l, n, "%s serves files but has no root\ngive it or its vhost a root",
                       load_path(l));
        is_right = false;
    }
    if (!is_right)
        return false;
    out->paths = r.match.paths;
    out->prefixes = r.match.prefixes;
    note_match(l, n, out);
    out->handler = r.handler ? r.handler : handler_find(STR("static"));
    out->conf = r.handler ? r.conf : scope_statics(l, &scope);
    return scope_filters(l, &scope, out) && out->conf;
}

/* The answer with a status alone, from the handler that a user would choose for it. */
static const struct route *status_route(struct settings_load *s, const char *status)
{
    struct load *l = &s->load;
    const struct handler_type *h = handler_find(STR("respond"));
    CHECK(h != NULL);
    const struct opt *row = opt_find(h->options, STR("status"));
    CHECK(row != NULL);
    struct opt_fault f;
    struct route *route = load_alloc(l, sizeof *route);
    void *conf = load_alloc(l, h->conf_size);
    if (!route || !conf || !load_defaults(l, h->options, conf))
        return NULL;
    CHECK(opt_set(row, str_of(status), conf, &f));
    if (h->prepare && !h->prepare(conf, l, NULL))
        return NULL;
    *route = (struct route){.handler = h, .conf = conf};
    return route;
}

/* --- all routes of a vhost --- */

/* The last route takes what no other did: files below the vhost's root, or 404 without one. */
static bool add_last(struct settings_load *s, struct scope *scope, struct route *out)
{
    struct load *l = &s->load;
    if (scope_has_root(scope)) {
        out->handler = handler_find(STR("static"));
        out->conf = scope_statics(l, scope);
    } else {
        if (!s->not_found)
            s->not_found = status_route(s, "404");
        if (!s->not_found)
            return false;
        *out = *s->not_found;
    }
    return scope_filters(l, scope, out) && out->conf;
}

bool settings_load_routes(struct settings_load *s, struct scope *scope,
                          const struct yaml_node *list, struct vhost *v)
{
    struct load *l = &s->load;
    uint32_t count = list ? list->count : 0, at = 0;
    struct reach_route *reach = arena_alloc(l->scratch, (count + 1) * sizeof *reach);
    v->routes = load_alloc(l, (count + 1) * sizeof *v->routes);
    v->route_count = count + 1;
    if (!v->routes || !reach)
        return false;
    bool is_right = add_last(s, scope, &v->routes[count]);
    for (const struct yaml_item *i = list ? list->items : NULL; i; i = i->next, at++) {
        size_t before = load_enter(l, ".routes[%u]", at);
        is_right &= load_route(s, scope, i->value, &v->routes[at]);
        load_leave(l, before);
        reach[at] = (struct reach_route){.route = &v->routes[at], .node = i->value};
    }
    /* With a route that could not be read, what is reachable is not known. */
    return is_right && settings_check_reach(s, reach, count);
}

/* --- unknown hosts --- */

bool settings_load_unknown_host(struct settings_load *s)
{
    struct load *l = &s->load;
    const struct yaml_node *n = s->unknown_host;
    if (!n) {
        s->config->unknown_host = status_route(s, "421");
        return s->config->unknown_host != NULL;
    }
    struct route_load r = {0};
    struct route *route = load_alloc(l, sizeof *route);
    struct load_part part = {.table = handler_rows(s), .conf = &r};
    if (!part.table || !route)
        return false;
    size_t before = load_enter(l, "unknown_host");
    bool is_right = load_map(l, n, &part, 1);
    if (is_right && !r.handler) {
        load_error(l, n, "unknown_host has no handler\nwrite {respond: {status: 421}}");
        is_right = false;
    }
    load_leave(l, before);
    *route = (struct route){.handler = r.handler, .conf = r.conf};
    s->config->unknown_host = route;
    if (is_right && s->config->any)
        load_warning(l, n, "unknown_host is never used: a vhost without names answers every host");
    return is_right;
}
