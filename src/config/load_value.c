/* load_value: how the value of one row is read, by its kind. */
#include "base/check.h"
#include "config/load.h"

enum { PAIRS_MAX = 256 }; /* of one map: a head has fewer fields than that */

void load_note(struct load *l, const void *at, const struct yaml_node *n)
{
    if (l->origins && !origins_set(l->origins, at, n->source->name, n->line, false))
        diag_environment(l->diag, "out of memory");
}

static bool refuse_list(struct load *l, const struct yaml_node *n)
{
    load_error(l, n, "%s must be a list\nbegin each entry with \"- \"", load_path(l));
    return false;
}

/* --- scalars --- */

static bool is_word(const struct opt *o, struct str text)
{
    for (const char *const *word = o->choices; word && *word; word++)
        if (str_eq(text, str_of(*word)))
            return true;
    return false;
}

/* Makes a path absolute, relative to the file that says it. */
static bool make_absolute(struct load *l, const struct opt *o, const struct yaml_node *n,
                          struct str *path)
{
    struct str rest = *path;
    if (rest.n == 0 || rest.p[0] == '/' || is_word(o, rest))
        return true;
    while (str_starts(rest, STR("./")))
        rest = str_from(rest, 2);
    bool is_here = rest.n == 0 || str_eq(rest, STR("."));
    const char *dir = n->source->dir;
    const char *slash = strcmp(dir, "/") == 0 || is_here ? "" : "/";
    *path = arena_printf(l->arena, "%s%s%.*s", dir, slash, is_here ? 0 : (int)rest.n, rest.p);
    if (path->p)
        return true;
    diag_environment(l->diag, "out of memory");
    return false;
}

/* A word that is meant as a switch would make a file of that name. */
static bool check_path(struct load *l, const struct opt *o, const struct yaml_node *n,
                       struct str path)
{
    static const char *const switches[] = {"true", "false", "yes", "no", "on", "off", "none", NULL};
    const struct opt words = {.choices = switches};
    if (!is_word(&words, path) || is_word(o, path))
        return true;
    load_error(l, n, "%s is \"%.*s\", which is no path\nwrite ./%.*s for a file of that name",
               load_path(l), (int)path.n, path.p, (int)path.n, path.p);
    return false;
}

static bool load_scalar(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf)
{
    struct str text;
    struct opt_fault f;
    if (!load_text(l, n, &text))
        return false;
    if (!opt_set(o, text, conf, &f)) {
        load_error(l, n, "%s %s%s%s", load_path(l), f.what, *f.note ? "\n" : "", f.note);
        return false;
    }
    load_note(l, opt_value(o, conf), n);
    if (o->kind != K_PATH)
        return true;
    struct str *path = opt_at(o, conf);
    return check_path(l, o, n, *path) && make_absolute(l, o, n, path);
}

/* --- lists and maps of text --- */

static bool load_one_text(struct load *l, const struct opt *o, const struct yaml_node *n,
                          struct str *out)
{
    struct opt item = {.key = o->key, .kind = K_TEXT, .min = o->min, .max = o->max};
    struct opt_fault f;
    struct str text;
    if (!load_text(l, n, &text))
        return false;
    if (opt_set(&item, text, out, &f))
        return true;
    load_error(l, n, "%s %s%s%s", load_path(l), f.what, *f.note ? "\n" : "", f.note);
    return false;
}

static bool load_texts(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf)
{
    uint32_t count = n->kind == YAML_LIST ? n->count : 1;
    struct str *items = load_alloc(l, count * sizeof *items);
    bool is_right = items != NULL;
    if (!is_right)
        return false;
    if (n->kind == YAML_LIST) {
        uint32_t at = 0;
        for (const struct yaml_item *i = n->items; i; i = i->next, at++) {
            size_t before = load_enter(l, "[%u]", at);
            is_right &= load_one_text(l, o, i->value, &items[at]);
            load_leave(l, before);
        }
    } else {
        is_right = load_one_text(l, o, n, items);
    }
    *(struct str_list *)opt_at(o, conf) = (struct str_list){.items = items, .count = count};
    load_note(l, opt_value(o, conf), n);
    return is_right;
}

static struct pair *find_pair(const struct pair_list *list, struct str name)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (str_eq_nocase(list->items[i].name, name))
            return &list->items[i];
    return NULL;
}

/* The key before `end` that names the same; NULL: there is none. */
static const struct yaml_node *find_twin(const struct yaml_node *map, const struct yaml_item *end)
{
    for (const struct yaml_item *i = map->items; i != end; i = i->next)
        if (str_eq_nocase(i->key->text, end->key->text))
            return i->key;
    return NULL;
}

static bool load_pair(struct load *l, const struct opt *o, const struct yaml_item *item,
                      struct pair *out)
{
    size_t before = load_enter(l, ".%.*s", (int)item->key->text.n, item->key->text.p);
    bool is_right = load_one_text(l, o, item->value, &out->value);
    load_leave(l, before);
    out->name = arena_str(l->arena, item->key->text);
    if (!out->name.p)
        diag_environment(l->diag, "out of memory");
    else
        load_note(l, out->name.p, item->key);
    return is_right && out->name.p;
}

const struct yaml_node *load_pair_key(const struct yaml_node *map, struct str name)
{
    const struct yaml_item *i = map->items;
    while (i && !str_eq_nocase(i->key->text, name))
        i = i->next;
    return i ? i->key : NULL;
}

const struct yaml_node *load_text_at(const struct yaml_node *list, uint32_t i)
{
    const struct yaml_item *item = list->items;
    while (item && i-- > 0)
        item = item->next;
    return item ? item->value : list;
}

/* Adds the file's pairs to those that were inherited; a name given again replaces its value. */
static bool load_pairs(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf)
{
    struct pair_list *inherited = opt_at(o, conf);
    struct pair_list own = {0};
    if (n->kind != YAML_MAP || n->count > PAIRS_MAX) {
        load_error(l, n, "%s must be a map of at most %d names to texts", load_path(l), PAIRS_MAX);
        return false;
    }
    own.items = load_alloc(l, (n->count + inherited->count) * sizeof *own.items);
    if (!own.items)
        return false;
    bool is_right = true;
    for (const struct yaml_item *i = n->items; i; i = i->next) {
        const struct yaml_node *twin = find_twin(n, i);
        if (twin) {
            load_error(l, i->key, "duplicate key \"%.*s\" in %s\nfirst set at %s",
                       (int)i->key->text.n, i->key->text.p, load_path(l), load_place(l, twin));
            is_right = false;
        }
        if (load_pair(l, o, i, &own.items[own.count]))
            own.count++;
        else
            is_right = false;
    }
    /* Inherited ones come first: what everybody sends stays in one order. */
    uint32_t kept = 0;
    struct pair *all = load_alloc(l, (own.count + inherited->count) * sizeof *all);
    if (!all)
        return false;
    for (uint32_t i = 0; i < inherited->count; i++)
        if (!find_pair(&own, inherited->items[i].name))
            all[kept++] = inherited->items[i];
    memcpy(all + kept, own.items, own.count * sizeof *all);
    *inherited = (struct pair_list){.items = all, .count = kept + own.count};
    return is_right;
}

/* --- nested structs --- */

/* A bare value where a struct is wanted stands for one of its keys. */
static bool load_struct(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf)
{
    if (n->kind != YAML_MAP && o->short_key) {
        const struct opt *row = opt_find(o->table, str_of(o->short_key));
        CHECK(row != NULL);
        return load_value(l, row, n, conf);
    }
    struct load_part part = {.table = o->table, .conf = conf};
    return load_map(l, n, &part, 1);
}

static bool load_list(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf)
{
    bool is_one = n->kind == YAML_TEXT && o->short_key && (n->text.n || !n->plain);
    if (n->kind != YAML_LIST && !is_one)
        return refuse_list(l, n);
    uint32_t count = is_one ? 1 : n->count;
    char *items = load_alloc(l, (size_t)count * o->item_size);
    bool is_right = items != NULL;
    if (!is_right)
        return false;
    const struct yaml_item *item = is_one ? NULL : n->items;
    for (uint32_t i = 0; i < count; i++) {
        char *at = items + (size_t)i * o->item_size;
        size_t before = load_enter(l, "[%u]", i);
        is_right &= load_defaults(l, o->table, at);
        is_right &= load_struct(l, o, item ? item->value : n, at);
        load_leave(l, before);
        item = item ? item->next : NULL;
    }
    *(struct item_list *)opt_at(o, conf) = (struct item_list){.items = items, .count = count};
    return is_right;
}

/* --- any row --- */

static bool load_kind(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf)
{
    switch (o->kind) {
    case K_TEXTS:
        return load_texts(l, o, n, conf);
    case K_PAIRS:
        return load_pairs(l, o, n, conf);
    case K_GROUP:
        return load_struct(l, o, n, opt_at(o, conf));
    case K_LIST:
        return load_list(l, o, n, conf);
    case K_CUSTOM:
        return true;
    default:
        return load_scalar(l, o, n, conf);
    }
}

bool load_value(struct load *l, const struct opt *o, const struct yaml_node *n, void *conf)
{
    if (!load_kind(l, o, n, conf))
        return false;
    l->row = o;
    return !o->read || o->read(l, n, conf);
}

/* --- defaults --- */

static bool default_texts(struct load *l, const struct opt *row, void *conf)
{
    struct str rest = str_of(row->dflt);
    struct str_list list = {0};
    uint32_t count = 1;
    for (size_t i = 0; i < rest.n; i++)
        count += rest.p[i] == ',';
    list.items = load_alloc(l, count * sizeof *list.items);
    if (!list.items)
        return false;
    while (rest.p)
        list.items[list.count++] = str_trim(str_cut(&rest, ','));
    *(struct str_list *)opt_at(row, conf) = list;
    return true;
}

bool load_defaults(struct load *l, const struct opt *table, void *conf)
{
    bool is_right = true;
    for (const struct opt *row = table; row->key; row++) {
        struct opt_fault f;
        if (row->kind == K_GROUP)
            is_right &= load_defaults(l, row->table, opt_at(row, conf));
        else if (!row->dflt || !*row->dflt)
            continue;
        else if (row->kind == K_TEXTS)
            is_right &= default_texts(l, row, conf);
        else if (opt_is_scalar(row))
            /* A table whose default its own parser refuses is our fault. */
            CHECK(opt_set(row, str_of(row->dflt), conf, &f));
    }
    return is_right;
}
