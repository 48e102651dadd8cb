/* transcript: our own YAML reader, and the keys that there are. A key that nobody knows would be a
 * test that tests nothing, so it is an error before anything is played. */
#include "wire/transcript.h"

#include "base/units.h"

#include <check.h>
#include <stdlib.h>

enum { FILE_MAX = 1024 * 1024 };

static const char *const file_keys[] = {"config", "files", "cases", NULL};
static const char *const case_keys[] = {"name", "shows", "each", "steps", NULL};
static const char *const step_keys[] = {
    "on",         "files",  "wait",   "request", "send",  "pieces", "every", "read",
    "half_close", "expect", "silent", "closed",  "after", "before", "leave", NULL};
static const char *const expect_keys[] = {"status",   "reason", "fields",   "absent",
                                          "body",     "size",   "contains", "same_as",
                                          "bodiless", "cut",    "times",    NULL};

static bool complain(const struct yaml_node *n, const char *what)
{
    (void)fprintf(stderr, "%s:%u:%u: %s\n", n->source->name, n->line, n->column, what);
    return false;
}

static bool is_listed(const char *const *keys, struct str key)
{
    while (*keys && !str_eq(str_of(*keys), key))
        keys++;
    return *keys != NULL;
}

/* `more` may be NULL. */
static bool check_keys(const struct yaml_node *map, const char *const *keys,
                       const char *const *more)
{
    if (map->kind != YAML_MAP)
        return complain(map, "here must be a map");
    for (const struct yaml_item *i = map->items; i; i = i->next) {
        if (!is_listed(keys, i->key->text) && !(more && is_listed(more, i->key->text)))
            return complain(i->key, "unknown key");
        for (const struct yaml_item *j = map->items; j != i; j = j->next)
            if (str_eq(i->key->text, j->key->text))
                return complain(i->key, "duplicate key");
    }
    return true;
}

static bool check_expect(const struct yaml_node *n)
{
    if (n->kind == YAML_MAP)
        return check_keys(n, expect_keys, NULL) &&
               (yaml_get(n, "status") || complain(n, "an answer needs a status"));
    bool is_right = true;
    for (const struct yaml_item *i = n->items; is_right && i; i = i->next)
        is_right = check_expect(i->value);
    return is_right;
}

static bool check_case(const struct yaml_node *n)
{
    const struct yaml_node *steps = yaml_get(n, "steps"), *name = yaml_get(n, "name");
    if (!check_keys(n, case_keys, steps ? NULL : step_keys))
        return false;
    if (!name || name->kind != YAML_TEXT)
        return complain(n, "a case needs a name");
    if (!steps)
        return !yaml_get(n, "expect") || check_expect(yaml_get(n, "expect"));
    if (steps->kind != YAML_LIST)
        return complain(steps, "steps must be a list");
    bool is_right = true;
    for (const struct yaml_item *i = steps->items; is_right && i; i = i->next) {
        const struct yaml_node *expect;
        is_right = check_keys(i->value, step_keys, NULL);
        expect = is_right ? yaml_get(i->value, "expect") : NULL;
        is_right = is_right && (!expect || check_expect(expect));
    }
    return is_right;
}

static int plays_of(const struct yaml_node *test)
{
    const struct yaml_node *each = yaml_get(test, "each");
    return each ? (int)each->count : 1;
}

static void add_plays(struct transcript *t, const struct yaml_node *test)
{
    const struct yaml_node *each = yaml_get(test, "each");
    if (!each) {
        t->plays[t->count++] = (struct play){.test = test};
        return;
    }
    for (const struct yaml_item *i = each->items; i; i = i->next) {
        const struct yaml_node *item = i->key ? i->key : i->value;
        t->plays[t->count++] = (struct play){
            .test = test, .each = item->text, .value = i->key ? i->value->text : STR("")};
    }
}

static bool check_file(struct transcript *t)
{
    const struct yaml_node *cases = yaml_get(t->root, "cases");
    int count = 0;
    if (!check_keys(t->root, file_keys, NULL))
        return false;
    if (!cases || cases->kind != YAML_LIST)
        return complain(t->root, "a transcript needs a list of cases");
    for (const struct yaml_item *i = cases->items; i; i = i->next) {
        if (!check_case(i->value))
            return false;
        count += plays_of(i->value);
    }
    t->plays = arena_alloc(t->arena, (size_t)count * sizeof *t->plays);
    for (const struct yaml_item *i = cases->items; t->plays && i; i = i->next)
        add_plays(t, i->value);
    return count > 0 || complain(cases, "no cases");
}

static bool read_text(struct transcript *t, struct str *text)
{
    FILE *f = fopen(t->path, "re");
    char *bytes = arena_alloc(t->arena, FILE_MAX);
    if (f && bytes)
        *text = str_make(bytes, fread(bytes, 1, FILE_MAX, f));
    bool is_read = f && bytes && !ferror(f) && text->n < FILE_MAX;
    if (!is_read)
        perror(t->path);
    if (f)
        (void)fclose(f); /* only read */
    return is_read;
}

bool transcript_load(struct transcript *t, const char *path)
{
    struct diag d;
    uint32_t budget = YAML_ALIAS_NODES;
    *t = (struct transcript){.path = path, .arena = arena_new(64 * KIB)};
    struct yaml_source *s = arena_alloc(t->arena, sizeof *s);
    *s = (struct yaml_source){.name = path, .dir = "/"};
    diag_init(&d);
    bool is_right = read_text(t, &s->text);
    if (is_right) {
        t->root = yaml_read(s, t->arena, &budget, &d);
        diag_print(&d, stderr);
        is_right = t->root && check_file(t);
    }
    if (is_right && s->text.p[0] != '#')
        is_right = complain(t->root, "the first line must be a comment: what the file proves");
    diag_done(&d);
    return is_right;
}

void transcript_done(struct transcript *t)
{
    arena_free(t->arena);
    *t = (struct transcript){0};
}

const char *play_name(const struct play *p)
{
    return yaml_get(p->test, "name")->text.p;
}

/* --- values --- */

static void nonsense(const struct yaml_node *n, const char *wanted)
{
    ck_abort_msg("%s:%u:%u: here must be %s", n->source->name, n->line, n->column, wanted);
}

struct str node_text(const struct yaml_node *n)
{
    if (n->kind != YAML_TEXT)
        nonsense(n, "a text");
    return n->text;
}

bool node_flag(const struct yaml_node *n)
{
    if (!str_eq(node_text(n), STR("true")))
        nonsense(n, "true");
    return true;
}

int node_ms(const struct yaml_node *n)
{
    int64_t ms = 0;
    if (units_parse_duration(node_text(n), &ms) != UNITS_OK || ms > HOUR)
        nonsense(n, "a duration");
    return (int)ms;
}

uint64_t node_size(const struct yaml_node *n)
{
    int64_t bytes = 0;
    if (units_parse_size(node_text(n), &bytes) != UNITS_OK)
        nonsense(n, "a size");
    return (uint64_t)bytes;
}
