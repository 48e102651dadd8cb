/* yaml: libyaml's events to our tree. */
#include "config/yaml.h"

#include "base/check.h"
#include "base/map.h"
#include "config/yaml_hint.h"
#include "config/yaml_text.h"

#include <stdarg.h>
#include <yaml.h>

/* A collection that is not closed yet. */
struct frame {
    struct yaml_node *node;
    struct yaml_item **tail;     /* where the next item goes */
    const struct yaml_node *key; /* waiting for its value */
};

struct builder {
    const struct yaml_source *source;
    struct arena *arena;
    struct diag *diag;
    uint32_t *alias_budget;
    yaml_parser_t parser;
    struct map anchors; /* name -> struct yaml_node; its size is 0 until it is closed */
    struct frame stack[YAML_DEPTH_MAX];
    uint32_t depth;
    const struct yaml_node *root;
};

/* --- places --- */

struct diag_place yaml_place_at(const struct yaml_source *s, uint32_t line, uint32_t column,
                                uint32_t width)
{
    return (struct diag_place){.file = s->name,
                               .order = s->order,
                               .line = line,
                               .column = column,
                               .width = width,
                               .source = yaml_text_line(s->text, line)};
}

struct diag_place yaml_place(const struct yaml_node *n)
{
    return yaml_place_at(n->source, n->line, n->column, n->width);
}

static bool fail_at(struct builder *b, const yaml_mark_t *mark, uint32_t width, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

static bool fail_at(struct builder *b, const yaml_mark_t *mark, uint32_t width, const char *format,
                    ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct diag_place place =
        yaml_place_at(b->source, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1, width);
    diag_add(b->diag, DIAG_ERROR, &place, str_of(text));
    return false;
}

static bool fail_memory(struct builder *b)
{
    diag_environment(b->diag, "%s: out of memory", b->source->name);
    return false;
}

static bool fail_syntax(struct builder *b)
{
    const yaml_parser_t *p = &b->parser;
    struct yaml_trouble t = {
        .line = (uint32_t)p->problem_mark.line + 1,
        .column = (uint32_t)p->problem_mark.column + 1,
        .context_line = p->context ? (uint32_t)p->context_mark.line + 1 : 0,
        .context_column = (uint32_t)p->context_mark.column + 1,
        .problem = p->problem,
        .context = p->context,
    };
    if (p->error == YAML_MEMORY_ERROR)
        return fail_memory(b);
    yaml_hint(b->source, &t, b->diag);
    return false;
}

/* --- building --- */

static struct yaml_node *new_node(struct builder *b, const yaml_event_t *e, enum yaml_kind kind)
{
    struct yaml_node *n = arena_alloc(b->arena, sizeof *n);
    if (!n)
        return NULL;
    bool is_one_line = e->start_mark.line == e->end_mark.line;
    size_t width = is_one_line ? e->end_mark.column - e->start_mark.column : 1;
    *n = (struct yaml_node){
        .source = b->source,
        .kind = kind,
        .line = (uint32_t)e->start_mark.line + 1,
        .column = (uint32_t)e->start_mark.column + 1,
        .width = width ? (uint32_t)width : 1,
        .size = 1,
    };
    return n;
}

/* Hangs a node into the collection that is open, or makes it the root. */
static bool place_node(struct builder *b, const yaml_event_t *e, const struct yaml_node *n)
{
    if (b->depth == 0) {
        b->root = n;
        return true;
    }
    struct frame *f = &b->stack[b->depth - 1];
    f->node->size += n->size;
    if (f->node->kind == YAML_MAP && !f->key) {
        if (n->kind != YAML_TEXT)
            return fail_at(b, &e->start_mark, 1, "a key must be plain text");
        if (n->plain && str_eq(n->text, STR("<<")))
            return fail_at(b, &e->start_mark, 2,
                           "\"<<\" is not supported\n"
                           "say it one level up: routes inherit from their vhost, vhosts from "
                           "files");
        f->key = n;
        return true;
    }
    struct yaml_item *item = arena_alloc(b->arena, sizeof *item);
    if (!item)
        return fail_memory(b);
    *item = (struct yaml_item){.key = f->key, .value = n};
    *f->tail = item;
    f->tail = &item->next;
    f->node->count++;
    f->key = NULL;
    return true;
}

static bool set_anchor(struct builder *b, const yaml_char_t *anchor, struct yaml_node *n)
{
    if (!anchor)
        return true;
    struct str name = arena_str(b->arena, str_of((const char *)anchor));
    return (name.p && map_set(&b->anchors, name, n)) || fail_memory(b);
}

static bool refuse_tag(struct builder *b, const yaml_event_t *e, const yaml_char_t *tag)
{
    return !tag || fail_at(b, &e->start_mark, 1,
                           "a tag is not supported\nleave it out: the key decides the type");
}

static bool add_scalar(struct builder *b, const yaml_event_t *e)
{
    struct yaml_node *n = new_node(b, e, YAML_TEXT);
    if (!n)
        return fail_memory(b);
    struct str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->text = arena_str(b->arena, text);
    if (!n->text.p)
        return fail_memory(b);
    return refuse_tag(b, e, e->data.scalar.tag) && set_anchor(b, e->data.scalar.anchor, n) &&
           place_node(b, e, n);
}

static bool add_alias(struct builder *b, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;
    const struct yaml_node *n = map_get(&b->anchors, str_of(name));
    uint32_t width = (uint32_t)(e->end_mark.column - e->start_mark.column);
    if (!n)
        return fail_at(
            b, &e->start_mark, width,
            "no anchor \"&%.64s\" before this alias\nif it is no alias, write \"*%.64s\" "
            "in quotes",
            name, name);
    for (uint32_t i = 0; i < b->depth; i++)
        if (b->stack[i].node == n)
            return fail_at(b, &e->start_mark, width, "an alias inside its own anchor");
    if (n->size > *b->alias_budget)
        return fail_at(b, &e->start_mark, width, "aliases add more than %d values",
                       YAML_ALIAS_NODES);
    *b->alias_budget -= n->size;
    return place_node(b, e, n);
}

static bool open_collection(struct builder *b, const yaml_event_t *e, enum yaml_kind kind)
{
    bool is_map = kind == YAML_MAP;
    const yaml_char_t *tag = is_map ? e->data.mapping_start.tag : e->data.sequence_start.tag;
    const yaml_char_t *anchor =
        is_map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor;
    if (b->depth == YAML_DEPTH_MAX)
        return fail_at(b, &e->start_mark, 1, "nested deeper than %d levels", YAML_DEPTH_MAX);
    struct yaml_node *n = new_node(b, e, kind);
    if (!n)
        return fail_memory(b);
    b->stack[b->depth++] = (struct frame){.node = n, .tail = &n->items};
    return refuse_tag(b, e, tag) && set_anchor(b, anchor, n);
}

static bool close_collection(struct builder *b, const yaml_event_t *e)
{
    CHECK(b->depth > 0);
    struct yaml_node *n = b->stack[--b->depth].node;
    if (n->line == e->end_mark.line + 1 && e->end_mark.column > n->column)
        n->width = (uint32_t)e->end_mark.column + 1 - n->column;
    return place_node(b, e, n);
}

static bool take_event(struct builder *b, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return add_scalar(b, e);
    case YAML_ALIAS_EVENT:
        return add_alias(b, e);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(b, e, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_collection(b, e, YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_collection(b, e);
    case YAML_DOCUMENT_START_EVENT:
        if (b->root)
            return fail_at(b, &e->start_mark, 3,
                           "a second document\na configuration is one document");
        return true;
    default:
        return true;
    }
}

static bool read_events(struct builder *b)
{
    for (bool ended = false; !ended;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&b->parser, &e))
            return fail_syntax(b);
        ended = e.type == YAML_STREAM_END_EVENT;
        bool taken = take_event(b, &e);
        yaml_event_delete(&e);
        if (!taken)
            return false;
    }
    /* A file of comments has no document; one of "---" has a document with nothing in it. */
    bool is_empty = !b->root || (b->root->kind == YAML_TEXT && b->root->text.n == 0);
    if (is_empty) {
        struct diag_place place = {.file = b->source->name, .order = b->source->order};
        diag_add(b->diag, DIAG_ERROR, &place,
                 STR("the file is empty\nthe least is: version: 1, listen, and one of vhosts"));
    }
    return !is_empty;
}

const struct yaml_node *yaml_read(const struct yaml_source *s, struct arena *a,
                                  uint32_t *alias_budget, struct diag *d)
{
    struct builder b = {.source = s, .arena = a, .diag = d, .alias_budget = alias_budget};
    if (!yaml_text_check(s, d))
        return NULL;
    if (!yaml_parser_initialize(&b.parser)) {
        fail_memory(&b);
        return NULL;
    }
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)s->text.p, s->text.n);
    bool is_read = read_events(&b);
    yaml_parser_delete(&b.parser);
    map_done(&b.anchors);
    return is_read ? b.root : NULL;
}

/* --- looking up --- */

static const struct yaml_item *find(const struct yaml_node *map, const char *key)
{
    if (map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml_item *i = map->items; i; i = i->next)
        if (str_eq(i->key->text, str_of(key)))
            return i;
    return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    const struct yaml_item *i = find(map, key);
    return i ? i->value : NULL;
}

const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key)
{
    const struct yaml_item *i = find(map, key);
    return i ? i->key : NULL;
}
