/* static: files below a root.
 *
 * The kernel confines every open to the root (io/disk.h); what is decided here is which file is
 * meant and what its absence means. */
#include "base/log.h"
#include "handlers/static_conf.h"
#include "http/accept.h"
#include "http/lines.h"
#include "server/conn.h"
#include "server/warm.h"
#include "server/worker.h"

#include <errno.h>
#include <limits.h>

enum { LOCATION_MAX = 4096 }; /* bytes: an answer's head is bounded */

#define METHODS STR("GET, HEAD, OPTIONS")

/* The disk is cold: a thread goes first, once for each name. Then, or if none can, it is waited
 * for. */
static __attribute__((noinline)) struct file *find_cold(struct request *r, struct file_wish *w)
{
    char name[PATH_MAX];
    filecache_name(w, name);
    uint32_t key = str_hash(str_of(name)) | 1; /* 0 is none */
    if (r->warmed != key && warm_begin(r, w->root->at->fd, name, w->root->links, key))
        return NULL;
    w->patient = true;
    return filecache_find(&conn_worker(r->conn)->cache, w);
}

static __attribute__((noinline)) struct file *find_on_disk(struct request *r,
                                                           const struct filecache_root *root,
                                                           struct str path, enum coding coding)
{
    const struct clock *now = conn_clock(r->conn);
    struct file_wish w = {root, path, coding, false, clock_ms(now), now->second};
    struct file *f = filecache_find(&conn_worker(r->conn)->cache, &w);
    return f || errno != EAGAIN ? f : find_cold(r, &w);
}

/* NULL: see not_found_yet(). */
static inline struct file *find(struct request *r, const struct filecache_root *root,
                                struct str path, enum coding coding)
{
    struct filecache *cache = &conn_worker(r->conn)->cache;
    struct file *f = filecache_hit(cache, root, path, coding, clock_ms(conn_clock(r->conn)));
    return f ? f : find_on_disk(r, root, path, coding);
}

/* A thread looks for it, or memory is out. */
static enum verdict not_found_yet(struct request *r)
{
    if (r->is_warming)
        return V_WAIT;
    reply_status(r, 503);
    return V_READY;
}

static bool is_file(const struct file *f)
{
    return f->error == 0 && f->disk.kind == DISK_FILE;
}

/* Segments that begin with a dot; "/.well-known/" (RFC 8615) is for everybody. */
static bool is_hidden(struct str path)
{
    if (str_starts(path, STR("/.well-known/")))
        path = str_from(path, sizeof "/.well-known" - 1);
    for (const char *p = path.p; (p = memchr(p, '/', (size_t)(path.p + path.n - p))); p++)
        if (p + 1 < path.p + path.n && p[1] == '.')
            return true;
    return false;
}

static enum verdict refuse(struct request *r, uint16_t status)
{
    reply_status(r, status);
    return V_READY;
}

/* --- which representation --- */

/* A sibling that is older than its source holds what the source was before. */
static bool is_usable(const struct file *source, struct file *sibling)
{
    if (!is_file(sibling))
        return false;
    if (sibling->disk.mtime_ns >= source->disk.mtime_ns)
        return true;
    if (!sibling->told)
        log_warn("%.*s%s is older than its source: it is not sent", (int)source->path.n,
                 source->path.p, codings[sibling->coding].suffix);
    sibling->told = true;
    return false;
}

/* The file itself or one of its siblings, whichever the client likes best; the other is dropped.
 * NULL: it accepts none of them, or a thread looks for one. */
static __attribute__((noinline)) struct file *negotiate(struct request *r,
                                                        const struct static_conf *c,
                                                        struct file *source)
{
    struct coding_weights weights;
    unsigned available = (1u << CODING_COUNT) - 1;
    coding_weigh(r->head, &weights);
    for (;;) {
        enum coding coding = coding_choose(&weights, c->order, c->order_count, available);
        if (coding == CODING_IDENTITY)
            break;
        struct file *sibling = find(r, source->root, source->path, coding);
        if (sibling && is_usable(source, sibling)) {
            pin_drop(&source->pin);
            return sibling;
        }
        if (!sibling && r->is_warming)
            break;
        if (sibling)
            pin_drop(&sibling->pin);
        available &= ~(1u << coding);
    }
    if (weights.of[CODING_IDENTITY] > 0 && !r->is_warming)
        return source;
    pin_drop(&source->pin);
    return NULL;
}

/* Written in place: this compiler puts what a function returns together elsewhere, then copies. */
static inline void answer_contents(struct request *r, const struct file *f)
{
    if (f->data)
        r->resp.whole =
            (struct span){.mem = f->data, .len = f->disk.size, .fd = -1, .headroom = f->headroom};
    else
        r->resp.whole = (struct span){.len = f->disk.size, .fd = f->disk.fd};
}

static inline enum verdict answer_file(struct request *r, const struct static_conf *c,
                                       struct file *f)
{
    struct str style = f->root->style.lines;
    if (c->order_count > 0)
        f = negotiate(r, c, f);
    if (!f && r->is_warming)
        return V_WAIT;
    if (!f) {
        reply_status(r, 406);
        r->resp.extra = lines_find(style, STR("Vary"));
        return V_READY;
    }
    reply_begin(r, 200);
    r->resp.fixed = f->whole;
    r->resp.is_measured = true;
    r->resp.validators = &f->validators;
    r->resp.holds = &f->pin;
    answer_contents(r, f);
    return V_READY;
}

/* --- what is not there --- */

/* Somebody goes to a page, as far as a request can tell: a script, a style or an image that is
 * missing must not be answered with HTML. */
static bool is_navigation(const struct request *r)
{
    return mime_extension(r->path).n == 0 && accept_names_html(r->head);
}

/* A page of the operator's that is not there: said once, as long as that is remembered. */
static void leave_page(struct file *f, const char *what)
{
    if (disk_is_trouble(f->error))
        log_shortage("the %s cannot be opened: %s", what, strerror(f->error));
    else if (!f->told)
        log_warn("the %s /%.*s is not there", what, (int)f->path.n, f->path.p);
    f->told = true;
    pin_drop(&f->pin);
}

/* A single-page application knows more paths than there are files. What is answered depends on
 * Accept, so every answer says so, also that nothing is there. */
static enum verdict answer_missing(struct request *r, const struct static_conf *c)
{
    if (c->fallback.n == 0)
        return refuse(r, 404);
    if (is_navigation(r)) {
        struct file *page = find(r, &c->pages, str_from(c->fallback, 1), CODING_IDENTITY);
        if (!page)
            return not_found_yet(r);
        if (is_file(page))
            return answer_file(r, c, page);
        bool is_trouble = disk_is_trouble(page->error);
        leave_page(page, "fallback");
        if (is_trouble)
            return refuse(r, 503);
    }
    reply_status(r, 404);
    r->resp.extra = STR("Vary: Accept\r\n");
    return V_READY;
}

static enum verdict answer_error(struct request *r, const struct static_conf *c, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return answer_missing(r, c);
    case EACCES:
    case EPERM:
    case ELOOP: /* a symbolic link that the policy refuses */
    case EXDEV:
        return refuse(r, 403);
    default:
        log_shortage("a file cannot be opened: it is answered with 503: %s", strerror(error));
        return refuse(r, 503);
    }
}

/* --- folders --- */

/* A folder's name without its slash: relative links in its page would go wrong. The location is a
 * path, so it is right behind any balancer, and the query stays. */
static enum verdict redirect_to_folder(struct request *r)
{
    struct str query = r->target.query;
    char *location = request_alloc(r, 3 * (r->path.n + query.n) + 3);
    if (!location)
        return refuse(r, 503);
    size_t n = target_encode(r->path, location);
    location[n++] = '/';
    if (query.p) {
        location[n++] = '?';
        n += target_encode_query(query, location + n);
    }
    if (n > LOCATION_MAX)
        return refuse(r, 414);
    reply_redirect(r, 301, str_make(location, n));
    return V_READY;
}

/* A folder without an index file: listed, or refused if it is there. */
static enum verdict answer_bare_folder(struct request *r, const struct static_conf *c,
                                       struct str path)
{
    struct file *f = find(r, &c->files, str_make(path.p, path.n ? path.n - 1 : 0), CODING_IDENTITY);
    if (!f)
        return not_found_yet(r);
    bool is_folder = f->error == 0 && f->disk.kind == DISK_DIRECTORY;
    int error = f->error ? f->error : is_folder ? EACCES : ENOTDIR;
    pin_drop(&f->pin);
    return is_folder && c->listing.count > 0 ? listing_handle(r, c, path)
                                             : answer_error(r, c, error);
}

/* `path` ends in '/' or is empty: the first index file answers. */
static __attribute__((noinline)) enum verdict answer_folder(struct request *r,
                                                            const struct static_conf *c,
                                                            struct str path)
{
    char name[FILECACHE_PATH_MAX];
    for (uint32_t i = 0; i < c->index.count; i++) {
        struct str index = c->index.items[i];
        if (path.n + index.n >= sizeof name)
            continue;
        memcpy(mempcpy(name, path.p, path.n), index.p, index.n);
        struct file *f = find(r, &c->files, str_make(name, path.n + index.n), CODING_IDENTITY);
        if (!f)
            return not_found_yet(r);
        if (is_file(f))
            return answer_file(r, c, f);
        int error = f->error;
        pin_drop(&f->pin);
        if (error != 0 && error != ENOENT)
            return answer_error(r, c, error);
    }
    return answer_bare_folder(r, c, path);
}

static enum verdict answer_name(struct request *r, const struct static_conf *c, struct str path)
{
    struct file *f = find(r, &c->files, path, CODING_IDENTITY);
    if (!f)
        return not_found_yet(r);
    if (is_file(f))
        return answer_file(r, c, f);
    int error = f->error;
    bool is_folder = error == 0 && f->disk.kind == DISK_DIRECTORY;
    pin_drop(&f->pin);
    if (is_folder)
        return redirect_to_folder(r);
    return error ? answer_error(r, c, error) : refuse(r, 403); /* a device, a FIFO, a socket */
}

/* --- requests --- */

static enum verdict answer_method(struct request *r)
{
    if (r->head->method == METHOD_OPTIONS)
        reply_begin(r, 204);
    else
        reply_status(r, 405);
    (void)reply_field(r, STR("Allow"), METHODS); /* without memory it is a 503 already */
    return V_READY;
}

static enum verdict handle(struct request *r, const void *conf)
{
    const struct static_conf *c = conf;
    struct str path = str_from(r->path, 1);
    if (r->waits_for)
        return listing_handle(r, c, path);
    if (r->head->method != METHOD_GET && r->head->method != METHOD_HEAD)
        return answer_method(r);
    bool hides = c->hidden == HIDDEN_DENY && !r->target.is_plain; /* a plain path hides nothing */
    if (path.n >= FILECACHE_PATH_MAX || (hides && is_hidden(r->path)))
        return refuse(r, 404);
    bool names_folder = path.n == 0 || path.p[path.n - 1] == '/';
    return names_folder ? answer_folder(r, c, path) : answer_name(r, c, path);
}

static void abandon(struct request *r)
{
    if (r->is_warming)
        warm_abandon(r);
    else if (r->waits_for) /* else it was resumed already, and its turn has not come */
        listing_abandon(r);
}

/* Its type and coding, which stand first, and nothing else of its lines: validators and caching are
 * not the error's. */
static bool put_page(struct request *r, const void *conf, struct str path)
{
    const struct static_conf *c = conf;
    const struct clock *now = conn_clock(r->conn);
    /* It is too late to wait, and a page that others got is warm. */
    struct file_wish w = {.root = &c->files,
                          .path = str_from(path, 1),
                          .patient = true,
                          .now_ms = clock_ms(now),
                          .wall_s = now->second};
    struct file *f = filecache_find(&conn_worker(r->conn)->cache, &w);
    if (!f)
        return false;
    if (!is_file(f)) {
        leave_page(f, "error page");
        return false;
    }
    struct str last = lines_find(f->whole, STR("Content-Encoding"));
    if (!last.p)
        last = lines_find(f->whole, STR("Content-Type"));
    r->resp.fixed = str_make(f->whole.p, (size_t)(last.p + last.n - f->whole.p));
    r->resp.holds = &f->pin;
    answer_contents(r, f);
    return true;
}

const struct handler_type handler_static = {
    .name = "static",
    .doc = "Serves the files of a folder.",
    .options = static_options,
    .conf_size = sizeof(struct static_conf),
    .prepare = static_prepare,
    .open = static_open,
    .root = static_root,
    .close = static_close,
    .handle = handle,
    .abandon = abandon,
    .put_page = put_page,
};
