/* static_listing: a job that collects entries, a body that writes rows. */
#include "handlers/static_listing.h"

#include "base/check.h"
#include "base/log.h"
#include "config/load.h"
#include "handlers/static_conf.h"
#include "http/accept.h"
#include "http/lines.h"
#include "server/conn.h"
#include "server/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAMES_BLOCK = 64 * 1024,
    LINES_MAX = 1024,
    LISTED_MAX = 500 * 1000, /* entries (about 80 bytes each) that slow readers can make us hold */
};

/* --- configuration --- */

static const char *const format_names[LISTING_FORMATS] = {
    [LISTING_HTML] = "html", [LISTING_JSON] = "json"};
static const char *const format_types[LISTING_FORMATS] = {
    [LISTING_HTML] = "text/html", [LISTING_JSON] = "application/json"};

static unsigned format_of(struct str name)
{
    unsigned f = 0;
    while (f < LISTING_FORMATS && !str_eq(name, str_of(format_names[f])))
        f++;
    return f;
}

static bool check_format(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct str_list *all = &((const struct listing_conf *)conf)->format;
    if (all->count == 1 && str_eq(all->items[0], STR("off")))
        return true;
    bool is_right = all->count > 0 && all->count <= LISTING_FORMATS;
    for (uint32_t i = 0; is_right && i < all->count; i++)
        is_right = format_of(all->items[i]) < LISTING_FORMATS &&
                   (i == 0 || !str_eq(all->items[0], all->items[i]));
    if (!is_right)
        load_error(l, n, "%s must be off, html, json, or both of these as a list", load_path(l));
    return is_right;
}

const struct opt listing_rows[] = {
    {.key = "format",
     .kind = K_TEXTS,
     .at = AT(struct listing_conf, format, struct str_list),
     .dflt = "off",
     .max = 16,
     .read = check_format,
     .doc = "How a folder without an index is listed: off, html, json, or a list of both, the "
            "preferred first."},
    {0},
};

static bool make_lines(struct listing_conf *c, struct load *l, unsigned f)
{
    char *text = load_alloc(l, LINES_MAX);
    size_t n = 0;
    if (!text)
        return false;
    n += line_write(STR("Content-Type"),
                    f == LISTING_HTML ? STR("text/html; charset=utf-8") : STR("application/json"),
                    text);
    if (f == LISTING_HTML) /* names are escaped; should that ever fail, nothing runs all the same */
        n += line_write(STR("Content-Security-Policy"),
                        STR("default-src 'none'; style-src 'unsafe-inline'"), text + n);
    /* No validator: what is stored could only be shown when it is old, so it is asked for anew. */
    n += line_write(STR("Cache-Control"), STR("no-cache"), text + n);
    if (c->count > 1)
        n += line_write(STR("Vary"), STR("Accept"), text + n);
    c->lines[f] = str_make(text, n);
    return true;
}

bool listing_prepare(struct listing_conf *c, struct load *l)
{
    c->count = 0;
    for (uint32_t i = 0; i < c->format.count; i++)
        if (format_of(c->format.items[i]) < LISTING_FORMATS)
            c->order[c->count++] = (uint8_t)format_of(c->format.items[i]);
    return make_lines(c, l, LISTING_HTML) && make_lines(c, l, LISTING_JSON);
}

/* --- reading, on a thread --- */

struct folder {
    struct job job;
    struct request *request; /* who waits for it; NULL: nobody any more */
    bool is_read;            /* the job is done */
    /* What to read. */
    int root;
    enum disk_links links;
    bool hidden;
    struct str path;
    /* What was found. */
    int error;
    uint32_t *listed; /* where its entries are counted; NULL: they are not yet */
    struct arena *names;
    struct listing_entry *entries;
    uint32_t count, room;
    char text[]; /* the path, terminated */
};

static void folder_free(struct folder *f)
{
    if (f->listed)
        *f->listed -= f->count;
    arena_free(f->names);
    free(f->entries);
    free(f);
}

/* Adds an entry; 0 or an errno. */
static int add(struct folder *f, const char *name, const struct listing_entry *e)
{
    if (f->count == LISTING_ENTRIES_MAX)
        return EFBIG;
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 64;
        void *larger = realloc(f->entries, f->room * sizeof *f->entries);
        if (!larger)
            return ENOMEM;
        f->entries = larger;
    }
    f->entries[f->count] = *e;
    f->entries[f->count].name = arena_str(f->names, str_of(name));
    return f->entries[f->count++].name.p ? 0 : ENOMEM;
}

/* Where a link leads, by the same rules as when it is asked for. */
static bool follow(const struct folder *f, const char *name, struct listing_entry *e)
{
    char path[FILECACHE_PATH_MAX + LISTING_NAME_MAX];
    struct disk_file d;
    size_t n = strlen(name);
    memcpy(mempcpy(path, f->path.p, f->path.n), name, n + 1);
    if (disk_look(f->root, path, f->links, &d) != 0 || d.kind == DISK_OTHER)
        return false;
    *e = (struct listing_entry){
        .size = d.size, .mtime_s = d.mtime_ns / 1000000000, .is_folder = d.kind == DISK_DIRECTORY};
    return true;
}

/* Can it be asked for at all? A path with a control character is refused (http/target.h). */
static bool is_askable(const char *name)
{
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return false;
    return strlen(name) <= LISTING_NAME_MAX;
}

/* What a name is; false: it would not be served, so it is not shown. */
static bool examine(const struct folder *f, int fd, const char *name, struct listing_entry *e)
{
    struct stat st;
    bool is_dots = name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
    if (is_dots || (name[0] == '.' && !f->hidden) || !is_askable(name))
        return false;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false; /* it has gone meanwhile */
    if (S_ISLNK(st.st_mode))
        return f->links != LINKS_DENY && follow(f, name, e);
    *e = (struct listing_entry){.size = (uint64_t)st.st_size,
                                .mtime_s = st.st_mtim.tv_sec,
                                .is_folder = S_ISDIR(st.st_mode)};
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
}

static int read_entries(struct folder *f, DIR *dir)
{
    int error = 0;
    struct dirent *d;
    for (errno = 0; error == 0 && (d = readdir(dir)); errno = 0) {
        struct listing_entry e;
        if (examine(f, dirfd(dir), d->d_name, &e))
            error = add(f, d->d_name, &e);
    }
    return error ? error : errno;
}

static void read_folder(struct job *j)
{
    struct folder *f = container_of(j, struct folder, job);
    struct disk_file d = {.fd = -1};
    f->error = -disk_open(f->root, f->text, f->links, &d);
    if (f->error)
        return;
    DIR *dir = d.kind == DISK_DIRECTORY ? fdopendir(d.fd) : NULL;
    f->names = arena_new(NAMES_BLOCK);
    if (!dir)
        f->error = d.kind == DISK_DIRECTORY ? ENOMEM : ENOTDIR;
    else
        f->error = f->names ? read_entries(f, dir) : ENOMEM;
    if (dir)
        (void)closedir(dir); /* it was only read */
    else if (d.fd >= 0)
        (void)close(d.fd);
    if (f->error == 0 && f->count > 0)
        qsort(f->entries, f->count, sizeof *f->entries, listing_compare);
}

/* --- back on the loop --- */

static void folder_is_read(struct job *j)
{
    struct folder *f = container_of(j, struct folder, job);
    f->is_read = true;
    if (f->request)
        request_resume(f->request);
    else
        folder_free(f);
}

static enum verdict begin(struct request *r, const struct static_conf *c, struct str path)
{
    struct folder *f = calloc(1, sizeof *f + path.n + 1);
    if (f) {
        if (path.n)
            memcpy(f->text, path.p, path.n);
        f->path = str_make(f->text, path.n);
        f->job = (struct job){.work = read_folder, .done = folder_is_read};
        f->request = r;
        f->root = c->folder.fd;
        f->links = c->files.links;
        f->hidden = c->hidden == HIDDEN_SERVE;
    }
    if (f && offload_submit(&conn_worker(r->conn)->offload, &f->job)) {
        r->waits_for = f;
        return V_WAIT;
    }
    free(f);
    reply_status(r, 503);
    r->resp.extra = STR("Retry-After: 1\r\n");
    return V_READY;
}

void listing_abandon(struct request *r)
{
    struct folder *f = r->waits_for;
    r->waits_for = NULL;
    if (f->is_read)
        folder_free(f);
    else
        f->request = NULL; /* the thread still has it */
}

/* --- writing --- */

struct listing {
    struct body body;
    struct folder *folder;
    enum listing_format format;
    struct str path;
    uint32_t next;    /* entry to write; count: the end; beyond it: nothing more */
    uint32_t at, end; /* of what is written and not yet taken */
    char text[LISTING_EDGE_MAX + LISTING_ROW_MAX];
};

static struct listing *of(struct body *b)
{
    return container_of(b, struct listing, body);
}

static void write_rows(struct listing *b)
{
    const struct folder *f = b->folder;
    while (b->next <= f->count && b->end + LISTING_ROW_MAX <= sizeof b->text) {
        char *dst = b->text + b->end;
        b->end += (uint32_t)(b->next == f->count
                                 ? listing_end(b->format, f->count, dst)
                                 : listing_row(b->format, &f->entries[b->next], b->next == 0, dst));
        b->next++;
    }
}

static int lend(struct body *body, struct span *v, int cap)
{
    struct listing *b = of(body);
    (void)cap;
    if (b->at == b->end) {
        b->at = b->end = 0;
        write_rows(b);
    }
    if (b->at == b->end)
        return BODY_END;
    v[0] = span_of_memory(b->text + b->at, b->end - b->at);
    return 1;
}

static void took(struct body *body, size_t n)
{
    of(body)->at += (uint32_t)n;
}

static void close_listing(struct body *body)
{
    folder_free(of(body)->folder); /* the rest lives in the request's arena */
}

static const struct body_ops ops = {lend, took, close_listing};

/* The format that the client likes best; of equal ones, the first that is configured. */
static enum listing_format choose(const struct request *r, const struct listing_conf *c)
{
    uint16_t best_weight = 0;
    unsigned best = 0;
    for (unsigned i = 0; c->count > 1 && i < c->count; i++) {
        uint16_t weight = accept_weight(r->head, str_of(format_types[c->order[i]]));
        if (weight > best_weight) {
            best_weight = weight;
            best = i;
        }
    }
    return (enum listing_format)c->order[best];
}

static enum verdict fail(struct request *r, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        reply_status(r, 404); /* it has gone meanwhile */
        break;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV:
        reply_status(r, 403);
        break;
    case EFBIG:
        log_warn("a folder has more than %d entries: it is not listed", LISTING_ENTRIES_MAX);
        reply_status(r, 500);
        break;
    case EBUSY:
        log_shortage("slow readers of listings hold all %d entries: another is answered with 503",
                     LISTED_MAX);
        reply_status(r, 503);
        r->resp.extra = STR("Retry-After: 1\r\n");
        break;
    default:
        log_shortage("a folder cannot be read: it is answered with 503: %s", strerror(error));
        reply_status(r, 503);
    }
    return V_READY;
}

/* Counts its entries; 0, or an errno. */
static int hold(struct folder *f, uint32_t *listed)
{
    if (f->error)
        return f->error;
    if (f->count > LISTED_MAX - *listed)
        return EBUSY;
    *listed += f->count;
    f->listed = listed;
    return 0;
}

static enum verdict finish(struct request *r, const struct listing_conf *c)
{
    struct folder *f = r->waits_for;
    r->waits_for = NULL;
    int error = hold(f, &conn_worker(r->conn)->listed);
    struct listing *b = error ? NULL : request_alloc(r, sizeof *b);
    if (!b) {
        folder_free(f);
        return fail(r, error ? error : ENOMEM);
    }
    b->body = (struct body){.ops = &ops, .owner = NULL, .left = -1};
    b->folder = f;
    b->format = choose(r, c);
    b->end = (uint32_t)listing_begin(b->format, r->path, r->path.n > 1, b->text);
    reply_begin(r, 200);
    r->resp.fixed = c->lines[b->format];
    r->resp.stream = &b->body;
    return V_READY;
}

enum verdict listing_handle(struct request *r, const struct static_conf *c, struct str path)
{
    return r->waits_for ? finish(r, &c->listing) : begin(r, c, path);
}
