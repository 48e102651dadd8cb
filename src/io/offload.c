/* offload: a lock, a condition, two lists. */
#include "io/offload.h"

#include "base/check.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { THREAD_STACK = 128 * 1024 }; /* jobs read and write; they do not recurse */

static struct job *take_todo(struct offload *o)
{
    struct job *j = o->todo_first;
    o->todo_first = j->next;
    if (!o->todo_first)
        o->todo_last = NULL;
    o->todo--;
    return j;
}

/* Under the lock. */
static void add_finished(struct offload *o, struct job *j)
{
    j->next = o->finished;
    o->finished = j;
}

/* Not under the lock: the loop wakes at once, and would wait for a thread that it has displaced. */
static void tell_loop(struct offload *o)
{
    (void)eventfd_write(o->src.fd, 1); /* cannot overflow: reads reset it */
}

static struct timespec deadline_in(uint32_t ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Under the lock. false: there was nothing to do for a while, or never will be again. */
static bool wait_for_work(struct offload *o)
{
    struct timespec until = deadline_in(OFFLOAD_IDLE_MS);
    int error = 0;
    o->idle++;
    while (!o->todo_first && !o->stopping && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&o->wake, &o->lock, &until);
    o->idle--;
    return o->todo_first != NULL;
}

static void *thread_main(void *arg)
{
    struct offload *o = arg;
    pthread_mutex_lock(&o->lock);
    while (wait_for_work(o)) {
        struct job *j = take_todo(o);
        pthread_mutex_unlock(&o->lock);
        j->work(j);
        pthread_mutex_lock(&o->lock);
        add_finished(o, j);
        pthread_mutex_unlock(&o->lock);
        tell_loop(o); /* which cannot be gone: it waits for the end of all threads */
        pthread_mutex_lock(&o->lock);
    }
    o->threads--;
    pthread_cond_broadcast(&o->ended);
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* Runs done() for what is finished, in the order in which it finished. */
static void run_finished(struct offload *o)
{
    pthread_mutex_lock(&o->lock);
    struct job *newest_first = o->finished, *list = NULL;
    o->finished = NULL;
    pthread_mutex_unlock(&o->lock);
    while (newest_first) {
        struct job *j = newest_first;
        newest_first = j->next;
        j->next = list;
        list = j;
    }
    while (list) {
        struct job *j = list;
        list = j->next;
        o->pending--;
        j->done(j); /* may submit again, may free j */
    }
}

static void on_ready(struct source *s)
{
    struct offload *o = container_of(s, struct offload, src);
    eventfd_t count;
    s->ready = 0;
    (void)eventfd_read(s->fd, &count); /* EAGAIN when it was read before: nothing lost */
    run_finished(o);
}

bool offload_init(struct offload *o, struct loop *l, uint32_t threads_max, uint32_t pending_max)
{
    *o = (struct offload){
        .src = {.on_ready = on_ready, .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)},
        .loop = l,
        .threads_max = threads_max,
        .pending_max = pending_max,
    };
    if (o->src.fd < 0)
        return false;
    if (!loop_add_reader(l, &o->src)) {
        (void)close(o->src.fd); /* nobody knows it yet */
        return false;
    }
    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->wake, &monotonic);
    pthread_cond_init(&o->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return true;
}

/* A detached thread with all signals blocked: they are the loop's. */
static bool start_thread(struct offload *o)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = pthread_create(&thread, &attr, thread_main, o);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return errno == 0;
}

/* Under the lock. Each waiting job has a thread that will take it, as long as there may be more. */
static bool has_thread_for_another(struct offload *o)
{
    if (o->todo >= o->idle && o->threads < o->threads_max) {
        bool began = start_thread(o);
        if (!began && !o->is_refused)
            log_warn("no more threads to be had, the disk is waited for: %m");
        o->is_refused = !began;
        o->threads += began;
    }
    return o->threads > 0;
}

static void add_todo(struct offload *o, struct job *j)
{
    j->next = NULL;
    if (o->todo_last)
        o->todo_last->next = j;
    else
        o->todo_first = j;
    o->todo_last = j;
    o->todo++;
}

bool offload_submit(struct offload *o, struct job *j)
{
    if (o->stopping || o->pending >= o->pending_max)
        return false;
    o->pending++;
    pthread_mutex_lock(&o->lock);
    bool is_taken = has_thread_for_another(o);
    if (is_taken) {
        add_todo(o, j);
    } else {
        j->work(j); /* nobody waits for the lock: slower, and still right */
        add_finished(o, j);
    }
    pthread_mutex_unlock(&o->lock);
    if (is_taken)
        pthread_cond_signal(&o->wake); /* not under the lock, which the thread wants at once */
    else
        tell_loop(o);
    return true;
}

bool offload_done(struct offload *o, uint32_t wait_ms)
{
    struct timespec until = deadline_in(wait_ms);
    pthread_mutex_lock(&o->lock);
    o->stopping = true;
    pthread_cond_broadcast(&o->wake);
    while (o->threads > 0)
        if (pthread_cond_timedwait(&o->ended, &o->lock, &until) == ETIMEDOUT)
            break;
    bool ended = o->threads == 0;
    pthread_mutex_unlock(&o->lock);
    run_finished(o);
    loop_remove(o->loop, &o->src);
    if (!ended)
        return false;
    (void)close(o->src.fd);
    o->src.fd = -1;
    pthread_cond_destroy(&o->wake);
    pthread_cond_destroy(&o->ended);
    pthread_mutex_destroy(&o->lock);
    return true;
}
