/* Request heads, fuzzed: what is found does not depend on how the input is cut, and what is
 * accepted is made of sound slices. */
#include "base/check.h"
#include "http/parse.h"

#include <stdint.h>
#include <stdlib.h>

enum { INPUT_MAX = 4096, FIELDS = 16 };

static const struct http_limits limits = {.line_max = 200, .head_max = 1000, .fields_max = FIELDS};

union store {
    struct http_head head;
    char room[sizeof(struct http_head) + FIELDS * sizeof(struct http_field)];
};

static void check_text(const struct http_head *h, struct slice s, size_t n)
{
    CHECK((size_t)s.off + s.len <= n);
    struct str text = http_text(h, s);
    for (size_t i = 0; i < text.n; i++)
        CHECK((unsigned char)text.p[i] >= ' ' && text.p[i] != 0x7f);
}

static void check_head(const struct http_head *h, size_t n)
{
    CHECK(http_is_token(http_text(h, h->method_text)));
    CHECK(h->target.len > 0);
    CHECK(h->field_count <= FIELDS);
    check_text(h, h->target, n);
    for (uint16_t i = 0; i < h->field_count; i++) {
        struct str value = http_text(h, h->fields[i].value);
        CHECK(http_is_token(http_text(h, h->fields[i].name)));
        check_text(h, h->fields[i].value, n);
        CHECK(str_trim(value).n == value.n);
    }
    CHECK(h->minor == 0 || http_has(h, KNOWN_HOST));
    CHECK(!http_has(h, KNOWN_TRANSFER_ENCODING) || h->framing == BODY_CHUNKED);
    CHECK(!http_has(h, KNOWN_CONTENT_LENGTH) || h->framing == BODY_LENGTH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static union store whole, split;
    /* Exact sizes: an overrun is seen. */
    char *a = malloc(size + HTTP_SLACK), *b = malloc(size + HTTP_SLACK);
    struct http_parse io = {0}, io2 = {0};
    CHECK(a && b);
    size_t n = size < INPUT_MAX ? size : INPUT_MAX;
    memcpy(a, data, n);
    enum http_parse_result r = http_parse(&whole.head, a, n, &limits, &io), r2 = HTTP_HEAD_MORE;
    for (size_t upto = 0; upto <= n && r2 == HTTP_HEAD_MORE; upto++) {
        if (upto > 0)
            b[upto - 1] = (char)data[upto - 1];
        r2 = http_parse(&split.head, b, upto, &limits, &io2);
    }
    CHECK(r == r2);
    if (r == HTTP_HEAD_BAD)
        CHECK(io.status == io2.status && io.status >= 400);
    if (r == HTTP_HEAD_OK) {
        CHECK(io.used == io2.used && io.used <= n);
        CHECK(memcmp(whole.head.fields, split.head.fields,
                     whole.head.field_count * sizeof(struct http_field)) == 0);
        check_head(&whole.head, (size_t)(a + io.used - whole.head.base));
    }
    free(a);
    free(b);
    return 0;
}
