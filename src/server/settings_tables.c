/* settings_tables: the outermost keys, and those of `files`.
 *
 * What handlers and filters understand stands in their own files; the keys of vhosts and routes
 * are in settings_vhosts.c and settings_routes.c, the rest in settings_rows.c. */
#include "base/units.h"
#include "server/settings_load.h"

static const char *const no_words[] = {NULL};

/* --- files --- */

static const struct opt cache_rows[] = {
    OPT_SIZE(
        "small_files", struct cache_conf, small_files, "64MiB", 0, 1024 * GIB,
        "Bytes of contents that a worker keeps in memory; of over 2 KiB each counts 512 more."),
    OPT_SIZE("small_file_max", struct cache_conf, small_file_max, "32KiB", 0, 16 * MIB,
             "Contents up to this size are kept; larger ones are sent from their file."),
    {.key = "open_files",
     .kind = K_COUNT,
     .at = AT(struct cache_conf, open_files, uint32_t),
     .dflt = "auto",
     .zero = "auto",
     .zero_is = OPEN_FILES_AUTO,
     .max = 10000000,
     .doc = "Files that all workers keep open, besides those in memory; auto is a quarter of the "
            "hard descriptor limit less "
            "64. With 0 here and small_files: 0 nothing is remembered.",
     .was = "open_file_cache"},
    {.key = "check",
     .kind = K_MSEC,
     .at = AT(struct cache_conf, check_ms, uint32_t),
     .dflt = "auto",
     .zero = "auto",
     .min = 10,
     .max = HOUR,
     .doc = "How changes of files are seen: auto is by the kernel's events, with a look every "
            "five seconds, or once a second where they do not tell all; a duration is how long a "
            "file is good without a look.",
     .was = "open_file_cache_valid"},
    {0},
};

const struct opt settings_files_rows[] = {
    {.key = "types",
     .kind = K_PATH,
     .at = AT(struct config, types, struct str),
     .dflt = "builtin",
     .zero = "builtin",
     .max = 4095,
     .choices = no_words,
     .read = settings_read_types,
     .doc = "A table of MIME types; builtin is the one that comes with skiff.",
     .was = "types default_type"},
    OPT_GROUP("cache", struct config, cache, struct cache_conf, cache_rows,
              "What workers remember of files."),
    {0},
};

static bool read_files(struct load *l, const struct yaml_node *n, void *conf)
{
    struct scope *scope = &settings_of(l)->scope;
    struct load_part parts[LOAD_PARTS_MAX];
    /* A root for every vhost would be a root that nobody meant. */
    size_t count = scope_parts(scope, parts, "root");
    parts[count++] = (struct load_part){.table = settings_files_rows, .conf = conf};
    bool is_right = load_map(l, n, parts, count);
    scope_settle(scope, parts);
    return is_right;
}

/* --- the whole --- */

enum { LISTEN_MAX = 256 }; /* addresses; each is a socket for every worker */

/* Where an address stands that an earlier entry has too: the second bind would fail. */
static bool check_listen(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct item_list *list = &((const struct config *)conf)->listen;
    const struct listen_conf *all = list->items;
    const struct yaml_node *nodes[LISTEN_MAX];
    const struct yaml_item *at = NULL;
    if (list->count == 0 || list->count > LISTEN_MAX) {
        load_error(l, n, "listen has %u addresses\nfrom 1 to %d", list->count, LISTEN_MAX);
        return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        nodes[i] = settings_next(n, &at);
        for (uint32_t j = 0; j < i; j++) {
            if (!address_eq(&all[i].address, &all[j].address))
                continue;
            load_error(l, nodes[i], "listen[%u] has the address of listen[%u]\nfirst at %s", i, j,
                       load_place(l, nodes[j]));
            return false;
        }
    }
    return true;
}

static bool check_limits(struct load *l, const struct yaml_node *n, void *conf)
{
    const struct limits_conf *c = &((const struct config *)conf)->limits;
    if (c->line_max <= c->head_max)
        return true;
    const struct yaml_node *line = yaml_get(n, "line_max");
    load_error(l, line ? line : yaml_get(n, "head_max"),
               "limits.line_max is larger than limits.head_max\nthe line is part of the head");
    return false;
}

static bool read_version(struct load *l, const struct yaml_node *n, void *conf)
{
    (void)conf;
    struct str text;
    if (!load_text(l, n, &text))
        return false;
    if (str_eq(text, STR("1")))
        return true;
    load_error(l, n, "version must be 1\nthis skiff knows no other");
    return false;
}

static bool read_vhosts(struct load *l, const struct yaml_node *n, void *conf)
{
    (void)conf;
    struct settings_load *s = settings_of(l);
    if (n->kind != YAML_LIST) {
        load_error(l, n, "%s must be a list\nbegin each entry with \"- \"", load_path(l));
        return false;
    }
    struct vhost_list *list = arena_alloc(l->scratch, sizeof *list);
    if (!list) {
        diag_environment(l->diag, "out of memory");
        return false;
    }
    *list = (struct vhost_list){.node = n};
    *s->lists_end = list;
    s->lists_end = &list->next;
    s->vhost_count += n->count;
    return true;
}

static bool read_unknown_host(struct load *l, const struct yaml_node *n, void *conf)
{
    (void)conf;
    settings_of(l)->unknown_host = n;
    return true;
}

#define ROW_VERSION                                                                                \
    {                                                                                              \
        .key = "version", .kind = K_CUSTOM, .read = read_version,                                  \
        .doc = "Version of the configuration language: 1."                                         \
    }
#define ROW_VHOSTS                                                                                 \
    {                                                                                              \
        .key = "vhosts", .kind = K_CUSTOM, .table = settings_vhost_rows, .read = read_vhosts,      \
        .doc = "The sites, each with its names, files and routes.", .was = "server servers"        \
    }
#define ROW_INCLUDE                                                                                \
    {                                                                                              \
        .key = "include", .kind = K_CUSTOM, .read = settings_read_include,                         \
        .doc = "Files with more vhosts; paths and globs, relative to this file."                   \
    }

const struct opt settings_root[] = {
    ROW_VERSION,
    OPT_GROUP("process", struct config, process, struct process_conf, settings_process_rows,
              "The processes of the server."),
    {.key = "listen",
     .kind = K_LIST,
     .at = AT(struct config, listen, struct item_list),
     .table = settings_listen_rows,
     .item_size = sizeof(struct listen_conf),
     .short_key = "address",
     .read = check_listen,
     .doc = "Where connections come from; an address alone is enough for an entry."},
    {.key = "limits",
     .kind = K_GROUP,
     .at = AT(struct config, limits, struct limits_conf),
     .table = settings_limits_rows,
     .read = check_limits,
     .doc = "What one client may ask of the server."},
    OPT_GROUP("log", struct config, log, struct log_conf, settings_log_rows, "The two logs."),
    {.key = "files",
     .kind = K_CUSTOM,
     .table = settings_files_rows,
     .read = read_files,
     .doc = "How files are served, unless a vhost or route says otherwise."},
    ROW_VHOSTS,
    {.key = "unknown_host",
     .kind = K_CUSTOM,
     .read = read_unknown_host,
     .doc = "The answer for hosts that no vhost names; {respond: {status: 421}} when not given."},
    ROW_INCLUDE,
    {0},
};

const struct opt settings_include_rows[] = {ROW_VERSION, ROW_VHOSTS, ROW_INCLUDE, {0}};
