/* Content codings: who gets what, with which siblings at hand. */
#include "http/coding.h"
#include "support/unit.h"

#include <stdio.h>

enum { BR = 1 << CODING_BROTLI, ZST = 1 << CODING_ZSTD, GZ = 1 << CODING_GZIP };
enum { ALL = BR | ZST | GZ };

static const struct {
    const char *field; /* NULL: absent */
    unsigned available;
    enum coding chosen;
    bool identity; /* is it acceptable? */
} cases[] = {
    {NULL, ALL, CODING_IDENTITY, true},
    {"", ALL, CODING_IDENTITY, true},
    {"gzip", ALL, CODING_GZIP, true},
    {"gzip", BR | ZST, CODING_IDENTITY, true},
    {"GZIP", ALL, CODING_GZIP, true},
    {"x-gzip", ALL, CODING_GZIP, true},
    {"gzip, deflate, br, zstd", ALL, CODING_BROTLI, true},
    {"gzip, deflate, br, zstd", ZST | GZ, CODING_ZSTD, true},
    {"gzip;q=1.0, br;q=0.9", ALL, CODING_GZIP, true},
    {"gzip;q=0.5, br;q=0.4", BR, CODING_BROTLI, true},
    {"gzip;q=0", GZ, CODING_IDENTITY, true},
    {"gzip;q=0.001", GZ, CODING_GZIP, true},
    {"*", ALL, CODING_BROTLI, true},
    {"*;q=0.1", GZ, CODING_GZIP, true},
    {"br;q=0, *", ALL, CODING_ZSTD, true},
    {"*;q=0", ALL, CODING_IDENTITY, false},
    {"*;q=0, identity", ALL, CODING_IDENTITY, true},
    {"*;q=0, gzip", ALL, CODING_GZIP, false},
    {"identity", ALL, CODING_IDENTITY, true},
    {"identity;q=0", ALL, CODING_IDENTITY, false},
    {"identity;q=0, gzip", GZ, CODING_GZIP, false},
    {"identity;q=0, *", ALL, CODING_BROTLI, false},
    {"identity, gzip;q=0.5", ALL, CODING_IDENTITY, true},
    {"identity;q=0.5, gzip;q=0.5", ALL, CODING_GZIP, true},
    {"identity;q=0.5, gzip", ALL, CODING_GZIP, true},
    {"compress, deflate", ALL, CODING_IDENTITY, true},
    {"gzip;q=x, br;q=0.3", ALL, CODING_BROTLI, true},
    {"gzip;;", ALL, CODING_GZIP, true},
    {"gz ip", ALL, CODING_IDENTITY, true},
};

static void weigh(const char *first, const char *second, struct coding_weights *w)
{
    static char space[sizeof(struct http_head) + 2 * sizeof(struct http_field)]
        __attribute__((aligned(8)));
    static char text[400];
    struct http_head *h = (void *)space;
    const char *values[] = {first, second};
    memset(space, 0, sizeof space);
    h->base = text;
    uint16_t n = 0;
    for (int i = 0; i < 2 && values[i]; i++) {
        struct slice name = {n, 15};
        n = (uint16_t)(n + sprintf(text + n, "Accept-Encoding"));
        struct slice value = {n, (uint16_t)strlen(values[i])};
        n = (uint16_t)(n + sprintf(text + n, "%s", values[i]));
        h->fields[h->field_count++] = (struct http_field){name, value};
    }
    h->first[KNOWN_ACCEPT_ENCODING] = first != NULL;
    h->repeated = second ? 1u << KNOWN_ACCEPT_ENCODING : 0;
    coding_weigh(h, w);
}

static const uint8_t order[] = {CODING_BROTLI, CODING_ZSTD, CODING_GZIP};

START_TEST(weights_decide_and_then_the_order)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct coding_weights w;
        weigh(cases[i].field, NULL, &w);
        enum coding chosen = coding_choose(&w, order, 3, cases[i].available);
        ck_assert_msg(chosen == cases[i].chosen, "%s: %s", cases[i].field, codings[chosen].name);
        ck_assert_msg((w.of[CODING_IDENTITY] > 0) == cases[i].identity, "%s", cases[i].field);
    }
}
END_TEST

START_TEST(several_lines_are_one_list)
{
    struct coding_weights w;
    weigh("gzip;q=0.5", "br", &w);
    ck_assert_int_eq(coding_choose(&w, order, 3, ALL), CODING_BROTLI);
    ck_assert_int_eq(coding_choose(&w, order, 3, GZ), CODING_GZIP);
    ck_assert_int_eq(coding_choose(&w, order, 0, ALL), CODING_IDENTITY);
}
END_TEST

UNIT_MAIN("http/coding", weights_decide_and_then_the_order, several_lines_are_one_list)
