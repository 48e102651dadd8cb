/* sim_jobs: a list, worked off on the one thread that there is. */
#include "wire_split/sim_jobs.h"

bool offload_init(struct offload *o, struct loop *l, uint32_t threads_max, uint32_t pending_max)
{
    *o = (struct offload){.loop = l, .threads_max = threads_max, .pending_max = pending_max};
    return true;
}

bool offload_submit(struct offload *o, struct job *j)
{
    j->next = NULL;
    if (o->todo_last)
        o->todo_last->next = j;
    else
        o->todo_first = j;
    o->todo_last = j;
    return true;
}

bool sim_jobs_run(struct offload *o)
{
    struct job *j = o->todo_first;
    if (!j)
        return false;
    o->todo_first = j->next;
    if (!o->todo_first)
        o->todo_last = NULL;
    j->work(j);
    j->done(j);
    return true;
}

bool offload_done(struct offload *o, uint32_t wait_ms)
{
    (void)wait_ms;
    while (sim_jobs_run(o))
        ;
    return true;
}
