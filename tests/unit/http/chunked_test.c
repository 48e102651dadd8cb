/* Chunks around a body: whatever is taken at a time, what comes out reads back as what went in. */
#include "http/chunked.h"
#include "support/unit.h"

#include "base/check.h"

/* Lends a text in pieces of the sizes given, as two spans when they are large enough. */
struct source_body {
    struct body body;
    const char *text;
    size_t at, end;      /* of the piece that is lent now */
    const size_t *sizes; /* 0 ends; SIZE_MAX: wait once; SIZE_MAX - 1: fail */
    int waits, closes;
};

static struct source_body inner;

static int inner_lend(struct body *b, struct span *v, int cap)
{
    struct source_body *s = container_of(b, struct source_body, body);
    ck_assert_int_ge(cap, 2);
    if (s->at == s->end) {
        if (*s->sizes == 0)
            return BODY_END;
        if (*s->sizes == SIZE_MAX - 1)
            return BODY_FAIL;
        if (*s->sizes == SIZE_MAX) {
            s->sizes++;
            s->waits++;
            return BODY_WAIT;
        }
        s->end += *s->sizes++;
    }
    size_t half = s->end - s->at > 1 ? (s->end - s->at) / 2 : s->end - s->at;
    v[0] = span_of_memory(s->text + s->at, half);
    if (half == s->end - s->at)
        return 1;
    v[1] = span_of_memory(s->text + s->at + half, s->end - s->at - half);
    return 2;
}

static void inner_took(struct body *b, size_t n)
{
    container_of(b, struct source_body, body)->at += n;
}

static void inner_close(struct body *b)
{
    container_of(b, struct source_body, body)->closes++;
}

static const struct body_ops inner_ops = {inner_lend, inner_took, inner_close};

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static struct body *wrap(struct chunked *c, const size_t *sizes)
{
    inner = (struct source_body){
        .body = {.ops = &inner_ops, .left = -1}, .text = alphabet, .sizes = sizes};
    return chunked_init(c, &inner.body);
}

/* Everything that comes out, `step` bytes at a time; the last result. */
static int drain(struct body *b, size_t step, char *out)
{
    size_t n = 0;
    for (;;) {
        struct span v[8];
        int count = b->ops->lend(b, v, 8);
        out[n] = '\0';
        if (count == BODY_WAIT)
            continue;
        if (count <= 0)
            return count;
        size_t left = step;
        for (int i = 0; i < count && left > 0; i++) {
            size_t part = v[i].len < left ? v[i].len : left;
            ck_assert_uint_gt(v[i].len, 0);
            memcpy(out + n, v[i].mem, part);
            n += part;
            left -= part;
        }
        b->ops->took(b, step - left);
    }
}

START_TEST(each_piece_is_a_chunk_however_it_is_taken)
{
    static const size_t sizes[] = {3, SIZE_MAX, 1, 16, 2, 0};
    for (size_t step = 1; step < 60; step++) {
        struct chunked c;
        char out[200];
        struct span lent[8];
        struct body *b = wrap(&c, sizes);
        ck_assert_int_eq(drain(b, step, out), BODY_END);
        ck_assert_str_eq(out,
                         "3\r\nabc\r\n1\r\nd\r\n10\r\nefghijklmnopqrst\r\n2\r\nuv\r\n0\r\n\r\n");
        ck_assert_int_eq(b->ops->lend(b, lent, 8), BODY_END);
        ck_assert_int_eq(inner.waits, 1);
        b->ops->close(b);
        ck_assert_int_eq(inner.closes, 1);
    }
}
END_TEST

START_TEST(nothing_is_the_last_chunk_alone)
{
    static const size_t none[] = {0};
    struct chunked c;
    char out[20];
    ck_assert_int_eq(drain(wrap(&c, none), 2, out), BODY_END);
    ck_assert_str_eq(out, "0\r\n\r\n");
}
END_TEST

START_TEST(a_body_that_fails_has_no_end)
{
    static const size_t sizes[] = {5, SIZE_MAX - 1};
    struct chunked c;
    char out[40];
    ck_assert_int_eq(drain(wrap(&c, sizes), 100, out), BODY_FAIL);
    ck_assert_str_eq(out, "5\r\nabcde\r\n");
}
END_TEST

START_TEST(the_same_is_lent_again_until_it_is_taken)
{
    static const size_t sizes[] = {8, 0};
    struct chunked c;
    struct span first[8], second[8];
    struct body *b = wrap(&c, sizes);
    int n = b->ops->lend(b, first, 8);
    ck_assert_int_eq(b->ops->lend(b, second, 8), n);
    for (int i = 0; i < n; i++)
        ck_assert(first[i].mem == second[i].mem && first[i].len == second[i].len);
}
END_TEST

UNIT_MAIN("http/chunked", each_piece_is_a_chunk_however_it_is_taken,
          nothing_is_the_last_chunk_alone, a_body_that_fails_has_no_end,
          the_same_is_lent_again_until_it_is_taken)
