/* settings_scope: the options of serving files and the filters, as a level inherits them.
 *
 * Three levels: files, vhost, route. Each begins as a copy of the one above and is changed by its
 * own keys. Only what a request can meet is prepared, and a route that changes nothing shares its
 * vhost's structs. */
#ifndef SKIFF_SERVER_SETTINGS_SCOPE_H
#define SKIFF_SERVER_SETTINGS_SCOPE_H

#include "config/load.h"
#include "server/module.h"

struct scope {
    struct scope *parent;        /* NULL: the level of `files` */
    const struct yaml_node *map; /* this level's keys; NULL: the level of `files` */
    void *statics;               /* the static handler's options; never prepared itself */
    void *filters[FILTERS_MAX];  /* by index in filters[] */
    bool on[FILTERS_MAX];        /* has any level configured it? */
    bool own_statics;            /* changed at this level: not shared with the parent */
    bool own_filters[FILTERS_MAX];
    const void *ready_statics; /* prepared; NULL: not yet asked for, or failed */
    const void *ready_filters[FILTERS_MAX];
    bool failed, failed_filters[FILTERS_MAX]; /* an error was said; it is not said again */
};

/* NULL when there is none. */
const struct handler_type *handler_find(struct str name);
/* The outermost level: the defaults. */
bool scope_init(struct load *l, struct scope *s);
/* A level below `parent`, which must outlive it. */
bool scope_enter(struct load *l, struct scope *s, struct scope *parent,
                 const struct yaml_node *map);
/* The tables of this level's keys; returns how many. `except` as in struct load_part. */
size_t scope_parts(struct scope *s, struct load_part *parts, const char *except);
/* The tables alone, NULL at the end. */
void scope_tables(const struct opt *out[FILTERS_MAX + 2]);
/* After the map was read: which keys were given? */
void scope_settle(struct scope *s, const struct load_part *parts);
bool scope_has_root(const struct scope *s);
/* The static handler's conf, prepared; NULL after an error. There must be a root. */
const void *scope_statics(struct load *l, struct scope *s);
/* The filters that are on, prepared, into a route. */
bool scope_filters(struct load *l, struct scope *s, struct route *out);

#endif
