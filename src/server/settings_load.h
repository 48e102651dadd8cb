/* settings_load: what the files of settings_*.c share while a configuration is read. */
#ifndef SKIFF_SERVER_SETTINGS_LOAD_H
#define SKIFF_SERVER_SETTINGS_LOAD_H

#include "base/check.h"
#include "config/load.h"
#include "server/settings.h"
#include "server/settings_scope.h"

#include <sys/types.h>

/* A list of vhosts in one of the files. */
struct vhost_list {
    const struct yaml_node *node;
    struct vhost_list *next;
};

/* A file that was read: none is read twice. */
struct file_read {
    dev_t device;
    ino_t inode;
    const char *name;
    bool open; /* its includes are being read: meeting it again is a cycle */
    struct file_read *next;
};

struct settings_load {
    struct load load; /* read functions get this and find the rest around it */
    struct config *config;
    struct scope scope;                              /* of `files` */
    const struct opt *scope_tables[FILTERS_MAX + 2]; /* what may stand in `files` and below */
    const struct opt *handler_rows;
    struct vhost_list *lists, **lists_end;
    uint32_t vhost_count;
    const struct yaml_node *unknown_host; /* NULL: not said */
    struct map host_nodes;                /* host name -> the node that claimed it */
    const struct yaml_node *any_node;     /* the vhost without names; NULL: none so far */
    const struct route *not_found;        /* for vhosts without a root; made when needed */
    struct file_read *files;
    uint32_t file_count, include_depth;
};

static inline struct settings_load *settings_of(struct load *l)
{
    return container_of(l, struct settings_load, load);
}

/* Walks the texts of a value that is a text or a list of them, as often as there are texts; *at is
 * NULL at first. */
const struct yaml_node *settings_next(const struct yaml_node *n, const struct yaml_item **at);

/* --- settings.c --- */

/* settings_load and settings_load_text that also note where values come from; origins may be
 * NULL. */
struct config *settings_load_origins(const char *path, struct origins *origins, struct diag *d);
struct config *settings_load_text_origins(struct str text, const char *name, const char *dir,
                                          struct origins *origins, struct diag *d);

/* --- settings_files.c --- */

/* Reads a file's text; NULL after an error. `where` is the include, or NULL for the main file. */
const struct yaml_source *settings_open(struct settings_load *s, const char *path, const char *name,
                                        const struct yaml_node *where);
/* Notes the main file, so that including it is a cycle. */
bool settings_enter_main(struct settings_load *s, const char *path, const char *name);
/* A source from text at hand. */
const struct yaml_source *settings_source(struct settings_load *s, struct str text,
                                          const char *name, const char *dir);
/* The read functions of their keys. */
bool settings_read_include(struct load *l, const struct yaml_node *n, void *conf);
bool settings_read_types(struct load *l, const struct yaml_node *n, void *conf);

/* --- settings_vhosts.c --- */

extern const struct opt settings_vhost_rows[];
/* Reads every list that was met into config->vhosts. */
bool settings_load_vhosts(struct settings_load *s);

/* --- settings_routes.c --- */

extern const struct opt settings_route_rows[];
/* A vhost's routes: the list's (NULL: none), and one that takes every other path. */
bool settings_load_routes(struct settings_load *s, struct scope *scope,
                          const struct yaml_node *list, struct vhost *v);
/* config->unknown_host, from the file or 421. */
bool settings_load_unknown_host(struct settings_load *s);

/* --- settings_reach.c --- */

/* A route as the check sees it: its patterns, and where they stand. */
struct reach_route {
    const struct route *route;
    const struct yaml_node *node; /* the route's map */
};
/* Is there a route that none can come to because earlier ones take all its paths? */
bool settings_check_reach(struct settings_load *s, const struct reach_route *routes,
                          uint32_t count);

/* --- settings_hosts.c --- */

/* Claims a vhost's names; `names` is NULL when it has none, `where` is the vhost. */
bool settings_add_hosts(struct settings_load *s, struct vhost *v, const struct yaml_node *names,
                        const struct yaml_node *where);

/* --- settings_rows.c and settings_tables.c --- */

extern const struct opt settings_process_rows[];
extern const struct opt settings_listen_rows[];
extern const struct opt settings_limits_rows[];
extern const struct opt settings_log_rows[];

extern const struct opt settings_include_rows[]; /* the keys of an included file */
extern const struct opt settings_files_rows[];   /* what `files` has besides serving options */

#endif
