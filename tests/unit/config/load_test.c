/* load: every kind of row from a tree, and what is said when it does not fit. */
#include "config/load.h"

#include "base/units.h"
#include "unit/config/reading.h"

struct inner {
    uint32_t wait_ms;
    struct str name;
};

struct outer {
    bool flag;
    struct inner inner;
    struct str path;
    struct str_list texts;
    struct pair_list pairs;
    struct item_list items;
    uint32_t custom;
};

static const struct opt inner_rows[] = {
    OPT_MSEC("wait", struct inner, wait_ms, "1s", 1, MINUTE, "A."),
    OPT_TEXT("name", struct inner, name, NULL, "A."),
    {0},
};
static const struct opt group_rows[] = {
    OPT_MSEC("wait", struct inner, wait_ms, "2s", 1, MINUTE, "A."),
    {0},
};
static const char *const words[] = {"stderr", NULL};

static bool read_custom(struct load *l, const struct yaml_node *n, void *conf)
{
    ck_assert_str_eq(l->row->key, "custom");
    ((struct outer *)conf)->custom = n->line;
    return true;
}

static bool never_right(struct load *l, const struct yaml_node *n, void *conf)
{
    (void)conf;
    load_error(l, n, "%s is refused by its check", load_path(l));
    return false;
}

static const struct opt rows[] = {
    {.key = "flag",
     .kind = K_BOOL,
     .at = AT(struct outer, flag, bool),
     .dflt = "true",
     .doc = "A.",
     .was = "banner sign"},
    {.key = "inner",
     .kind = K_GROUP,
     .at = AT(struct outer, inner, struct inner),
     .table = group_rows,
     .short_key = "wait"},
    {.key = "path",
     .kind = K_PATH,
     .at = AT(struct outer, path, struct str),
     .dflt = "stderr",
     .choices = words,
     .max = 4095},
    OPT_TEXTS("texts", struct outer, texts, "a, b", "A."),
    OPT_PAIRS("pairs", struct outer, pairs, "A."),
    {.key = "items",
     .kind = K_LIST,
     .at = AT(struct outer, items, struct item_list),
     .table = inner_rows,
     .item_size = sizeof(struct inner),
     .short_key = "name"},
    {.key = "custom", .kind = K_CUSTOM, .read = read_custom},
    {.key = "refused",
     .kind = K_PAIRS,
     .at = AT(struct outer, pairs, struct pair_list),
     .max = 9,
     .read = never_right},
    {0},
};

static struct reading r;
static struct outer outer;

/* Reads the text with the table above. */
static bool load(const char *text)
{
    reading_init(&r, text);
    outer = (struct outer){0};
    r.load.root = rows;
    ck_assert(load_defaults(&r.load, rows, &outer));
    const struct yaml_node *n = reading_tree(&r);
    ck_assert_ptr_nonnull(n);
    struct load_part part = {.table = rows, .conf = &outer};
    bool is_right = load_map(&r.load, n, &part, 1);
    ck_assert(is_right == (diag_errors(&r.diag) == 0));
    ck_assert_uint_eq(r.load.path_len, 0);
    return is_right;
}

static void refused(const char *text, const char *first_lines)
{
    ck_assert(!load(text));
    const char *said = reading_said(&r);
    ck_assert_msg(strncmp(said, first_lines, strlen(first_lines)) == 0, "got\n%s", said);
    reading_done(&r);
}

START_TEST(what_is_not_said_is_the_default)
{
    ck_assert(load("{}"));
    ck_assert(outer.flag);
    ck_assert_uint_eq(outer.inner.wait_ms, 2000);
    ck_str(outer.path, "stderr");
    ck_assert_uint_eq(outer.texts.count, 2);
    ck_str(outer.texts.items[1], "b");
    ck_assert_uint_eq(outer.pairs.count + outer.items.count, 0);
    reading_done(&r);
}
END_TEST

START_TEST(every_kind_is_read_and_stored)
{
    ck_assert(load("flag: false\n"
                   "inner: {wait: 5s}\n"
                   "path: ./x/y\n"
                   "texts: [c]\n"
                   "pairs: {X: 1, Y: \"\"}\n"
                   "items:\n- {name: one, wait: 3ms}\n- two\n"
                   "custom: anything\n"));
    const struct inner *items = outer.items.items;
    ck_assert(!outer.flag);
    ck_assert_uint_eq(outer.inner.wait_ms, 5000);
    ck_str(outer.path, "/etc/skiff/x/y");
    ck_assert_uint_eq(outer.texts.count, 1);
    ck_str(outer.pairs.items[1].name, "Y");
    ck_str(outer.pairs.items[1].value, "");
    ck_assert_uint_eq(outer.items.count, 2);
    ck_str(items[0].name, "one");
    ck_assert_uint_eq(items[0].wait_ms, 3);
    ck_str(items[1].name, "two");
    ck_assert_uint_eq(items[1].wait_ms, 1000);
    ck_assert_uint_eq(outer.custom, 9);
    reading_done(&r);
}
END_TEST

START_TEST(short_forms_stand_for_one_key_or_one_entry)
{
    ck_assert(load("inner: 7s\ntexts: one\nitems: alone\n"));
    ck_assert_uint_eq(outer.inner.wait_ms, 7000);
    ck_assert_uint_eq(outer.texts.count, 1);
    ck_assert_uint_eq(outer.items.count, 1);
    ck_str(((struct inner *)outer.items.items)->name, "alone");
    reading_done(&r);
}
END_TEST

START_TEST(paths_are_made_absolute_from_the_folder_of_the_file)
{
    static const char *const cases[][2] = {{"path: /abs/x\n", "/abs/x"},
                                           {"path: .\n", "/etc/skiff"},
                                           {"path: ./\n", "/etc/skiff"},
                                           {"path: ././a\n", "/etc/skiff/a"},
                                           {"path: ../a\n", "/etc/skiff/../a"},
                                           {"path: stderr\n", "stderr"},
                                           {"path: ./stderr\n", "/etc/skiff/stderr"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(load(cases[i][0]));
        ck_str(outer.path, cases[i][1]);
        reading_done(&r);
    }
}
END_TEST

START_TEST(pairs_add_to_inherited_ones_and_replace_by_name)
{
    ck_assert(load("pairs: {A: 1, B: 2}\n"));
    struct yaml_source more = r.source;
    more.text = STR("{b: 3, C: 4}");
    const struct yaml_node *n = yaml_read(&more, r.scratch, &r.load.alias_budget, &r.diag);
    ck_assert(load_value(&r.load, opt_find(rows, STR("pairs")), n, &outer));
    ck_assert_uint_eq(outer.pairs.count, 3);
    ck_str(outer.pairs.items[0].name, "A");
    ck_str(outer.pairs.items[1].name, "b");
    ck_str(outer.pairs.items[1].value, "3");
    ck_str(outer.pairs.items[2].name, "C");
    reading_done(&r);
}
END_TEST

START_TEST(a_duplicate_key_names_both_places)
{
    refused("flag: true\ninner: 1s\nflag: false\n",
            "skiff.yaml:3:1: error: duplicate key \"flag\"\n"
            "    3 | flag: false\n"
            "      | ^~~~ first set at skiff.yaml:1:1\n");
    refused("inner: {wait: 1s, wait: 2s}\n",
            "skiff.yaml:1:19: error: duplicate key \"wait\" in inner\n"
            "    1 | inner: {wait: 1s, wait: 2s}\n"
            "      |                   ^~~~ first set at skiff.yaml:1:9\n");
    refused("pairs: {A: 1, a: 2}\n", "skiff.yaml:1:15: error: duplicate key \"a\" in pairs\n"
                                     "    1 | pairs: {A: 1, a: 2}\n"
                                     "      |               ^ first set at skiff.yaml:1:9\n");
}
END_TEST

START_TEST(an_unknown_key_gets_the_nearest_name)
{
    refused("flga: true\n", "skiff.yaml:1:1: error: unknown key \"flga\"\n"
                            "    1 | flga: true\n"
                            "      | ^~~~ did you mean \"flag\"?\n");
    refused("sign: true\n", "skiff.yaml:1:1: error: unknown key \"sign\"\n"
                            "    1 | sign: true\n"
                            "      | ^~~~ that is the nginx name; here it is \"flag\"\n");
    refused("wait: 1s\n", "skiff.yaml:1:1: error: unknown key \"wait\"\n"
                          "    1 | wait: 1s\n"
                          "      | ^~~~ it belongs elsewhere: \"inner.wait\"\n");
    refused("inner: {banner: 1}\n",
            "skiff.yaml:1:9: error: unknown key \"banner\" in inner\n"
            "    1 | inner: {banner: 1}\n"
            "      |         ^~~~~~ that is the nginx name; here it is \"flag\"\n");
    refused("inner: {path: 1}\n", "skiff.yaml:1:9: error: unknown key \"path\" in inner\n"
                                  "    1 | inner: {path: 1}\n"
                                  "      |         ^~~~ it belongs at the top level of the main "
                                  "file\n");
    refused("banana: 1\n", "skiff.yaml:1:1: error: unknown key \"banana\"\n"
                           "    1 | banana: 1\n"
                           "      | ^~~~~~\n");
}
END_TEST

START_TEST(a_missing_key_that_has_no_default_is_named)
{
    refused("items: [{wait: 1s}]\n", "skiff.yaml:1:9: error: items[0] needs \"name\"\n");
}
END_TEST

START_TEST(the_wrong_kind_of_value_says_what_it_must_be)
{
    refused("flag: [true]\n",
            "skiff.yaml:1:7: error: flag must be one value, not a list\n"
            "    1 | flag: [true]\n"
            "      |       ^~~~~~ write it without [ ] around it or \"- \" before it\n");
    refused("flag: {a: b}\n", "skiff.yaml:1:7: error: flag must be one value, not a map\n");
    refused("inner: [a]\n",
            "skiff.yaml:1:8: error: inner must be one value, not a list\n"
            "    1 | inner: [a]\n"
            "      |        ^~~ write it without [ ] around it or \"- \" before it\n");
    refused("items: {a: b}\n", "skiff.yaml:1:8: error: items must be a list\n"
                               "    1 | items: {a: b}\n"
                               "      |        ^~~~~~ begin each entry with \"- \"\n");
    refused("texts: {a: b}\n", "skiff.yaml:1:8: error: texts must be one value, not a map\n");
    refused("texts: [a, [b]]\n",
            "skiff.yaml:1:12: error: texts[1] must be one value, not a list\n"
            "    1 | texts: [a, [b]]\n"
            "      |            ^~~ write it without [ ] around it or \"- \" before it\n");
    refused("pairs: [a]\n",
            "skiff.yaml:1:8: error: pairs must be a map of at most 256 names to texts\n");
    refused("pairs: {a: [b]}\n",
            "skiff.yaml:1:12: error: pairs.a must be one value, not a list\n"
            "    1 | pairs: {a: [b]}\n"
            "      |            ^~~ write it without [ ] around it or \"- \" before it\n");
    refused("- a\n", "skiff.yaml:1:1: error: the configuration must be a map, not a list\n");
}
END_TEST

START_TEST(a_key_without_value_is_an_error)
{
    refused("flag:\n", "skiff.yaml:1:6: error: flag has no value\n");
    refused("texts:\n", "skiff.yaml:1:7: error: texts has no value\n");
    refused("items:\n", "skiff.yaml:1:7: error: items must be a list\n");
}
END_TEST

START_TEST(a_variable_is_pointed_at_inside_its_value)
{
    unsetenv("SKIFF_T");
    refused("path: a/${SKIFF_T}/b\n",
            "skiff.yaml:1:9: error: path needs the environment variable SKIFF_T, which is not set\n"
            "    1 | path: a/${SKIFF_T}/b\n"
            "      |         ^~~~~~~~~~ set it, or write ${SKIFF_T:-default}\n");
    refused("path: \"a/${SKIFF_T}/b\"\n", "skiff.yaml:1:10: error: path needs");
    refused("path: \"\\x61/${SKIFF_T}\"\n", "skiff.yaml:1:7: error: path needs");
    setenv("SKIFF_T", "5s", 1);
    ck_assert(load("inner: ${SKIFF_T}\n"));
    ck_assert_uint_eq(outer.inner.wait_ms, 5000);
    reading_done(&r);
}
END_TEST

START_TEST(a_variable_cannot_bring_structure)
{
    setenv("SKIFF_T", "[a, b]", 1);
    ck_assert(load("texts: ${SKIFF_T}\n"));
    ck_assert_uint_eq(outer.texts.count, 1);
    ck_str(outer.texts.items[0], "[a, b]");
    reading_done(&r);
}
END_TEST

START_TEST(errors_do_not_end_the_reading)
{
    ck_assert(!load("flag: 3\ninner: x\nfoo: 1\n"));
    ck_assert_uint_eq(diag_errors(&r.diag), 3);
    reading_done(&r);
}
END_TEST

START_TEST(a_check_runs_after_the_value_was_read)
{
    refused("refused: {}\n", "skiff.yaml:1:10: error: refused is refused by its check\n");
}
END_TEST

START_TEST(a_map_of_texts_has_a_limit)
{
    char text[8192] = "pairs:\n";
    size_t n = strlen(text);
    for (int i = 0; i < 257; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "  K%d: v\n", i);
    ck_assert(!load(text));
    reading_done(&r);
    text[n - strlen("  K256: v\n")] = '\0';
    ck_assert(load(text));
    reading_done(&r);
}
END_TEST

START_TEST(hundreds_of_errors_are_counted_and_twenty_shown)
{
    char text[16384] = "";
    size_t n = 0;
    for (int i = 0; i < 500; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "k%d: v\n", i);
    ck_assert(!load(text));
    ck_assert_uint_eq(diag_errors(&r.diag), 500);
    ck_assert_ptr_nonnull(strstr(reading_said(&r), "500 errors (the first 20 are shown)"));
    reading_done(&r);
}
END_TEST

START_TEST(a_name_that_is_too_long_for_messages_is_cut)
{
    reading_init(&r, "");
    for (int i = 0; i < 100; i++)
        load_enter(&r.load, ".%s", "abcdefgh");
    ck_assert_uint_eq(strlen(load_path(&r.load)), LOAD_PATH_MAX - 1);
    load_leave(&r.load, 0);
    ck_assert_str_eq(load_path(&r.load), "the configuration");
    reading_done(&r);
}
END_TEST

START_TEST(origins_tell_the_line_and_what_was_inherited)
{
    struct origins origins;
    reading_init(&r, "flag: false\n\ninner: {wait: 3s}\n");
    origins_init(&origins, r.scratch);
    r.load.origins = &origins;
    struct outer first = {0};
    struct load_part part = {.table = rows, .conf = &first};
    ck_assert(load_defaults(&r.load, rows, &first));
    ck_assert(load_map(&r.load, reading_tree(&r), &part, 1));
    const struct outer *same = load_copy(&r.load, rows, &first, sizeof first);
    const struct outer *below = load_inherit(&r.load, rows, &first, sizeof first);
    const struct origin *o = origins_get(&origins, &first.inner.wait_ms);
    ck_assert(o && o->line == 3 && !o->inherited);
    o = origins_get(&origins, &same->flag);
    ck_assert(o && o->line == 1 && !o->inherited);
    o = origins_get(&origins, &below->inner.wait_ms);
    ck_assert(o && o->line == 3 && o->inherited);
    ck_assert_str_eq(o->file, "skiff.yaml");
    ck_assert_ptr_null(origins_get(&origins, &below->path));
    origins_done(&origins);
    reading_done(&r);
}
END_TEST

UNIT_MAIN("config/load", what_is_not_said_is_the_default, every_kind_is_read_and_stored,
          short_forms_stand_for_one_key_or_one_entry,
          paths_are_made_absolute_from_the_folder_of_the_file,
          pairs_add_to_inherited_ones_and_replace_by_name, a_duplicate_key_names_both_places,
          an_unknown_key_gets_the_nearest_name, a_missing_key_that_has_no_default_is_named,
          the_wrong_kind_of_value_says_what_it_must_be, a_key_without_value_is_an_error,
          a_variable_is_pointed_at_inside_its_value, a_variable_cannot_bring_structure,
          errors_do_not_end_the_reading, a_check_runs_after_the_value_was_read,
          a_map_of_texts_has_a_limit, hundreds_of_errors_are_counted_and_twenty_shown,
          a_name_that_is_too_long_for_messages_is_cut, origins_tell_the_line_and_what_was_inherited)
