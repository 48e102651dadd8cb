/* origin: where each value came from, for `config dump`.
 *
 * A map from the address of a stored value to the line that said it. What has no entry is a
 * default. Only the dump keeps one: a running server does not need it. */
#ifndef SKIFF_CONFIG_ORIGIN_H
#define SKIFF_CONFIG_ORIGIN_H

#include "base/arena.h"
#include "base/map.h"
#include "config/opt.h"

struct origin {
    const void *at; /* the value; its own bytes are the key in the map */
    const char *file;
    uint32_t line;
    bool inherited; /* came with a copy of the parent's struct */
};

struct origins {
    struct arena *arena; /* not owned */
    struct map map;
};

/* What is remembered lives in `arena`, the index on the heap until origins_done(). */
void origins_init(struct origins *o, struct arena *arena);
void origins_done(struct origins *o);
/* false when memory is out. */
bool origins_set(struct origins *o, const void *at, const char *file, uint32_t line,
                 bool inherited);
/* NULL: a default. */
const struct origin *origins_get(const struct origins *o, const void *at);
/* Notes for everything in `to` where its copy in `from` came from; `inherited` when `to` belongs to
 * another level. */
bool origins_copy(struct origins *o, const struct opt *table, const void *from, const void *to,
                  bool inherited);

#endif
