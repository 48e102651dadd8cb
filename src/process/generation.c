/* generation: prepared step by step; the first step that fails ends it. */
#include "process/generation.h"

#include "base/log.h"
#include "io/disk.h"
#include "process/roots.h"

#include <stdlib.h>

static bool count_workers(struct generation *g)
{
    uint32_t wanted = g->config->process.workers;
    if (wanted > SLOTS_MAX) {
        log_error("process.workers %u: at most %d are possible", wanted, SLOTS_MAX);
        return false;
    }
    g->workers = wanted;
    if (wanted > 0)
        return true;
    g->workers = cpus_usable(g->workers_how);
    if (g->workers > SLOTS_MAX)
        g->workers = SLOTS_MAX;
    return true;
}

static bool find_identity(struct generation *g, const struct preparation *p)
{
    if (!p->identity)
        return identity_find(&g->config->process, &g->identity);
    g->identity = *p->identity;
    return true;
}

static bool divide_budget(struct generation *g, uint32_t slots, uint32_t roots)
{
    struct budget_request r = {
        .workers = g->workers,
        .max_connections = g->config->process.max_connections,
        .open_files = g->config->cache.open_files,
        .inherited = g->config->listen.count * slots + roots,
        .limit = budget_raise_limit(),
    };
    if (r.limit > 0)
        return budget_divide(&r, &g->budget);
    log_error("the limit of descriptors cannot be raised: %m");
    return false;
}

static bool open_sockets(struct generation *g, struct sockets *s)
{
    if (!sockets_open(s, &g->config->listen, g->workers))
        return false;
    g->slots = s->slots;
    g->listen_fds = sockets_table(s, &g->config->listen);
    if (!g->listen_fds)
        log_error("out of memory");
    return g->listen_fds != NULL;
}

/* All but the sockets, which come last: they cannot be taken back without harm. */
static bool prepare_rest(struct generation *g, const struct preparation *p)
{
    uint32_t roots;
    if (!disk_is_supported()) {
        log_error(
            "this kernel has no openat2 (Linux 5.6), or forbids it: roots cannot be confined");
        return false;
    }
    if (!count_workers(g) || !find_identity(g, p) || !roots_open(g->config, &roots))
        return false;
    uint32_t slots = g->workers > p->sockets->slots ? g->workers : p->sockets->slots;
    if (divide_budget(g, slots, roots) && roots_check(g->config, &g->identity) &&
        logs_open(&g->config->log, &g->logs))
        return true;
    roots_close(g->config);
    return false;
}

struct generation *generation_prepare(const struct preparation *p)
{
    struct generation *g = calloc(1, sizeof *g);
    if (!g) {
        log_error("out of memory");
        settings_free(p->config);
        return NULL;
    }
    g->config = p->config;
    g->number = p->number;
    if (!prepare_rest(g, p)) {
        settings_free(g->config);
        free(g);
        return NULL;
    }
    if (open_sockets(g, p->sockets))
        return g;
    generation_free(g);
    return NULL;
}

void generation_free(struct generation *g)
{
    if (!g)
        return;
    roots_close(g->config);
    logs_close(&g->logs);
    settings_free(g->config);
    free(g->listen_fds);
    free(g);
}
