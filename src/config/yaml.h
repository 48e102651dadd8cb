/* yaml: text to a small tree, each node with its place.
 *
 * libyaml gives the events; types, tags and merge keys are not YAML's to decide here, so every
 * scalar stays text and a tag is refused. Aliases share the node they name: the tree is small
 * however often one is used, and a budget bounds what a walk over it can meet. */
#ifndef SKIFF_CONFIG_YAML_H
#define SKIFF_CONFIG_YAML_H

#include "config/diag.h"

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

enum {
    YAML_FILE_MAX = 16 * 1024 * 1024, /* bytes of one file: far beyond what people write */
    YAML_DEPTH_MAX = 32,              /* nested collections; our deepest key is at 9 */
    YAML_ALIAS_NODES = 100000,        /* nodes that aliases may add, in all files together */
};

/* A text that is being read; lives as long as the nodes. */
struct yaml_source {
    const char *name; /* as messages show it */
    const char *dir;  /* absolute; what relative paths in it are relative to */
    struct str text;
    uint32_t order;
};

struct yaml_node;

struct yaml_item {
    const struct yaml_node *key; /* NULL in lists */
    const struct yaml_node *value;
    struct yaml_item *next;
};

struct yaml_node {
    const struct yaml_source *source;
    enum yaml_kind kind;
    bool plain;                   /* a scalar without quotes */
    uint32_t line, column, width; /* characters from 1; width 1 for what spans lines */
    struct str text;              /* YAML_TEXT */
    struct yaml_item *items;      /* YAML_LIST, YAML_MAP */
    uint32_t count;               /* of items */
    uint32_t size;                /* this node and all below, aliases counted each time */
};

/* The root of the one document in *s, allocated in `a`; NULL after an error, which is in *d.
 * *alias_budget is what is left of YAML_ALIAS_NODES. */
const struct yaml_node *yaml_read(const struct yaml_source *s, struct arena *a,
                                  uint32_t *alias_budget, struct diag *d);

/* The value of a key in a map; NULL when there is none. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The key itself, for messages about it; NULL when there is none. */
const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key);

/* Where it stands, as wide as its text. */
struct diag_place yaml_place(const struct yaml_node *n);
/* A place by line and column, both from 1. */
struct diag_place yaml_place_at(const struct yaml_source *s, uint32_t line, uint32_t column,
                                uint32_t width);

#endif
