/* conn: the state machine.
 *
 * The table `rules` is the whole plan: what each state does, what it waits for, which deadline
 * applies, where it may go. The steps are in conn_read.c, conn_answer.c and conn_write.c. Two rules
 * carry the weight: the input buffer never moves while a request is in hand or queued, and a step
 * that waits has seen EAGAIN on everything it wants, which settle() asserts. */
#include "server/conn.h"

#include "base/check.h"
#include "server/conn_life.h"
#include "server/conn_steps.h"
#include "server/dispatch.h"
#include "server/request_life.h"
#include "server/worker.h"

enum { FROM_IN = CAN_READ, TO_OUT = CAN_WRITE };

static enum step step_closed(struct conn *c)
{
    (void)c;
    return STEP_WAIT;
}

#define BIT(state)  (1u << CONN_##state)
#define STAY(state) (BIT(state) | BIT(CLOSED)) /* which any may do, and be closed */
static const struct state_rule {
    enum step (*step)(struct conn *c);
    uint8_t wants;    /* what can move us on; must have been met with EAGAIN before waiting */
    uint8_t deadline; /* enum conn_deadline */
    uint16_t next;    /* where it may be after a step */
} rules[CONN_STATES] = {
    [CONN_HANDSHAKE] = {step_handshake, 0, T_HANDSHAKE, STAY(HANDSHAKE) | BIT(IDLE)},
    [CONN_IDLE] = {step_idle, FROM_IN, T_IDLE, STAY(IDLE) | BIT(HEAD)},
    [CONN_HEAD] = {step_head, FROM_IN, T_HEAD, STAY(HEAD) | BIT(HANDLE) | BIT(SEND) | BIT(IDLE)},
    [CONN_HANDLE] = {step_handle, 0, T_HANDLER, STAY(HANDLE) | BIT(HEAD) | BIT(DRAIN) | BIT(SEND)},
    [CONN_DRAIN] = {step_drain, FROM_IN, T_BODY, STAY(DRAIN) | BIT(HEAD) | BIT(SEND)},
    [CONN_SEND] = {step_send, TO_OUT, T_SEND, STAY(SEND) | BIT(HEAD) | BIT(IDLE) | BIT(LINGER)},
    [CONN_LINGER] = {step_linger, FROM_IN, T_LINGER, STAY(LINGER)},
    [CONN_CLOSED] = {step_closed, 0, T_NONE, STAY(CLOSED)},
};

enum step conn_enter(struct conn *c, enum conn_state next)
{
    DCHECK(rules[c->state].next & (1u << next)); /* who walks sees where it led */
    c->state = (uint8_t)next;
    c->flags &= (uint8_t)~CONN_TIMED;
    return STEP_ON;
}

/* Every step that waits ends here: unused memory, the deadline, and the proof that no wake-up is
 * lost: with edge-triggered events a step may wait only for what has said EAGAIN. */
static void settle(struct conn *c)
{
    const struct state_rule *rule = &rules[c->state];
    if (c->state == CONN_SEND)
        conn_shrink_while_sending(c);
    if (c->state == CONN_IDLE)
        CHECK(!c->in && !c->req && !c->out);
    if (c->state == CONN_HANDLE)
        CHECK(c->flags & CONN_ASKED);
    bool wakes = !(rule->wants & c->ch.src.ready) || c->ch.src.queued ||
                 (c->state == CONN_SEND && (c->out->stream || c->out->warming));
    CHECK(wakes);
    conn_arm(c, rule->deadline);
}

void conn_go_on(struct conn *c, enum step s)
{
    while (s == STEP_ON) {
        const struct state_rule *rule = &rules[c->state];
        s = rule->step(c);
        CHECK(rule->next & (1u << c->state));
    }
    if (s == STEP_CLOSE)
        conn_close(c);
    else if (c->state != CONN_CLOSED)
        settle(c);
}

void conn_advance(struct conn *c)
{
    conn_go_on(c, STEP_ON);
}

void conn_refuse(struct conn *c, uint16_t status)
{
    if (!c->req) {
        c->req = request_new(c);
        if (c->req) {
            memset(c->req->head, 0, sizeof *c->req->head);
            c->req->head->base = c->in->data + c->in->r;
            /* HEAD gets no content, however little of the head has come. */
            http_note_method(c->req->head, buf_used(c->in));
            CHECK(rules[c->state].next & BIT(HANDLE));
            conn_enter(c, CONN_HANDLE);
        }
    }
    if (c->req) {
        dispatch_refuse(c->req, status);
        c->flags = (uint8_t)((c->flags | CONN_LAST | CONN_UNREAD) & ~CONN_ASKED);
        const struct state_rule *rule = &rules[c->state];
        if (conn_respond(c) != STEP_CLOSE) {
            CHECK(rule->next & (1u << c->state));
            conn_advance(c);
            return;
        }
    }
    conn_close(c);
}
