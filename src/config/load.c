/* load: messages, and walking a map with its tables. */
#include "config/load.h"

#include "base/check.h"
#include "config/expand.h"
#include "config/suggest.h"

#include <stdarg.h>

void load_init(struct load *l, struct arena *arena, struct arena *scratch, struct diag *d)
{
    *l = (struct load){
        .arena = arena, .scratch = scratch, .diag = d, .alias_budget = YAML_ALIAS_NODES};
}

/* --- messages --- */

static void say(struct load *l, enum diag_level level, const struct yaml_node *where,
                const char *format, va_list args)
{
    /* Beyond what is shown only the count matters: a place costs a walk through the file. */
    if (l->diag->counts[level] >= DIAG_SHOWN_MAX) {
        diag_add(l->diag, level, NULL, STR(""));
        return;
    }
    struct diag_place place = where ? yaml_place(where) : (struct diag_place){0};
    struct str text = arena_vprintf(l->scratch, format, args);
    diag_add(l->diag, level, where ? &place : NULL, text.p ? text : STR("out of memory"));
}

void load_error(struct load *l, const struct yaml_node *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(l, DIAG_ERROR, where, format, args);
    va_end(args);
}

void load_warning(struct load *l, const struct yaml_node *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(l, DIAG_WARNING, where, format, args);
    va_end(args);
}

const char *load_place(struct load *l, const struct yaml_node *n)
{
    struct str s = arena_printf(l->scratch, "%s:%u:%u", n->source->name, n->line, n->column);
    return s.p ? s.p : n->source->name;
}

const char *load_path(const struct load *l)
{
    return l->path_len ? l->path : "the configuration";
}

size_t load_enter(struct load *l, const char *format, ...)
{
    size_t before = l->path_len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(l->path + before, sizeof l->path - before, format, args);
    va_end(args);
    l->path_len += n > 0 ? (size_t)n : 0;
    if (l->path_len >= sizeof l->path)
        l->path_len = sizeof l->path - 1;
    return before;
}

void load_leave(struct load *l, size_t before)
{
    l->path_len = before;
    l->path[before] = '\0';
}

void *load_alloc(struct load *l, size_t n)
{
    void *p = arena_alloc(l->arena, n ? n : 1);
    if (!p)
        diag_environment(l->diag, "out of memory");
    return p;
}

static void *copy(struct load *l, const struct opt *table, const void *from, size_t size,
                  bool inherited)
{
    void *to = load_alloc(l, size);
    if (!to)
        return NULL;
    memcpy(to, from, size);
    if (!l->origins || origins_copy(l->origins, table, from, to, inherited))
        return to;
    diag_environment(l->diag, "out of memory");
    return NULL;
}

void *load_copy(struct load *l, const struct opt *table, const void *from, size_t size)
{
    return copy(l, table, from, size, false);
}

void *load_inherit(struct load *l, const struct opt *table, const void *from, size_t size)
{
    return copy(l, table, from, size, true);
}

/* --- text --- */

static uint32_t count_characters(struct str s)
{
    uint32_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return count;
}

/* Says what is wrong with some bytes of a value, pointing at them where the value stands in the
 * file as it is: on one line and without escapes. */
static void say_inside(struct load *l, const struct yaml_node *n, const struct expand_fault *f)
{
    struct yaml_node at = *n;
    uint32_t quotes = n->plain ? 0 : 1;
    if (n->width == count_characters(n->text) + 2 * quotes) {
        at.column += quotes + count_characters(str_make(n->text.p, f->at));
        at.width = count_characters(str_make(n->text.p + f->at, f->len));
    }
    load_error(l, &at, "%s %s", load_path(l), f->what);
}

static bool refuse_kind(struct load *l, const struct yaml_node *n, const char *wanted,
                        const char *note)
{
    static const char *const names[] = {
        [YAML_TEXT] = "text", [YAML_LIST] = "a list", [YAML_MAP] = "a map"};
    load_error(l, n, "%s must be %s, not %s%s%s", load_path(l), wanted, names[n->kind],
               *note ? "\n" : "", note);
    return false;
}

bool load_text(struct load *l, const struct yaml_node *n, struct str *out)
{
    if (n->kind != YAML_TEXT)
        return refuse_kind(
            l, n, "one value",
            n->kind == YAML_LIST ? "write it without [ ] around it or \"- \" before it" : "");
    if (n->plain && n->text.n == 0) {
        load_error(l, n, "%s has no value\nwrite one, or leave the key out", load_path(l));
        return false;
    }
    struct expand_fault f;
    if (expand(n->text, l->arena, out, &f))
        return true;
    if (f.no_memory)
        diag_environment(l->diag, "out of memory");
    else
        say_inside(l, n, &f);
    return false;
}

/* --- maps --- */

static void say_unknown(struct load *l, const struct yaml_node *key, const struct load_part *parts,
                        size_t count)
{
    char note[SUGGEST_MAX] = "";
    if (diag_errors(l->diag) < DIAG_SHOWN_MAX)
        suggest_key(l, parts, count, key->text, note);
    load_error(l, key, "unknown key \"%.*s\"%s%s%s%s", (int)(key->text.n < 64 ? key->text.n : 64),
               key->text.p, l->path_len ? " in " : "", l->path, *note ? "\n" : "", note);
}

static bool is_allowed(const struct load_part *p, struct str key)
{
    return !p->except || !str_eq(str_of(p->except), key);
}

static bool load_row(struct load *l, const struct yaml_node *map, const struct yaml_item *item,
                     struct load_part *p, const struct opt *row)
{
    uint64_t bit = UINT64_C(1) << (row - p->table);
    if (p->seen & bit) {
        const struct yaml_node *first = yaml_key(map, row->key);
        load_error(l, item->key, "duplicate key \"%s\"%s%s\nfirst set at %s", row->key,
                   l->path_len ? " in " : "", l->path, load_place(l, first));
        return false;
    }
    p->seen |= bit;
    size_t before = load_enter(l, "%s%s", l->path_len ? "." : "", row->key);
    bool is_right = load_value(l, row, item->value, p->conf);
    load_leave(l, before);
    return is_right;
}

static bool load_item(struct load *l, const struct yaml_node *map, const struct yaml_item *item,
                      struct load_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct opt *row = opt_find(parts[i].table, item->key->text);
        if (row && is_allowed(&parts[i], item->key->text))
            return load_row(l, map, item, &parts[i], row);
    }
    say_unknown(l, item->key, parts, count);
    return false;
}

static bool check_required(struct load *l, const struct yaml_node *n, const struct load_part *p)
{
    bool is_right = true;
    for (const struct opt *row = p->table; row->key; row++) {
        CHECK(row - p->table < 64);
        bool is_required = opt_is_scalar(row) && !row->dflt;
        if (p->optional || !is_required || p->seen >> (row - p->table) & 1)
            continue;
        load_error(l, n, "%s needs \"%s\"", load_path(l), row->key);
        is_right = false;
    }
    return is_right;
}

bool load_map(struct load *l, const struct yaml_node *n, struct load_part *parts, size_t count)
{
    CHECK(count <= LOAD_PARTS_MAX);
    if (n->kind != YAML_MAP)
        return refuse_kind(l, n, "a map", "write its keys below it, indented: \"key: value\"");
    bool is_right = true;
    for (const struct yaml_item *i = n->items; i; i = i->next)
        is_right &= load_item(l, n, i, parts, count);
    for (size_t i = 0; i < count; i++)
        is_right &= check_required(l, n, &parts[i]);
    return is_right;
}
