/* Request bodies, fuzzed: the same end, the same content and the same verdict for every cut. */
#include "base/check.h"
#include "http/upload.h"

#include <stdint.h>
#include <stdlib.h>

enum { CONTENT_LIMIT = 64 };

struct outcome {
    enum upload_result result;
    size_t used;
    uint64_t content, sum;
};

static struct outcome feed(struct upload u, const char *p, size_t n, size_t piece)
{
    struct outcome o = {.result = UPLOAD_MORE};
    while (o.used < n && (o.result == UPLOAD_MORE || o.result == UPLOAD_CONTENT)) {
        size_t here = n - o.used < piece ? n - o.used : piece, used;
        struct str run;
        o.result = upload_feed(&u, p + o.used, here, &used, &run);
        CHECK(used <= here);
        CHECK(o.result != UPLOAD_MORE || used == here);
        o.used += used;
        if (o.result != UPLOAD_CONTENT)
            continue;
        CHECK(run.n > 0 && run.p >= p && run.p + run.n <= p + n);
        o.content += run.n;
        for (size_t i = 0; i < run.n; i++)
            o.sum = o.sum * 31 + (unsigned char)run.p[i];
    }
    CHECK(o.content <= CONTENT_LIMIT);
    if (o.result == UPLOAD_CONTENT)
        o.result = UPLOAD_MORE;
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct http_head h = {.framing = data[0] % 4 ? BODY_CHUNKED : BODY_LENGTH,
                          .content_length = data[1] % (CONTENT_LIMIT + 4)};
    struct upload u;
    char *copy = malloc(size);
    CHECK(copy);
    memcpy(copy, data + 2, size - 2);
    if (upload_begin(&u, &h, CONTENT_LIMIT) == UPLOAD_MORE) {
        struct outcome whole = feed(u, copy, size - 2, size);
        struct outcome bytes = feed(u, copy, size - 2, 1);
        struct outcome pieces = feed(u, copy, size - 2, 1 + data[0] % 13);
        CHECK(whole.result == bytes.result && whole.result == pieces.result);
        if (whole.result == UPLOAD_DONE) {
            CHECK(whole.used == bytes.used && whole.used == pieces.used);
            CHECK(whole.content == bytes.content && whole.sum == bytes.sum);
            CHECK(whole.content == pieces.content && whole.sum == pieces.sum);
        }
    }
    free(copy);
    return 0;
}
