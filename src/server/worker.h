/* worker: one process's loop and everything its connections borrow from.
 *
 * It starts confined and single-threaded, takes orders from the master over a socket pair, and
 * leaves when told to or when that pair ends. */
#ifndef SKIFF_SERVER_WORKER_H
#define SKIFF_SERVER_WORKER_H

#include "base/buf.h"
#include "base/pool.h"
#include "base/slab.h"
#include "io/loop.h"
#include "io/offload.h"
#include "io/out.h"
#include "io/pass.h"
#include "server/accesslog.h"
#include "server/filecache.h"
#include "server/settings.h"

struct listener;

enum { TIMER_CONN, TIMER_LISTENER, TIMER_WORKER, TIMER_KINDS };

/* Orders from the master: datagrams over a SOCK_SEQPACKET pair, first byte what, second byte the
 * slot or 0. */
enum worker_order {
    ORDER_PING = 'p',   /* answer WORD_ALIVE: the master tells a hung worker from an idle one */
    ORDER_ADOPT = 'a',  /* also accept from that slot */
    ORDER_RETURN = 'r', /* stop accepting from that slot: its own worker is back */
    ORDER_LOGS = 'l',   /* reopened logs: SCM_RIGHTS carries the error log, then the access log */
    ORDER_FINISH = 'f', /* stop accepting, finish the requests in hand, leave */
    ORDER_STOP = 's',   /* leave at once */
};
/* What a worker tells the master: one byte each. */
enum worker_word {
    WORD_READY = 'R', /* accepting */
    WORD_ALIVE = 'A', /* the answer to ORDER_PING */
};

/* What a worker is given; everything stays the master's except the descriptors it names. */
struct worker_setup {
    const struct config *config;
    uint32_t slot, slots;
    /* Listening sockets: listen_fds[i * slots + s] is listen entry i, slot s (unix: the same one).
     */
    const int *listen_fds;
    int orders;                /* this worker's end of the pair */
    int error_log, access_log; /* -1: none */
    uint32_t max_connections;  /* of this worker */
    uint32_t open_files;       /* that the cache may keep */
};

enum { HOST_MAX = 255 }; /* a domain name's longest text, RFC 1035 section 2.3.4 */

/* The Host value of the last request and what it led to: mostly it is the next one's too. */
struct last_host {
    char text[HOST_MAX];
    size_t n; /* 0: none yet */
    const struct vhost *vhost;
};

struct worker {
    struct loop loop;
    const struct config *config;
    struct slab conns;
    struct pool requests, heads;
    struct pool notes; /* REQUEST_NOTES bytes each: where a request's arena begins */
    struct buf_pool inputs;
    struct out_pool outs;
    struct http_limits http_limits;
    struct last_host last_host;
    struct filecache cache;
    struct watch watch;       /* for the cache */
    struct offload offload;   /* for what the disk may take long for */
    uint32_t listed;          /* entries in memory of listings that are being sent */
    struct link warmings;     /* of the first: what is being read (server/warm.h) */
    struct accesslog *access; /* NULL: off */
    struct listener *listeners;
    uint32_t listener_count;
    uint32_t connections, connections_max;
    bool paused;        /* accepting waits for room */
    bool finishing;     /* accept nothing, close what stays idle, leave when none is left */
    bool stopping;      /* leave now */
    struct timer pause; /* TIMER_LISTENER */
    struct timer flush; /* TIMER_WORKER: the access log's */
    struct source orders;
    int kept[PASS_MAX]; /* descriptors that make room for those which come with an order */
    struct worker_setup setup;
};

/* Prepares pools, limits and cache, without sockets: what the state machine needs. false with
 * errno when the machine refuses. */
bool worker_init(struct worker *w, const struct worker_setup *s);
/* Closes every connection and gives everything back. false: a thread is stuck in the disk, and *w
 * must stay, for it still uses it. */
bool worker_done(struct worker *w);
/* Runs until told to leave; the process's exit code. */
int worker_run(const struct worker_setup *s);

#endif
