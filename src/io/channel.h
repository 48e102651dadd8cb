/* channel: how bytes reach a peer.
 *
 * A source with a transport: the bare socket here, a simulated one in tests, TLS one day. `out`
 * and `conn` know only this. Results are a count of bytes (> 0) or IO_*. */
#ifndef SKIFF_IO_CHANNEL_H
#define SKIFF_IO_CHANNEL_H

#include "io/loop.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

enum {
    IO_EOF = 0,
    IO_WANT_READ = -1,  /* would block until the socket is readable; CAN_READ is cleared */
    IO_WANT_WRITE = -2, /* the same for writing */
    IO_DEAD = -3,       /* the connection is broken: close it */
    IO_SHORT = -4,      /* send_file: the file ended before the range did */
    IO_COLD = -5,       /* the writer's: what comes next of a file is not in memory */
    IO_UNREAD = -6,     /* send_file's: the disk does not give what comes next of a file */
};

struct channel {
    struct source src;
    const struct transport *tp;
    void *own; /* the transport's; NULL: it needs nothing */
};

struct transport {
    /* A short read clears CAN_READ, unless PEER_DONE is set: then the end must still be read. */
    ssize_t (*recv)(struct channel *ch, void *dst, size_t cap);
    /* `more`: a file range follows at once (MSG_MORE). A short send clears CAN_WRITE. */
    ssize_t (*send)(struct channel *ch, const struct iovec *v, int n, bool more);
    /* NULL: the writer reads, then sends. */
    ssize_t (*send_file)(struct channel *ch, int fd, off_t at, size_t n);
    /* From `on` until it is off again no packet leaves that could be fuller (TCP_CORK); turning it
     * off sends what was held back. NULL: there are no packets. */
    void (*cork)(struct channel *ch, bool on);
    /* NULL: nothing to agree on. 1 when done, or IO_*. */
    int (*handshake)(struct channel *ch);
    /* Bytes of ours that the peer has acknowledged; ACKED_UNKNOWN: not to be known. */
    uint64_t (*acked)(struct channel *ch);
    /* No more will be sent; the peer sees the end. */
    void (*shut)(struct channel *ch);
    /* Closes the descriptor and sets src.fd to -1. */
    void (*close)(struct channel *ch);
};

#define ACKED_UNKNOWN UINT64_MAX

/* The bare socket. The process must ignore SIGPIPE: sendfile cannot be told not to raise it. */
extern const struct transport transport_plain;

#endif
