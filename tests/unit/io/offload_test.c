/* The pool beside the loop: who runs where, in which order, and the limits. */
#include "io/offload.h"

#include "base/check.h"
#include "base/log.h"
#include "support/refuse.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { JOBS = 32, WAIT_MS = 20000 };

static struct loop l;
static struct offload o;
static pthread_t loop_thread;

struct errand {
    struct job job;
    char letter;
    bool ran_beside, signals_blocked;
};

static struct errand errands[JOBS];
static char done[JOBS + 1]; /* letters in the order of done() */
static size_t done_n;
static pthread_barrier_t gate; /* whoever waits here needs company */

static void work(struct job *j)
{
    struct errand *e = container_of(j, struct errand, job);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    e->signals_blocked = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
    e->ran_beside = !pthread_equal(pthread_self(), loop_thread);
}

static void work_together(struct job *j)
{
    pthread_barrier_wait(&gate);
    work(j);
}

static void is_done(struct job *j)
{
    ck_assert(pthread_equal(pthread_self(), loop_thread));
    done[done_n++] = container_of(j, struct errand, job)->letter;
    done[done_n] = '\0';
}

static bool was_free; /* the lock, when the loop was told */

/* Instead of the C library's. */
int eventfd_write(int fd, eventfd_t n)
{
    was_free = pthread_mutex_trylock(&o.lock) == 0;
    if (was_free)
        pthread_mutex_unlock(&o.lock);
    return write(fd, &n, sizeof n) == sizeof n ? 0 : -1;
}

static void setup(void)
{
    static const timer_fn none[1];
    log_open(STDERR_FILENO, LOG_ERROR, ""); /* threads that cannot be had are only a warning */
    ck_assert(loop_init(&l, none));
    loop_thread = pthread_self();
    for (int i = 0; i < JOBS; i++)
        errands[i] = (struct errand){
            .job = {.work = work, .done = is_done},
            .letter = (char)('a' + i),
        };
}

static void teardown(void)
{
    be_root_again();
    loop_done(&l);
}

static bool submit(int i)
{
    return offload_submit(&o, &errands[i].job);
}

/* Turns until n jobs are done. */
static void run_until_done(size_t n)
{
    while (done_n < n)
        loop_turn(&l, WAIT_MS); /* an event ends the wait */
    ck_assert_uint_eq(done_n, n);
}

START_TEST(work_runs_beside_the_loop_with_signals_blocked_and_done_runs_on_it)
{
    ck_assert(offload_init(&o, &l, 1, 4));
    ck_assert_uint_eq(o.threads, 0); /* none before the first job */
    ck_assert(submit(0));
    ck_assert_uint_eq(o.pending, 1);
    run_until_done(1);
    ck_assert_uint_eq(o.pending, 0);
    ck_assert(errands[0].ran_beside);
    ck_assert(errands[0].signals_blocked);
    sigset_t ours;
    pthread_sigmask(SIG_SETMASK, NULL, &ours);
    ck_assert(!sigismember(&ours, SIGTERM)); /* the loop's own mask is as before */
    offload_done(&o, WAIT_MS);
    ck_assert_int_eq(o.src.fd, -1);
}
END_TEST

/* The loop wakes at once. On the same processor it would displace the thread and wait for it. */
START_TEST(the_loop_is_told_when_the_lock_is_free)
{
    ck_assert(offload_init(&o, &l, 1, 4));
    ck_assert(submit(0));
    run_until_done(1); /* sleeps until it is told: nobody else wants the lock */
    ck_assert(was_free);
    offload_done(&o, WAIT_MS);
}
END_TEST

START_TEST(one_thread_keeps_the_order)
{
    ck_assert(offload_init(&o, &l, 1, JOBS));
    for (int i = 0; i < 8; i++)
        ck_assert(submit(i));
    run_until_done(8);
    ck_assert_str_eq(done, "abcdefgh");
    ck_assert_uint_le(o.threads, 1);
    offload_done(&o, WAIT_MS);
}
END_TEST

START_TEST(a_full_queue_refuses_until_a_job_is_done)
{
    ck_assert(offload_init(&o, &l, 2, 3));
    for (int i = 0; i < 3; i++)
        ck_assert(submit(i));
    ck_assert(!submit(3));
    run_until_done(3);
    ck_assert(submit(3));
    run_until_done(4);
    offload_done(&o, WAIT_MS);
}
END_TEST

START_TEST(jobs_that_wait_get_threads_of_their_own_also_beside_an_idle_one)
{
    pthread_barrier_init(&gate, NULL, 3);
    ck_assert(offload_init(&o, &l, 3, JOBS));
    ck_assert(submit(0));
    run_until_done(1); /* its thread is idle now, or nearly */
    for (int i = 1; i <= 3; i++) {
        errands[i].job.work = work_together;
        ck_assert(submit(i));
    }
    run_until_done(4); /* three have met */
    offload_done(&o, WAIT_MS);
    pthread_barrier_destroy(&gate);
}
END_TEST

static atomic_int running, running_max;

static void work_counted(struct job *j)
{
    int now = atomic_fetch_add(&running, 1) + 1, max = atomic_load(&running_max);
    while (now > max && !atomic_compare_exchange_weak(&running_max, &max, now))
        ;
    for (int i = 0; i < 100; i++)
        sched_yield(); /* so that the others catch up */
    work(j);
    atomic_fetch_sub(&running, 1);
}

START_TEST(no_more_threads_run_than_allowed)
{
    ck_assert(offload_init(&o, &l, 2, JOBS));
    for (int i = 0; i < 20; i++) {
        errands[i].job.work = work_counted;
        ck_assert(submit(i));
    }
    run_until_done(20);
    ck_assert_uint_le(o.threads, 2);
    ck_assert_int_le(atomic_load(&running_max), 2);
    offload_done(&o, WAIT_MS);
}
END_TEST

static void submit_next(struct job *j)
{
    is_done(j);
    if (done_n < 5)
        ck_assert(submit((int)done_n));
}

START_TEST(done_may_submit_again_even_when_the_queue_was_full)
{
    ck_assert(offload_init(&o, &l, 1, 1));
    for (int i = 0; i < 5; i++)
        errands[i].job.done = submit_next;
    ck_assert(submit(0));
    run_until_done(5);
    ck_assert_str_eq(done, "abcde");
    offload_done(&o, WAIT_MS);
}
END_TEST

static uint32_t threads_now(void)
{
    pthread_mutex_lock(&o.lock);
    uint32_t n = o.threads;
    pthread_mutex_unlock(&o.lock);
    return n;
}

START_TEST(a_thread_without_work_leaves_and_another_comes_when_there_is_some)
{
    ck_assert(offload_init(&o, &l, 2, JOBS));
    for (int i = 0; i < 3; i++) {
        ck_assert(submit(i));
        run_until_done((size_t)i + 1);
        ck_assert(errands[i].ran_beside);
        while (threads_now() > 0)
            sched_yield();
    }
    offload_done(&o, WAIT_MS);
}
END_TEST

/* --- the end --- */

START_TEST(the_end_waits_for_accepted_jobs_and_tells_that_they_are_done)
{
    ck_assert(offload_init(&o, &l, 2, JOBS));
    for (int i = 0; i < 10; i++)
        ck_assert(submit(i));
    offload_done(&o, WAIT_MS);
    ck_assert_uint_eq(done_n, 10);
    ck_assert_uint_eq(o.pending, 0);
    ck_assert_uint_eq(o.threads, 0);
}
END_TEST

static void submit_too_late(struct job *j)
{
    is_done(j);
    ck_assert(!submit(1));
}

START_TEST(the_end_takes_no_more_jobs)
{
    ck_assert(offload_init(&o, &l, 1, JOBS));
    errands[0].job.done = submit_too_late;
    ck_assert(submit(0));
    offload_done(&o, WAIT_MS);
    ck_assert_str_eq(done, "a");
}
END_TEST

START_TEST(the_end_without_a_job_is_at_once)
{
    ck_assert(offload_init(&o, &l, 1, JOBS));
    offload_done(&o, 999);
    ck_assert_int_eq(o.src.fd, -1);
}
END_TEST

START_TEST(the_end_does_not_wait_longer_than_told_and_the_job_may_go_on)
{
    pthread_barrier_init(&gate, NULL, 2);
    ck_assert(offload_init(&o, &l, 1, JOBS));
    errands[0].job.work = work_together;
    ck_assert(submit(0));
    offload_done(&o, 1);
    ck_assert_uint_eq(done_n, 0);
    ck_assert_uint_eq(o.pending, 1);
    pthread_barrier_wait(&gate);
    while (threads_now() > 0) /* the pool is still there for the thread */
        sched_yield();
    ck_assert(errands[0].ran_beside);
    close(o.src.fd);
}
END_TEST

/* --- what the machine refuses --- */

START_TEST(without_any_thread_the_loop_does_the_work)
{
    ck_assert(offload_init(&o, &l, 1, JOBS));
    stop_being_root();
    rlim_t before = limit(RLIMIT_NPROC, 0);
    ck_assert(submit(0));
    ck_assert(submit(1));
    limit(RLIMIT_NPROC, before);
    ck_assert(!errands[0].ran_beside);
    ck_assert_uint_eq(done_n, 0); /* done() comes with a turn, as ever */
    ck_assert_uint_eq(o.pending, 2);
    run_until_done(2);
    ck_assert_uint_eq(o.pending, 0);
    ck_assert(submit(2)); /* and later there is a thread */
    run_until_done(3);
    ck_assert(errands[2].ran_beside);
    offload_done(&o, WAIT_MS);
}
END_TEST

START_TEST(without_another_thread_the_ones_at_hand_do_the_work)
{
    ck_assert(offload_init(&o, &l, 2, JOBS));
    stop_being_root();
    ck_assert(submit(0));
    rlim_t before = limit(RLIMIT_NPROC, 0);
    for (int i = 1; i < 5; i++)
        ck_assert(submit(i));
    limit(RLIMIT_NPROC, before);
    run_until_done(5);
    ck_assert_uint_le(o.threads, 1);
    offload_done(&o, WAIT_MS);
}
END_TEST

START_TEST(without_descriptors_no_pool_begins)
{
    rlim_t before = limit(RLIMIT_NOFILE, 0);
    bool began = offload_init(&o, &l, 1, 1);
    int error = errno;
    limit(RLIMIT_NOFILE, before);
    ck_assert(!began);
    ck_assert_int_eq(error, EMFILE);
}
END_TEST

START_TEST(a_loop_that_refuses_the_pool_leaves_no_descriptor_open)
{
    struct loop closed = {.epfd = -1};
    int next = dup(0);
    close(next);
    ck_assert(!offload_init(&o, &closed, 1, 1));
    ck_assert_int_eq(dup(0), next);
    close(next);
}
END_TEST

UNIT_MAIN_WITH("io/offload", setup, teardown,
               work_runs_beside_the_loop_with_signals_blocked_and_done_runs_on_it,
               the_loop_is_told_when_the_lock_is_free, one_thread_keeps_the_order,
               a_full_queue_refuses_until_a_job_is_done,
               jobs_that_wait_get_threads_of_their_own_also_beside_an_idle_one,
               no_more_threads_run_than_allowed, done_may_submit_again_even_when_the_queue_was_full,
               a_thread_without_work_leaves_and_another_comes_when_there_is_some,
               the_end_waits_for_accepted_jobs_and_tells_that_they_are_done,
               the_end_takes_no_more_jobs, the_end_without_a_job_is_at_once,
               the_end_does_not_wait_longer_than_told_and_the_job_may_go_on,
               without_any_thread_the_loop_does_the_work,
               without_another_thread_the_ones_at_hand_do_the_work,
               without_descriptors_no_pool_begins,
               a_loop_that_refuses_the_pool_leaves_no_descriptor_open)
