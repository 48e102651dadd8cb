/* conn_steps: the states' steps, and what they share.
 *
 * A step goes on as far as it can: STEP_ON asks for the step of the state it has entered, STEP_WAIT
 * ends the turn (the state's deadline runs, and what it wants has said EAGAIN), STEP_CLOSE ends the
 * connection. conn.c walks them; only the first of a request, step_idle, is conn_life.c's to take.
 */
#ifndef SKIFF_SERVER_CONN_STEPS_H
#define SKIFF_SERVER_CONN_STEPS_H

#include "server/conn.h"
#include "server/dispatch.h"

enum step { STEP_ON, STEP_WAIT, STEP_CLOSE };

enum {
    CONN_CONTINUE_SIZE = 25, /* bytes of the line that asks for a body, with its empty line */
    CONN_ANSWER_ROOM = CONN_CONTINUE_SIZE + RESPONSE_HEAD_MAX /* in the queue, for one more head */
};

/* conn_read.c */
enum step step_handshake(struct conn *c);
enum step step_idle(struct conn *c);
enum step step_head(struct conn *c);
/* conn_answer.c */
enum step step_handle(struct conn *c);
enum step step_drain(struct conn *c);
/* conn_write.c */
enum step step_send(struct conn *c);
enum step step_linger(struct conn *c);

/* Takes the next steps behind one that ended so, as far as they go without waiting. */
void conn_go_on(struct conn *c, enum step s);
/* Changes the state, as the table allows; STEP_ON. */
enum step conn_enter(struct conn *c, enum conn_state next);
/* The deadline of HEAD, HANDLE or DRAIN has come: answers the request in hand, or the head that is
 * not complete, with an error, goes on, and ends the connection behind that. */
void conn_refuse(struct conn *c, uint16_t status);

/* Receives behind what is in `c->in`, which must have room: bytes, or IO_*. */
ssize_t conn_read_more(struct conn *c);
/* Gives the input buffer back, if there is one, with what is in it. */
void conn_return_input(struct conn *c);

/* The answer of the request in hand is known: queues it, then goes on with the batch or writes. */
enum step conn_respond(struct conn *c);

/* Is anything queued that the kernel has not taken? */
bool conn_output_is_pending(const struct conn *c);
/* Answers given earlier do not wait with the request in hand. false: the peer is gone. */
bool conn_push_earlier_answers(struct conn *c);
/* In SEND, before a wait: gives back heads and input that the queue does not need. */
void conn_shrink_while_sending(struct conn *c);
/* Memory is out before an answer exists: a constant 503 when nothing is queued; STEP_CLOSE. */
enum step conn_refuse_for_memory(struct conn *c);

#endif
