/* static_conf: the options, and what is made of them before the first request. */
#include "handlers/static_conf.h"

#include "config/load.h"
#include "http/lines.h"
#include "http/target.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- values that have a grammar of their own --- */

static bool check_precompressed(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct str_list *all = &((const struct static_conf *)conf)->precompressed;
    if (all->count == 1 && str_eq(all->items[0], STR("off")))
        return true;
    bool is_right = true;
    for (uint32_t i = 0; i < all->count; i++) {
        unsigned c = CODING_IDENTITY + 1;
        while (c < CODING_COUNT && !str_eq(all->items[i], str_of(codings[c].key)))
            c++;
        bool is_twice = false;
        for (uint32_t k = 0; k < i; k++)
            is_twice |= str_eq(all->items[i], all->items[k]);
        if (c < CODING_COUNT && !is_twice)
            continue;
        load_error(l, load_text_at(n, i),
                   "%s holds \"%.*s\"%s\nwrite off, or a list of br, zst and gz", load_path(l),
                   (int)all->items[i].n, all->items[i].p, is_twice ? " twice" : "");
        is_right = false;
    }
    return is_right;
}

static bool check_cache_control(struct load *l, const struct yaml_node *n, void *conf)
{
    struct str value = ((const struct static_conf *)conf)->cache_control;
    const char *why = line_refused(STR("Cache-Control"), value);
    if (!why && value.n > 0 && ascii_is_digit(value.p[0]))
        why = "is a time, not a directive\nwrite one like max-age=3600, in seconds";
    if (why)
        load_error(l, n, "%s %s", load_path(l), why);
    return !why;
}

static bool check_charset(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct static_conf *c = conf;
    if (c->charset.n == 0 || http_is_token(c->charset))
        return true;
    load_error(l, n, "%s is not the name of a charset\nwrite utf-8, or off", load_path(l));
    return false;
}

static bool check_types(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct pair_list *all = &((const struct static_conf *)conf)->content_types;
    bool is_right = true;
    for (uint32_t i = 0; i < all->count; i++) {
        struct str name = all->items[i].name, type = all->items[i].value;
        const struct yaml_node *key = load_pair_key(n, name);
        bool names = name.n > 0 && str_find(name, '.') < 0 && str_find(name, '/') < 0;
        bool is_type = mime_is_type(type) && !line_refused(STR("Content-Type"), type);
        if (key && !names)
            load_error(l, key,
                       "%s has \"%.*s\", which is not an extension\nwrite it without its dot",
                       load_path(l), (int)name.n, name.p);
        if (key && !is_type)
            load_error(l, key, "%s.%.*s is not a content type\nwrite one like text/plain",
                       load_path(l), (int)name.n, name.p);
        is_right &= names && is_type;
    }
    return is_right;
}

/* A warning: where a configuration is written, its folders need not be. At start opening them says
 * the same. */
static bool look_at_root(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct root_conf *c = conf;
    struct stat st;
    if (!l->looks || c->path.n == 0)
        return true;
    bool is_there = stat(c->path.p, &st) == 0;
    if (is_there && !S_ISDIR(st.st_mode))
        load_warning(l, n, "%s %s is not a folder\nthe server would not start", load_path(l),
                     c->path.p);
    else if (!is_there || access(c->path.p, X_OK) < 0)
        load_warning(l, n, "%s %s: %s\nthe server would not start", load_path(l), c->path.p,
                     strerror(errno));
    return true;
}

/* It is looked up as it stands: another spelling would never be found. */
static bool check_fallback(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct static_conf *c = conf;
    if (c->fallback.n == 0 || target_names_file(c->fallback))
        return true;
    load_error(l, n, "%s is not the path of a file\nwrite one like /index.html, decoded",
               load_path(l));
    return false;
}

/* --- the options --- */

static const char *const links_names[] = {"deny", "inside_root", "follow", NULL};
static const char *const hidden_names[] = {"deny", "serve", NULL};
static const char *const etag_names[] = {"mtime", "off", NULL};

static const struct opt root_rows[] = {
    {.key = "path",
     .kind = K_PATH,
     .at = AT(struct root_conf, path, struct str),
     .dflt = "",
     .max = 4095,
     .read = look_at_root,
     .doc = "Folder whose files are served; root: PATH is short for it."},
    {0},
};

const struct opt static_options[] = {
    {.key = "root",
     .kind = K_GROUP,
     .at = AT(struct static_conf, root, struct root_conf),
     .table = root_rows,
     .short_key = "path",
     .doc = "The folder whose files are served; its path alone is enough."},
    OPT_TEXTS("index", struct static_conf, index, "index.html",
              "Files that answer for their folder; the first that exists is taken."),
    OPT_CHOICE("symlinks", struct static_conf, symlinks, "inside_root", links_names,
               "Symbolic links: none at all, relative ones that stay inside the root, or any."),
    OPT_CHOICE("hidden", struct static_conf, hidden, "deny", hidden_names,
               "Names that begin with a dot: not found (except /.well-known/), or served."),
    OPT_CHOICE("etag", struct static_conf, etag, "mtime", etag_names,
               "Whether answers carry an entity tag, made of time of change and size."),
    {.key = "charset",
     .kind = K_TEXT,
     .at = AT(struct static_conf, charset, struct str),
     .dflt = "utf-8",
     .zero = "off",
     .min = 1,
     .max = 40,
     .read = check_charset,
     .doc = "What is said of the charset of text, scripts and styles; off says nothing."},
    {.key = "content_types",
     .kind = K_PAIRS,
     .at = AT(struct static_conf, content_types, struct pair_list),
     .max = 255,
     .read = check_types,
     .doc = "Content types by extension, before those of the table; \"*\" is for files that have "
            "none.",
     .was = "default_type"},
    {.key = "precompressed",
     .kind = K_TEXTS,
     .at = AT(struct static_conf, precompressed, struct str_list),
     .dflt = "off",
     .max = 255,
     .read = check_precompressed,
     .doc = "Siblings that are sent to clients which accept their coding: off, or some of br, zst "
            "and gz, the preferred first.",
     .was = "gzip_static brotli_static"},
    {.key = "cache_control",
     .kind = K_TEXT,
     .at = AT(struct static_conf, cache_control, struct str),
     .dflt = "none",
     .zero = "none",
     .min = 1,
     .max = 255,
     .read = check_cache_control,
     .doc = "Cache-Control of files that are found; errors and listings never carry it.",
     .was = "expires"},
    {.key = "fallback",
     .kind = K_TEXT,
     .at = AT(struct static_conf, fallback, struct str),
     .dflt = "false",
     .zero = "false",
     .min = 2,
     .max = 4095,
     .read = check_fallback,
     .doc = "The page that answers when somebody goes to a path that is no file, for single-page "
            "applications; false: none.",
     .was = "try_files"},
    {.key = "listing",
     .kind = K_GROUP,
     .at = AT(struct static_conf, listing, struct listing_conf),
     .table = listing_rows,
     .short_key = "format",
     .doc = "Listings of folders that have no index; a format alone is enough.",
     .was = "autoindex"},
    {0},
};

/* --- what is made of them --- */

static void order_codings(struct static_conf *c)
{
    c->order_count = 0;
    for (uint32_t i = 0; i < c->precompressed.count; i++)
        for (unsigned k = CODING_IDENTITY + 1; k < CODING_COUNT; k++)
            if (str_eq(c->precompressed.items[i], str_of(codings[k].key)))
                c->order[c->order_count++] = (uint8_t)k;
}

/* The lines that every answer from a file of this root carries. */
static bool style_lines(const struct static_conf *c, struct load *l, const char *vary,
                        struct str *out)
{
    char *text = load_alloc(l, FILE_STYLE_LINES_MAX);
    size_t n = 0;
    if (!text)
        return false;
    if (c->cache_control.n > 0)
        n += line_write(STR("Cache-Control"), c->cache_control, text);
    if (*vary)
        n += line_write(STR("Vary"), str_of(vary), text + n);
    *out = str_make(text, n);
    return true;
}

bool static_prepare(void *conf, struct load *l, const struct yaml_node *where)
{
    struct static_conf *c = conf;
    struct filecache_root root = {
        .at = &c->folder,
        .links = (enum disk_links)c->symlinks,
        .style = {.types = &c->content_types,
                  .charset = c->charset,
                  .no_etag = c->etag == ETAG_OFF},
    };
    (void)where;
    order_codings(c);
    bool codes = c->order_count > 0;
    c->folder = (struct root_folder){.fd = -1, .path = c->root.path};
    c->files = c->pages = root;
    return listing_prepare(&c->listing, l) &&
           style_lines(c, l, codes ? "Accept-Encoding" : "", &c->files.style.lines) &&
           style_lines(c, l, codes ? "Accept, Accept-Encoding" : "Accept", &c->pages.style.lines);
}

bool static_open(void *conf, struct str *what)
{
    struct static_conf *c = conf;
    *what = c->root.path;
    int fd = disk_open_root(c->root.path.p);
    if (fd < 0) {
        errno = -fd;
        return false;
    }
    c->folder.fd = fd;
    return true;
}

int static_root(const void *conf, struct str *path)
{
    const struct static_conf *c = conf;
    *path = c->root.path;
    return c->folder.fd;
}

void static_close(void *conf)
{
    struct static_conf *c = conf;
    if (c->folder.fd >= 0)
        (void)close(c->folder.fd); /* a path-only descriptor */
    c->folder.fd = -1;
}
