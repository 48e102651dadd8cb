/* Conditions and dates, fuzzed: a date reads back as itself, and what a client names exactly is
 * found whatever else it sends. */
#include "base/check.h"
#include "base/clock.h"
#include "http/conditional.h"
#include "http/date.h"
#include "http/parse.h"

#include <stdint.h>
#include <stdlib.h>

enum { NOW = 1700000000, FIELDS = 8 };

static void try_date(struct str text)
{
    int64_t t, again;
    char out[HTTP_DATE_LEN];
    if (!date_parse(text, NOW, &t))
        return;
    clock_http_date(t, out);
    CHECK(date_parse(str_make(out, sizeof out), NOW, &again) && again == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_limits limits = {2000, 4000, FIELDS};
    static union {
        struct http_head head;
        char room[sizeof(struct http_head) + FIELDS * sizeof(struct http_field)];
    } store;
    if (size < 1 || size > 3000)
        return 0;
    try_date(str_make((const char *)data, size));
    char *text = malloc(size + 64 + HTTP_SLACK);
    CHECK(text);
    char *end = mempcpy(text, "GET / HTTP/1.1\r\nHost: a\r\n", 25);
    end = mempcpy(mempcpy(end, data, size), "\r\n\r\n", 4);
    struct http_parse io = {0};
    enum http_parse_result r = http_parse(&store.head, text, (size_t)(end - text), &limits, &io);
    struct validators v = {.etag = STR("\"a\""), .modified = 784111777};
    v.date = STR("\n"); /* as no field is: each date is read */
    if (r == HTTP_HEAD_OK && store.head.is_conditional) {
        struct str value = http_value(&store.head, KNOWN_IF_NONE_MATCH);
        enum condition c = conditional_evaluate(&store.head, &v, NOW);
        bool is_exact = str_eq(value, v.etag) || str_eq(value, STR("*"));
        bool is_alone = !(store.head.repeated >> KNOWN_IF_NONE_MATCH & 1) &&
                        !http_has(&store.head, KNOWN_IF_MATCH) &&
                        !http_has(&store.head, KNOWN_IF_UNMODIFIED_SINCE);
        CHECK(!is_exact || !is_alone || c == CONDITION_NOT_MODIFIED);
        v.date = STR("Sun, 06 Nov 1994 08:49:37 GMT"); /* a date that is echoed is not read */
        CHECK(conditional_evaluate(&store.head, &v, NOW) == c);
        v = (struct validators){0};
        CHECK(!is_alone || conditional_evaluate(&store.head, &v, NOW) != CONDITION_FAILED);
    }
    free(text);
    return 0;
}
