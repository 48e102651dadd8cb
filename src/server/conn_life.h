/* conn_life: deadlines. The state machine says which one a state has; here is how each is kept. */
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

/* Sets the deadline of the state that waits, unless it is absolute and set already. */
void conn_arm(struct conn *c, enum conn_deadline which);

#endif
