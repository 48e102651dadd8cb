/* warm: see warm.h. */
#include "server/warm.h"

#include "base/check.h"
#include "server/conn.h"
#include "server/worker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* One for each name, however many wait for it. */
struct warming {
    struct job job;
    struct link all;     /* in worker.warmings */
    struct link waiting; /* requests; empty: nobody waits any more */
    uint32_t key;
    int root;
    enum disk_links links;
    char path[];
};

static void work(struct job *j)
{
    const struct warming *w = container_of(j, struct warming, job);
    disk_warm(w->root, w->path, w->links);
}

static void leave(struct request *r)
{
    link_remove(&r->warming);
    r->is_warming = false;
}

static void done(struct job *j)
{
    struct warming *w = container_of(j, struct warming, job);
    link_remove(&w->all);
    while (!link_is_alone(&w->waiting)) {
        struct request *r = container_of(w->waiting.next, struct request, warming);
        leave(r);
        r->warmed = w->key;
        request_resume(r);
    }
    free(w);
}

static struct warming *under_way(const struct worker *worker, int root, const char *path,
                                 enum disk_links links)
{
    for (struct link *l = worker->warmings.next; l != &worker->warmings; l = l->next) {
        struct warming *w = container_of(l, struct warming, all);
        if (w->root == root && w->links == links && strcmp(w->path, path) == 0)
            return w;
    }
    return NULL;
}

static struct warming *begin(struct worker *worker, int root, const char *path,
                             enum disk_links links, uint32_t key)
{
    size_t n = strlen(path) + 1;
    struct warming *w = malloc(sizeof *w + n);
    if (!w)
        return NULL;
    *w = (struct warming){
        .job = {.work = work, .done = done}, .key = key, .root = root, .links = links};
    memcpy(w->path, path, n);
    if (!offload_submit(&worker->offload, &w->job)) {
        free(w);
        return NULL;
    }
    link_init(&w->waiting);
    link_init(&w->all);
    link_last(&worker->warmings, &w->all);
    return w;
}

bool warm_begin(struct request *r, int root, const char *path, enum disk_links links, uint32_t key)
{
    struct worker *worker = conn_worker(r->conn);
    if (r->warmings == WARMINGS_MAX)
        return false;
    struct warming *w = under_way(worker, root, path, links);
    if (!w)
        w = begin(worker, root, path, links, key);
    if (!w)
        return false;
    link_init(&r->warming);
    link_last(&w->waiting, &r->warming);
    r->is_warming = true;
    r->warmings++;
    return true;
}

void warm_abandon(struct request *r)
{
    leave(r); /* the thread goes on: what it reads will be asked for again */
}

/* --- files that are being sent --- */

struct reading {
    struct job job;
    struct conn *conn; /* NULL: it is closed */
    struct span span;  /* with a descriptor of its own: the file's may be closed meanwhile */
};

static void read_span(struct job *j)
{
    const struct reading *w = container_of(j, struct reading, job);
    disk_read_ahead(w->span.fd, w->span.at, w->span.len);
}

static void span_is_read(struct job *j)
{
    struct reading *w = container_of(j, struct reading, job);
    struct conn *c = w->conn;
    (void)close(w->span.fd); /* it was only read */
    if (c) {
        c->out->warming = NULL;
        c->out->insists = true;
        if (c->state == CONN_SEND)
            c->flags &= (uint8_t)~CONN_TIMED; /* the peer's time begins with what it is sent now */
        loop_run_later(&c->worker->loop, &c->ch.src);
    }
    free(w);
}

bool warm_window(struct conn *c)
{
    struct reading *w = malloc(sizeof *w);
    if (!w)
        return false;
    *w = (struct reading){
        .job = {.work = read_span, .done = span_is_read}, .conn = c, .span = c->out->cold};
    w->span.fd = fcntl(c->out->cold.fd, F_DUPFD_CLOEXEC, 0);
    if (w->span.fd >= 0 && offload_submit(&c->worker->offload, &w->job)) {
        c->out->warming = w;
        return true;
    }
    if (w->span.fd >= 0)
        (void)close(w->span.fd); /* nobody has used it */
    free(w);
    return false;
}

void warm_forget(struct out *o)
{
    ((struct reading *)o->warming)->conn = NULL;
    o->warming = NULL;
}
