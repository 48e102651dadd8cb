/* child: a worker as the master sees it: a process, a slot, and a socket pair for orders. */
#ifndef SKIFF_PROCESS_CHILD_H
#define SKIFF_PROCESS_CHILD_H

#include "base/list.h"
#include "process/generation.h"
#include "server/worker.h"

enum child_state {
    CHILD_STARTING, /* has not said that it accepts */
    CHILD_SERVING,
    CHILD_HUNG,    /* does not answer: a sibling accepts for it */
    CHILD_LEAVING, /* was told to finish or to stop */
};

struct child {
    struct link link; /* in the master's list of children */
    pid_t pid;
    int orders; /* our end of the pair; -1: it has closed its own */
    uint32_t slot;
    uint32_t generation; /* its number, for messages */
    enum child_state state;
    uint64_t born_ms;
    uint64_t asked_ms; /* when the ping that it owes an answer to was sent; 0: none is owed */
    uint64_t ask_next_ms;
    /* While it leaves: */
    uint64_t finish_ms;   /* when it is told to finish; 0: it was told */
    uint64_t deadline_ms; /* when it is told more harshly */
    bool was_stopped;     /* ORDER_STOP was sent, SIGKILL is next */
};

/* What a new process lets go of before it is a worker: all that is the master's, and not of the
 * generation whose worker it becomes. */
struct heritage {
    void (*give_up)(void *master, const struct generation *own);
    void *master;
    bool background; /* the terminal is not ours */
};

/* Forks a worker for the slot; it hangs last in `children`. NULL after one line in the log. */
struct child *child_start(const struct generation *g, uint32_t slot, const struct heritage *h,
                          struct link *children, uint64_t now_ms);
/* It has ended, or is not ours any more. */
void child_free(struct child *c);
/* Sends one order; a worker that cannot take it is dead or will be found to be hung. */
void child_order(const struct child *c, enum worker_order order, uint32_t slot);
/* Gives it the reopened logs. */
void child_give_logs(const struct child *c, const struct logs *l);
/* Takes the next word from it: its byte, 0 when there is none now, -1 at the end. */
int child_word(struct child *c);

#endif
