/* module_lines: see module_lines.h. */
#include "server/module_lines.h"

#include "http/lines.h"

/* The field's own place, where it stands in the map that is read. */
static const struct yaml_node *place_of(const struct yaml_node *where, struct str name)
{
    const struct yaml_node *key = where->kind == YAML_MAP ? load_pair_key(where, name) : NULL;
    return key ? key : where;
}

static bool check(struct load *l, const struct yaml_node *where, const struct pair_list *pairs)
{
    size_t n = 0;
    bool is_right = true;
    for (uint32_t i = 0; i < pairs->count; i++) {
        const struct pair *p = &pairs->items[i];
        const char *why = line_refused(p->name, p->value);
        if (why)
            load_error(l, place_of(where, p->name), "field \"%.*s\" %s", (int)p->name.n, p->name.p,
                       why);
        is_right &= !why;
        n += p->name.n + p->value.n + 4;
    }
    if (n > MODULE_LINES_MAX)
        load_error(l, where, "these fields make %zu bytes\nat most %d are allowed", n,
                   MODULE_LINES_MAX);
    return is_right && n <= MODULE_LINES_MAX;
}

bool module_lines(struct load *l, const struct yaml_node *where, const struct pair_list *pairs,
                  struct str *out)
{
    if (!check(l, where, pairs))
        return false;
    char *text = load_alloc(l, MODULE_LINES_MAX);
    size_t n = 0;
    if (!text)
        return false;
    for (uint32_t i = 0; i < pairs->count; i++)
        n += line_write(pairs->items[i].name, pairs->items[i].value, text + n);
    *out = str_make(text, n);
    return true;
}
