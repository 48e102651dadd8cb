/* map: from str to pointer, for tables that are built once and read often.
 *
 * Open addressing, linear probing, grown at three quarters. The keys are borrowed: they must live
 * as long as the map. What changes at run time (the file cache) has its own table. */
#ifndef SKIFF_BASE_MAP_H
#define SKIFF_BASE_MAP_H

#include "base/str.h"

struct map_slot {
    struct str key; /* .p NULL: free */
    void *value;
    uint32_t hash;
};

struct map {
    struct map_slot *slots; /* NULL while empty */
    uint32_t mask;          /* slots - 1 */
    uint32_t used;
};

/* A zeroed map is an empty one. */
void map_done(struct map *m);
/* Adds or replaces; false when memory is out. `value` must not be NULL. */
bool map_set(struct map *m, struct str key, void *value);
/* NULL when there is none. */
void *map_get(const struct map *m, struct str key);
/* The same with the hash at hand: hash must be str_hash(key). */
void *map_get_hashed(const struct map *m, struct str key, uint32_t hash);

#endif
