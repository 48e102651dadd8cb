/* emit: values as YAML that loads again, rows as Markdown. */
#include "config/emit.h"

#include "base/units.h"
#include "unit/config/reading.h"

struct sample {
    struct str text;
    struct str_list texts;
    struct pair_list pairs;
    uint64_t rate;
};

static const struct opt rows[] = {
    {.key = "text",
     .kind = K_TEXT,
     .at = AT(struct sample, text, struct str),
     .zero = "system",
     .max = 999,
     .doc = "A text."},
    OPT_TEXTS("texts", struct sample, texts, "a, b", "Some texts."),
    OPT_PAIRS("pairs", struct sample, pairs, "Some pairs."),
    OPT_RATE("rate", struct sample, rate, "1KiB/s", 1, MIB, "A rate."),
    {0},
};

static char *emitted(const struct sample *s)
{
    char *text;
    size_t n;
    struct origins origins;
    struct arena *arena = arena_new(1024);
    FILE *out = open_memstream(&text, &n);
    ck_assert(arena && out);
    origins_init(&origins, arena);
    struct emit e = {.out = out, .origins = &origins};
    emit_rows(&e, rows, s, NULL, NULL);
    fclose(out);
    origins_done(&origins);
    arena_free(arena);
    return text;
}

/* The text is printed, read again, and must be the same. */
static void survives(struct str text)
{
    struct pair pair = {text, text};
    struct sample s = {.text = text, .texts = {&text, 1}, .pairs = {&pair, 1}, .rate = 5};
    struct sample back = {0};
    char *yaml = emitted(&s);
    struct reading r;
    reading_init(&r, yaml);
    const struct yaml_node *n = reading_tree(&r);
    ck_assert_msg(n != NULL, "%s\n%s", yaml, reading_said(&r));
    struct load_part part = {.table = rows, .conf = &back};
    ck_assert_msg(load_map(&r.load, n, &part, 1), "%s\n%s", yaml, reading_said(&r));
    ck_assert(str_eq(back.text, text));
    ck_assert(back.texts.count == 1 && str_eq(back.texts.items[0], text));
    ck_assert(back.pairs.count == 1 && str_eq(back.pairs.items[0].name, text));
    ck_assert(str_eq(back.pairs.items[0].value, text));
    ck_assert_uint_eq(back.rate, 5);
    reading_done(&r);
    free(yaml);
}

START_TEST(any_text_survives_being_printed_and_read)
{
    static const char *const texts[] = {"plain",
                                        "/a/b.c-d_e+f",
                                        "",
                                        "two words",
                                        "true",
                                        "~",
                                        "#no",
                                        "a: b",
                                        "- a",
                                        "[::]:80",
                                        "*.x",
                                        "&a",
                                        "${HOME}",
                                        "$$",
                                        "a$",
                                        "\"q\"",
                                        "back\\slash",
                                        "'",
                                        "\n\r\t",
                                        "\x01\x1f\x7f",
                                        " lead",
                                        "trail ",
                                        "\xC3\xA9",
                                        "\xC2\x85",
                                        "\xC2\xA0",
                                        "\xE2\x80\xA8",
                                        "<<",
                                        "\xEF\xBB\xBF",
                                        "\xF0\x9F\x98\x80",
                                        "?"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (*texts[i])
            survives(str_of(texts[i]));
    survives(STR("\xF4\x8F\xBF\xBF"));
}
END_TEST

START_TEST(values_have_their_origin_beside_them)
{
    struct sample s = {.rate = 2048};
    char *text = emitted(&s);
    ck_assert_str_eq(text, "text: system                                # default\n"
                           "texts: []                                   # default\n"
                           "pairs: {}                                   # default\n"
                           "rate: 2KiB/s                                # default\n");
    free(text);
}
END_TEST

/* How the rate is shown when line 7 of `file` set it; for free(). */
static char *rate_from(const char *file, bool has_same_parent)
{
    struct origins origins;
    struct arena *arena = arena_new(1024);
    struct sample s = {.rate = 1};
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    ck_assert(arena && out);
    origins_init(&origins, arena);
    ck_assert(origins_set(&origins, &s.rate, file, 7, false));
    struct emit e = {.out = out, .origins = &origins};
    emit_row(&e, opt_find(rows, STR("rate")), &s, has_same_parent ? &s : NULL);
    fclose(out);
    origins_done(&origins);
    arena_free(arena);
    return text;
}

START_TEST(a_comment_stays_one_line_whatever_the_file_is_called)
{
    char *text = rate_from("a\nb\xC2\x85.yaml", false);
    ck_assert_ptr_nonnull(strstr(text, "# a?b??.yaml:7\n"));
    free(text);
}
END_TEST

START_TEST(a_level_that_shares_its_parents_values_says_so)
{
    char *text = rate_from("a.yaml", true);
    ck_assert_ptr_nonnull(strstr(text, "# inherited from a.yaml:7\n"));
    free(text);
}
END_TEST

START_TEST(the_manual_has_a_line_for_each_row)
{
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    ck_assert_ptr_nonnull(out);
    emit_manual_head(out);
    emit_manual_rows(out, rows, "outer", "pairs");
    fclose(out);
    ck_assert_str_eq(text, "| Key | Value | Default | Meaning |\n"
                           "| --- | --- | --- | --- |\n"
                           "| `outer.text` | text, `system` | required | A text. |\n"
                           "| `outer.texts` | text or list | `a, b` | Some texts. |\n"
                           "| `outer.rate` | rate, 1B/s to 1MiB/s | `1KiB/s` | A rate. |\n");
    free(text);
}
END_TEST

UNIT_MAIN("config/emit", any_text_survives_being_printed_and_read,
          values_have_their_origin_beside_them,
          a_comment_stays_one_line_whatever_the_file_is_called,
          a_level_that_shares_its_parents_values_says_so, the_manual_has_a_line_for_each_row)
