/* origin: the map from a stored value to the line that said it. */
#include "config/origin.h"

void origins_init(struct origins *o, struct arena *arena)
{
    *o = (struct origins){.arena = arena};
}

void origins_done(struct origins *o)
{
    map_done(&o->map);
}

bool origins_set(struct origins *o, const void *at, const char *file, uint32_t line, bool inherited)
{
    struct origin *origin = arena_alloc(o->arena, sizeof *origin);
    if (!origin)
        return false;
    *origin = (struct origin){.at = at, .file = file, .line = line, .inherited = inherited};
    return map_set(&o->map, str_make((const char *)&origin->at, sizeof origin->at), origin);
}

const struct origin *origins_get(const struct origins *o, const void *at)
{
    return map_get(&o->map, str_make((const char *)&at, sizeof at));
}

bool origins_copy(struct origins *o, const struct opt *table, const void *from, const void *to,
                  bool inherited)
{
    bool kept = true;
    for (const struct opt *row = table; row->key; row++) {
        const struct origin *origin = origins_get(o, opt_value(row, from));
        if (row->kind == K_GROUP)
            kept &=
                origins_copy(o, row->table, opt_value(row, from), opt_value(row, to), inherited);
        else if (origin)
            kept &= origins_set(o, opt_value(row, to), origin->file, origin->line,
                                inherited || origin->inherited);
    }
    return kept;
}
