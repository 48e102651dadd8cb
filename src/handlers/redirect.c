/* redirect: sends the client elsewhere. */
#include "config/load.h"
#include "server/module.h"

struct redirect_conf {
    struct str to;
    uint32_t status;
};

static const struct opt options[] = {
    OPT_TEXT("to", struct redirect_conf, to, NULL,
             "Where to send the client: an absolute URL or a path, percent-encoded; required."),
    OPT_COUNT("status", struct redirect_conf, status, "308", 301, 308,
              "Status of the redirect: 301, 302, 303, 307 or 308."),
    {0},
};

static bool prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    const struct redirect_conf *c = conf;
    bool is_redirect = c->status <= 303 || c->status >= 307;
    if (!is_redirect)
        load_error(l, where,
                   "%u is not a redirect that may be configured\nwrite 301, 302, 303, 307 or 308",
                   c->status);
    for (size_t i = 0; i < c->to.n; i++) {
        unsigned char byte = (unsigned char)c->to.p[i];
        if (byte > ' ' && byte < 0x7f)
            continue;
        load_error(l, where, "redirect.to holds a character that no URL has\nwrite %%%02X for it",
                   byte);
        return false;
    }
    if (c->to.n == 0)
        load_error(l, where, "redirect.to is empty\nwrite a path or a URL");
    return is_redirect && c->to.n > 0;
}

static enum verdict handle(struct request *r, const void *conf)
{
    const struct redirect_conf *c = conf;
    reply_redirect(r, (uint16_t)c->status, c->to);
    return V_READY;
}

const struct handler_type handler_redirect = {
    .name = "redirect",
    .doc = "Sends the client elsewhere.",
    .options = options,
    .conf_size = sizeof(struct redirect_conf),
    .short_key = "to",
    .prepare = prepare,
    .handle = handle,
};
