/* conn_life: deadlines, and the life of a request, for the files of the state machine.
 *
 * The state machine says which deadline a state has; here is how each is kept. */
#ifndef SKIFF_SERVER_CONN_LIFE_H
#define SKIFF_SERVER_CONN_LIFE_H

#include "server/conn.h"

enum conn_deadline {
    T_NONE,
    T_HANDSHAKE, /* absolute */
    T_IDLE,      /* moves with every request */
    T_HEAD,      /* absolute from the first byte: a slow head cannot buy time */
    T_HANDLER,   /* absolute */
    T_BODY,      /* absolute */
    T_SEND,      /* asked anew each time: is the peer reading at the minimum rate? */
    T_LINGER,    /* absolute */
};

enum {
    CONN_HANDLER_MS = 60 * 1000, /* a handler that has not called back by then has failed */
    CONN_CREDIT_MAX = 4, /* minimum-rate intervals a peer may be ahead: windows are bursty */
};

/* A request with an empty head, or NULL when memory is out. */
struct request *request_new(struct conn *c);
/* A request that never became one: nothing is logged. */
void request_discard(struct request *r);
/* Gives the head back early, when the log has what it needs of it; false: no memory for that. */
bool request_release_head(struct request *r);

/* Sets the deadline of the state that waits, unless it is absolute and set already. */
void conn_arm(struct conn *c, enum conn_deadline which);
/* Answers the request in hand (or the head that is not complete) with an error, then closes. */
void conn_refuse(struct conn *c, uint16_t status);
/* Enters CONN_CLOSED. */
void conn_set_closed(struct conn *c);

#endif
