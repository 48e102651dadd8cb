/* settings_files: the files that a configuration is made of, and those it names. */
#include "server/settings_load.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILES_MAX = 10000, /* of one configuration: as many as vhosts are expected at most */
    INCLUDE_DEPTH_MAX = 8,
};

/* --- reading --- */

/* One sentence for either kind of trouble: the main file's is the environment's fault, an
 * include's is the configuration's. */
static void *refuse(struct settings_load *s, const char *name, const struct yaml_node *where,
                    const char *why)
{
    if (where)
        load_error(&s->load, where, "cannot read %s: %s", name, why);
    else
        diag_environment(s->load.diag, "cannot read %s: %s", name, why);
    return NULL;
}

/* Reads to the end; false with errno (EFBIG: larger than a configuration can be). */
static bool read_all(struct load *l, int fd, struct str *out)
{
    size_t cap = 4096, n = 0;
    char *block = NULL;
    for (ssize_t got = 1; got > 0;) {
        char *larger = arena_alloc(l->scratch, cap + 1);
        if (!larger) {
            errno = ENOMEM;
            return false;
        }
        if (n)
            memcpy(larger, block, n);
        block = larger;
        while (n < cap && (got = read(fd, block + n, cap - n)) != 0) {
            if (got < 0 && errno != EINTR)
                return false;
            n += got > 0 ? (size_t)got : 0;
        }
        if (n > YAML_FILE_MAX) {
            errno = EFBIG;
            return false;
        }
        cap *= 4;
    }
    *out = str_make(block, n);
    return true;
}

/* false after an error. A named pipe as the main file is fine: shells make them. */
static bool read_file(struct settings_load *s, const char *path, const char *name,
                      const struct yaml_node *where, struct str *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (where ? O_NONBLOCK : 0));
    if (fd < 0)
        return refuse(s, name, where, strerror(errno));
    bool is_read = fstat(fd, &st) == 0;
    if (is_read && where && !S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : ENODEV;
        is_read = false;
    }
    is_read = is_read && read_all(&s->load, fd, out);
    int why = errno;
    (void)close(fd); /* nothing was written */
    if (!is_read)
        refuse(s, name, where, why == ENODEV ? "not a regular file" : strerror(why));
    return is_read;
}

const struct yaml_source *settings_source(struct settings_load *s, struct str text,
                                          const char *name, const char *dir)
{
    struct yaml_source *source = arena_alloc(s->load.scratch, sizeof *source);
    /* The name outlives the sources: origins and messages keep it. */
    struct str kept = arena_str(s->load.arena, str_of(name));
    struct str kept_dir = arena_str(s->load.scratch, str_of(dir));
    if (!source || !kept.p || !kept_dir.p) {
        diag_environment(s->load.diag, "out of memory");
        return NULL;
    }
    *source = (struct yaml_source){
        .name = kept.p, .dir = kept_dir.p, .text = text, .order = ++s->file_count};
    return source;
}

const struct yaml_source *settings_open(struct settings_load *s, const char *path, const char *name,
                                        const struct yaml_node *where)
{
    struct str text;
    if (!read_file(s, path, name, where, &text))
        return NULL;
    struct str dir = str_of(path);
    ptrdiff_t slash = str_find_last(dir, '/');
    dir.n = slash > 0 ? (size_t)slash : 1;
    dir = arena_str(s->load.scratch, dir);
    return dir.p ? settings_source(s, text, name, dir.p) : refuse(s, name, where, strerror(ENOMEM));
}

/* --- include --- */

/* Notes that a file is read now. NULL after an error: it was met before. */
static struct file_read *enter_file(struct settings_load *s, const char *path, const char *name,
                                    const struct yaml_node *where)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return refuse(s, name, where, strerror(errno));
    for (struct file_read *f = s->files; f; f = f->next) {
        if (f->device != st.st_dev || f->inode != st.st_ino)
            continue;
        load_error(&s->load, where,
                   f->open ? "%s includes itself\nleave one of the includes out"
                           : "%s is included twice\nleave one of the includes out",
                   f->name);
        return NULL;
    }
    struct file_read *f = arena_alloc(s->load.scratch, sizeof *f);
    if (!f)
        return refuse(s, name, where, strerror(ENOMEM));
    *f = (struct file_read){
        .device = st.st_dev, .inode = st.st_ino, .name = name, .open = true, .next = s->files};
    s->files = f;
    return f;
}

bool settings_enter_main(struct settings_load *s, const char *path, const char *name)
{
    return enter_file(s, path, name, NULL) != NULL;
}

/* The included file as messages show it: relative when the including one is. */
static const char *shown_name(struct settings_load *s, const char *path,
                              const struct yaml_node *where)
{
    const char *dir = where->source->dir;
    struct str name = str_of(where->source->name);
    ptrdiff_t slash = str_find_last(name, '/');
    size_t n = strlen(dir);
    if (strncmp(path, dir, n) != 0 || path[n] != '/')
        return path;
    struct str shown =
        arena_printf(s->load.arena, "%.*s%s", (int)(slash + 1), name.p, path + n + 1);
    return shown.p ? shown.p : path;
}

static bool include_file(struct settings_load *s, const char *path, const struct yaml_node *where)
{
    struct load *l = &s->load;
    const char *name = shown_name(s, path, where);
    struct file_read *file = enter_file(s, path, name, where);
    const struct yaml_source *source = file ? settings_open(s, path, name, where) : NULL;
    const struct yaml_node *root =
        source ? yaml_read(source, l->scratch, &l->alias_budget, l->diag) : NULL;
    if (!root)
        return false;
    size_t path_len = l->path_len;
    struct load_part part = {.table = settings_include_rows, .conf = s->config};
    l->path_len = 0;
    l->path[0] = '\0';
    bool is_right = load_map(l, root, &part, 1);
    l->path_len = path_len;
    file->open = false;
    return is_right;
}

static bool include_matches(struct settings_load *s, const glob_t *found,
                            const struct yaml_node *where)
{
    bool is_right = true;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        struct str path = arena_str(s->load.scratch, str_of(found->gl_pathv[i]));
        if (s->file_count >= FILES_MAX || !path.p) {
            load_error(&s->load, where, "more than %d files", FILES_MAX);
            return false;
        }
        is_right &= include_file(s, path.p, where);
    }
    return is_right;
}

/* A folder that is not there is one that nothing matches in; one that cannot be read may hide
 * something that should be loaded. */
static int is_glob_failure(const char *path, int error)
{
    (void)path;
    return error != ENOENT && error != ENOTDIR;
}

/* A pattern may match nothing; a plain path must be there. */
static bool include_pattern(struct settings_load *s, struct str pattern,
                            const struct yaml_node *where)
{
    struct load *l = &s->load;
    const char *join = pattern.n && pattern.p[0] == '/' ? "" : where->source->dir;
    struct str full =
        arena_printf(l->scratch, "%s%s%.*s", join, *join ? "/" : "", (int)pattern.n, pattern.p);
    if (!full.p)
        return refuse(s, "the include", where, strerror(ENOMEM));
    if (!strpbrk(pattern.p, "*?["))
        return include_file(s, full.p, where);
    glob_t found;
    int result = glob(full.p, 0, is_glob_failure, &found);
    bool is_right = result == 0 || result == GLOB_NOMATCH;
    if (!is_right)
        load_error(l, where, "cannot read the folder of %.*s: %s", (int)pattern.n, pattern.p,
                   result == GLOB_NOSPACE ? strerror(ENOMEM) : strerror(errno));
    else if (result == 0)
        is_right = include_matches(s, &found, where);
    globfree(&found);
    return is_right;
}

bool settings_read_include(struct load *l, const struct yaml_node *n, void *conf)
{
    struct includes {
        struct str_list patterns;
    } all = {0};
    static const struct opt row =
        OPT_TEXTS("include", struct includes, patterns, NULL, "Paths and globs.");
    struct settings_load *s = settings_of(l);
    (void)conf;
    if (!load_value(l, &row, n, &all))
        return false;
    if (s->include_depth == INCLUDE_DEPTH_MAX) {
        load_error(l, n, "includes are nested deeper than %d files", INCLUDE_DEPTH_MAX);
        return false;
    }
    s->include_depth++;
    bool is_right = true;
    const struct yaml_item *at = NULL;
    for (uint32_t i = 0; i < all.patterns.count; i++)
        is_right &= include_pattern(s, all.patterns.items[i], settings_next(n, &at));
    s->include_depth--;
    return is_right;
}

/* --- the MIME table --- */

bool settings_read_types(struct load *l, const struct yaml_node *n, void *conf)
{
    struct config *c = conf;
    struct str text;
    unsigned bad_line;
    if (str_is_empty(c->types))
        return true;
    if (!read_file(settings_of(l), c->types.p, c->types.p, n, &text))
        return false;
    if (mime_load(&c->mime, l->arena, text, &bad_line))
        return true;
    load_error(l, n, "%s:%u: not a line of MIME types\nwrite \"type extension extension\"",
               c->types.p, bad_line);
    return false;
}
