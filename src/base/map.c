/* map: open addressing with linear probing; nothing is ever removed. */
#include "base/map.h"

#include "base/check.h"

#include <stdlib.h>

enum { MAP_SLOTS_MIN = 8 };

void map_done(struct map *m)
{
    free(m->slots);
    *m = (struct map){0};
}

/* The slot that holds the key, or the free one where it belongs. */
static struct map_slot *find_slot(struct map_slot *slots, uint32_t mask, struct str key,
                                  uint32_t hash)
{
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        struct map_slot *s = &slots[i];
        if (!s->key.p || (s->hash == hash && str_eq(s->key, key)))
            return s;
    }
}

static bool grow(struct map *m)
{
    uint32_t count = m->slots ? (m->mask + 1) * 2 : MAP_SLOTS_MIN;
    struct map_slot *slots = calloc(count, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 0; m->slots && i <= m->mask; i++)
        if (m->slots[i].key.p)
            *find_slot(slots, count - 1, m->slots[i].key, m->slots[i].hash) = m->slots[i];
    free(m->slots);
    m->slots = slots;
    m->mask = count - 1;
    return true;
}

bool map_set(struct map *m, struct str key, void *value)
{
    CHECK(value != NULL && key.p != NULL);
    bool is_full = !m->slots || m->used >= (m->mask + 1) / 4 * 3;
    if (is_full && !grow(m))
        return false;
    uint32_t hash = str_hash(key);
    struct map_slot *s = find_slot(m->slots, m->mask, key, hash);
    m->used += s->key.p == NULL;
    *s = (struct map_slot){.key = key, .value = value, .hash = hash};
    return true;
}

void *map_get(const struct map *m, struct str key)
{
    return map_get_hashed(m, key, str_hash(key));
}

void *map_get_hashed(const struct map *m, struct str key, uint32_t hash)
{
    if (!m->slots)
        return NULL;
    return find_slot(m->slots, m->mask, key, hash)->value;
}
