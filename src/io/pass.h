/* pass: messages between processes or threads, with descriptors that go along (SCM_RIGHTS). */
#ifndef SKIFF_IO_PASS_H
#define SKIFF_IO_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PASS_MAX = 2 }; /* descriptors with one message */

struct passed {
    int fds[PASS_MAX]; /* the receiver's, closed on exec */
    unsigned count;
    bool is_cut; /* there was no room for all of them in the receiver's table */
};

/* Sends n bytes as one message over a connected unix socket, with `count` descriptors, which stay
 * the caller's. Never waits. false with errno. */
bool pass_send(int to, const void *message, size_t n, const int *fds, unsigned count);
/* Receives one message of at most n bytes; `flags` as recv's. What recv returns. */
ssize_t pass_receive(int from, void *message, size_t n, int flags, struct passed *got);

#endif
