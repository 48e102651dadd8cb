/* headers: adds the operator's field lines to every answer of a route, errors included, and takes
 * away what should not be sent. A deeper level adds to what it inherits; a name given again there
 * replaces the inherited one; what is to be removed is never sent, whoever would add it. */
#include "http/lines.h"
#include "server/module.h"
#include "server/module_lines.h"

struct headers_conf {
    struct pair_list fields;
    struct str_list removed;
    struct str lines; /* of `fields`, ready to send; made by prepare() */
    bool hides_server;
};

/* What says how the content is to be read comes with the content: twice, it could be read two ways.
 */
static const struct {
    const char *name, *instead;
} of_content[] = {
    {"Content-Type", "content_types or charset"},        {"Content-Encoding", "precompressed"},
    {"Content-Range", "nothing: skiff knows it"},        {"ETag", "etag"},
    {"Last-Modified", "nothing: it is the file's time"}, {"Location", "redirect"},
};

static bool check_fields(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct pair_list *all = &((const struct headers_conf *)conf)->fields;
    bool is_right = true;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct yaml_node *key = load_pair_key(n, all->items[i].name);
        for (size_t k = 0; key && k < sizeof of_content / sizeof of_content[0]; k++)
            if (str_eq_nocase(all->items[i].name, str_of(of_content[k].name))) {
                load_error(l, key, "%s has %s, which belongs to the content\nuse %s", load_path(l),
                           of_content[k].name, of_content[k].instead);
                is_right = false;
            }
    }
    return is_right;
}

/* Without them the answer would be another one. */
static const char *const essential[] = {"Allow", "Content-Encoding", "Content-Range", "Location"};

static const char *refused_to_remove(struct str name)
{
    for (size_t i = 0; i < sizeof essential / sizeof essential[0]; i++)
        if (str_eq_nocase(name, str_of(essential[i])))
            return "cannot be left out: what the answer means depends on it\nremove what makes it";
    return str_eq_nocase(name, STR("Server")) ? NULL : line_refused(name, STR(""));
}

static bool check_removed(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct str_list *all = &((const struct headers_conf *)conf)->removed;
    bool is_right = true;
    for (uint32_t i = 0; i < all->count; i++) {
        struct str name = all->items[i];
        const char *why = refused_to_remove(name);
        if (why)
            load_error(l, load_text_at(n, i), "%s: \"%.*s\" %s", load_path(l), (int)name.n, name.p,
                       why);
        is_right &= !why;
    }
    return is_right;
}

static const struct opt options[] = {
    {.key = "headers",
     .kind = K_PAIRS,
     .at = AT(struct headers_conf, fields, struct pair_list),
     .max = 65535,
     .read = check_fields,
     .doc = "Fields that are added to every answer; those of all levels add up.",
     .was = "add_header"},
    {.key = "remove_headers",
     .kind = K_TEXTS,
     .at = AT(struct headers_conf, removed, struct str_list),
     .max = 255,
     .read = check_removed,
     .doc = "Names of fields that are never sent: inherited ones, Server, or a file's own.",
     .was = "server_tokens"},
    {0},
};

static bool is_removed(const struct headers_conf *c, struct str name)
{
    for (uint32_t i = 0; i < c->removed.count; i++)
        if (str_eq_nocase(c->removed.items[i], name))
            return true;
    return false;
}

static bool prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    struct headers_conf *c = conf;
    struct pair_list kept = {.items = load_alloc(l, (c->fields.count + 1) * sizeof(struct pair))};
    if (!kept.items)
        return false;
    for (uint32_t i = 0; i < c->fields.count; i++)
        if (!is_removed(c, c->fields.items[i].name))
            kept.items[kept.count++] = c->fields.items[i];
    c->hides_server = is_removed(c, STR("Server"));
    return module_lines(l, where, &kept, &c->lines);
}

/* The answer's own lines without the removed ones: copied, so only when there is one. */
static void strip(struct request *r, const struct headers_conf *c, struct str *lines)
{
    bool has_some = false;
    for (uint32_t i = 0; i < c->removed.count; i++)
        has_some |= lines_have(*lines, c->removed.items[i]);
    if (!has_some)
        return;
    char *text = request_alloc(r, lines->n);
    if (!text) {
        reply_status(r, 503);
        return;
    }
    size_t n = 0;
    for (struct str rest = *lines; rest.n > 0;) {
        const char *begin = rest.p;
        struct str name = str_cut(&rest, '\n');
        size_t whole = name.n + 1;
        if (is_removed(c, str_cut(&name, ':')))
            continue;
        memcpy(text + n, begin, whole);
        n += whole;
    }
    *lines = str_make(text, n);
}

/* The inherited fields that the answer does not give itself. Without memory it is a 503 already. */
static void add_what_is_not_said(struct request *r, const struct headers_conf *c)
{
    for (uint32_t i = 0; i < c->fields.count; i++) {
        struct str name = c->fields.items[i].name;
        bool is_said = lines_have(r->resp.fixed, name) || lines_have(r->resp.extra, name);
        if (!is_said && !is_removed(c, name))
            (void)reply_field(r, name, c->fields.items[i].value);
    }
}

static void apply(struct request *r, const void *conf)
{
    const struct headers_conf *c = conf;
    if (c->removed.count > 0) {
        r->resp.hides_server = c->hides_server;
        strip(r, c, &r->resp.fixed);
        strip(r, c, &r->resp.extra);
    }
    if (c->lines.n == 0)
        return;
    if (r->resp.is_configured)
        add_what_is_not_said(r, c);
    else if (r->resp.extra.n == 0)
        r->resp.extra = c->lines; /* the usual case: nothing is copied */
    else
        (void)reply_lines(r, c->lines); /* without memory it is a 503 already */
}

const struct filter_type filter_headers = {
    .name = "headers",
    .doc = "Adds fields to answers, and removes some.",
    .options = options,
    .conf_size = sizeof(struct headers_conf),
    .prepare = prepare,
    .apply = apply,
};
