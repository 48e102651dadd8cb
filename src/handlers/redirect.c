/* redirect: sends the client elsewhere.
 *
 * The target may hold {path}, all of the path, and {rest}, what is behind the route's prefix. They
 * are written only where they cannot become part of a host's name, so nobody can be sent to a site
 * that the operator did not write down. */
#include "config/load.h"
#include "http/target.h"
#include "server/module.h"
#include "server/route.h"

enum { LOCATION_MAX = 4096 }; /* bytes: an answer's head is bounded */

struct redirect_conf {
    struct str to;
    uint32_t status;
    bool has_blanks; /* {path} or {rest} */
};

static const struct opt options[] = {
    OPT_TEXT("to", struct redirect_conf, to, NULL,
             "Where to send the client: an absolute URL or a path, percent-encoded; {path} stands "
             "for the request's path, {rest} for what is behind the route's prefix; required."),
    OPT_COUNT("status", struct redirect_conf, status, "308", 301, 308,
              "Status of the redirect: 301, 302, 303, 307 or 308."),
    {0},
};

/* --- the target, as it is configured --- */

/* Where the name of a host ends, behind "https://" or "//"; 0 for a path. Further slashes are none
 * of a path's: browsers skip them. */
static size_t authority_end(struct str to)
{
    size_t n = 0;
    if (to.n == 0 || (to.p[0] == '/' && (to.n == 1 || to.p[1] != '/')))
        return 0;
    while (n + 1 < to.n && !(to.p[n] == '/' && to.p[n + 1] == '/'))
        n++;
    for (n += 2; n < to.n && to.p[n] == '/'; n++)
        ;
    for (; n < to.n && to.p[n] != '/' && to.p[n] != '?' && to.p[n] != '{'; n++)
        ;
    return n;
}

/* Why a blank may not stand at `at`; NULL: it may. */
static const char *blank_refused(struct str to, size_t at)
{
    size_t host = authority_end(to);
    if (str_starts(str_from(to, at), STR("{path}"))) {
        if (at > 0 && to.p[at - 1] == '/')
            return "has a slash in front of {path}\n{path} begins with one itself";
        return at == 0 || at >= host ? NULL : "has {path} in a host's name";
    }
    if (!str_starts(str_from(to, at), STR("{rest}")))
        return "has a \"{\" that begins neither {path} nor {rest}\nwrite %7B for the character";
    return at > host || (host == 0 && at > 0) ? NULL
                                              : "needs a slash in front of {rest}\nwrite /{rest}";
}

static const char *check_target(struct redirect_conf *c)
{
    if (c->to.n == 0)
        return "is empty\nwrite a path or a URL";
    for (size_t i = 0; i < c->to.n; i++) {
        unsigned char byte = (unsigned char)c->to.p[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '\\')
            return "holds a character that no URL has\nwrite it percent-encoded, %20 for a space";
        if (byte != '{')
            continue;
        const char *why = blank_refused(c->to, i);
        if (why)
            return why;
        c->has_blanks = true;
    }
    return NULL;
}

static bool prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    struct redirect_conf *c = conf;
    bool is_redirect = c->status <= 303 || c->status >= 307;
    if (!is_redirect)
        load_error(l, where,
                   "%u is not a redirect that may be configured\nwrite 301, 302, 303, 307 or 308",
                   c->status);
    const char *why = check_target(c);
    if (why)
        load_error(l, where, "redirect.to %s", why);
    return is_redirect && !why;
}

/* --- the target, as it is sent --- */

/* Fills the blanks. The query goes along unless the target has one, or a fragment. */
static size_t write_location(const struct redirect_conf *c, const struct request *r, char *dst)
{
    size_t n = 0;
    for (struct str rest = c->to; rest.p;) {
        struct str plain = str_cut(&rest, '{');
        n = (size_t)((char *)mempcpy(dst + n, plain.p, plain.n) - dst);
        if (!rest.p)
            break;
        bool is_path = str_eq(str_cut(&rest, '}'), STR("path"));
        n += target_encode(is_path ? r->path : route_rest(r->route, r->path), dst + n);
    }
    if (r->target.query.p && str_find(c->to, '?') < 0 && str_find(c->to, '#') < 0) {
        dst[n++] = '?';
        n += target_encode_query(r->target.query, dst + n);
    }
    return n;
}

/* A path stays one: what is empty behind the first slash leaves two, which would begin the name of
 * a host (RFC 3986 section 4.2). */
static struct str without_host(const struct redirect_conf *c, struct str location)
{
    while (!str_starts(c->to, STR("//")) && str_starts(location, STR("//")))
        location = str_from(location, 1);
    return location;
}

static enum verdict handle(struct request *r, const void *conf)
{
    const struct redirect_conf *c = conf;
    if (!c->has_blanks) {
        reply_redirect(r, (uint16_t)c->status, c->to);
        return V_READY;
    }
    size_t blanks = c->to.n / (sizeof "{path}" - 1); /* at most so many */
    char *location = request_alloc(r, c->to.n + blanks * 3 * r->path.n + 3 * r->target.query.n + 2);
    size_t n = location ? write_location(c, r, location) : 0;
    if (!location)
        reply_status(r, 503);
    else if (n > LOCATION_MAX)
        reply_status(r, 414);
    else
        reply_redirect(r, (uint16_t)c->status, without_host(c, str_make(location, n)));
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
