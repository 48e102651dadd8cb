/* yaml: the tree, and every way a text can be none. */
#include "config/yaml.h"

#include "config/yaml_hint.h"
#include "config/yaml_text.h"
#include "unit/config/reading.h"

static void refused(const char *text, const char *said)
{
    struct reading r;
    reading_init(&r, text);
    ck_assert_ptr_null(reading_tree(&r));
    ck_assert_str_eq(reading_said(&r), said);
    reading_done(&r);
}

#define SUMMARY "1 error, 0 warnings; nothing was loaded\n"

START_TEST(a_map_keeps_order_places_and_text)
{
    struct reading r;
    reading_init(&r, "a: no\nb: ['22:22', \"x\"]\n");
    const struct yaml_node *n = reading_tree(&r);
    ck_assert_ptr_nonnull(n);
    ck_assert_int_eq(n->kind, YAML_MAP);
    ck_assert_uint_eq(n->count, 2);
    ck_assert_uint_eq(n->size, 7);
    const struct yaml_node *a = yaml_get(n, "a"), *b = yaml_get(n, "b");
    ck_str(a->text, "no");
    ck_assert(a->plain && a->line == 1 && a->column == 4 && a->width == 2);
    ck_assert_int_eq(b->kind, YAML_LIST);
    ck_assert(b->line == 2 && b->column == 4 && b->width == 14);
    const struct yaml_node *first = b->items->value;
    ck_str(first->text, "22:22");
    ck_assert(!first->plain && first->column == 5 && first->width == 7);
    ck_assert_uint_eq(yaml_key(n, "b")->column, 1);
    ck_assert_ptr_null(yaml_get(n, "c"));
    ck_assert_ptr_null(yaml_key(b, "c"));
    reading_done(&r);
}
END_TEST

START_TEST(columns_count_characters_not_bytes)
{
    struct reading r;
    reading_init(&r, "\xC3\xA9: {\xE2\x82\xAC: x}\r\n");
    const struct yaml_node *n = reading_tree(&r);
    ck_assert_ptr_nonnull(n);
    ck_assert_uint_eq(n->items->value->items->value->column, 8);
    reading_done(&r);
}
END_TEST

START_TEST(an_alias_is_the_node_it_names)
{
    struct reading r;
    reading_init(&r, "a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n");
    const struct yaml_node *n = reading_tree(&r);
    ck_assert_ptr_nonnull(n);
    ck_assert_ptr_eq(yaml_get(n, "a"), yaml_get(n, "b"));
    ck_assert_ptr_eq(yaml_get(n, "c"), yaml_get(n, "d"));
    ck_assert_uint_eq(r.load.alias_budget, YAML_ALIAS_NODES - 4);
    reading_done(&r);
}
END_TEST

START_TEST(aliases_that_add_too_much_are_refused)
{
    char text[2048] = "a: &a [1,1,1,1,1,1,1,1,1,1]\n";
    for (char c = 'b'; c < 'h'; c++) {
        size_t n = strlen(text);
        n += (size_t)snprintf(text + n, sizeof text - n, "%c: &%c [", c, c);
        for (int i = 0; i < 10; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s*%c", i ? "," : "", c - 1);
        snprintf(text + n, sizeof text - n, "]\n");
    }
    struct reading r;
    reading_init(&r, text);
    ck_assert_ptr_null(reading_tree(&r));
    ck_assert_ptr_nonnull(strstr(reading_said(&r), "aliases add more than 100000 values"));
    ck_assert_uint_lt(arena_size(r.scratch), 100 * 1024);
    reading_done(&r);
}
END_TEST

START_TEST(an_alias_inside_its_anchor_is_refused)
{
    refused("a: &a [*a]\n", "skiff.yaml:1:8: error: an alias inside its own anchor\n"
                            "    1 | a: &a [*a]\n"
                            "      |        ^~\n" SUMMARY);
}
END_TEST

START_TEST(an_alias_without_anchor_may_be_a_value_without_quotes)
{
    refused("a: *b\n", "skiff.yaml:1:4: error: no anchor \"&b\" before this alias\n"
                       "    1 | a: *b\n"
                       "      |    ^~ if it is no alias, write \"*b\" in quotes\n" SUMMARY);
}
END_TEST

START_TEST(nesting_has_a_limit)
{
    char text[2 * YAML_DEPTH_MAX + 3];
    struct reading r;
    memset(text, '[', YAML_DEPTH_MAX);
    memset(text + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
    text[2 * YAML_DEPTH_MAX] = '\0';
    reading_init(&r, text);
    ck_assert_ptr_nonnull(reading_tree(&r));
    reading_done(&r);
    memset(text, '[', YAML_DEPTH_MAX + 1);
    reading_init(&r, text);
    ck_assert_ptr_null(reading_tree(&r));
    ck_assert_ptr_nonnull(strstr(reading_said(&r), ":1:33: error: nested deeper than 32 levels"));
    reading_done(&r);
}
END_TEST

START_TEST(a_tab_in_the_indentation_is_named)
{
    refused("a:\n\tb: 1\n", "skiff.yaml:2:1: error: a tab in the indentation\n"
                            "    2 | \tb: 1\n"
                            "      | ^ indent with spaces\n" SUMMARY);
}
END_TEST

START_TEST(a_byte_order_mark_is_named)
{
    refused("\xEF\xBB\xBF"
            "a: 1\n",
            "skiff.yaml:1:1: error: the file begins with a byte order mark\n"
            "    1 | \xEF\xBB\xBF"
            "a: 1\n"
            "      | ^ save it as UTF-8 without BOM\n" SUMMARY);
}
END_TEST

START_TEST(a_second_document_is_refused)
{
    refused("a: 1\n---\nb: 2\n", "skiff.yaml:2:1: error: a second document\n"
                                 "    2 | ---\n"
                                 "      | ^~~ a configuration is one document\n" SUMMARY);
}
END_TEST

START_TEST(a_file_without_content_is_empty)
{
    const char *said = "skiff.yaml: error: the file is empty\n"
                       "  the least is: version: 1, listen, and one of vhosts\n" SUMMARY;
    refused("", said);
    refused("# a comment\n", said);
    refused("---\n", said);
}
END_TEST

START_TEST(an_ipv6_address_without_quotes_is_named)
{
    refused("listen: [::]:80\n",
            "skiff.yaml:1:9: error: an IPv6 address needs quotes: \"[\" begins a list in YAML\n"
            "    1 | listen: [::]:80\n"
            "      |         ^~~~~~~ write \"[::]:80\"\n" SUMMARY);
}
END_TEST

START_TEST(a_star_without_quotes_is_named)
{
    refused("listen: *:80\n", "skiff.yaml:1:9: error: a value that begins with '*' needs quotes\n"
                              "    1 | listen: *:80\n"
                              "      |         ^~~~ write \"*:80\"\n" SUMMARY);
    refused("names: [*.example.com]\n",
            "skiff.yaml:1:9: error: a value that begins with '*' needs quotes\n"
            "    1 | names: [*.example.com]\n"
            "      |         ^~~~~~~~~~~~~ write \"*.example.com\"\n" SUMMARY);
}
END_TEST

START_TEST(merge_keys_are_refused_with_a_pointer)
{
    refused("a:\n  <<: {b: 1}\n", "skiff.yaml:2:3: error: \"<<\" is not supported\n"
                                  "    2 |   <<: {b: 1}\n"
                                  "      |   ^~ say it one level up: routes inherit from their "
                                  "vhost, vhosts from files\n" SUMMARY);
}
END_TEST

START_TEST(a_quoted_merge_key_is_text)
{
    struct reading r;
    reading_init(&r, "\"<<\": 1\n");
    ck_assert_ptr_nonnull(reading_tree(&r));
    reading_done(&r);
}
END_TEST

START_TEST(tags_are_refused)
{
    refused("a: !!int 1\n", "skiff.yaml:1:4: error: a tag is not supported\n"
                            "    1 | a: !!int 1\n"
                            "      |    ^ leave it out: the key decides the type\n" SUMMARY);
}
END_TEST

START_TEST(a_key_that_is_no_text_is_refused)
{
    struct reading r;
    reading_init(&r, "? [a, b]\n: c\n");
    ck_assert_ptr_null(reading_tree(&r));
    ck_assert_ptr_nonnull(strstr(reading_said(&r), "error: a key must be plain text\n"));
    reading_done(&r);
}
END_TEST

START_TEST(what_is_never_closed_is_shown_where_it_begins)
{
    refused("a: \"b\nc: d\n", "skiff.yaml:1:4: error: this quote is never closed\n"
                              "    1 | a: \"b\n"
                              "      |    ^\n" SUMMARY);
    refused("a: [b\nc: d\n",
            "skiff.yaml:1:4: error: this bracket is never closed, or a comma is missing behind it\n"
            "    1 | a: [b\n"
            "      |    ^\n" SUMMARY);
}
END_TEST

START_TEST(a_variable_in_brackets_needs_quotes)
{
    refused("a: {b: ${C}}\n", "skiff.yaml:1:8: error: a variable inside { } or [ ] needs quotes\n"
                              "    1 | a: {b: ${C}}\n"
                              "      |        ^~ write \"${NAME}\"\n" SUMMARY);
}
END_TEST

START_TEST(a_colon_in_the_wrong_place_says_what_to_look_for)
{
    refused("a: b: c\n",
            "skiff.yaml:1:5: error: a \":\" that cannot be here\n"
            "    1 | a: b: c\n"
            "      |     ^ is one missing above, or the indentation wrong? a value with \": \" "
            "needs quotes\n" SUMMARY);
}
END_TEST

START_TEST(other_syntax_errors_are_in_the_parsers_words)
{
    struct reading r;
    reading_init(&r, "a: [b}\n");
    ck_assert_ptr_null(reading_tree(&r));
    ck_assert_ptr_nonnull(strstr(reading_said(&r), "error: this is not YAML: did not find"));
    reading_done(&r);
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_shown_where_they_are)
{
    static const char *const bad[] = {"\xFF",     "\x80",         "\xC3(",
                                      "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                      "\xE2\x82", "\xF5\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[32];
        struct reading r;
        snprintf(text, sizeof text, "a: 1\nb: %s\n", bad[i]);
        reading_init(&r, text);
        ck_assert_ptr_null(reading_tree(&r));
        ck_assert_ptr_nonnull(
            strstr(reading_said(&r), "skiff.yaml:2:4: error: this byte is not UTF-8"));
        reading_done(&r);
    }
}
END_TEST

START_TEST(utf16_control_characters_and_odd_line_ends_are_named)
{
    struct {
        const char *text, *said;
    } cases[] = {{"\xFF\xFE", "the file is UTF-16"},
                 {"\xFE\xFF", "the file is UTF-16"},
                 {"a: \x1b", ":1:4: error: a control character"},
                 {"a: \x7f", ":1:4: error: a control character"},
                 {"a: \xEF\xBB\xBF", ":1:4: error: a control character"},
                 {"a\rb", ":1:2: error: an unusual line end"},
                 {"a: \xC2\x85", ":1:4: error: an unusual line end"},
                 {"a: \xE2\x80\xA8", ":1:4: error: an unusual line end"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reading r;
        reading_init(&r, cases[i].text);
        ck_assert_ptr_null(reading_tree(&r));
        ck_assert_msg(strstr(reading_said(&r), cases[i].said) != NULL, "%s", r.said);
        reading_done(&r);
    }
}
END_TEST

START_TEST(every_character_decodes_to_itself)
{
    uint32_t code;
    ck_assert_uint_eq(utf8_decode(STR("a"), &code), 1);
    ck_assert_uint_eq(code, 'a');
    ck_assert_uint_eq(utf8_decode(STR("\xC3\xA9"), &code), 2);
    ck_assert_uint_eq(code, 0xE9);
    ck_assert_uint_eq(utf8_decode(STR("\xE2\x82\xAC"), &code), 3);
    ck_assert_uint_eq(code, 0x20AC);
    ck_assert_uint_eq(utf8_decode(STR("\xF0\x9F\x98\x80"), &code), 4);
    ck_assert_uint_eq(code, 0x1F600);
    ck_assert_uint_eq(utf8_decode(STR(""), &code), 0);
}
END_TEST

START_TEST(lines_are_found_by_number_without_their_end)
{
    struct str text = STR("one\r\ntwo\n\nfour");
    ck_str(yaml_text_line(text, 1), "one");
    ck_str(yaml_text_line(text, 2), "two");
    ck_str(yaml_text_line(text, 3), "");
    ck_str(yaml_text_line(text, 4), "four");
    ck_str(yaml_text_line(text, 5), "");
}
END_TEST

START_TEST(addresses_are_only_found_outside_quotes_and_comments)
{
    ck_assert_int_eq(yaml_hint_ipv6(STR("listen: [::1]:80")), 8);
    ck_assert_int_eq(yaml_hint_ipv6(STR("listen: \"[::1]:80\"")), -1);
    ck_assert_int_eq(yaml_hint_ipv6(STR("# [::1]:80")), -1);
    ck_assert_int_eq(yaml_hint_ipv6(STR("index: [a, b]")), -1);
    ck_assert_int_eq(yaml_hint_ipv6(STR("index: [abc]")), -1);
}
END_TEST

UNIT_MAIN("config/yaml", a_map_keeps_order_places_and_text, columns_count_characters_not_bytes,
          an_alias_is_the_node_it_names, aliases_that_add_too_much_are_refused,
          an_alias_inside_its_anchor_is_refused,
          an_alias_without_anchor_may_be_a_value_without_quotes, nesting_has_a_limit,
          a_tab_in_the_indentation_is_named, a_byte_order_mark_is_named,
          a_second_document_is_refused, a_file_without_content_is_empty,
          an_ipv6_address_without_quotes_is_named, a_star_without_quotes_is_named,
          merge_keys_are_refused_with_a_pointer, a_quoted_merge_key_is_text, tags_are_refused,
          a_key_that_is_no_text_is_refused, what_is_never_closed_is_shown_where_it_begins,
          a_variable_in_brackets_needs_quotes, a_colon_in_the_wrong_place_says_what_to_look_for,
          other_syntax_errors_are_in_the_parsers_words,
          bytes_that_are_not_utf8_are_shown_where_they_are,
          utf16_control_characters_and_odd_line_ends_are_named, every_character_decodes_to_itself,
          lines_are_found_by_number_without_their_end,
          addresses_are_only_found_outside_quotes_and_comments)
