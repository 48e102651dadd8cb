/* warm: see warm.h. */
#include "server/warm.h"

#include "base/check.h"
#include "server/conn.h"
#include "server/worker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct warming {
    struct job job;
    struct request *request; /* NULL: nobody waits any more */
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

static void done(struct job *j)
{
    struct warming *w = container_of(j, struct warming, job);
    struct request *r = w->request;
    if (r) {
        r->waits_for = NULL;
        r->is_warming = false;
        r->warmed = w->key;
        request_resume(r);
    }
    free(w);
}

bool warm_begin(struct request *r, int root, const char *path, enum disk_links links, uint32_t key)
{
    size_t n = strlen(path) + 1;
    struct warming *w = malloc(sizeof *w + n);
    if (!w)
        return false;
    *w = (struct warming){.job = {.work = work, .done = done},
                          .request = r,
                          .key = key,
                          .root = root,
                          .links = links};
    memcpy(w->path, path, n);
    if (!offload_submit(&conn_worker(r->conn)->offload, &w->job)) {
        free(w);
        return false;
    }
    r->waits_for = w;
    r->is_warming = true;
    return true;
}

void warm_abandon(struct request *r)
{
    struct warming *w = r->waits_for;
    w->request = NULL; /* the thread still has it */
    r->waits_for = NULL;
    r->is_warming = false;
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
