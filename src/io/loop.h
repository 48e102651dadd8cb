/* loop: one turn after the other.
 *
 * A turn waits for events, reads the clock, calls what became ready, then what a timer found, then
 * what asked to be run again. Events are taken in groups, so that sources can do the same work one
 * after the other while its code is in the CPU's cache: see loop_call_again(). Connections are
 * registered once, edge-triggered; readiness is sticky in `ready` until the transport meets EAGAIN
 * or a short read. */
#ifndef SKIFF_IO_LOOP_H
#define SKIFF_IO_LOOP_H

#include "base/clock.h"
#include "base/list.h"
#include "io/wheel.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum { /* as epoll has them, where a byte has room */
       CAN_READ = EPOLLIN,
       CAN_WRITE = EPOLLOUT,
       PEER_GONE = EPOLLERR | EPOLLHUP, /* one of them: nobody is there to answer */
       PEER_DONE = 0x20, /* EPOLLRDHUP: the peer will send no more than what is here */
};

/* Anything the loop can call: a connection, a listener, the eventfd. */
struct source {
    void (*on_ready)(struct source *s);
    struct source *next_run; /* run list link; see loop_run_later() */
    int fd;                  /* -1 once closed */
    uint8_t ready;           /* sticky CAN_READ | CAN_WRITE | ...; the transport clears them */
    uint8_t queued;          /* on the run list */
};

enum {
    LOOP_EVENTS_MAX = 256, /* events taken from the kernel in one turn */
    LOOP_GROUP = 16,       /* of them in a group */
    LOOP_IDLE_MS = 1000,   /* an idle loop wakes for deadlines at most once in this time */
};

struct loop {
    int epfd;
    struct source *run_first, *run_last; /* to be called in the next turn */
    struct source *first;                /* called before the others of a turn; NULL: no matter */
    struct source *again[LOOP_GROUP];    /* from the end: to be called when the group has been */
    uint32_t again_room;                 /* for so many more; 0: there is no group */
    struct clock clock;
    struct wheel wheel;
};

/* false with errno when the kernel refuses. `expire` is called for each timer that came due. */
bool loop_init(struct loop *l, const timer_fn *expire);
void loop_done(struct loop *l);
/* Registers s->fd edge-triggered for reading, writing and RDHUP; once per source. */
bool loop_add(struct loop *l, struct source *s);
/* Registers a listening socket: level-triggered, EPOLLEXCLUSIVE, reading only. */
bool loop_add_listener(struct loop *l, struct source *s);
/* Registers for reading only, level-triggered: pipes, eventfd, the order socket. */
bool loop_add_reader(struct loop *l, struct source *s);
/* Only for sources that stay open (a paused listener); closing a descriptor removes it too. */
void loop_remove(struct loop *l, struct source *s);
/* Calls s->on_ready once, after the events of this turn or in the next one, which then does not
 * wait. What is closed during a turn may still be met in it: so a closed source (fd -1) is freed by
 * setting on_ready to what frees it and calling this. */
void loop_run_later(struct loop *l, struct source *s);
/* From a source's on_ready: calls it again when all others of its group were called. false: there
 * are too few for a group, and it goes on at once. */
static inline bool loop_call_again(struct loop *l, struct source *s)
{
    if (l->again_room == 0)
        return false;
    l->again[--l->again_room] = s;
    return true;
}
/* Calls what was on the run list when it began; a turn does this after its events. */
void loop_run_queued(struct loop *l);
/* How long the next turn would wait for events: until the next deadline, but not less than
 * LOOP_IDLE_MS for deadlines alone; at most `wait_max_ms` (-1: no bound); not at all when something
 * is on the run list. */
int loop_wait_ms(const struct loop *l, int wait_max_ms);
/* One turn; see loop_wait_ms(). */
void loop_turn(struct loop *l, int wait_max_ms);

#endif
