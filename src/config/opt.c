/* opt: what a scalar means, by the kind of its row. */
#include "config/opt.h"

#include "base/check.h"
#include "base/units.h"

#include <stdio.h>

bool opt_is_scalar(const struct opt *o)
{
    return o->kind <= K_CHOICE;
}

void *opt_at(const struct opt *o, void *conf)
{
    return (char *)conf + o->at;
}

const void *opt_value(const struct opt *o, const void *conf)
{
    return (const char *)conf + o->at;
}

const struct opt *opt_find(const struct opt *table, struct str key)
{
    for (const struct opt *row = table; row->key; row++)
        if (str_eq(str_of(row->key), key))
            return row;
    return NULL;
}

/* --- parsing --- */

static bool refuse(struct opt_fault *f, const char *what, const char *note)
{
    snprintf(f->what, sizeof f->what, "%s", what);
    snprintf(f->note, sizeof f->note, "%s", note);
    return false;
}

static bool set_bool(struct str text, bool *out, struct opt_fault *f)
{
    static const char *const yes[] = {"yes", "on", "True", "TRUE", "1", "y", NULL};
    static const char *const no[] = {"no", "off", "False", "FALSE", "0", "n", NULL};
    *out = str_eq(text, STR("true"));
    if (*out || str_eq(text, STR("false")))
        return true;
    for (size_t i = 0; yes[i]; i++)
        if (str_eq_nocase(text, str_of(yes[i])))
            return refuse(f, "must be true or false", "write true");
    for (size_t i = 0; no[i]; i++)
        if (str_eq_nocase(text, str_of(no[i])))
            return refuse(f, "must be true or false", "write false");
    return refuse(f, "must be true or false", "");
}

/* A number's row as text: "16KiB". */
static void print_number(const struct opt *o, int64_t v, char out[OPT_TEXT_MAX])
{
    char text[UNITS_TEXT];
    switch (o->kind) {
    case K_SIZE:
    case K_RATE:
        units_print_size(v, text);
        snprintf(out, OPT_TEXT_MAX, "%s%s", text, o->kind == K_RATE ? "/s" : "");
        break;
    case K_MSEC:
        units_print_duration(v, text);
        snprintf(out, OPT_TEXT_MAX, "%s", text);
        break;
    case K_MODE:
        snprintf(out, OPT_TEXT_MAX, "%04o", (unsigned)v);
        break;
    default:
        snprintf(out, OPT_TEXT_MAX, "%lld", (long long)v);
    }
}

static bool is_in_range(const struct opt *o, int64_t v)
{
    return v >= o->min && v <= o->max;
}

static void note_range(const struct opt *o, struct opt_fault *f)
{
    char low[OPT_TEXT_MAX], high[OPT_TEXT_MAX];
    print_number(o, o->min, low);
    print_number(o, o->max, high);
    snprintf(f->note, sizeof f->note, "from %s to %s%s%s", low, high, o->zero ? ", or " : "",
             o->zero ? o->zero : "");
}

static bool check_range(const struct opt *o, int64_t v, struct opt_fault *f)
{
    if (is_in_range(o, v))
        return true;
    snprintf(f->what, sizeof f->what, "is out of range");
    note_range(o, f);
    return false;
}

static enum units_result parse_units(const struct opt *o, struct str text, int64_t *v)
{
    return o->kind == K_MSEC ? units_parse_duration(text, v) : units_parse_size(text, v);
}

/* What was written, with those units behind it that make it right. */
static bool needs_unit(const struct opt *o, struct str text, struct opt_fault *f)
{
    static const char *const units[][3] = {
        [K_SIZE] = {"KiB", "MiB", "B"},
        [K_RATE] = {"KiB", "MiB", "B"},
        [K_MSEC] = {"s", "ms", "m"},
    };
    const char *join = "write ", *per = o->kind == K_RATE ? "/s" : "";
    size_t used = 0;
    snprintf(f->what, sizeof f->what, "needs a unit");
    for (int i = 0; i < 3; i++) {
        char whole[UNITS_TEXT]; /* the note has room for three */
        int64_t v;
        int n = snprintf(whole, sizeof whole, "%.*s%s", (int)text.n, text.p, units[o->kind][i]);
        if (n >= (int)sizeof whole || parse_units(o, str_of(whole), &v) != UNITS_OK ||
            !is_in_range(o, v))
            continue;
        used += (size_t)snprintf(f->note + used, sizeof f->note - used, "%s%s%s", join, whole, per);
        join = " or ";
    }
    if (used == 0)
        note_range(o, f);
    return false;
}

static bool parse_amount(const struct opt *o, struct str text, int64_t *v, struct opt_fault *f)
{
    struct str amount = text;
    uint64_t bare;
    if (o->kind == K_RATE) {
        if (!str_ends(text, STR("/s")) && !str_to_u64(text, INT64_MAX, &bare))
            return refuse(f, "is not a rate", "write it like 1KiB/s");
        if (str_ends(text, STR("/s")))
            amount.n -= 2;
    }
    switch (parse_units(o, amount, v)) {
    case UNITS_OK:
        break;
    case UNITS_MISSING:
        return needs_unit(o, amount, f);
    case UNITS_OVERFLOW:
        *v = INT64_MAX; /* no row goes this far: the range says so */
        break;
    case UNITS_NONSENSE:
        if (o->kind == K_MSEC)
            return refuse(f, "is not a duration", "write it like 75s, 250ms, 2m or 1h30m");
        return refuse(f, o->kind == K_RATE ? "is not a rate" : "is not a size",
                      o->kind == K_RATE ? "write it like 1KiB/s" : "write it like 16KiB or 64MiB");
    }
    return true;
}

static bool parse_mode(struct str text, int64_t *v, struct opt_fault *f)
{
    *v = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '7' || text.n > 5)
            return refuse(f, "is not a file mode", "write it in octal, like 0660");
        *v = *v * 8 + (text.p[i] - '0');
    }
    /* "660" could be meant as a decimal number by a tool that wrote the file. */
    if (text.n < 3 || text.p[0] != '0')
        return refuse(f, "is not a file mode", "write it in octal with a leading 0, like 0660");
    return true;
}

static bool has_digits_only(struct str s)
{
    size_t n = 0;
    while (n < s.n && ascii_is_digit(s.p[n]))
        n++;
    return n == s.n;
}

static bool parse_number(const struct opt *o, struct str text, int64_t *v, struct opt_fault *f)
{
    uint64_t count;
    switch (o->kind) {
    case K_COUNT:
        if (str_to_u64(text, INT64_MAX, &count)) {
            *v = (int64_t)count;
            return true;
        }
        *v = INT64_MAX; /* no row goes this far: the range says so */
        if (text.n && has_digits_only(text))
            return true;
        if (text.n && ascii_is_digit(text.p[0]))
            return refuse(f, "is not a plain number", "write digits only");
        snprintf(f->what, sizeof f->what, "must be a number%s%s", o->zero ? " or " : "",
                 o->zero ? o->zero : "");
        return false;
    case K_MODE:
        return parse_mode(text, v, f);
    default:
        return parse_amount(o, text, v, f);
    }
}

static bool set_number(const struct opt *o, struct str text, void *at, struct opt_fault *f)
{
    int64_t v = o->zero_is;
    bool is_word = o->zero && str_eq(text, str_of(o->zero));
    if (!is_word && (!parse_number(o, text, &v, f) || !check_range(o, v, f)))
        return false;
    if (o->kind == K_SIZE || o->kind == K_RATE)
        *(uint64_t *)at = (uint64_t)v;
    else
        *(uint32_t *)at = (uint32_t)v;
    return true;
}

static bool set_text(const struct opt *o, struct str text, struct str *out, struct opt_fault *f)
{
    if (o->zero && str_eq(text, str_of(o->zero))) {
        *out = STR("");
        return true;
    }
    if ((int64_t)text.n > o->max) {
        snprintf(f->what, sizeof f->what, "is too long");
        snprintf(f->note, sizeof f->note, "at most %lld bytes", (long long)o->max);
        return false;
    }
    if (text.n == 0 && (o->min > 0 || o->kind == K_PATH))
        return refuse(f, "must not be empty", "");
    if (text.n && memchr(text.p, 0, text.n))
        return refuse(f, "must not contain a NUL byte", "");
    *out = text;
    return true;
}

static void list_choices(const struct opt *o, char *out, size_t cap)
{
    size_t n = 0;
    for (const char *const *c = o->choices; *c && n < cap; c++) {
        const char *join = c == o->choices ? "" : c[1] ? ", " : " or ";
        n += (size_t)snprintf(out + n, cap - n, "%s%s", join, *c);
    }
}

static bool set_choice(const struct opt *o, struct str text, uint32_t *out, struct opt_fault *f)
{
    const char *nearest = NULL;
    unsigned best = 3; /* edits; further away is another word */
    for (uint32_t i = 0; o->choices[i]; i++) {
        struct str choice = str_of(o->choices[i]);
        if (str_eq(text, choice)) {
            *out = i;
            return true;
        }
        unsigned d = str_distance(text, choice, best);
        if (d < best && d < choice.n) {
            best = d;
            nearest = o->choices[i];
        }
    }
    char all[sizeof f->what - 16];
    list_choices(o, all, sizeof all);
    snprintf(f->what, sizeof f->what, "must be %s", all);
    f->note[0] = '\0';
    if (nearest)
        snprintf(f->note, sizeof f->note, "did you mean \"%s\"?", nearest);
    return false;
}

bool opt_set(const struct opt *o, struct str text, void *conf, struct opt_fault *f)
{
    void *at = opt_at(o, conf);
    *f = (struct opt_fault){0};
    switch (o->kind) {
    case K_BOOL:
        return set_bool(text, at, f);
    case K_TEXT:
    case K_PATH:
        return set_text(o, text, at, f);
    case K_CHOICE:
        return set_choice(o, text, at, f);
    default:
        CHECK(opt_is_scalar(o));
        return set_number(o, text, at, f);
    }
}

/* --- printing --- */

static int64_t number_of(const struct opt *o, const void *at)
{
    if (o->kind == K_SIZE || o->kind == K_RATE)
        return (int64_t) * (const uint64_t *)at;
    return (int64_t) * (const uint32_t *)at;
}

void opt_print(const struct opt *o, const void *conf, char out[OPT_TEXT_MAX])
{
    const void *at = opt_value(o, conf);
    if (o->kind == K_BOOL) {
        snprintf(out, OPT_TEXT_MAX, "%s", *(const bool *)at ? "true" : "false");
    } else if (o->kind == K_CHOICE) {
        snprintf(out, OPT_TEXT_MAX, "%s", o->choices[*(const uint32_t *)at]);
    } else if (o->zero && number_of(o, at) == o->zero_is) {
        snprintf(out, OPT_TEXT_MAX, "%s", o->zero);
    } else {
        print_number(o, number_of(o, at), out);
    }
}
