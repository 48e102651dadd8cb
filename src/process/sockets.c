/* sockets: opened all or none, kept by address. */
#include "process/sockets.h"

#include "base/check.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct listen_conf *conf_of(const struct item_list *listen, uint32_t i)
{
    return &((const struct listen_conf *)listen->items)[i];
}

static struct endpoint *find(const struct sockets *s, const struct address *a)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (address_eq(&s->items[i]->address, a))
            return s->items[i];
    return NULL;
}

/* --- one endpoint --- */

static void complain(const struct sockets *s, const struct address *a, const struct sock_error *e)
{
    char text[ADDRESS_TEXT];
    (void)address_print(a, text);
    if (e->error == EADDRINUSE)
        log_error("%s is in use by another program%s%s", text, s->hint ? ": " : "",
                  s->hint ? s->hint : "");
    else if (e->error == EACCES && !address_is_unix(a))
        log_error("%s: %s: no permission; ports below 1024 need root or CAP_NET_BIND_SERVICE", text,
                  e->what);
    else
        log_error("%s: %s: %s", text, e->what, strerror(e->error));
}

/* Is one open that is in its way? A reload may put "*:80" in the place of "127.0.0.1:80". */
static bool overlaps_ours(const struct sockets *s, const struct address *a)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (address_overlaps(&s->items[i]->address, a))
            return true;
    return false;
}

/* As many sockets as there are slots. */
static bool fill(const struct sockets *s, struct endpoint *e, uint32_t slots)
{
    struct sock_error error;
    uint32_t wanted = address_is_unix(&e->address) ? 1 : slots;
    int *fds = reallocarray(e->fds, slots, sizeof *fds);
    if (!fds) {
        log_error("out of memory");
        return false;
    }
    e->fds = fds;
    for (; e->count < wanted; e->count++) {
        struct listen_options options = e->options;
        if (e->count == 0 && options.sharing == SOCK_SHARED && !overlaps_ours(s, &e->address))
            options.sharing = SOCK_SHARED_LATER; /* another server may start at this moment */
        fds[e->count] = sock_listen(&e->address, &options, &error);
        if (fds[e->count] < 0) {
            complain(s, &e->address, &error);
            return false;
        }
    }
    return true;
}

/* Shutting down comes first: workers may hold copies, and theirs must refuse too. */
static void cut(struct endpoint *e, uint32_t slots)
{
    while (e->count > slots) {
        int fd = e->fds[--e->count];
        (void)shutdown(fd, SHUT_RDWR); /* what happens to a listening socket is the same anyhow */
        (void)close(fd);
    }
}

static void remove_file(const struct endpoint *e)
{
    struct stat st;
    const char *path = e->address.sa.unix_.sun_path;
    if (e->inode != 0 && lstat(path, &st) == 0 && st.st_dev == e->device && st.st_ino == e->inode &&
        unlink(path) < 0)
        log_warn("unix:%s: cannot be removed: %m", path);
}

static void endpoint_free(struct endpoint *e)
{
    cut(e, 0);
    remove_file(e);
    free(e->fds);
    free(e);
}

static struct endpoint *endpoint_new(const struct listen_conf *c)
{
    struct endpoint *e = calloc(1, sizeof *e);
    if (!e) {
        log_error("out of memory");
        return NULL;
    }
    e->address = c->address;
    (void)snprintf(e->congestion, sizeof e->congestion, "%.*s", (int)c->congestion.n,
                   c->congestion.p ? c->congestion.p : "");
    e->options = (struct listen_options){
        .backlog = c->backlog,
        .sharing = address_is_unix(&c->address) ? SOCK_ALONE : SOCK_SHARED,
        .v6only = c->ipv6_only,
        .defer_accept_s = (c->defer_accept_ms + 999) / 1000,
        .fastopen = c->fastopen,
        .congestion = e->congestion[0] ? e->congestion : NULL,
        .unix_mode = (mode_t)c->mode,
    };
    return e;
}

/* Opens a new one for all slots; NULL when it could not be. */
static struct endpoint *endpoint_open(const struct sockets *s, const struct listen_conf *c,
                                      uint32_t slots)
{
    struct stat st;
    struct endpoint *e = endpoint_new(c);
    if (!e)
        return NULL;
    if (!fill(s, e, slots)) {
        endpoint_free(e);
        return NULL;
    }
    if (address_is_unix(&e->address) && lstat(e->address.sa.unix_.sun_path, &st) == 0) {
        e->device = st.st_dev;
        e->inode = st.st_ino;
    }
    return e;
}

/* --- all of them --- */

/* The kernel lets a second server with the same user share the port: we do not. Asked before the
 * first socket is opened, because two of our own addresses may overlap; beside one that is open
 * already the answer would be about ourselves. */
static bool probe_new(const struct sockets *s, const struct item_list *listen)
{
    struct sock_error error;
    for (uint32_t i = 0; i < listen->count; i++) {
        const struct listen_conf *c = conf_of(listen, i);
        if (find(s, &c->address) || overlaps_ours(s, &c->address) ||
            sock_probe(&c->address, c->ipv6_only, &error))
            continue;
        complain(s, &c->address, &error);
        return false;
    }
    return true;
}

static uint32_t count_new(const struct sockets *s, const struct item_list *listen)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < listen->count; i++)
        count += !find(s, &conf_of(listen, i)->address);
    return count;
}

/* Of changed options only the backlog can be applied to an open socket. */
static void update(struct endpoint *e, const struct listen_conf *c)
{
    for (uint32_t i = 0; i < e->count && c->backlog != e->options.backlog; i++)
        if (listen(e->fds[i], (int)c->backlog) < 0)
            log_warn("%.*s: backlog: %m", (int)c->address_text.n, c->address_text.p);
    e->options.backlog = c->backlog;
    if (c->ipv6_only != e->options.v6only || c->fastopen != e->options.fastopen ||
        (c->defer_accept_ms + 999) / 1000 != e->options.defer_accept_s ||
        (mode_t)c->mode != e->options.unix_mode || !str_eq(c->congestion, str_of(e->congestion)))
        log_warn("%.*s: its changed options need a restart", (int)c->address_text.n,
                 c->address_text.p);
}

bool sockets_open(struct sockets *s, const struct item_list *listen, uint32_t slots)
{
    struct sockets before = *s;
    slots = slots > s->slots ? slots : s->slots;
    if (s->count + count_new(s, listen) > ENDPOINTS_MAX) {
        log_error("there are more than %d addresses to listen on", ENDPOINTS_MAX);
        return false;
    }
    if (!probe_new(s, listen))
        return false;
    for (uint32_t i = 0; i < s->count; i++)
        if (!fill(s, s->items[i], slots))
            goto fail;
    for (uint32_t i = 0; i < listen->count; i++) {
        struct endpoint *e = find(s, &conf_of(listen, i)->address);
        if (e) {
            update(e, conf_of(listen, i));
            continue;
        }
        e = endpoint_open(s, conf_of(listen, i), slots);
        if (!e)
            goto fail;
        s->items[s->count++] = e;
    }
    s->slots = slots;
    return true;
fail:
    while (s->count > before.count)
        endpoint_free(s->items[--s->count]);
    for (uint32_t i = 0; i < s->count; i++)
        cut(s->items[i], s->slots);
    return false;
}

int *sockets_table(const struct sockets *s, const struct item_list *listen)
{
    int *table = calloc((size_t)listen->count * s->slots, sizeof *table);
    for (uint32_t i = 0; table && i < listen->count; i++) {
        const struct endpoint *e = find(s, &conf_of(listen, i)->address);
        CHECK(e != NULL);
        for (uint32_t slot = 0; slot < s->slots; slot++)
            table[i * s->slots + slot] = e->fds[slot < e->count ? slot : 0];
    }
    return table;
}

static bool is_named(const struct item_list *listen, const struct address *a)
{
    for (uint32_t i = 0; i < listen->count; i++)
        if (address_eq(&conf_of(listen, i)->address, a))
            return true;
    return false;
}

void sockets_trim(struct sockets *s, const struct item_list *listen, uint32_t slots)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        if (is_named(listen, &s->items[i]->address)) {
            cut(s->items[i], slots);
            s->items[kept++] = s->items[i];
        } else {
            endpoint_free(s->items[i]);
        }
    }
    s->count = kept;
    s->slots = slots;
}

void sockets_give_up(const struct sockets *s, const struct item_list *listen)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct endpoint *e = s->items[i];
        if (is_named(listen, &e->address))
            continue;
        for (uint32_t k = 0; k < e->count; k++)
            (void)close(e->fds[k]); /* the master has it too */
    }
}

void sockets_refuse(struct sockets *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        cut(s->items[i], 0);
        remove_file(s->items[i]);
        s->items[i]->inode = 0;
    }
}

void sockets_done(struct sockets *s)
{
    while (s->count > 0)
        endpoint_free(s->items[--s->count]);
}
