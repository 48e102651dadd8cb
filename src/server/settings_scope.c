/* settings_scope: inheriting, copying, preparing. */
#include "server/settings_scope.h"

#include "base/check.h"
#include "server/settings.h"

const struct handler_type *handler_find(struct str name)
{
    for (size_t i = 0; handlers[i]; i++)
        if (str_eq(str_of(handlers[i]->name), name))
            return handlers[i];
    return NULL;
}

static const struct handler_type *static_type(void)
{
    const struct handler_type *h = handler_find(STR("static"));
    CHECK(h != NULL);
    return h;
}

bool scope_init(struct load *l, struct scope *s)
{
    const struct handler_type *h = static_type();
    *s = (struct scope){.statics = load_alloc(l, h->conf_size)};
    bool is_right = s->statics && load_defaults(l, h->options, s->statics);
    for (size_t i = 0; is_right && filters[i]; i++) {
        CHECK(i < FILTERS_MAX);
        s->filters[i] = load_alloc(l, filters[i]->conf_size);
        is_right = s->filters[i] && load_defaults(l, filters[i]->options, s->filters[i]);
    }
    return is_right;
}

bool scope_enter(struct load *l, struct scope *s, struct scope *parent, const struct yaml_node *map)
{
    const struct handler_type *h = static_type();
    *s = (struct scope){.parent = parent, .map = map};
    s->statics = load_inherit(l, h->options, parent->statics, h->conf_size);
    bool is_right = s->statics != NULL;
    for (size_t i = 0; is_right && filters[i]; i++) {
        const struct filter_type *f = filters[i];
        s->filters[i] = load_inherit(l, f->options, parent->filters[i], f->conf_size);
        s->on[i] = parent->on[i];
        is_right = s->filters[i] != NULL;
    }
    return is_right;
}

size_t scope_parts(struct scope *s, struct load_part *parts, const char *except)
{
    size_t n = 0;
    parts[n++] = (struct load_part){
        .table = static_type()->options, .conf = s->statics, .except = except, .optional = true};
    for (size_t i = 0; filters[i] && s->parent; i++)
        parts[n++] = (struct load_part){
            .table = filters[i]->options, .conf = s->filters[i], .optional = true};
    return n;
}

void scope_tables(const struct opt *out[FILTERS_MAX + 2])
{
    size_t n = 0;
    out[n++] = static_type()->options;
    for (size_t i = 0; filters[i]; i++)
        out[n++] = filters[i]->options;
    out[n] = NULL;
}

void scope_settle(struct scope *s, const struct load_part *parts)
{
    s->own_statics = parts[0].seen != 0;
    for (size_t i = 0; filters[i] && s->parent; i++) {
        s->own_filters[i] = parts[i + 1].seen != 0;
        s->on[i] |= s->own_filters[i];
    }
}

bool scope_has_root(const struct scope *s)
{
    const struct opt *row = opt_find(static_type()->options, STR("root"));
    CHECK(row != NULL && row->kind == K_GROUP);
    const struct opt *path = opt_find(row->table, STR("path"));
    CHECK(path != NULL && path->kind == K_PATH);
    return ((const struct str *)opt_value(path, opt_value(row, s->statics)))->n > 0;
}

/* Is this level the topmost whose structs requests can meet: a vhost's? */
static bool is_vhost(const struct scope *s)
{
    return !s->parent || !s->parent->parent;
}

/* Where a table's first key of this level stands; the map when it has none. */
static const struct yaml_node *place_of(const struct scope *s, const struct opt *table)
{
    for (const struct opt *row = table; row->key; row++) {
        const struct yaml_node *n = yaml_get(s->map, row->key);
        if (n)
            return n;
    }
    return s->map;
}

const void *scope_statics(struct load *l, struct scope *s)
{
    const struct handler_type *h = static_type();
    if (!s->own_statics && !is_vhost(s))
        return scope_statics(l, s->parent);
    if (s->ready_statics || s->failed)
        return s->ready_statics;
    CHECK(scope_has_root(s));
    s->failed = true;
    void *conf = load_copy(l, h->options, s->statics, h->conf_size);
    if (!conf || (h->prepare && !h->prepare(conf, l, place_of(s, h->options))))
        return NULL;
    s->failed = false;
    s->ready_statics = conf;
    return conf;
}

static const void *scope_filter(struct load *l, struct scope *s, size_t i)
{
    const struct filter_type *f = filters[i];
    if (!s->own_filters[i] && !is_vhost(s))
        return scope_filter(l, s->parent, i);
    /* What was wrong with the parent's is wrong with the copy: it is said once. */
    if (s->parent->failed_filters[i])
        s->failed_filters[i] = true;
    if (s->ready_filters[i] || s->failed_filters[i])
        return s->ready_filters[i];
    s->failed_filters[i] = true;
    void *conf = load_copy(l, f->options, s->filters[i], f->conf_size);
    if (!conf || (f->prepare && !f->prepare(conf, l, place_of(s, f->options))))
        return NULL;
    s->failed_filters[i] = false;
    s->ready_filters[i] = conf;
    return conf;
}

bool scope_filters(struct load *l, struct scope *s, struct route *out)
{
    bool is_right = true;
    out->is_filtered = false;
    for (size_t i = 0; filters[i]; i++) {
        out->filter_conf[i] = s->on[i] ? scope_filter(l, s, i) : NULL;
        out->is_filtered |= s->on[i];
        is_right &= !s->on[i] || out->filter_conf[i];
    }
    return is_right;
}
