/* The short way for plain heads, fuzzed against the long one: what it takes, the other takes too,
 * and both read the same; what is not complete it leaves alone; and wherever the input is cut,
 * the parser that has both gives what the one with the long way alone gives. */
#include "base/check.h"
#include "http/parse.h"
#include "http/plain_head.h"
#include "support/same_head.h"

#include <stdint.h>
#include <stdlib.h>

enum { INPUT_MAX = 2048, FIELDS = 16 };

static const struct http_limits limits = {.line_max = 200, .head_max = 1000, .fields_max = FIELDS};

union store {
    struct http_head head;
    char room[sizeof(struct http_head) + FIELDS * sizeof(struct http_field)];
};
static union store by_any, by_both, by_plain;

/* A copy of exactly that size and the slack: a look beyond it is seen. What lies behind the NUL
 * would make whole heads of halves. */
static char *copy_of(const uint8_t *data, size_t n)
{
    char *copy = malloc(n + HTTP_SLACK);
    CHECK(copy);
    if (n)
        memcpy(copy, data, n);
    memcpy(copy + n, "\0:a\r\n\r\n\r\n\r\n\r\n\r\n", HTTP_SLACK);
    return copy;
}

static uint32_t read_plainly(const uint8_t *data, size_t n)
{
    char *copy = copy_of(data, n);
    uint32_t used = plain_head_read(&by_plain.head, copy, &limits);
    CHECK(n == 0 || memcmp(copy, data, n) == 0);
    free(copy);
    return used;
}

/* The first n bytes, by the parser that has both ways and by the long way. */
static void check_both(const uint8_t *data, size_t n)
{
    char *a = copy_of(data, n), *b = copy_of(data, n);
    struct http_parse io_a = {0}, io_b = {0};
    enum http_parse_result any = http_parse_any(&by_any.head, a, n, &limits, &io_a);
    enum http_parse_result both = http_parse(&by_both.head, b, n, &limits, &io_b);
    CHECK(any == both && io_a.scanned == io_b.scanned);
    if (any == HTTP_HEAD_BAD)
        CHECK(io_a.status == io_b.status && io_a.reason == io_b.reason);
    if (any != HTTP_HEAD_MORE)
        CHECK(same_head(&by_any.head, &by_both.head) &&
              by_any.head.base - a == by_both.head.base - b);
    if (any == HTTP_HEAD_OK)
        CHECK(io_a.used == io_b.used);
    CHECK(n == 0 || memcmp(a, b, n) == 0);
    free(a);
    free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = size < INPUT_MAX ? size : INPUT_MAX;
    uint32_t used = read_plainly(data, n);
    CHECK(used <= n);
    check_both(data, n);
    if (used == 0)
        return 0;
    char *copy = copy_of(data, n);
    struct http_parse io = {0};
    CHECK(http_parse_any(&by_any.head, copy, n, &limits, &io) == HTTP_HEAD_OK);
    CHECK(io.used == used && same_head(&by_any.head, &by_plain.head));
    free(copy);
    for (size_t upto = 0; upto < used; upto++) {
        CHECK(read_plainly(data, upto) == 0);
        check_both(data, upto);
    }
    CHECK(read_plainly(data, used) == used);
    return 0;
}
