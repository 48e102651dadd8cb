/* settings: the tables, what they default to, files, includes, dump and manual. */
#include "server/settings.h"

#include "base/units.h"
#include "config/load.h"
#include "server/settings_load.h"
#include "support/scratch.h"
#include "unit/config/settings_text.h"

#include <sys/stat.h>
#include <unistd.h>

#define WWW "vhosts: [{root: /srv/www}]\n"

/* Loads main.yaml of the folder; what was said is the caller's to free. */
static struct config *load_main(char **said, int *code)
{
    struct diag d;
    diag_init(&d);
    struct config *c = settings_load(in("main.yaml"), &d);
    *said = settings_printed(&d);
    *code = diag_exit_code(&d);
    diag_done(&d);
    return c;
}

static void main_is_wrong(const char *part, int expected)
{
    char *said;
    int code;
    ck_assert_ptr_null(load_main(&said, &code));
    ck_assert_msg(strstr(said, part) != NULL, "expected\n%s\ngot\n%s", part, said);
    ck_assert_int_eq(code, expected);
    free(said);
}

/* --- the tables --- */

static void check_key(const char *key)
{
    ck_assert(*key >= 'a' && *key <= 'z');
    for (const char *p = key; *p; p++)
        ck_assert_msg((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_', "%s", key);
}

static void check_row(const struct opt *row, unsigned depth);

static void check_table(const struct opt *table, unsigned depth)
{
    unsigned count = 0;
    ck_assert_uint_lt(depth, 8);
    for (const struct opt *row = table; row->key; row++, count++) {
        check_row(row, depth);
        for (const struct opt *other = table; other != row; other++)
            ck_assert_str_ne(other->key, row->key);
    }
    ck_assert_uint_le(count, 64);
}

static void check_row(const struct opt *row, unsigned depth)
{
    char conf[1024] = {0};
    struct opt_fault f;
    check_key(row->key);
    ck_assert_msg(row->doc != NULL, "%s", row->key);
    size_t n = strlen(row->doc);
    ck_assert_msg(n > 5 && row->doc[n - 1] == '.', "%s: %s", row->key, row->doc);
    ck_assert_msg(row->doc[0] >= 'A' && row->doc[0] <= 'Z', "%s: %s", row->key, row->doc);
    ck_assert_msg(!strchr(row->doc, '|') && !strchr(row->doc, '\n'), "%s", row->key);
    if (opt_is_scalar(row) && row->dflt && *row->dflt)
        ck_assert_msg(opt_set(row, str_of(row->dflt), conf, &f), "%s: %s", row->key, f.what);
    if (row->kind == K_GROUP || row->kind == K_LIST)
        ck_assert_ptr_nonnull(row->table);
    if (row->short_key)
        ck_assert_ptr_nonnull(opt_find(row->table, str_of(row->short_key)));
    if (row->table)
        check_table(row->table, depth + 1);
}

START_TEST(every_row_of_every_table_is_sound)
{
    check_table(settings_root, 0);
    for (size_t i = 0; handlers[i]; i++)
        check_table(handlers[i]->options, 1);
    for (size_t i = 0; filters[i]; i++)
        check_table(filters[i]->options, 1);
}
END_TEST

START_TEST(keys_of_a_vhost_and_a_route_have_one_meaning)
{
    const struct opt *tables[8] = {settings_vhost_rows, settings_route_rows,
                                   handler_find(STR("static"))->options};
    size_t count = 3;
    for (size_t i = 0; filters[i]; i++)
        tables[count++] = filters[i]->options;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            for (const struct opt *row = tables[i]; row->key; row++)
                ck_assert_msg(!opt_find(tables[k], str_of(row->key)), "%s", row->key);
}
END_TEST

START_TEST(the_least_configuration_has_the_contracts_defaults)
{
    struct config *c = settings_right(MINIMAL WWW);
    const struct listen_conf *listen = c->listen.items;
    ck_assert_uint_eq(c->process.workers, 0);
    ck_assert_uint_eq(c->process.max_connections, 0);
    ck_assert_uint_eq(c->process.user.n + c->process.group.n + c->process.pid_file.n, 0);
    ck_assert(!c->process.pin_cpus);
    ck_assert_uint_eq(c->listen.count, 1);
    ck_assert(listen->backlog == 4096 && listen->mode == 0660 && !listen->ipv6_only);
    ck_assert(listen->defer_accept_ms == 0 && listen->fastopen == 0 && !listen->congestion.n);
    ck_assert_uint_eq(c->limits.header_timeout_ms, 10 * SECOND);
    ck_assert_uint_eq(c->limits.head_max, 16 * KIB);
    ck_assert_uint_eq(c->limits.line_max, 8 * KIB);
    ck_assert_uint_eq(c->limits.fields_max, 100);
    ck_assert_uint_eq(c->limits.body_max, 16 * KIB);
    ck_assert_uint_eq(c->limits.keepalive.idle_ms, 75 * SECOND);
    ck_assert_uint_eq(c->limits.keepalive.requests, 0);
    ck_str(c->log.error.to, "stderr");
    ck_assert_uint_eq(c->log.access.to.n, 0);
    ck_assert_uint_eq(c->cache.small_files, 64 * MIB);
    ck_assert_uint_eq(c->cache.small_file_max, 32 * KIB);
    ck_assert_uint_eq(c->cache.open_files, OPEN_FILES_AUTO);
    ck_str(mime_of(&c->mime, STR("/a.html")), "text/html");
    settings_free(c);
}
END_TEST

START_TEST(short_forms_say_the_same_as_long_ones)
{
    struct config *c = settings_right("version: 1\nlisten: \"127.0.0.1:80\"\n"
                                      "log: {access: off, error: e.log}\n" WWW);
    ck_str(((struct listen_conf *)c->listen.items)->address_text, "127.0.0.1:80");
    ck_assert_uint_eq(c->log.access.to.n, 0);
    ck_str(c->log.error.to, "/etc/skiff/e.log");
    settings_free(c);
    c = settings_right(MINIMAL "log: {access: stdout}\n" WWW);
    ck_str(c->log.access.to, "stdout");
    ck_assert_uint_eq(c->log.access.format, ACCESS_COMBINED);
    settings_free(c);
}
END_TEST

START_TEST(the_sample_is_right_and_says_the_defaults)
{
    struct diag d;
    diag_init(&d);
    struct config *sample = settings_load("conf/skiff.yaml", &d);
    char *said = settings_printed(&d);
    ck_assert_msg(sample != NULL, "%s", said);
    ck_assert_str_eq(said, "");
    struct config *least = settings_right(MINIMAL WWW);
    ck_assert_int_eq(memcmp(&sample->limits, &least->limits, sizeof least->limits), 0);
    ck_assert_int_eq(memcmp(&sample->cache, &least->cache, sizeof least->cache), 0);
    ck_assert_uint_eq(sample->process.workers, least->process.workers);
    ck_assert_uint_eq(sample->log.access.to.n, 0);
    settings_free(sample);
    settings_free(least);
    free(said);
    diag_done(&d);
}
END_TEST

/* --- files --- */

START_TEST(a_file_that_is_missing_or_no_file_is_the_environments_fault)
{
    scratch_make();
    main_is_wrong("main.yaml: No such file or directory\n", 1);
    ck_assert_int_eq(mkdir(in("main.yaml"), 0700), 0);
    main_is_wrong("main.yaml: Is a directory\n", 1);
    scratch_remove();
}
END_TEST

START_TEST(includes_bring_vhosts_sorted_and_relative_to_their_file)
{
    char *said;
    int code;
    scratch_make();
    ck_assert_int_eq(mkdir(in("d"), 0700), 0);
    scratch_put("main.yaml", MINIMAL "include: [d/*.yaml, more.yaml, none/*.yaml]\n");
    scratch_put("d/b.yaml", "vhosts: [{names: [b], root: site}]\n");
    scratch_put("d/a.yaml", "version: 1\nvhosts: [{names: [a], root: site}]\n");
    scratch_put("more.yaml", "include: d/c.yml\n");
    scratch_put("d/c.yml", "vhosts: [{names: [c], root: site}]\n");
    struct config *c = load_main(&said, &code);
    ck_assert_msg(c != NULL, "%s", said);
    ck_assert_uint_eq(c->vhost_count, 3);
    ck_str(c->vhosts[0].names.items[0], "a");
    ck_str(c->vhosts[1].names.items[0], "b");
    ck_str(c->vhosts[2].names.items[0], "c");
    ck_str(
        *(const struct str *)opt_value(opt_find(handler_find(STR("static"))->options, STR("root")),
                                       c->vhosts[0].routes[0].conf),
        in("d/site"));
    settings_free(c);
    free(said);
    scratch_remove();
}
END_TEST

START_TEST(includes_that_cannot_be_are_refused)
{
    scratch_make();
    scratch_put("main.yaml", MINIMAL WWW "include: nope.yaml\n");
    main_is_wrong("nope.yaml: No such file or directory\n", 2);
    scratch_put("main.yaml", MINIMAL WWW "include: main.yaml\n");
    main_is_wrong("main.yaml includes itself\n", 2);
    scratch_put("main.yaml", MINIMAL WWW "include: a.yaml\n");
    scratch_put("a.yaml", "include: b.yaml\n");
    scratch_put("b.yaml", "include: [a.yaml]\n");
    main_is_wrong("a.yaml includes itself\n", 2);
    scratch_put("main.yaml", MINIMAL WWW "include: [c.yaml, c.yaml]\n");
    scratch_put("c.yaml", "vhosts: []\n");
    main_is_wrong("c.yaml is included twice\n", 2);
    scratch_put("main.yaml", MINIMAL WWW "include: d\n");
    ck_assert_int_eq(mkdir(in("d"), 0700), 0);
    main_is_wrong("d: Is a directory\n", 2);
    scratch_put("main.yaml", MINIMAL WWW "include: f\n");
    ck_assert_int_eq(mkfifo(in("f"), 0600), 0);
    main_is_wrong("f: not a regular file\n", 2);
    scratch_put("main.yaml", MINIMAL WWW "include: [{a: b}]\n");
    main_is_wrong("include[0] must be one value, not a map\n", 2);
    scratch_remove();
}
END_TEST

START_TEST(includes_have_a_depth)
{
    scratch_make();
    for (int i = 0; i < 9; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "%d.yaml", i);
        snprintf(text, sizeof text, "include: %d.yaml\n", i + 1);
        scratch_put(name, text);
    }
    scratch_put("9.yaml", "vhosts: []\n");
    scratch_put("main.yaml", MINIMAL WWW "include: 0.yaml\n");
    main_is_wrong("includes are nested deeper than 8 files\n", 2);
    scratch_put("main.yaml", MINIMAL WWW "include: 2.yaml\n");
    char *said;
    int code;
    struct config *c = load_main(&said, &code);
    ck_assert_msg(c != NULL, "%s", said);
    settings_free(c);
    free(said);
    scratch_remove();
}
END_TEST

START_TEST(an_included_file_cannot_change_the_process)
{
    scratch_make();
    scratch_put("main.yaml", MINIMAL WWW "include: a.yaml\n");
    scratch_put("a.yaml", "process: {user: root}\n");
    main_is_wrong("a.yaml:1:1: error: unknown key \"process\"\n", 2);
    scratch_remove();
}
END_TEST

START_TEST(a_file_that_is_too_large_is_refused)
{
    scratch_make();
    scratch_put("main.yaml", "");
    ck_assert_int_eq(truncate(in("main.yaml"), YAML_FILE_MAX + 1), 0);
    main_is_wrong("main.yaml: File too large\n", 1);
    scratch_remove();
}
END_TEST

START_TEST(a_table_of_types_can_be_ones_own)
{
    char *said;
    int code;
    scratch_make();
    scratch_put("main.yaml", MINIMAL WWW "files: {types: my.types}\n");
    main_is_wrong("my.types: No such file or directory\n", 2);
    scratch_put("my.types", "text/odd odd\n");
    struct config *c = load_main(&said, &code);
    ck_assert_msg(c != NULL, "%s", said);
    ck_assert(str_starts(mime_of(&c->mime, STR("a.odd")), STR("text/odd")));
    settings_free(c);
    free(said);
    scratch_put("my.types", "# fine\nnot a type\n");
    main_is_wrong("my.types:2: not a line of MIME types\n", 2);
    scratch_remove();
}
END_TEST

/* --- dump and manual --- */

static char *dumped(const char *text)
{
    struct diag d;
    char *out_text;
    size_t n;
    FILE *out = open_memstream(&out_text, &n);
    ck_assert_ptr_nonnull(out);
    diag_init(&d);
    bool is_right = settings_dump_text(str_of(text), "skiff.yaml", "/etc/skiff", out, &d);
    ck_assert(is_right == (diag_errors(&d) == 0));
    diag_done(&d);
    fclose(out);
    return out_text;
}

static void has_line(const char *text, const char *key_and_value, const char *origin)
{
    const char *at = strstr(text, key_and_value);
    ck_assert_msg(at != NULL, "%s not in\n%s", key_and_value, text);
    at += *at == '\n';
    const char *end = strchr(at, '\n');
    size_t n = strlen(origin);
    ck_assert_msg((size_t)(end - at) > n && strncmp(end - n, origin, n) == 0, "%.*s",
                  (int)(end - at), at);
}

START_TEST(the_dump_says_where_each_value_comes_from)
{
    char *text = dumped(MINIMAL "files: {hidden: serve}\n"
                                "vhosts:\n"
                                "  - names: [a.b]\n"
                                "    root: www\n"
                                "    headers: {X-A: one}\n"
                                "    routes:\n"
                                "      - match: {prefix: /x}\n"
                                "        index: [x.html]\n"
                                "        headers: {X-B: two}\n"
                                "      - match: {path: /y}\n"
                                "        redirect: {to: /z}\n");
    has_line(text, "  backlog: 4096", "# default");
    has_line(text, "- address: \"127.0.0.1:8080\"", "# skiff.yaml:2");
    has_line(text, "\n  hidden: serve", "# skiff.yaml:3");
    has_line(text, "- names: [a.b]", "# skiff.yaml:5");
    has_line(text, "\n    hidden: serve", "# inherited from skiff.yaml:3");
    has_line(text, "\n      path: /etc/skiff/www", "# skiff.yaml:6");
    has_line(text, "\n          path: /etc/skiff/www", "# inherited from skiff.yaml:6");
    has_line(text, "prefix: [/x]", "# skiff.yaml:9");
    has_line(text, "index: [x.html]", "# skiff.yaml:10");
    has_line(text, "\n          X-A: one", "# inherited from skiff.yaml:7");
    has_line(text, "\n          X-B: two", "# skiff.yaml:11");
    has_line(text, "to: /z", "# skiff.yaml:13");
    has_line(text, "status: 308", "# default");
    has_line(text, "status: 421", "# default");
    free(text);
}
END_TEST

/* Keeps what is before the comments. */
static void strip_comments(char *text)
{
    char *to = text;
    for (char *line = text; *line;) {
        char *end = strchr(line, '\n');
        char *comment = end;
        for (char *p = line; p < end; p++)
            if (strncmp(p, " # ", 3) == 0)
                comment = p;
        while (comment > line && comment[-1] == ' ')
            comment--;
        memmove(to, line, (size_t)(comment - line));
        to += comment - line;
        *to++ = '\n';
        line = end + 1;
    }
    *to = '\0';
}

START_TEST(a_dump_loads_again_to_the_same)
{
    char *first = dumped(MINIMAL "log: {access: {to: a.log, format: json}}\n"
                                 "vhosts:\n"
                                 "  - names: [a, \"*.b\"]\n"
                                 "    routes:\n"
                                 "      - match: {path: [/x, \"/y z\"], prefix: /p}\n"
                                 "        respond: {status: 200, body: \"a $$ # b\\n\"}\n"
                                 "  - root: /srv\n"
                                 "unknown_host: {redirect: {to: \"/\"}}\n");
    char *second = dumped(first);
    strip_comments(first);
    strip_comments(second);
    ck_assert_str_eq(first, second);
    ck_assert_ptr_nonnull(strstr(first, "body: \"a $$ # b\\n\"\n"));
    free(first);
    free(second);
}
END_TEST

START_TEST(a_wrong_configuration_has_no_dump)
{
    char *text = dumped("version: 1\n");
    ck_assert_str_eq(text, "");
    free(text);
    struct diag d;
    diag_init(&d);
    ck_assert(!settings_dump("/nonexistent.yaml", stderr, &d));
    ck_assert_int_eq(diag_exit_code(&d), 1);
    diag_done(&d);
}
END_TEST

START_TEST(the_manual_names_every_key)
{
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    ck_assert_ptr_nonnull(out);
    settings_manual(out);
    fclose(out);
    static const char *const keys[] = {
        "version",   "workers",  "address",          "keepalive.idle", "send.min_rate",
        "access.to", "symlinks", "cache.open_files", "names",          "match.prefix",
        "redirect",  "headers",  "unknown_host",     "include",        "to"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char cell[64];
        snprintf(cell, sizeof cell, "\n| `%s` | ", keys[i]);
        ck_assert_msg(strstr(text, cell) != NULL, "%s", keys[i]);
    }
    free(text);
}
END_TEST

UNIT_MAIN("server/settings", every_row_of_every_table_is_sound,
          keys_of_a_vhost_and_a_route_have_one_meaning,
          the_least_configuration_has_the_contracts_defaults, short_forms_say_the_same_as_long_ones,
          the_sample_is_right_and_says_the_defaults,
          a_file_that_is_missing_or_no_file_is_the_environments_fault,
          includes_bring_vhosts_sorted_and_relative_to_their_file,
          includes_that_cannot_be_are_refused, includes_have_a_depth,
          an_included_file_cannot_change_the_process, a_file_that_is_too_large_is_refused,
          a_table_of_types_can_be_ones_own, the_dump_says_where_each_value_comes_from,
          a_dump_loads_again_to_the_same, a_wrong_configuration_has_no_dump,
          the_manual_names_every_key)
