/* scout: see scout.h. */
#include "server/scout.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

struct errand {
    struct job job;
    struct scout *scout;
    uint32_t bit;
    int watch;
    char *rest;  /* in text: from here on it is a way along folders */
    char text[]; /* terminated */
};

static bool is_set(const uint64_t *bits, uint32_t bit)
{
    return bits[bit / 64] >> bit % 64 & 1;
}

static void set(uint64_t *bits, uint32_t bit)
{
    bits[bit / 64] |= (uint64_t)1 << bit % 64;
}

/* Each folder on the way, and what is at its end if that is one. */
static void work(struct job *j)
{
    struct errand *e = container_of(j, struct errand, job);
    for (char *p = e->rest; (p = strchr(p, '/')); p++) {
        *p = '\0';
        watch_visit(e->watch, p == e->text ? "/" : e->text);
        *p = '/';
    }
    watch_visit(e->watch, e->text);
}

static void done(struct job *j)
{
    struct errand *e = container_of(j, struct errand, job);
    set(e->scout->back, e->bit);
    free(e);
}

static void send_one(struct scout *s, int watch, const char *from, struct str path, uint32_t bit)
{
    size_t n = strlen(from);
    struct errand *e = malloc(sizeof *e + n + 1 + path.n + 1);
    if (!e)
        return; /* tried again with the next request */
    *e = (struct errand){
        .job = {.work = work, .done = done}, .scout = s, .bit = bit, .watch = watch};
    e->rest = mempcpy(e->text, from, n);
    e->rest[0] = '/';
    if (path.n)
        memcpy(e->rest + 1, path.p, path.n);
    e->rest[1 + path.n] = '\0';
    if (offload_submit(s->offload, &e->job))
        set(s->sent, bit);
    else
        free(e);
}

bool scout_is_back(struct scout *s, const struct watch *w, const char *from, struct str path,
                   uint32_t hash)
{
    uint32_t bit = hash % SCOUT_BITS;
    if (!s->offload || !w || w->src.fd < 0)
        return true;
    if (!is_set(s->sent, bit))
        send_one(s, w->src.fd, from, path, bit);
    return is_set(s->back, bit);
}
