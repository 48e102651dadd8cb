/* emit_manual: option tables as Markdown tables. */
#include "config/emit.h"

#include "base/check.h"
#include "base/units.h"

enum { NAME_MAX_BYTES = 128 };

void emit_manual_head(FILE *out)
{
    fputs("| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n", out);
}

static void put_amount(FILE *out, const struct opt *row, int64_t v)
{
    char text[UNITS_TEXT];
    if (row->kind == K_MSEC)
        units_print_duration(v, text);
    else
        units_print_size(v, text);
    fprintf(out, "%s%s", text, row->kind == K_RATE ? "/s" : "");
}

static void put_choices(FILE *out, const struct opt *row)
{
    for (const char *const *c = row->choices; *c; c++)
        fprintf(out, "%s`%s`", c == row->choices ? "" : ", ", *c);
}

static void put_range(FILE *out, const struct opt *row, const char *what)
{
    fprintf(out, "%s, ", what);
    put_amount(out, row, row->min);
    fputs(" to ", out);
    put_amount(out, row, row->max);
}

/* What may be written, in words. */
static void put_kind(FILE *out, const struct opt *row)
{
    static const char *const words[] = {
        [K_BOOL] = "`true`, `false`",
        [K_MODE] = "octal mode",
        [K_TEXT] = "text",
        [K_PATH] = "path",
        [K_TEXTS] = "text or list",
        [K_PAIRS] = "map of texts",
        [K_LIST] = "list",
        [K_CUSTOM] = "list, below",
        [K_GROUP] = "map",
    };
    switch (row->kind) {
    case K_COUNT:
        fprintf(out, "number, %lld to %lld", (long long)row->min, (long long)row->max);
        break;
    case K_SIZE:
        put_range(out, row, "size");
        break;
    case K_RATE:
        put_range(out, row, "rate");
        break;
    case K_MSEC:
        put_range(out, row, "duration");
        break;
    case K_CHOICE:
        put_choices(out, row);
        break;
    default:
        fputs(words[row->kind], out);
        if (row->kind == K_PATH && row->choices && row->choices[0]) {
            fputs(", ", out);
            put_choices(out, row);
        }
    }
    if (row->zero)
        fprintf(out, ", `%s`", row->zero);
}

static void put_row(FILE *out, const struct opt *row, const char *name)
{
    bool is_required = opt_is_scalar(row) && !row->dflt;
    fprintf(out, "| `%s` | ", name);
    put_kind(out, row);
    if (row->dflt && *row->dflt)
        fprintf(out, " | `%s` | ", row->dflt);
    else
        fprintf(out, " | %s | ", is_required ? "required" : "none");
    fprintf(out, "%s |\n", row->doc);
}

void emit_manual_rows(FILE *out, const struct opt *table, const char *prefix, const char *except)
{
    for (const struct opt *row = table; row->key; row++) {
        char name[NAME_MAX_BYTES];
        if (except && str_eq(str_of(except), str_of(row->key)))
            continue;
        int n = snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", row->key);
        CHECK(n < (int)sizeof name);
        if (row->kind == K_GROUP)
            emit_manual_rows(out, row->table, name, NULL);
        else
            put_row(out, row, name);
    }
}
