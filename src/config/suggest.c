/* suggest: walks the tables for the nearest name. */
#include "config/suggest.h"

#include <stdio.h>

enum {
    EDITS_MAX = 3,       /* more than two edits away is another word */
    DEPTH_MAX = 6,       /* tables in tables: "vhosts[].routes[].match.path" is 4 */
    FULL_NAME_MAX = 128, /* bytes of a key's full name */
};

/* Is the key one of the words in a row's `was`? */
static bool was_called(const struct opt *row, struct str key)
{
    struct str rest = row->was ? str_of(row->was) : (struct str){0};
    while (rest.p)
        if (str_eq(str_cut(&rest, ' '), key))
            return true;
    return false;
}

static const char *was_here(const struct load_part *p, struct str key)
{
    for (const struct opt *row = p->table; row->key; row++)
        if (was_called(row, key))
            return row->key;
    return NULL;
}

static const char *nearest_here(const struct load_part *p, struct str key, unsigned *best)
{
    const char *nearest = NULL;
    for (const struct opt *row = p->table; row->key; row++) {
        unsigned d = str_distance(str_of(row->key), key, *best);
        bool is_excepted = p->except && str_eq(str_of(p->except), str_of(row->key));
        if (d < *best && d < key.n && !is_excepted) {
            *best = d;
            nearest = row->key;
        }
    }
    return nearest;
}

/* Finds a key by its name or its nginx name in a table and the tables below it; its full name goes
 * to `path`. */
static const struct opt *find_below(const struct opt *table, struct str key,
                                    char path[FULL_NAME_MAX], size_t used, unsigned depth)
{
    for (const struct opt *row = table; row->key; row++) {
        const char *brackets = row->kind == K_LIST ? "[]" : "";
        int n = snprintf(path + used, FULL_NAME_MAX - used, "%s%s%s", used ? "." : "", row->key,
                         row->table ? brackets : "");
        size_t end = used + (size_t)n;
        if (end >= FULL_NAME_MAX)
            continue;
        if (str_eq(str_of(row->key), key) || was_called(row, key))
            return row;
        const struct opt *below = row->table && depth < DEPTH_MAX
                                      ? find_below(row->table, key, path, end, depth + 1)
                                      : NULL;
        if (below)
            return below;
    }
    return NULL;
}

/* The same in the tables that stand in several places. */
static const struct opt *find_common(const struct load *l, struct str key)
{
    for (const struct opt *const *t = l->common; t && *t; t++)
        for (const struct opt *row = *t; row->key; row++)
            if (str_eq(str_of(row->key), key) || was_called(row, key))
                return row;
    return NULL;
}

/* The right name, or nginx's, in the wrong place. */
static void say_where(const struct load *l, struct str key, char out[SUGGEST_MAX])
{
    char path[FULL_NAME_MAX];
    const struct opt *row = l->root ? find_below(l->root, key, path, 0, 0) : NULL;
    const struct opt *common = row ? NULL : find_common(l, key);
    if (row && was_called(row, key))
        snprintf(out, SUGGEST_MAX, "that is the nginx name; here it is \"%s\"", path);
    else if (row && !strchr(path, '.'))
        snprintf(out, SUGGEST_MAX, "it belongs at the top level of the main file");
    else if (row)
        snprintf(out, SUGGEST_MAX, "it belongs elsewhere: \"%s\"", path);
    else if (common && was_called(common, key))
        snprintf(out, SUGGEST_MAX, "that is the nginx name; here it is \"%s\", %s", common->key,
                 l->common_at);
    else if (common)
        snprintf(out, SUGGEST_MAX, "it belongs %s", l->common_at);
}

void suggest_key(const struct load *l, const struct load_part *parts, size_t count, struct str key,
                 char out[SUGGEST_MAX])
{
    unsigned best = EDITS_MAX;
    const char *nearest = NULL;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *here = was_here(&parts[i], key);
        if (here) {
            snprintf(out, SUGGEST_MAX, "that is the nginx name; here it is \"%s\"", here);
            return;
        }
        const char *near = nearest_here(&parts[i], key, &best);
        nearest = near ? near : nearest;
    }
    /* The right name in the wrong place is no slip of the finger, unless it is one letter. */
    if (best > 1)
        say_where(l, key, out);
    if (nearest && !*out)
        snprintf(out, SUGGEST_MAX, "did you mean \"%s\"?", nearest);
}
