/* Negotiation, fuzzed: weights are weights, what is chosen was there and wanted, and no
 * element is read twice. */
#include "base/check.h"
#include "http/accept.h"
#include "http/coding.h"

#include <stdint.h>
#include <stdlib.h>

static const uint8_t order[] = {CODING_BROTLI, CODING_ZSTD, CODING_GZIP};

static struct http_head *head_of(struct str value)
{
    struct http_head *h = calloc(1, http_head_size(2));
    CHECK(h);
    h->base = value.p;
    h->field_count = 2;
    h->fields[0].value = h->fields[1].value = (struct slice){0, (uint16_t)value.n};
    h->first[KNOWN_ACCEPT_ENCODING] = 1;
    h->first[KNOWN_ACCEPT] = 2;
    return h;
}

static void check_choice(const struct coding_weights *w)
{
    for (unsigned available = 0; available < 1u << CODING_COUNT; available++) {
        enum coding c = coding_choose(w, order, 3, available);
        CHECK(w->of[c] <= ACCEPT_WEIGHT_MAX);
        if (c == CODING_IDENTITY)
            continue;
        CHECK((available >> c & 1) && w->of[c] > 0);
        for (unsigned i = 0; i < 3; i++)
            CHECK(!(available >> order[i] & 1) || w->of[order[i]] <= w->of[c]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4000)
        return 0;
    struct str value = {(const char *)data, size}, rest = value;
    struct accept_item item;
    const char *before = value.p;
    while (accept_next(&rest, &item)) {
        CHECK(item.weight <= ACCEPT_WEIGHT_MAX && item.name.n > 0 && item.name.p >= before);
        before = item.name.p + item.name.n;
    }
    struct http_head *h = head_of(value);
    struct coding_weights w;
    coding_weigh(h, &w);
    check_choice(&w);
    CHECK(accept_weight(h, STR("text/html")) <= ACCEPT_WEIGHT_MAX);
    (void)accept_names_html(h);
    free(h);
    return 0;
}
