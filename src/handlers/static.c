/* static: files below a root.
 *
 * The kernel confines every open to the root (io/disk.h); what is decided here is which file is
 * meant and what its absence means. */
#include "base/log.h"
#include "io/disk.h"
#include "server/conn.h"
#include "server/module.h"
#include "server/worker.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

enum { HIDDEN_DENY, HIDDEN_SERVE };
enum { LOCATION_MAX = 4096 }; /* bytes: an answer's head is bounded */

struct static_conf {
    struct str root;
    struct str_list index;
    uint32_t symlinks; /* enum disk_links */
    uint32_t hidden;
    struct filecache_root opened; /* by open(), in the master */
};

static const char *const links_names[] = {"deny", "inside_root", "follow", NULL};
static const char *const hidden_names[] = {"deny", "serve", NULL};

static const struct opt options[] = {
    OPT_PATH("root", struct static_conf, root, "", "Folder whose files are served."),
    OPT_TEXTS("index", struct static_conf, index, "index.html",
              "Files that answer for their folder; the first that exists is taken."),
    OPT_CHOICE("symlinks", struct static_conf, symlinks, "inside_root", links_names,
               "Symbolic links: none at all, relative ones that stay inside the root, or any."),
    OPT_CHOICE("hidden", struct static_conf, hidden, "deny", hidden_names,
               "Names that begin with a dot: not found (except /.well-known/), or served."),
    {0},
};

static bool prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    struct static_conf *c = conf;
    (void)l;
    (void)where;
    c->opened.fd = -1;
    return true;
}

static bool open_root(void *conf, struct str *what)
{
    struct static_conf *c = conf;
    *what = c->root;
    int fd = disk_open_root(c->root.p);
    if (fd < 0) {
        errno = -fd;
        return false;
    }
    c->opened = (struct filecache_root){.fd = fd, .links = (enum disk_links)c->symlinks};
    return true;
}

static void close_root(void *conf)
{
    struct static_conf *c = conf;
    if (c->opened.fd >= 0)
        (void)close(c->opened.fd); /* a path-only descriptor */
    c->opened.fd = -1;
}

static struct file *find(struct request *r, const struct static_conf *c, struct str path)
{
    const struct clock *now = conn_clock(r->conn);
    return filecache_find(&conn_worker(r->conn)->cache, &c->opened, path, clock_ms(now),
                          now->second);
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

static enum verdict answer_error(struct request *r, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return refuse(r, 404);
    case EACCES:
    case EPERM:
    case ELOOP: /* a symbolic link that the policy refuses */
    case EXDEV:
        return refuse(r, 403);
    default:
        log_error("a file cannot be opened: %s", strerror(error));
        return refuse(r, 503);
    }
}

static enum verdict answer_file(struct request *r, struct file *f)
{
    reply_begin(r, 200);
    r->resp.fixed = f->whole;
    r->resp.is_measured = true;
    r->resp.validators = &f->validators;
    r->resp.holds = &f->pin;
    r->resp.whole =
        f->data ? span_of_memory(f->data, f->disk.size) : span_of_file(f->disk.fd, 0, f->disk.size);
    return V_READY;
}

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

/* A folder without an index file: refused if it is there, as a listing would be. */
static enum verdict answer_bare_folder(struct request *r, const struct static_conf *c,
                                       struct str path)
{
    struct file *f = find(r, c, str_make(path.p, path.n ? path.n - 1 : 0));
    if (!f)
        return refuse(r, 503);
    int error = f->error ? f->error : f->disk.kind == DISK_DIRECTORY ? EACCES : ENOTDIR;
    pin_drop(&f->pin);
    return answer_error(r, error);
}

/* `path` ends in '/' or is empty: the first index file answers. */
static enum verdict answer_folder(struct request *r, const struct static_conf *c, struct str path)
{
    char name[PATH_MAX];
    for (uint32_t i = 0; i < c->index.count; i++) {
        struct str index = c->index.items[i];
        if (path.n + index.n >= sizeof name)
            continue;
        memcpy(mempcpy(name, path.p, path.n), index.p, index.n);
        struct file *f = find(r, c, str_make(name, path.n + index.n));
        if (!f)
            return refuse(r, 503);
        if (f->error == 0 && f->disk.kind == DISK_FILE)
            return answer_file(r, f);
        int error = f->error;
        pin_drop(&f->pin);
        if (error != 0 && error != ENOENT)
            return answer_error(r, error);
    }
    return answer_bare_folder(r, c, path);
}

static enum verdict answer_name(struct request *r, const struct static_conf *c, struct str path)
{
    struct file *f = find(r, c, path);
    if (!f)
        return refuse(r, 503);
    if (f->error == 0 && f->disk.kind == DISK_FILE)
        return answer_file(r, f);
    int error = f->error;
    bool is_folder = error == 0 && f->disk.kind == DISK_DIRECTORY;
    pin_drop(&f->pin);
    if (is_folder)
        return redirect_to_folder(r);
    return error ? answer_error(r, error) : refuse(r, 403); /* a device, a FIFO, a socket */
}

static enum verdict handle(struct request *r, const void *conf)
{
    const struct static_conf *c = conf;
    struct str path = str_from(r->path, 1);
    if (r->head->method != METHOD_GET && r->head->method != METHOD_HEAD) {
        reply_not_allowed(r, STR("GET, HEAD"));
        return V_READY;
    }
    if (path.n >= PATH_MAX || (c->hidden == HIDDEN_DENY && is_hidden(r->path)))
        return refuse(r, 404);
    bool names_folder = path.n == 0 || path.p[path.n - 1] == '/';
    return names_folder ? answer_folder(r, c, path) : answer_name(r, c, path);
}

const struct handler_type handler_static = {
    .name = "static",
    .doc = "Serves the files of a folder.",
    .options = options,
    .conf_size = sizeof(struct static_conf),
    .prepare = prepare,
    .open = open_root,
    .close = close_root,
    .handle = handle,
};
