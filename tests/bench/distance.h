/* distance: how far two processors are from one another, as the memory between them goes.
 *
 * A virtual machine's processors are the host's to place: for a while on cores that share a cache,
 * then on cores that do not. A line of memory that one hands to the other, of which a packet on the
 * loopback is many, takes five times as long then. Nothing tells the guest so but this time. */
#ifndef BENCH_DISTANCE_H
#define BENCH_DISTANCE_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "pin.h"

enum { DISTANCE_TRIPS = 500, DISTANCE_TRIES = 8 };

struct ball {
    _Alignas(128) atomic_int at; /* odd: with the other */
    int other_cpu;
};

static inline void *return_ball(void *arg)
{
    struct ball *b = arg;
    pin_to(b->other_cpu);
    for (int i = 0; i < DISTANCE_TRIPS * DISTANCE_TRIES; i++) {
        while (atomic_load_explicit(&b->at, memory_order_acquire) != 2 * i + 1)
            ;
        atomic_store_explicit(&b->at, 2 * i + 2, memory_order_release);
    }
    return NULL;
}

/* Nanoseconds for a cache line from the processor that the caller is pinned to, to `other_cpu` and
 * back: the least of a few tries, which take under 2 ms in all. 0 when there is nothing to tell. */
static inline double distance_to(int other_cpu)
{
    struct ball b = {.other_cpu = other_cpu};
    pthread_t other;
    double least = 0;
    if (sched_getcpu() == other_cpu || pthread_create(&other, NULL, return_ball, &b) != 0)
        return 0;
    for (int try = 0; try < DISTANCE_TRIES; try++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (int i = try * DISTANCE_TRIPS; i < (try + 1) * DISTANCE_TRIPS; i++) {
            atomic_store_explicit(&b.at, 2 * i + 1, memory_order_release);
            while (atomic_load_explicit(&b.at, memory_order_acquire) != 2 * i + 2)
                ;
        }
        clock_gettime(CLOCK_MONOTONIC, &to);
        double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
        if (try > 0 && (least == 0 || ns / DISTANCE_TRIPS < least)) /* the first waits for it */
            least = ns / DISTANCE_TRIPS;
    }
    pthread_join(other, NULL);
    return least;
}

#endif
