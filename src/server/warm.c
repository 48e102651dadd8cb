/* warm: see warm.h. */
#include "server/warm.h"

#include "base/check.h"
#include "server/conn.h"
#include "server/worker.h"

#include <stdlib.h>

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
