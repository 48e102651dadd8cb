/* load: a tree and tables to structs.
 *
 * A struct starts with the defaults of its rows or as a copy of its parent's; then each key of a
 * map finds its row, and the row says how the value is read, checked and stored. Errors are
 * collected and reading goes on, so that one run tells all of them. */
#ifndef SKIFF_CONFIG_LOAD_H
#define SKIFF_CONFIG_LOAD_H

#include "config/diag.h"
#include "config/opt.h"
#include "config/origin.h"
#include "config/yaml.h"

enum {
    LOAD_PATH_MAX = 256, /* bytes of a key's full name in messages; longer ones are cut */
    LOAD_PARTS_MAX = 16, /* tables that one map may be read with */
};

struct load {
    struct arena *arena;   /* what is loaded; lives as long as the configuration */
    struct arena *scratch; /* trees and notes; dropped after loading */
    struct diag *diag;
    struct origins *origins; /* NULL: nobody asks where values came from */
    const struct opt *root;  /* the outermost table: where suggestions look for a misplaced key */
    const struct opt *const
        *common;           /* tables for several places, NULL at the end; NULL: none ... */
    const char *common_at; /* ... in words: "in a vhost or a route" */
    const struct opt *row; /* the row that a read function is called for */
    uint32_t alias_budget;
    bool looks; /* folders that are named are looked at: somebody asks whether all is well */
    char path[LOAD_PATH_MAX]; /* "limits.keepalive.idle", for messages */
    size_t path_len;
};

/* One of the tables that a map's keys may come from, and where its values go. */
struct load_part {
    const struct opt *table;
    void *conf;
    const char *except; /* a key of the table that is not allowed here; NULL: all are */
    bool optional;      /* rows without a default may be left out */
    uint64_t seen;      /* out: bit n for row n */
};

/* Both arenas must be there. */
void load_init(struct load *l, struct arena *arena, struct arena *scratch, struct diag *d);

/* --- messages: text behind the first "\n" in a format is the note beside the caret --- */

/* Keeps a message; `where` may be NULL. With an error nothing is loaded. */
void load_error(struct load *l, const struct yaml_node *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void load_warning(struct load *l, const struct yaml_node *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "skiff.yaml:48:3", in the scratch arena. */
const char *load_place(struct load *l, const struct yaml_node *n);
/* The full name of what is being read: "limits.keepalive.idle", "listen[0]". */
const char *load_path(const struct load *l);
/* Appends to the name; leave with what enter returned. */
size_t load_enter(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void load_leave(struct load *l, size_t before);

/* --- memory: NULL after an error "out of memory" --- */

/* Lives as long as the configuration. */
void *load_alloc(struct load *l, size_t n);

/* The key in a map, in any case, that a pair read from it has; NULL: the pair is inherited. */
const struct yaml_node *load_pair_key(const struct yaml_node *map, struct str name);
/* Where a list of texts has its i-th; a text alone is a list of one. */
const struct yaml_node *load_text_at(const struct yaml_node *list, uint32_t i);

/* Remembers where the value stored at `at` came from, when somebody asks for it. */
void load_note(struct load *l, const void *at, const struct yaml_node *n);

/* --- reading; false when something was wrong, and said --- */

/* Every row's default, through the parser that reads the file. */
bool load_defaults(struct load *l, const struct opt *table, void *conf);
/* One map whose keys come from `count` tables. */
bool load_map(struct load *l, const struct yaml_node *n, struct load_part *parts, size_t count);
/* One row's value. */
bool load_value(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf);
/* A scalar's text with its variables expanded, in the arena. */
bool load_text(struct load *l, const struct yaml_node *n, struct str *out);
/* A new struct of `size` bytes that begins as a copy, origins too; NULL after an error. */
void *load_copy(struct load *l, const struct opt *table, const void *from, size_t size);
/* The same for the level below: what it has is inherited. */
void *load_inherit(struct load *l, const struct opt *table, const void *from, size_t size);

#endif
