/* Targets, fuzzed: a normalised path has no way out, and encoding it loses nothing. */
#include "base/check.h"
#include "http/target.h"

#include <stdint.h>
#include <stdlib.h>

static void check_path(struct str path)
{
    CHECK(path.n > 0 && path.p[0] == '/');
    for (struct str rest = str_from(path, 1); rest.p;) {
        struct str segment = str_cut(&rest, '/');
        CHECK(!str_eq(segment, STR(".")) && !str_eq(segment, STR("..")));
        CHECK(segment.n > 0 || !rest.p); /* only the last one may be empty */
    }
    for (size_t i = 0; i < path.n; i++)
        CHECK((unsigned char)path.p[i] >= ' ' && path.p[i] != 0x7f);
}

static void check_round_trip(struct str path)
{
    char *encoded = malloc(3 * path.n + 1), *again = malloc(3 * path.n + 1);
    CHECK(encoded && again);
    size_t n = target_encode(path, encoded);
    CHECK(n >= 1 && !str_starts(str_make(encoded, n), STR("//")));
    int back = target_normalise(str_make(encoded, n), again);
    CHECK(back >= 0 && str_eq(str_make(again, (size_t)back), path));
    free(encoded);
    free(again);
}

static void try_path(struct str raw, bool is_plain)
{
    char *out = malloc(raw.n + 1);
    CHECK(out);
    int n = target_normalise(raw, out);
    CHECK(n > 0 || n == -400 || n == -404);
    CHECK(n < 0 || (size_t)n <= raw.n);
    if (n > 0) {
        check_path(str_make(out, (size_t)n));
        check_round_trip(str_make(out, (size_t)n));
    }
    for (size_t i = 0; is_plain && i < raw.n; i++)
        CHECK((unsigned char)raw.p[i] > ' ' && raw.p[i] != 0x7f && !strchr("#%?", raw.p[i]));
    if (is_plain)
        CHECK(n > 0 && str_eq(str_make(out, (size_t)n), raw));
    free(out);
}

static void try_host(struct str raw)
{
    char *out = malloc(raw.n + 1), *again = malloc(raw.n + 1);
    CHECK(out && again);
    int n = target_host(raw, out);
    CHECK(n >= 0 || n == -400);
    if (n > 0) { /* a name that was read is a name that reads the same */
        CHECK(target_host(str_make(out, (size_t)n), again) == n);
        CHECK(memcmp(out, again, (size_t)n) == 0);
    }
    free(out);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target t;
    if (size < 1 || size > 4096)
        return 0;
    char *copy = malloc(size - 1 + HTTP_SLACK); /* exact size: an overrun is seen */
    CHECK(copy);
    memcpy(copy, data + 1, size - 1);
    memset(copy + size - 1, '/', HTTP_SLACK);
    struct str raw = {copy, size - 1};
    if (target_parse(raw, (enum http_method)(data[0] % METHOD_COUNT), &t) == 0) {
        if (t.path.p && t.form <= TARGET_ABSOLUTE)
            try_path(t.path, t.is_plain);
        if (t.authority.p)
            try_host(t.authority);
    }
    try_host(raw);
    free(copy);
    return 0;
}
