/* diag: collecting, sorting and printing what is wrong with a configuration. */
#include "config/diag.h"

#include <stdarg.h>
#include <stdlib.h>

enum {
    SOURCE_SHOWN_MAX =
        160,            /* characters of a source line; a longer one is shown around its caret */
    SOURCE_BEFORE = 60, /* characters before the caret when a line is cut */
};

void diag_init(struct diag *d)
{
    *d = (struct diag){.arena = arena_new(4096)};
}

void diag_done(struct diag *d)
{
    arena_free(d->arena);
    *d = (struct diag){0};
}

/* Makes an item's own copy of everything it shows; false when memory is out. */
static bool keep(struct diag *d, struct diag_item *item)
{
    struct diag_place *at = &item->place;
    if (at->file) {
        at->file = arena_str(d->arena, str_of(at->file)).p;
        at->source = arena_str(d->arena, at->source);
    }
    struct str text = arena_str(d->arena, item->message);
    ptrdiff_t end = text.p ? str_find(text, '\n') : -1;
    item->message = end < 0 ? text : str_make(text.p, (size_t)end);
    item->note = end < 0 ? STR("") : str_from(text, (size_t)end + 1);
    return text.p && (!item->place.file || at->source.p);
}

void diag_add(struct diag *d, enum diag_level level, const struct diag_place *where,
              struct str text)
{
    uint32_t before = d->counts[level]++;
    if (before >= DIAG_SHOWN_MAX || !d->arena)
        return;
    struct diag_item item = {.level = level, .message = text};
    if (where)
        item.place = *where;
    if (keep(d, &item))
        d->items[d->kept++] = item;
}

void diag_environment(struct diag *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = d->arena ? arena_vprintf(d->arena, format, args) : STR("out of memory");
    va_end(args);
    diag_add(d, DIAG_ERROR, NULL, text.p ? text : STR("out of memory"));
    d->environment = true;
}

uint32_t diag_errors(const struct diag *d)
{
    return d->counts[DIAG_ERROR];
}

uint32_t diag_warnings(const struct diag *d)
{
    return d->counts[DIAG_WARNING];
}

int diag_exit_code(const struct diag *d)
{
    if (diag_errors(d) == 0)
        return 0;
    return d->environment ? 1 : 2;
}

/* --- printing --- */

static int compare(const void *a, const void *b)
{
    const struct diag_place *x = &((const struct diag_item *)a)->place;
    const struct diag_place *y = &((const struct diag_item *)b)->place;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* The rest of `s` behind `count` characters of UTF-8. */
static struct str skip_characters(struct str s, uint32_t count)
{
    size_t at = 0;
    for (uint32_t n = 0; at < s.n; at++)
        if (begins_character(s.p[at]) && n++ == count)
            break;
    return str_from(s, at);
}

/* What could steer a terminal is shown as '?'. */
static void print_clean(struct str s, FILE *out)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        fputc((c < 0x20 && c != '\t') || c == 0x7F ? '?' : c, out);
    }
}

static void print_source(const struct diag_item *item, FILE *out)
{
    const struct diag_place *at = &item->place;
    uint32_t column = at->column ? at->column - 1 : 0;
    uint32_t skipped = column > SOURCE_SHOWN_MAX - SOURCE_BEFORE ? column - SOURCE_BEFORE : 0;
    struct str shown = skip_characters(at->source, skipped);
    struct str rest = skip_characters(shown, SOURCE_SHOWN_MAX);
    shown.n -= rest.n;
    fprintf(out, "%5u | ", at->line);
    print_clean(shown, out);
    struct str before = shown;
    before.n -= skip_characters(shown, column - skipped).n;
    fputs("\n      | ", out);
    /* A tab is as wide under the line as in it. */
    for (size_t i = 0; i < before.n; i++)
        if (begins_character(before.p[i]))
            fputc(before.p[i] == '\t' ? '\t' : ' ', out);
    fputc('^', out);
    for (uint32_t i = 1; i < at->width && column - skipped + i < SOURCE_SHOWN_MAX; i++)
        fputc('~', out);
    if (item->note.n) {
        fputc(' ', out);
        print_clean(item->note, out);
    }
    fputc('\n', out);
}

static void print_item(const struct diag_item *item, FILE *out)
{
    static const char *const names[] = {[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning"};
    const struct diag_place *at = &item->place;
    if (at->file) {
        print_clean(str_of(at->file), out);
        if (at->line)
            fprintf(out, ":%u:%u", at->line, at->column);
        fputs(": ", out);
    }
    fprintf(out, "%s: ", names[item->level]);
    print_clean(item->message, out);
    fputc('\n', out);
    if (at->file && at->line)
        print_source(item, out);
    else if (item->note.n)
        fprintf(out, "  %.*s\n", (int)item->note.n, item->note.p);
}

static void print_count(uint32_t n, const char *what, FILE *out)
{
    fprintf(out, "%u %s%s", n, what, n == 1 ? "" : "s");
    if (n > DIAG_SHOWN_MAX)
        fprintf(out, " (the first %d are shown)", DIAG_SHOWN_MAX);
}

void diag_print(struct diag *d, FILE *out)
{
    qsort(d->items, d->kept, sizeof d->items[0], compare);
    for (uint32_t i = 0; i < d->kept; i++)
        print_item(&d->items[i], out);
    /* A file that is not there needs one line, no bookkeeping. */
    if (diag_errors(d) == 0 || d->environment)
        return;
    print_count(diag_errors(d), "error", out);
    fputs(", ", out);
    print_count(diag_warnings(d), "warning", out);
    fputs("; nothing was loaded\n", out);
}
