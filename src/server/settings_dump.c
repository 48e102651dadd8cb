/* settings_dump: the effective configuration, for `skiff config dump`. */
#include "config/emit.h"
#include "server/errorpages.h"
#include "server/settings_load.h"

/* A level's filters, where they are configured. */
static void dump_filters(struct emit *e, const struct route *r, const struct route *above)
{
    for (size_t i = 0; filters[i]; i++)
        if (r->filter_conf[i])
            emit_rows(e, filters[i]->options, r->filter_conf[i],
                      above ? above->filter_conf[i] : NULL, NULL);
}

static void dump_handler(struct emit *e, const struct route *r)
{
    emit_key(e, r->handler->name);
    e->indent += 2;
    emit_rows(e, r->handler->options, r->conf, NULL, NULL);
    e->indent -= 2;
}

static bool serves_files(const struct route *r)
{
    return str_eq(str_of(r->handler->name), STR("static"));
}

static void dump_route(struct emit *e, const struct route *r, const struct route *vhost)
{
    e->dash = true;
    if (r->paths.count + r->prefixes.count > 0) {
        emit_key(e, "match");
        e->indent += 2;
        if (r->paths.count)
            emit_texts(e, "path", &r->paths);
        if (r->prefixes.count)
            emit_texts(e, "prefix", &r->prefixes);
        e->indent -= 2;
    }
    if (serves_files(r))
        emit_rows(e, r->handler->options, r->conf, serves_files(vhost) ? vhost->conf : NULL, NULL);
    else
        dump_handler(e, r);
    dump_filters(e, r, vhost);
}

static void dump_vhost(struct emit *e, const struct vhost *v)
{
    /* The route that takes the rest has the vhost's own options. */
    const struct route *own = &v->routes[v->route_count - 1];
    e->dash = true;
    if (v->names.count)
        emit_texts(e, "names", &v->names);
    if (serves_files(own))
        emit_rows(e, own->handler->options, own->conf, NULL, NULL);
    dump_filters(e, own, NULL);
    if (v->pages)
        emit_rows(e, errorpages_rows, v, NULL, NULL);
    if (v->route_count == 1)
        return;
    emit_key(e, "routes");
    e->indent += 4;
    for (uint32_t i = 0; i + 1 < v->route_count; i++)
        dump_route(e, &v->routes[i], own);
    e->indent -= 4;
}

static void dump_custom(struct emit *e, const struct opt *row, const struct config *c)
{
    struct str key = str_of(row->key);
    if (str_eq(key, STR("version"))) {
        fprintf(e->out, "version: 1\n");
    } else if (str_eq(key, STR("files"))) {
        emit_key(e, row->key);
        e->indent = 2;
        emit_rows(e, handler_find(STR("static"))->options, c->files, NULL, "root");
        emit_rows(e, settings_files_rows, c, NULL, NULL);
    } else if (str_eq(key, STR("vhosts"))) {
        emit_key(e, row->key);
        e->indent = 4;
        for (uint32_t i = 0; i < c->vhost_count; i++)
            dump_vhost(e, &c->vhosts[i]);
    } else if (str_eq(key, STR("unknown_host"))) {
        emit_key(e, row->key);
        e->indent = 2;
        dump_handler(e, c->unknown_host);
    }
    e->indent = 0;
}

static bool dump(struct config *c, const struct origins *origins, FILE *out)
{
    struct emit e = {.out = out, .origins = origins};
    if (!c)
        return false;
    for (const struct opt *row = settings_root; row->key; row++)
        if (row->kind == K_CUSTOM)
            dump_custom(&e, row, c);
        else
            emit_row(&e, row, c, NULL);
    settings_free(c);
    return true;
}

enum { ARENA_BLOCK = 16 * 1024 };

/* Notes live beside the configuration, not in it. */
static struct arena *notes_new(struct origins *origins, struct diag *d)
{
    struct arena *notes = arena_new(ARENA_BLOCK);
    if (notes)
        origins_init(origins, notes);
    else
        diag_environment(d, "out of memory");
    return notes;
}

static void notes_free(struct origins *origins, struct arena *notes)
{
    origins_done(origins);
    arena_free(notes);
}

bool settings_dump(const char *path, FILE *out, struct diag *d)
{
    struct origins origins;
    struct arena *notes = notes_new(&origins, d);
    if (!notes)
        return false;
    bool is_right = dump(settings_load_origins(path, &origins, d), &origins, out);
    notes_free(&origins, notes);
    return is_right;
}

bool settings_dump_text(struct str text, const char *name, const char *dir, FILE *out,
                        struct diag *d)
{
    struct origins origins;
    struct arena *notes = notes_new(&origins, d);
    if (!notes)
        return false;
    bool is_right = dump(settings_load_text_origins(text, name, dir, &origins, d), &origins, out);
    notes_free(&origins, notes);
    return is_right;
}
