/* Addresses as text: read, printed, compared, refused. */
#include "io/sock.h"

#include "support/unit.h"

static struct address a;

START_TEST(an_address_is_printed_as_it_is_read)
{
    static const char *const texts[][2] = {
        {"127.0.0.1:8080", "127.0.0.1:8080"},
        {"0.0.0.0:1", "0.0.0.0:1"},
        {"*:80", "0.0.0.0:80"},
        {"[::1]:65535", "[::1]:65535"},
        {"[::]:80", "[::]:80"},
        {"[2001:DB8:0::1]:80", "[2001:db8::1]:80"},
        {"unix:/run/a b", "unix:/run/a b"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[ADDRESS_TEXT];
        struct address again;
        ck_assert_ptr_null(address_parse(str_of(texts[i][0]), &a));
        ck_assert_uint_eq(address_print(&a, text), strlen(texts[i][1]));
        ck_assert_str_eq(text, texts[i][1]);
        ck_assert_ptr_null(address_parse(str_of(text), &again));
        ck_assert(address_eq(&a, &again));
        ck_assert_int_eq(address_is_unix(&a), i == 6);
    }
}
END_TEST

START_TEST(different_addresses_are_not_equal)
{
    static const char *const texts[] = {"127.0.0.1:80", "127.0.0.1:81", "127.0.0.2:80",
                                        "[::1]:80",     "unix:/a",      "unix:/ab"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (size_t j = 0; j < i; j++) {
            struct address b;
            ck_assert_ptr_null(address_parse(str_of(texts[i]), &a));
            ck_assert_ptr_null(address_parse(str_of(texts[j]), &b));
            ck_assert(!address_eq(&a, &b));
        }
}
END_TEST

static void is_wrong(struct str text, const char *because)
{
    const char *why = address_parse(text, &a);
    ck_assert_msg(why != NULL, "%.*s is accepted", (int)text.n, text.p);
    ck_assert_msg(strstr(why, because) != NULL, "%.*s: %s", (int)text.n, text.p, why);
}

START_TEST(every_address_overlaps_those_with_its_port)
{
    static const struct {
        const char *a, *b;
        bool overlap;
    } cases[] = {
        {"*:80", "127.0.0.1:80", true},          {"[::]:80", "127.0.0.1:80", true},
        {"[::1]:80", "[::]:80", true},           {"[::]:80", "*:80", true},
        {"*:80", "127.0.0.1:81", false},         {"[::]:80", "[::1]:81", false},
        {"127.0.0.1:80", "127.0.0.2:80", false}, {"*:80", "unix:/a", false},
        {"unix:/a", "[::]:80", false},           {"unix:/a", "unix:/a", false},
    };
    struct address b;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_ptr_null(address_parse(str_of(cases[i].a), &a));
        ck_assert_ptr_null(address_parse(str_of(cases[i].b), &b));
        ck_assert_msg(address_overlaps(&a, &b) == cases[i].overlap, "%s, %s", cases[i].a,
                      cases[i].b);
        ck_assert(address_overlaps(&b, &a) == cases[i].overlap);
    }
}
END_TEST

START_TEST(a_wrong_address_is_told_what_is_wrong)
{
    static const char *const wrong[][2] = {
        {"", "port is missing"},          {"127.0.0.1", "port is missing"},
        {"[::1]", "port is missing"},     {"[::1]80", "port is missing"},
        {"[:80", "port is missing"},      {"127.0.0.1:", "port must be"},
        {"127.0.0.1:0", "port must be"},  {"127.0.0.1:65536", "port must be"},
        {"127.0.0.1:8o", "port must be"}, {"::1:80", "in brackets"},
        {"[]:80", "not an IPv6"},         {"[1.2.3.4]:80", "not an IPv6"},
        {"localhost:80", "not an addr"},  {"127.0.0.256:80", "not an addr"},
        {":80", "not an address"},        {"a.very.long.name.example.org:80", "not an address"},
        {"unix:", "absolute path"},       {"unix:run/a", "absolute path"},
        {"unix:@name", "absolute path"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_wrong(str_of(wrong[i][0]), wrong[i][1]);
    is_wrong(STR("unix:/run/a\0b"), "NUL");
    is_wrong(STR("127.0.0.1\0x:80"), "NUL");
    is_wrong(STR("[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80"), "not an IPv6");
}
END_TEST

START_TEST(a_unix_path_must_fit)
{
    char text[5 + 109];
    memset(text, 'x', sizeof text);
    memcpy(text, "unix:/", 6);
    ck_assert_ptr_null(address_parse(str_make(text, 5 + 107), &a));
    ck_assert_uint_eq(strlen(a.sa.unix_.sun_path), 107);
    is_wrong(str_make(text, 5 + 108), "too long");
}
END_TEST

START_TEST(a_peer_is_printed_without_its_port)
{
    struct address at;
    struct peer p;
    char text[PEER_TEXT];
    ck_assert_ptr_null(address_parse(STR("10.1.2.3:99"), &at));
    peer_from(&at.sa.any, &p);
    ck_assert_uint_eq(peer_print(&p, text), 8);
    ck_assert_str_eq(text, "10.1.2.3");
    ck_assert_uint_eq(p.port, 99);
    ck_assert_ptr_null(address_parse(STR("[2001:db8::7]:99"), &at));
    peer_from(&at.sa.any, &p);
    peer_print(&p, text);
    ck_assert_str_eq(text, "2001:db8::7");
    ck_assert_ptr_null(address_parse(STR("[::ffff:10.1.2.3]:99"), &at));
    peer_from(&at.sa.any, &p);
    peer_print(&p, text);
    ck_assert_str_eq(text, "10.1.2.3");
    ck_assert_int_eq(p.family, AF_INET);
    ck_assert_uint_eq(p.port, 99);
}
END_TEST

UNIT_MAIN("io/sock_address", an_address_is_printed_as_it_is_read, different_addresses_are_not_equal,
          every_address_overlaps_those_with_its_port, a_wrong_address_is_told_what_is_wrong,
          a_unix_path_must_fit, a_peer_is_printed_without_its_port)
