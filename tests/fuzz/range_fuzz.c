/* Ranges, fuzzed: what is granted lies within the representation and apart from each other, and
 * says so in fields that read back as the same ranges. */
#include "base/check.h"
#include "http/range.h"

#include <stdint.h>
#include <stdio.h>

static bool are_apart(struct range a, struct range b)
{
    return a.at + a.n < b.at || b.at + b.n < a.at;
}

static void check_one(const struct range *r, uint64_t total)
{
    struct ranges again;
    char content_range[CONTENT_RANGE_MAX], text[CONTENT_RANGE_MAX];
    CHECK(r->n > 0 && r->n <= total && r->at <= total - r->n);
    CHECK(range_print(r, total, content_range) <= CONTENT_RANGE_MAX);
    int m = snprintf(text, sizeof text, "bytes=%llu-%llu", (unsigned long long)r->at,
                     (unsigned long long)(r->at + r->n - 1));
    CHECK(range_parse(str_make(text, (size_t)m), total, &again) == RANGE_OK);
    CHECK(again.count == 1 && again.at[0].at == r->at && again.at[0].n == r->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ranges all;
    if (size < 9 || size > 2000)
        return 0;
    uint64_t total;
    memcpy(&total, data, sizeof total);
    total >>= data[8] % 64; /* small ones, too */
    total &= INT64_MAX;
    struct str value = {(const char *)data + 9, size - 9};
    if (range_parse(value, total, &all) != RANGE_OK)
        return 0;
    CHECK(all.count > 0 && all.count <= RANGES_MAX);
    for (unsigned i = 0; i < all.count; i++) {
        check_one(&all.at[i], total);
        for (unsigned k = 0; k < i; k++)
            CHECK(are_apart(all.at[i], all.at[k]));
    }
    return 0;
}
