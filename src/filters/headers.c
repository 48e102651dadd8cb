/* headers: adds the operator's field lines to every answer of a route, errors included. A deeper
 * level adds to what it inherits; a name given again there replaces the inherited one. */
#include "server/module.h"
#include "server/module_lines.h"

struct headers_conf {
    struct pair_list fields;
    struct str lines; /* ready to send; made by prepare() */
};

static const struct opt options[] = {
    OPT_PAIRS("headers", struct headers_conf, fields,
              "Fields that are added to every answer; those of all levels add up."),
    {0},
};

static bool prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    struct headers_conf *c = conf;
    return module_lines(l, where, &c->fields, &c->lines);
}

static void apply(struct request *r, const void *conf)
{
    const struct headers_conf *c = conf;
    if (c->lines.n == 0)
        return;
    if (r->resp.extra.n == 0)
        r->resp.extra = c->lines; /* the usual case: nothing is copied */
    else
        (void)reply_lines(r, c->lines); /* without memory it is a 503 already */
}

const struct filter_type filter_headers = {
    .name = "headers",
    .doc = "Adds fields to answers.",
    .options = options,
    .conf_size = sizeof(struct headers_conf),
    .prepare = prepare,
    .apply = apply,
};
