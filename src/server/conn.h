/* conn: the life of a connection, as one table of states and one function that walks it.
 *
 * A connection is two cache lines; idle it owns nothing else. What it needs while it is busy (input
 * buffer, request, output queue) is borrowed from the worker's pools and given back as soon as it
 * is not needed. Requests are parsed and answered until the input is dry or the output is full;
 * then there is one write. docs/architecture.md draws the states. */
#ifndef SKIFF_SERVER_CONN_H
#define SKIFF_SERVER_CONN_H

#include "base/buf.h"
#include "io/channel.h"
#include "io/sock.h"
#include "server/request.h"

#include <assert.h>

enum conn_state {
    CONN_HANDSHAKE, /* the transport agrees with its peer */
    CONN_IDLE,      /* between requests: owns nothing */
    CONN_HEAD,      /* bytes are here, a head is not complete */
    CONN_HANDLE,    /* a handler has the request */
    CONN_DRAIN,     /* the answer is known, the request's body is read and thrown away */
    CONN_SEND,      /* answers are on their way */
    CONN_LINGER,    /* the last answer is out; unread input is swallowed so that it arrives */
    CONN_CLOSED,    /* waits for the end of the turn to be freed */
    CONN_STATES
};

enum {
    CONN_LAST = 1,     /* close after the answers that are queued */
    CONN_UNREAD = 2,   /* input is left that nobody will read: linger */
    CONN_TIMED = 4,    /* this state's absolute deadline is set */
    CONN_ASKED = 8,    /* the handler said V_WAIT */
    CONN_RESUMED = 16, /* ... and has called back */
    CONN_NEW = 32      /* no event of it was met yet: its first request may be here */
};

enum {
    CONN_BATCH_MAX = 64,              /* requests answered before others get their turn */
    CONN_GRACE_MS = 1000,             /* for one more request of each connection, when leaving */
    CONN_LINGER_MS = 5 * 1000,        /* RFC 9112 section 9.6: long enough for a round trip */
    CONN_LINGER_MAX = 4 * 1024 * 1024 /* bytes swallowed before the connection is cut */
};

struct conn {
    /* First line: every event reads these. */
    struct channel ch;
    uint8_t state;       /* enum conn_state; only conn_enter() writes it */
    uint8_t flags;       /* CONN_* */
    uint8_t batch;       /* requests and pieces of bodies since others had their turn */
    uint32_t served;     /* requests on this connection */
    struct buf *in;      /* NULL when nothing is waiting to be parsed */
    struct request *req; /* the request in hand; NULL between requests */
    /* Second line: deadlines and slow paths. */
    struct out *out;       /* NULL when nothing is waiting to be sent */
    struct worker *worker; /* loop, wheel, pools, clock, cache, config */
    struct timer timer;    /* hung as long as the connection is open: the wheel is their index */
    struct peer peer;
    uint32_t lingered; /* bytes swallowed in CONN_LINGER */
};
static_assert(sizeof(struct conn) <= 128, "an idle connection is two cache lines");
static_assert(offsetof(struct conn, out) == 64, "the hot line");

struct worker;
struct clock;

/* Takes a connected channel over: `fd` becomes the connection's. NULL when memory is out: the
 * caller still has the descriptor. The connection is not registered with the loop. */
struct conn *conn_new(struct worker *w, int fd, const struct transport *tp,
                      const struct peer *peer);
/* Goes on as far as it can without waiting. */
void conn_advance(struct conn *c);
/* Its deadline has come (TIMER_CONN's expiry). */
void conn_expired(struct timer *t);
/* Nothing is asked for and nothing is owed: may be closed to make room or to leave. */
bool conn_is_idle(const struct conn *c);
/* The worker is leaving (finishing is set): an idle connection ends after CONN_GRACE_MS or its next
 * answer, which says so. Closed at once, it would meet requests that are under way. */
void conn_leave(struct conn *c);
/* Closes at once; freed when the turn is over. Harmless when it is closed already. */
void conn_close(struct conn *c);

/* For handlers and logs, which do not look inside. */
const struct peer *conn_peer(const struct conn *c);
const struct clock *conn_clock(const struct conn *c);
struct worker *conn_worker(struct conn *c);

#endif
