/* settings: from a file, or a text, to a frozen configuration. */
#include "server/settings.h"

#include "server/settings_load.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BLOCK = 16 * 1024 };

const struct yaml_node *settings_next(const struct yaml_node *n, const struct yaml_item **at)
{
    if (n->kind != YAML_LIST)
        return n;
    *at = *at ? (*at)->next : n->items;
    CHECK(*at != NULL);
    return (*at)->value;
}

/* --- beginning and end --- */

static struct settings_load *load_new(struct diag *d)
{
    struct settings_load *s = calloc(1, sizeof *s);
    struct arena *arena = arena_new(ARENA_BLOCK);
    struct arena *scratch = arena_new(ARENA_BLOCK);
    struct config *c = arena ? arena_alloc(arena, sizeof *c) : NULL;
    if (!s || !scratch || !c) {
        arena_free(arena);
        arena_free(scratch);
        free(s);
        diag_environment(d, "out of memory");
        return NULL;
    }
    c->arena = arena;
    s->config = c;
    s->lists_end = &s->lists;
    load_init(&s->load, arena, scratch, d);
    s->load.root = settings_root;
    scope_tables(s->scope_tables);
    s->load.common = s->scope_tables;
    s->load.common_at = "in a vhost or a route";
    return s;
}

/* The configuration when it is without errors; else NULL and nothing of it is left. */
static struct config *load_finish(struct settings_load *s, bool is_right)
{
    struct config *c = s->config;
    CHECK(is_right || diag_errors(s->load.diag) > 0); /* who fails says why */
    is_right = diag_errors(s->load.diag) == 0;
    arena_free(s->load.scratch);
    map_done(&s->host_nodes);
    free(s);
    if (is_right)
        return c;
    settings_free(c);
    return NULL;
}

void settings_free(struct config *c)
{
    if (!c)
        return;
    map_done(&c->hosts);
    map_done(&c->wildcards);
    map_done(&c->mime.by_extension);
    arena_free(c->arena);
}

/* --- reading --- */

/* What must be said somewhere, but has no default. */
static bool check_given(struct settings_load *s, const struct yaml_node *root)
{
    struct load *l = &s->load;
    bool has_version = yaml_get(root, "version") != NULL;
    bool has_listen = yaml_get(root, "listen") != NULL;
    if (!has_version)
        load_error(l, root, "version is missing\nbegin the file with \"version: 1\"");
    if (!has_listen)
        load_error(l, root, "listen is missing\nwrite listen: [\"127.0.0.1:8080\"]");
    const struct yaml_node *vhosts = yaml_get(root, "vhosts");
    if (s->vhost_count == 0 && (!vhosts || vhosts->kind == YAML_LIST))
        load_error(l, root,
                   "there are no vhosts, so nothing would be served\n"
                   "write vhosts: [{root: /srv/www}]");
    return has_version && has_listen && s->vhost_count > 0;
}

static bool load_builtin_types(struct settings_load *s)
{
    unsigned bad_line;
    if (!str_is_empty(s->config->types))
        return true;
    if (mime_load(&s->config->mime, s->load.arena, mime_builtin(), &bad_line))
        return true;
    /* The table in the binary is right: what can fail is memory. */
    diag_environment(s->load.diag, "out of memory");
    return false;
}

static bool load_tree(struct settings_load *s, const struct yaml_node *root)
{
    struct load *l = &s->load;
    struct load_part part = {.table = settings_root, .conf = s->config};
    bool is_right = load_defaults(l, settings_root, s->config) &&
                    load_defaults(l, settings_files_rows, s->config) && scope_init(l, &s->scope);
    if (!is_right)
        return false;
    is_right = load_map(l, root, &part, 1);
    s->config->files = s->scope.statics;
    if (root->kind != YAML_MAP)
        return false;
    is_right &= check_given(s, root);
    is_right &= load_builtin_types(s);
    is_right &= settings_load_vhosts(s);
    is_right &= settings_load_unknown_host(s);
    return is_right;
}

static struct config *load_source(struct settings_load *s, const struct yaml_source *source,
                                  struct origins *origins)
{
    struct load *l = &s->load;
    const struct yaml_node *root =
        source ? yaml_read(source, l->scratch, &l->alias_budget, l->diag) : NULL;
    l->origins = origins;
    return load_finish(s, root && load_tree(s, root));
}

/* The absolute form of a path; .p NULL after an error. Links are left as they are: "relative to the
 * file" means to where the operator sees it. */
static struct str absolute(struct settings_load *s, const char *path)
{
    char dir[4096];
    if (path[0] == '/')
        return arena_str(s->load.arena, str_of(path));
    struct str whole = {0};
    if (getcwd(dir, sizeof dir))
        whole = arena_printf(s->load.arena, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, path);
    if (!whole.p)
        diag_environment(s->load.diag, "cannot find the current folder: %s", strerror(errno));
    return whole;
}

static struct config *load_file(struct settings_load *s, const char *path, struct origins *origins)
{
    struct str whole = absolute(s, path);
    const struct yaml_source *source = NULL;
    s->config->file = whole;
    if (whole.p && settings_enter_main(s, whole.p, path))
        source = settings_open(s, whole.p, path, NULL);
    return load_source(s, source, origins);
}

struct config *settings_load_origins(const char *path, struct origins *origins, struct diag *d)
{
    struct settings_load *s = load_new(d);
    return s ? load_file(s, path, origins) : NULL;
}

struct config *settings_check(const char *path, struct diag *d)
{
    struct settings_load *s = load_new(d);
    if (!s)
        return NULL;
    s->load.looks = true;
    return load_file(s, path, NULL);
}

struct config *settings_load_text_origins(struct str text, const char *name, const char *dir,
                                          struct origins *origins, struct diag *d)
{
    struct settings_load *s = load_new(d);
    if (!s)
        return NULL;
    const struct yaml_source *source = settings_source(s, text, name, dir);
    if (source)
        s->config->file = str_of(source->name);
    return load_source(s, source, origins);
}

struct config *settings_load(const char *path, struct diag *d)
{
    return settings_load_origins(path, NULL, d);
}

struct config *settings_load_text(struct str text, const char *name, const char *dir,
                                  struct diag *d)
{
    return settings_load_text_origins(text, name, dir, NULL, d);
}
