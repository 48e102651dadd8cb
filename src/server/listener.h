/* listener: accepts connections, within the worker's limits.
 *
 * A worker accepts from its own slot and from those it adopted. At the connection limit, or when
 * descriptors or memory are out, the oldest idle connection makes room; when there is none,
 * accepting pauses until a connection ends or is idle, or LISTENER_PAUSE_MS have passed. */
#ifndef SKIFF_SERVER_LISTENER_H
#define SKIFF_SERVER_LISTENER_H

#include "io/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct worker;

enum {
    LISTENER_PAUSE_MS = 100,
    LISTENER_ACCEPTS_MAX = 64, /* connections taken in one turn */
    LISTENER_TRY_EACH = 16,    /* while requests come late, each 16th connection is read first */
    LISTENER_LOOKS_MAX = 64,   /* connections looked at to find an idle one */
};

struct listener {
    struct source src; /* .fd is the master's socket, inherited; -1: not this slot's, or shut */
    struct worker *worker;
    uint32_t slot;
    bool accepting;   /* registered with the loop */
    bool wanted;      /* ours or adopted: registered unless paused */
    bool comes_early; /* the last connection that was read first had its request */
    uint32_t untried; /* connections accepted while they do not */
};

/* One listener per listen entry and slot, none accepting yet; a socket that all slots share (unix)
 * is kept once, for the `own` slot. false when memory is out. */
bool listeners_init(struct worker *w, const int *fds, uint32_t entries, uint32_t slots,
                    uint32_t own);
/* Accepts from a slot's sockets, or stops. false when the kernel refuses. */
bool listeners_take(struct worker *w, uint32_t slot);
void listeners_leave(struct worker *w, uint32_t slot);
/* Stops accepting from all of them, and closes them. */
void listeners_shut(struct worker *w);
/* The same, and frees. */
void listeners_done(struct worker *w);
/* A connection ended or is idle: accepting may go on. */
void listeners_room(struct worker *w);

#endif
