/* respond: an answer from the configuration, whatever the method. */
#include "http/lines.h"
#include "http/status.h"
#include "server/module.h"
#include "server/module_lines.h"

struct respond_conf {
    uint32_t status;
    struct str body;
    struct pair_list headers;
    struct str lines; /* the headers, ready to send; made by prepare() */
};

static const struct opt options[] = {
    OPT_COUNT("status", struct respond_conf, status, "200", 200, 599, "Status of the answer."),
    OPT_TEXT("body", struct respond_conf, body, "",
             "Content of the answer; without it an error gets the usual small page."),
    OPT_PAIRS("headers", struct respond_conf, headers,
              "Fields of the answer; its Content-Type is text/plain unless one is named here."),
    {0},
};

static bool prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    struct respond_conf *c = conf;
    bool may_have_body = status_has_content((uint16_t)c->status) && c->status != 205;
    if (c->body.n > 0 && !may_have_body) {
        load_error(l, where, "an answer with status %u cannot have a body\nleave the body out",
                   c->status);
        return false;
    }
    if (!module_lines(l, where, &c->headers, &c->lines))
        return false;
    if (lines_have(c->lines, STR("ETag")) || lines_have(c->lines, STR("Last-Modified"))) {
        load_error(l, where,
                   "an answer from the configuration has no ETag and no Last-Modified: "
                   "nobody would compare them\nleave them out, or serve a file");
        return false;
    }
    bool is_typed = c->body.n == 0 || lines_have(c->lines, STR("Content-Type"));
    if (is_typed)
        return true;
    static const struct str type = {"Content-Type: text/plain; charset=utf-8\r\n", 41};
    char *text = load_alloc(l, c->lines.n + type.n);
    if (!text)
        return false;
    memcpy(mempcpy(text, type.p, type.n), c->lines.p, c->lines.n);
    c->lines = str_make(text, c->lines.n + type.n);
    return true;
}

static enum verdict handle(struct request *r, const void *conf)
{
    const struct respond_conf *c = conf;
    if (c->body.n == 0) {
        reply_status(r, (uint16_t)c->status);
        if (c->lines.n > 0)
            (void)reply_lines(r, c->lines); /* without memory it is a 503 already */
        r->resp.is_configured = c->headers.count > 0;
        return V_READY;
    }
    reply_begin(r, (uint16_t)c->status);
    r->resp.is_configured = c->headers.count > 0;
    r->resp.fixed = c->lines;
    reply_memory(r, c->body);
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
