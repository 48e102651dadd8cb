/* offload: work that may block, done by a thread beside the loop.
 *
 * A job owns its memory; `work` runs on a thread of the pool and touches nothing else, `done` runs
 * on the loop. Jobs are bounded: a full queue refuses, the caller decides what that means. Threads
 * are started after the process has confined itself, when there is work, and leave when there is
 * none for a while: beside a second thread each system call of the loop costs more, for the kernel
 * counts references to descriptors that are shared (2 % of a request). Where not even one is to be
 * had, the loop does the work itself: slower, and still right. */
#ifndef SKIFF_IO_OFFLOAD_H
#define SKIFF_IO_OFFLOAD_H

#include "io/loop.h"

#include <pthread.h>

enum { OFFLOAD_IDLE_MS = 200 }; /* before a thread leaves */

struct job {
    struct job *next;
    void (*work)(struct job *j); /* on a thread; must not submit */
    void (*done)(struct job *j); /* on the loop */
};

struct offload {
    struct source src; /* the eventfd that tells the loop of finished jobs */
    struct loop *loop;
    pthread_mutex_t lock;
    pthread_cond_t wake;  /* there is something to do, or nothing any more */
    pthread_cond_t ended; /* a thread has ended */
    struct job *todo_first, *todo_last;
    uint32_t todo; /* length of that list */
    struct job *finished;
    uint32_t pending, pending_max; /* jobs accepted and not yet done() */
    uint32_t threads, threads_max, idle;
    bool is_refused; /* the last thread asked for; said once */
    bool stopping;
};

/* false with errno when no eventfd is to be had. */
bool offload_init(struct offload *o, struct loop *l, uint32_t threads_max, uint32_t pending_max);
/* false: the queue is full, or offload_done() has begun; the job was not taken. */
bool offload_submit(struct offload *o, struct job *j);
/* Waits at most `wait_ms` for the accepted jobs, runs their done(), and ends the threads. false: a
 * job took longer, and `o` must stay where it is, for its thread still uses it. */
bool offload_done(struct offload *o, uint32_t wait_ms);

#endif
