/* settings_vhosts: the sites. */
#include "server/errorpages.h"
#include "server/settings_load.h"

/* A vhost while it is read. */
struct vhost_load {
    struct str_list names;
    const struct yaml_node *routes; /* NULL: none */
};

static bool read_routes(struct load *l, const struct yaml_node *n, void *conf)
{
    struct vhost_load *v = conf;
    if (n->kind == YAML_LIST) {
        v->routes = n;
        return true;
    }
    load_error(l, n, "%s must be a list\nbegin each entry with \"- \"", load_path(l));
    return false;
}

const struct opt settings_vhost_rows[] = {
    {.key = "names",
     .kind = K_TEXTS,
     .at = AT(struct vhost_load, names, struct str_list),
     .max = 255,
     .doc = "Host names, and wildcards like \"*.example.com\"; without them, every host.",
     .was = "server_name"},
    {.key = "routes",
     .kind = K_CUSTOM,
     .table = settings_route_rows,
     .read = read_routes,
     .doc = "What to do with which paths; the first match wins, the rest is served from the root.",
     .was = "locations"},
    {0},
};

/* The pages are files, and the last route serves them. */
static bool settle_pages(struct load *l, const struct scope *scope, const struct yaml_node *n,
                         struct vhost *v)
{
    if (!v->pages)
        return true;
    v->pages->files = &v->routes[v->route_count - 1];
    if (!scope_has_root(scope) && !scope->failed)
        load_error(l, yaml_get(n, "error_pages"),
                   "%s.error_pages are files, but the vhost has no root\ngive it one",
                   load_path(l));
    return scope_has_root(scope);
}

/* Whose names and routes can be looked at although some key is wrong: one run tells all. */
static bool load_sites(struct settings_load *s, struct scope *scope, const struct vhost_load *v,
                       const struct yaml_node *n, struct vhost *out)
{
    struct load *l = &s->load;
    const struct yaml_node *names = yaml_get(n, "names");
    bool has_names = !names || v->names.items;
    bool is_right = has_names && settings_add_hosts(s, out, names, n);
    if (names)
        load_note(l, &out->names, names);
    bool is_empty = !v->routes || v->routes->count == 0;
    if (is_empty && !scope_has_root(scope) && !scope->failed) {
        load_error(l, n, "%s serves nothing\ngive it a root, or routes", load_path(l));
        return false;
    }
    is_right &= settings_load_routes(s, scope, v->routes, out);
    return settle_pages(l, scope, n, out) && is_right;
}

static bool load_vhost(struct settings_load *s, const struct yaml_node *n, struct vhost *out)
{
    struct load *l = &s->load;
    struct vhost_load v = {0};
    struct scope scope;
    struct load_part parts[LOAD_PARTS_MAX];
    if (!scope_enter(l, &scope, &s->scope, n))
        return false;
    size_t count = scope_parts(&scope, parts, NULL);
    parts[count++] = (struct load_part){.table = settings_vhost_rows, .conf = &v};
    parts[count++] = (struct load_part){.table = errorpages_rows, .conf = out, .optional = true};
    bool is_right = load_map(l, n, parts, count);
    scope_settle(&scope, parts);
    scope.failed = !is_right; /* a root that is wrong is not a root that is missing */
    out->names = v.names;
    return n->kind == YAML_MAP && load_sites(s, &scope, &v, n, out) && is_right;
}

bool settings_load_vhosts(struct settings_load *s)
{
    struct load *l = &s->load;
    struct vhost *v = load_alloc(l, s->vhost_count * sizeof *v);
    bool is_right = v != NULL;
    s->config->vhosts = v;
    s->config->vhost_count = s->vhost_count;
    for (const struct vhost_list *list = s->lists; v && list; list = list->next) {
        uint32_t number = 0;
        for (const struct yaml_item *i = list->node->items; i; i = i->next) {
            size_t before = load_enter(l, "vhosts[%u]", number++);
            is_right &= load_vhost(s, i->value, v++);
            load_leave(l, before);
        }
    }
    return is_right;
}
