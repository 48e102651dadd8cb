/* request_life: how a request begins and ends, for the state machine.
 *
 * A head is parsed into a request; when it is complete the request lives until its pin is dropped,
 * which the queue does with the last byte of the answer. Then the access log is written, and
 * request, head and arena go back. */
#ifndef SKIFF_SERVER_REQUEST_LIFE_H
#define SKIFF_SERVER_REQUEST_LIFE_H

#include "server/request.h"

/* A request with an empty head, or NULL when memory is out. */
struct request *request_new(struct conn *c);
/* A request that never became one: nothing is logged. */
void request_discard(struct request *r);
/* Gives the head back early, when the log has what it needs of it; false: no memory for that. */
bool request_release_head(struct request *r);

#endif
