/* coding: weights of names we know, then a choice. */
#include "http/coding.h"

#include "http/accept.h"

const struct coding_type codings[CODING_COUNT] = {
    [CODING_IDENTITY] = {"identity", "", ""},
    [CODING_BROTLI] = {"br", ".br", "br"},
    [CODING_ZSTD] = {"zstd", ".zst", "zst"},
    [CODING_GZIP] = {"gzip", ".gz", "gz"},
};

enum { UNSAID = -1 };

/* Which of ours; CODING_COUNT: none. "x-gzip" is an old name (section 8.4.1.3). */
static unsigned coding_of(struct str name)
{
    unsigned c = 0;
    if (str_eq_nocase(name, STR("x-gzip")))
        return CODING_GZIP;
    while (c < CODING_COUNT && !str_eq_nocase(name, str_of(codings[c].name)))
        c++;
    return c;
}

/* Identity is acceptable unless refused, but what was asked for by name comes first. */
static uint16_t weight_of_identity(int said, int any)
{
    if (said != UNSAID)
        return (uint16_t)said;
    return any == 0 ? 0 : 1;
}

void coding_weigh(const struct http_head *h, struct coding_weights *out)
{
    int said[CODING_COUNT] = {UNSAID, UNSAID, UNSAID, UNSAID}, any = UNSAID;
    struct str value;
    struct accept_item item;
    for (uint16_t at = 0; http_next_value(h, KNOWN_ACCEPT_ENCODING, &at, &value);)
        while (accept_next(&value, &item)) {
            unsigned c = coding_of(item.name);
            if (c < CODING_COUNT)
                said[c] = item.weight;
            else if (str_eq(item.name, STR("*")))
                any = item.weight;
        }
    for (unsigned c = 1; c < CODING_COUNT; c++)
        out->of[c] = (uint16_t)(said[c] != UNSAID ? said[c] : any != UNSAID ? any : 0);
    out->of[CODING_IDENTITY] = weight_of_identity(said[CODING_IDENTITY], any);
}

enum coding coding_choose(const struct coding_weights *w, const uint8_t order[], unsigned count,
                          unsigned available)
{
    enum coding best = CODING_IDENTITY;
    for (unsigned i = 0; i < count; i++) {
        enum coding c = (enum coding)order[i];
        bool is_wanted = w->of[c] > 0 && w->of[c] >= w->of[CODING_IDENTITY];
        if ((available >> c & 1) && is_wanted &&
            (best == CODING_IDENTITY || w->of[c] > w->of[best]))
            best = c;
    }
    return best;
}
