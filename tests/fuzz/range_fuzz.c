/* Ranges, fuzzed: what is granted lies within the representation, and says so in a field that reads
 * back as the same range. */
#include "base/check.h"
#include "http/range.h"

#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct range r = {0}, again = {0};
    char content_range[CONTENT_RANGE_MAX], text[CONTENT_RANGE_MAX];
    if (size < 9 || size > 2000)
        return 0;
    uint64_t total;
    memcpy(&total, data, sizeof total);
    total >>= data[8] % 64; /* small ones, too */
    total &= INT64_MAX;
    struct str value = {(const char *)data + 9, size - 9};
    if (range_parse(value, total, &r) != RANGE_OK)
        return 0;
    CHECK(r.n > 0 && r.n <= total && r.at <= total - r.n);
    size_t n = range_print(&r, total, content_range);
    CHECK(n <= CONTENT_RANGE_MAX);
    int m = snprintf(text, sizeof text, "bytes=%llu-%llu", (unsigned long long)r.at,
                     (unsigned long long)(r.at + r.n - 1));
    CHECK(range_parse(str_make(text, (size_t)m), total, &again) == RANGE_OK);
    CHECK(again.at == r.at && again.n == r.n);
    return 0;
}
