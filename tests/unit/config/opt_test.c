/* opt: what a text is by the kind of its row. */
#include "config/opt.h"

#include "base/units.h"
#include "support/unit.h"

struct sample {
    bool flag;
    uint32_t count, wait_ms, mode, choice;
    uint64_t size, rate;
    struct str text, path;
    struct str_list texts;
};

static const char *const choices[] = {"deny", "inside_root", "follow", NULL};
static const char *const words[] = {"stderr", NULL};

static const struct opt rows[] = {
    OPT_BOOL("flag", struct sample, flag, "false", "A."),
    {.key = "count",
     .kind = K_COUNT,
     .at = AT(struct sample, count, uint32_t),
     .zero = "auto",
     .min = 1,
     .max = UINT32_MAX},
    OPT_MSEC("wait", struct sample, wait_ms, "1s", 10, MINUTE, "A."),
    {.key = "mode", .kind = K_MODE, .at = AT(struct sample, mode, uint32_t), .max = 0777},
    OPT_CHOICE("choice", struct sample, choice, "deny", choices, "A."),
    OPT_SIZE("size", struct sample, size, "1KiB", KIB, MIB, "A."),
    {.key = "rate",
     .kind = K_RATE,
     .at = AT(struct sample, rate, uint64_t),
     .zero = "off",
     .min = 1,
     .max = MIB},
    {.key = "text", .kind = K_TEXT, .at = AT(struct sample, text, struct str), .min = 1, .max = 4},
    {.key = "path",
     .kind = K_PATH,
     .at = AT(struct sample, path, struct str),
     .zero = "none",
     .max = 4,
     .choices = words},
    OPT_TEXTS("texts", struct sample, texts, NULL, "A."),
    {0},
};

static const struct opt *row(const char *key)
{
    const struct opt *o = opt_find(rows, str_of(key));
    ck_assert_ptr_nonnull(o);
    return o;
}

static struct sample set(const char *key, const char *text)
{
    struct sample s = {0};
    struct opt_fault f;
    ck_assert_msg(opt_set(row(key), str_of(text), &s, &f), "%s: %s %s", text, f.what, f.note);
    return s;
}

static void fails(const char *key, const char *text, const char *what, const char *note)
{
    struct sample s = {0};
    struct opt_fault f;
    ck_assert_msg(!opt_set(row(key), str_of(text), &s, &f), "%s: %s", key, text);
    ck_assert_str_eq(f.what, what);
    ck_assert_str_eq(f.note, note);
}

/* Set, then printed. */
static void prints(const char *key, const char *text, const char *printed)
{
    char out[OPT_TEXT_MAX];
    struct sample s = set(key, text);
    opt_print(row(key), &s, out);
    ck_assert_str_eq(out, printed);
}

START_TEST(rows_are_found_by_name)
{
    ck_assert_ptr_null(opt_find(rows, STR("nope")));
    ck_assert_ptr_null(opt_find(rows, STR("")));
    ck_assert(opt_is_scalar(row("choice")) && !opt_is_scalar(row("texts")));
}
END_TEST

START_TEST(booleans_are_true_and_false_only)
{
    ck_assert(set("flag", "true").flag);
    ck_assert(!set("flag", "false").flag);
    fails("flag", "yes", "must be true or false", "write true");
    fails("flag", "On", "must be true or false", "write true");
    fails("flag", "no", "must be true or false", "write false");
    fails("flag", "0", "must be true or false", "write false");
    fails("flag", "maybe", "must be true or false", "");
}
END_TEST

START_TEST(counts_are_digits_in_range_or_the_word)
{
    ck_assert_uint_eq(set("count", "auto").count, 0);
    ck_assert_uint_eq(set("count", "4294967295").count, UINT32_MAX);
    fails("count", "4294967296", "is out of range", "from 1 to 4294967295, or auto");
    fails("count", "99999999999999999999", "is out of range", "from 1 to 4294967295, or auto");
    fails("count", "0", "is out of range", "from 1 to 4294967295, or auto");
    fails("count", "-1", "must be a number or auto", "");
    fails("count", "1e3", "is not a plain number", "write digits only");
    fails("count", "", "must be a number or auto", "");
}
END_TEST

START_TEST(durations_and_sizes_need_units)
{
    ck_assert_uint_eq(set("wait", "1s500ms").wait_ms, 1500);
    ck_assert_uint_eq(set("size", "1MiB").size, MIB);
    ck_assert_uint_eq(set("rate", "2KiB/s").rate, 2048);
    ck_assert_uint_eq(set("rate", "off").rate, 0);
    fails("wait", "1", "needs a unit", "write 1s or 1m");
    fails("wait", "75", "needs a unit", "write 75ms");
    fails("wait", "1s5", "needs a unit", "write 1s5ms");
    fails("wait", "99999999999999999", "needs a unit", "from 10ms to 1m");
    fails("wait", "000000000000000000000000000000000000000000000000000000001", "needs a unit",
          "from 10ms to 1m");
    fails("size", "16", "needs a unit", "write 16KiB");
    fails("rate", "1", "needs a unit", "write 1KiB/s or 1MiB/s or 1B/s");
    fails("rate", "1KiB", "is not a rate", "write it like 1KiB/s");
    fails("rate", "x/s", "is not a rate", "write it like 1KiB/s");
    fails("wait", "fast", "is not a duration", "write it like 75s, 250ms, 2m or 1h30m");
    fails("size", "16 kilo", "is not a size", "write it like 16KiB or 64MiB");
    fails("wait", "9ms", "is out of range", "from 10ms to 1m");
    fails("size", "99999999999999TiB", "is out of range", "from 1KiB to 1MiB");
}
END_TEST

START_TEST(modes_are_octal_with_a_leading_zero)
{
    ck_assert_uint_eq(set("mode", "0640").mode, 0640);
    ck_assert_uint_eq(set("mode", "0000").mode, 0);
    fails("mode", "640", "is not a file mode", "write it in octal with a leading 0, like 0660");
    fails("mode", "0690", "is not a file mode", "write it in octal, like 0660");
    fails("mode", "01777", "is out of range", "from 0000 to 0777");
    fails("mode", "000640", "is not a file mode", "write it in octal, like 0660");
    fails("mode", "", "is not a file mode", "write it in octal with a leading 0, like 0660");
}
END_TEST

START_TEST(choices_suggest_the_nearest)
{
    ck_assert_uint_eq(set("choice", "follow").choice, 2);
    fails("choice", "inside_rot", "must be deny, inside_root or follow",
          "did you mean \"inside_root\"?");
    fails("choice", "banana", "must be deny, inside_root or follow", "");
    fails("choice", "", "must be deny, inside_root or follow", "");
}
END_TEST

START_TEST(texts_have_a_length_and_no_nul)
{
    struct sample s = {0};
    struct opt_fault f;
    ck_str(set("text", "four").text, "four");
    fails("text", "fiver", "is too long", "at most 4 bytes");
    fails("text", "", "must not be empty", "");
    ck_assert(!opt_set(row("text"), str_make("a\0b", 3), &s, &f));
    ck_assert_str_eq(f.what, "must not contain a NUL byte");
    ck_str(set("path", "/a").path, "/a");
    ck_str(set("path", "none").path, "");
    fails("path", "", "must not be empty", "");
}
END_TEST

START_TEST(what_is_printed_is_what_a_user_would_write)
{
    prints("flag", "true", "true");
    prints("count", "auto", "auto");
    prints("count", "7", "7");
    prints("wait", "60s", "1m");
    prints("mode", "0640", "0640");
    prints("choice", "inside_root", "inside_root");
    prints("size", "16384B", "16KiB");
    prints("rate", "off", "off");
    prints("rate", "1024B/s", "1KiB/s");
}
END_TEST

UNIT_MAIN("config/opt", rows_are_found_by_name, booleans_are_true_and_false_only,
          counts_are_digits_in_range_or_the_word, durations_and_sizes_need_units,
          modes_are_octal_with_a_leading_zero, choices_suggest_the_nearest,
          texts_have_a_length_and_no_nul, what_is_printed_is_what_a_user_would_write)
