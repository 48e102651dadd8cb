/* folder: every kind of thing that may lie in a docroot. */
#include "wire/folder.h"

#include "wire/text.h"
#include "wire/transcript.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A modification time that is not young, so that validators are strong. */
enum { MTIME_S = 1704164645 /* 2024-01-02 03:04:05 UTC */ };

static const char *const keys[] = {"text", "size",   "mtime",  "mode", "link",
                                   "fifo", "socket", "folder", "gone", "cut"};

static void must(bool done, const char *path)
{
    ck_assert_msg(done, "%s: %s", path, strerror(errno));
}

/* Eight digits that count on, so that a piece from elsewhere cannot look right. */
static void add_pattern(struct text *t, uint64_t size)
{
    char *end = text_reserve(t, (size_t)size + 8);
    for (uint64_t at = 0; at < size; at += 8)
        (void)snprintf(end + at, 9, "%07x\n", (unsigned)(at / 8) & 0xFFFFFFF);
    t->n = (size_t)size;
}

static void put_bytes(const struct server *s, const char *name, struct str bytes)
{
    char *fresh = NULL, *from, *to;
    ck_assert_int_ge(asprintf(&fresh, "%s.new", name), 0);
    server_put(s, fresh, bytes.p, bytes.n);
    from = server_path(s, fresh);
    to = server_path(s, name);
    must(rename(from, to) == 0, to);
    free(fresh);
    free(from);
    free(to);
}

static void put_text(const struct server *s, const char *name, const struct yaml_node *n)
{
    struct text t = {0};
    const struct yaml_node *text = n->kind == YAML_TEXT ? n : yaml_get(n, "text");
    if (text)
        text_add(&t, node_text(text));
    else
        add_pattern(&t, node_size(yaml_get(n, "size")));
    put_bytes(s, name, text_str(&t));
    text_done(&t);
}

static void put_link(const struct server *s, const char *path, const struct yaml_node *link)
{
    struct text target = {0};
    const struct text_value values[] = {{"@DIR@", str_of(s->dir)}, {0}};
    text_fill(&target, node_text(link), values);
    must(symlink(target.p, path) == 0, path);
    text_done(&target);
}

static void put_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_uint_lt(strlen(path), sizeof a.sun_path);
    strcpy(a.sun_path, path);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0, path);
    (void)close(fd); /* its name stays */
}

static void set_attributes(const char *path, const struct yaml_node *n)
{
    const struct yaml_node *mode = yaml_get(n, "mode"), *mtime = yaml_get(n, "mtime");
    struct timespec times[2] = {{.tv_sec = MTIME_S}, {.tv_sec = MTIME_S}};
    if (mtime && str_eq(node_text(mtime), STR("now")))
        times[0].tv_nsec = times[1].tv_nsec = UTIME_NOW;
    else if (mtime)
        times[0].tv_sec = times[1].tv_sec = strtoll(node_text(mtime).p, NULL, 10);
    must(utimensat(AT_FDCWD, path, times, 0) == 0, path);
    if (mode)
        must(chmod(path, (mode_t)strtoul(node_text(mode).p, NULL, 8)) == 0, path);
}

static void make_one(const struct server *s, const char *name, const struct yaml_node *n)
{
    char *path = server_path(s, name);
    if (n->kind == YAML_TEXT || yaml_get(n, "text") || yaml_get(n, "size")) {
        put_text(s, name, n);
    } else if (yaml_get(n, "cut")) {
        must(truncate(path, (off_t)node_size(yaml_get(n, "cut"))) == 0, path);
    } else if (yaml_get(n, "gone")) {
        must(remove(path) == 0, path);
    } else if (yaml_get(n, "link")) {
        put_link(s, path, yaml_get(n, "link"));
    } else if (yaml_get(n, "fifo")) {
        must(mkfifo(path, 0644) == 0, path);
    } else if (yaml_get(n, "socket")) {
        put_socket(path);
    } else {
        must(mkdir(path, 0755) == 0, path);
    }
    if (!yaml_get(n, "link") && !yaml_get(n, "gone"))
        set_attributes(path, n);
    free(path);
}

static void check_keys(const struct yaml_node *n)
{
    for (const struct yaml_item *i = n->items; i; i = i->next) {
        size_t k = 0;
        while (k < sizeof keys / sizeof keys[0] && !str_eq(i->key->text, str_of(keys[k])))
            k++;
        ck_assert_msg(k < sizeof keys / sizeof keys[0], "%s:%u: unknown key", n->source->name,
                      i->key->line);
    }
}

void folder_make(const struct server *s, const struct yaml_node *files)
{
    for (const struct yaml_item *i = files->items; i; i = i->next) {
        char *name = NULL;
        check_keys(i->value);
        ck_assert_int_ge(asprintf(&name, "www/%s", i->key->text.p), 0);
        make_one(s, name, i->value);
        free(name);
    }
}
