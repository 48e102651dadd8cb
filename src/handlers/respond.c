/* respond: an answer from the configuration, whatever the method. */
#include "http/status.h"
#include "server/module.h"
#include "server/module_lines.h"

struct respond_conf {
    uint32_t status;
    struct str body;
    struct pair_list headers;
    struct str lines; /* the headers, ready to send; made by prepare() */
};

/* Who is sent one sends it back, and would be told that it is another's. */
static bool check_headers(struct load *l, const struct yaml_node *n, void *conf)
{
    static const char *const validators[] = {"ETag", "Last-Modified"};
    bool is_right = true;
    (void)conf;
    for (size_t i = 0; i < sizeof validators / sizeof validators[0]; i++) {
        const struct yaml_node *key = load_pair_key(n, str_of(validators[i]));
        if (key)
            load_error(l, key,
                       "%s has %s, which is not compared with anything\n"
                       "leave it out, or serve a file",
                       load_path(l), validators[i]);
        is_right &= !key;
    }
    return is_right;
}

static const struct opt options[] = {
    OPT_COUNT("status", struct respond_conf, status, "200", 200, 599, "Status of the answer."),
    OPT_TEXT("body", struct respond_conf, body, "",
             "Content of the answer; without it an error gets the usual small page."),
    {.key = "headers",
     .kind = K_PAIRS,
     .at = AT(struct respond_conf, headers, struct pair_list),
     .max = 65535,
     .read = check_headers,
     .doc = "Fields of the answer; its Content-Type is text/plain unless one is named here."},
    {0},
};

/* What a text is unless something else is configured; it does not count as a configured field. */
static bool put_type_in_front(struct respond_conf *c, struct load *l)
{
    static const struct str type = {"Content-Type: text/plain; charset=utf-8\r\n", 41};
    char *text = load_alloc(l, type.n + c->lines.n);
    if (!text)
        return false;
    memcpy(mempcpy(text, type.p, type.n), c->lines.p, c->lines.n);
    c->lines = str_make(text, type.n + c->lines.n);
    return true;
}

/* The fields as they are sent, the type in front: a 304 leaves it out. A page, which is all that an
 * error or a redirect without a body has, comes with a type of its own (RFC 9110 section 8.3). */
static bool write_lines(struct respond_conf *c, struct load *l, const struct yaml_node *where)
{
    const struct pair_list *all = &c->headers;
    struct pair_list sent = {.items = load_alloc(l, (all->count + 1) * sizeof(struct pair))};
    bool is_typed = false;
    if (!sent.items)
        return false;
    sent.count = 1; /* the type's place */
    for (uint32_t i = 0; i < all->count; i++) {
        if (!str_eq_nocase(all->items[i].name, STR("Content-Type"))) {
            sent.items[sent.count++] = all->items[i];
            continue;
        }
        sent.items[0] = all->items[i];
        is_typed = c->body.n > 0 || c->status < 300;
    }
    if (!is_typed)
        sent = (struct pair_list){sent.items + 1, sent.count - 1};
    if (!module_lines(l, where, &sent, &c->lines))
        return false;
    return is_typed || c->body.n == 0 || put_type_in_front(c, l);
}

static bool prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    struct respond_conf *c = conf;
    bool may_have_body = status_has_content((uint16_t)c->status) && c->status != 205;
    if (c->body.n > 0 && !may_have_body) {
        load_error(l, where, "an answer with status %u cannot have a body\nleave the body out",
                   c->status);
        return false;
    }
    return write_lines(c, l, where);
}

/* An error's lines stay when a page takes the place of what it says itself. */
static enum verdict handle(struct request *r, const void *conf)
{
    const struct respond_conf *c = conf;
    if (c->status >= 300 && c->body.n == 0) {
        reply_status(r, (uint16_t)c->status);
        if (c->lines.n > 0)
            (void)reply_lines(r, c->lines); /* without memory it is a 503 already */
    } else {
        reply_begin(r, (uint16_t)c->status);
        r->resp.fixed = c->lines;
        reply_memory(r, c->body);
    }
    r->resp.is_configured = c->headers.count > 0;
    return V_READY;
}

const struct handler_type handler_respond = {
    .name = "respond",
    .doc = "Answers from the configuration.",
    .options = options,
    .conf_size = sizeof(struct respond_conf),
    .prepare = prepare,
    .handle = handle,
};
