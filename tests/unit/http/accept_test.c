/* Lists of preferences: names, weights, and what is skipped. */
#include "http/accept.h"
#include "support/unit.h"

#include <stdio.h>

static const struct {
    const char *value;
    const char *items; /* "name=weight" of each */
} lists[] = {
    {"", ""},
    {",, ,", ""},
    {"gzip", "gzip=1000"},
    {"gzip, br", "gzip=1000 br=1000"},
    {"gzip;q=0.5", "gzip=500"},
    {"gzip ; q=0.5", "gzip=500"},
    {"gzip;Q=1.000,br;q=0.001", "gzip=1000 br=1"},
    {"a;q=0,b;q=0.,c;q=1.", "a=0 b=0 c=1000"},
    {"a;q=0.12,b;q=0.123", "a=120 b=123"},
    {"text/html;level=1;q=0.4, */*;q=0.1", "text/html=400 */*=100"},
    {"text/html;q=0.4;level=1", "text/html=400"},
    {"a;q=2,b;q=-1,c;q=.5,d;q=0.1234,e;q=1.001,f;q=,g;q,h", "h=1000"},
    {"a;q =0.5,b;q= 0.5,c;q=0.5x,d", "d=1000"},
    {"a b,c d;q=1,\"e\",f/g/h,/i,j/,k", "k=1000"},
};

START_TEST(elements_are_read_to_the_letter_or_skipped)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct str rest = str_of(lists[i].value);
        struct accept_item item;
        char text[200] = "";
        while (accept_next(&rest, &item))
            sprintf(text + strlen(text), "%s%.*s=%u", *text ? " " : "", (int)item.name.n,
                    item.name.p, item.weight);
        ck_assert_msg(strcmp(text, lists[i].items) == 0, "%s: %s", lists[i].value, text);
    }
}
END_TEST

UNIT_MAIN("http/accept", elements_are_read_to_the_letter_or_skipped)
