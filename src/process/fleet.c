/* fleet: generations and slots; the single worker's troubles are in fleet_tend.c. */
#include "process/fleet.h"

#include "base/check.h"
#include "base/log.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

void fleet_init(struct fleet *f, struct heritage heritage)
{
    *f = (struct fleet){.heritage = heritage};
    link_init(&f->children);
}

static struct child *child_at(struct link *l)
{
    return container_of(l, struct child, link);
}

static bool is_next(const struct fleet *f, const struct child *c)
{
    return f->next && c->generation == f->next->number;
}

/* --- slots --- */

static struct child *own_of(const struct fleet *f, uint32_t slot)
{
    struct child *c = f->slots[slot].child;
    return c && c->state == CHILD_SERVING ? c : NULL;
}

/* The next slot's worker that serves, going round. */
static struct child *sibling_of(const struct fleet *f, uint32_t slot)
{
    for (uint32_t i = 1; i <= f->current->slots; i++) {
        struct child *c = own_of(f, (slot + i) % f->current->slots);
        if (c)
            return c;
    }
    return NULL;
}

/* Makes it true again that every slot is accepted from. */
static void settle(struct fleet *f)
{
    for (uint32_t i = 0; f->current && !f->is_leaving && i < f->current->slots; i++) {
        struct slot *s = &f->slots[i];
        struct child *wanted = own_of(f, i) ? NULL : sibling_of(f, i);
        if (wanted == s->carrier)
            continue;
        if (s->carrier)
            child_order(s->carrier, ORDER_RETURN, i);
        if (wanted) {
            log_info("worker %u accepts for worker %u", wanted->slot, i);
            child_order(wanted, ORDER_ADOPT, i);
        }
        s->carrier = wanted;
    }
}

/* --- generations --- */

static bool start_one(struct fleet *f, const struct generation *g, uint32_t slot, uint64_t now_ms)
{
    CHECK(f->count < CHILDREN_MAX);
    struct child *c = child_start(g, slot, &f->heritage, &f->children, now_ms);
    if (!c)
        return false;
    f->count++;
    if (g == f->current)
        f->slots[slot].child = c;
    return true;
}

void fleet_begin(struct fleet *f, struct generation *g, uint64_t now_ms)
{
    CHECK(!f->next);
    f->next = g;
    f->next_ready = 0;
    f->next_failed = false;
    f->next_deadline_ms = now_ms + START_MAX_MS;
    for (uint32_t slot = 0; slot < g->workers && !f->next_failed; slot++)
        f->next_failed = !start_one(f, g, slot, now_ms);
}

enum fleet_next fleet_next(const struct fleet *f)
{
    if (!f->next)
        return NEXT_NONE;
    if (f->next_failed)
        return NEXT_FAILED;
    return f->next_ready == f->next->workers ? NEXT_SERVES : NEXT_STARTING;
}

static void finish_one(struct child *c, uint64_t now_ms)
{
    if (c->state == CHILD_LEAVING && c->finish_ms == 0)
        return;
    c->finish_ms = 0;
    c->state = CHILD_LEAVING;
    c->deadline_ms = now_ms + FINISH_MAX_MS;
    child_order(c, ORDER_FINISH, 0);
}

/* Replaced by a new generation, it only stops accepting at first: who connected a moment ago, or
 * holds a connection open, can still ask before what is idle is closed. */
static void retire_one(struct fleet *f, struct child *c, uint64_t now_ms)
{
    if (c->state == CHILD_LEAVING)
        return;
    child_order(c, ORDER_RETURN, c->slot);
    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        if (f->slots[i].carrier == c)
            child_order(c, ORDER_RETURN, i);
    c->state = CHILD_LEAVING;
    c->finish_ms = now_ms + FINISH_GRACE_MS;
    c->deadline_ms = c->finish_ms + FINISH_MAX_MS;
}

void fleet_switch(struct fleet *f, uint64_t now_ms)
{
    CHECK(fleet_next(f) == NEXT_SERVES);
    struct generation *old = f->current;
    f->current = f->next;
    f->next = NULL;
    for (struct link *l = f->children.next; l != &f->children; l = l->next)
        if (child_at(l)->generation != f->current->number)
            retire_one(f, child_at(l), now_ms);
    memset(f->slots, 0, sizeof f->slots);
    for (struct link *l = f->children.next; l != &f->children; l = l->next)
        if (child_at(l)->generation == f->current->number)
            f->slots[child_at(l)->slot].child = child_at(l);
    generation_free(old);
    settle(f);
}

void fleet_abandon(struct fleet *f, uint64_t now_ms)
{
    CHECK(f->next);
    for (struct link *l = f->children.next; l != &f->children; l = l->next)
        if (is_next(f, child_at(l)))
            finish_one(child_at(l), now_ms);
    generation_free(f->next);
    f->next = NULL;
}

/* Is there none of its generation before it? */
static bool is_first(const struct fleet *f, const struct link *of)
{
    for (const struct link *l = f->children.next; l != of; l = l->next)
        if (container_of(l, const struct child, link)->generation ==
            container_of(of, const struct child, link)->generation)
            return false;
    return true;
}

uint32_t fleet_generations(const struct fleet *f)
{
    uint32_t count = 0;
    for (const struct link *l = f->children.next; l != &f->children; l = l->next)
        count += is_first(f, l);
    return count;
}

/* --- what happens to a worker --- */

void fleet_listen(struct fleet *f, struct child *c, uint64_t now_ms)
{
    /* Whatever the word is, it was said by one that runs. */
    while (child_word(c) > 0) {
        if (c->state == CHILD_LEAVING)
            continue;
        if (c->state == CHILD_HUNG)
            log_notice("worker %u (pid %d) answers again, after %u s", c->slot, (int)c->pid,
                       (unsigned)((now_ms - c->asked_ms) / 1000));
        if (c->state == CHILD_STARTING && is_next(f, c))
            f->next_ready++;
        c->state = CHILD_SERVING;
        c->asked_ms = 0;
        c->ask_next_ms = now_ms + PING_MS;
    }
    settle(f);
}

static void say_end(const struct child *c, int status)
{
    bool is_expected = c->state == CHILD_LEAVING;
    if (WIFSIGNALED(status))
        log_write(is_expected ? LOG_NOTICE : LOG_ERROR,
                  "worker %u (pid %d): killed by signal %d (%s)", c->slot, (int)c->pid,
                  WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0 || !is_expected)
        log_error("worker %u (pid %d): ended with exit code %d", c->slot, (int)c->pid,
                  WEXITSTATUS(status));
    else
        log_info("worker %u (pid %d): has left", c->slot, (int)c->pid);
}

/* How long the slot waits for its next worker: not at all for the first two deaths. */
static uint32_t back_off(struct slot *s, const struct child *c, uint64_t now_ms)
{
    bool is_third = s->deaths_ms[0] > 0 && now_ms - s->deaths_ms[0] < BACK_OFF_WITHIN_MS;
    bool goes_on = s->delay_ms > 0 && now_ms - c->born_ms < BACK_OFF_WITHIN_MS;
    s->deaths_ms[0] = s->deaths_ms[1];
    s->deaths_ms[1] = now_ms;
    if (goes_on)
        return s->delay_ms * 2 < BACK_OFF_MAX_MS ? s->delay_ms * 2 : BACK_OFF_MAX_MS;
    return is_third ? BACK_OFF_MIN_MS : 0;
}

static void plan_start(struct fleet *f, struct child *c, uint64_t now_ms)
{
    struct slot *s = &f->slots[c->slot];
    s->child = NULL;
    if (f->is_leaving)
        return;
    s->delay_ms = back_off(s, c, now_ms);
    s->start_ms = now_ms + s->delay_ms;
    if (s->delay_ms > 0)
        log_warn("worker %u: dies again and again; started again in %u ms", c->slot, s->delay_ms);
}

void fleet_bury(struct fleet *f, pid_t pid, int status, uint64_t now_ms)
{
    struct link *l = f->children.next;
    while (l != &f->children && child_at(l)->pid != pid)
        l = l->next;
    if (l == &f->children)
        return; /* as PID 1 we are everybody's parent */
    struct child *c = child_at(l);
    say_end(c, status);
    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        if (f->slots[i].carrier == c)
            f->slots[i].carrier = NULL;
    if (is_next(f, c))
        f->next_failed = true;
    else if (f->slots[c->slot].child == c)
        plan_start(f, c, now_ms);
    child_free(c);
    f->count--;
    settle(f);
}

/* --- what time brings --- */

static void tend_starting(struct child *c, uint64_t now_ms)
{
    if (now_ms - c->asked_ms < HUNG_KILL_MS)
        return;
    log_error("worker %u (pid %d): does not start; killed", c->slot, (int)c->pid);
    (void)kill(c->pid, SIGKILL); /* ours and not buried: it is there */
    c->asked_ms = now_ms;
}

static void tend_serving(struct child *c, uint64_t now_ms)
{
    if (c->asked_ms > 0 && now_ms - c->asked_ms >= HUNG_MS) {
        log_warn("worker %u (pid %d): does not answer for %d s", c->slot, (int)c->pid,
                 HUNG_MS / 1000);
        c->state = CHILD_HUNG;
    } else if (c->asked_ms == 0 && now_ms >= c->ask_next_ms) {
        child_order(c, ORDER_PING, 0);
        c->asked_ms = now_ms;
    }
}

static void tend_hung(struct child *c, uint64_t now_ms)
{
    if (now_ms - c->asked_ms < HUNG_KILL_MS)
        return;
    log_error("worker %u (pid %d): does not answer for %d s; killed", c->slot, (int)c->pid,
              HUNG_KILL_MS / 1000);
    (void)kill(c->pid, SIGKILL); /* ours and not buried: it is there */
    c->asked_ms = now_ms;
}

static void tend_leaving(struct child *c, uint64_t now_ms)
{
    if (c->finish_ms > 0 && now_ms >= c->finish_ms) {
        child_order(c, ORDER_FINISH, 0);
        c->finish_ms = 0;
    }
    if (now_ms < c->deadline_ms)
        return;
    if (c->was_stopped) {
        (void)kill(c->pid, SIGKILL); /* ours and not buried: it is there */
    } else {
        log_warn("worker %u (pid %d): still has requests in hand after %d s; stopped", c->slot,
                 (int)c->pid, FINISH_MAX_MS / 1000);
        child_order(c, ORDER_STOP, 0);
        c->was_stopped = true;
    }
    c->deadline_ms = now_ms + STOP_MAX_MS;
}

static void start_due(struct fleet *f, uint64_t now_ms)
{
    for (uint32_t i = 0; f->current && !f->is_leaving && i < f->current->workers; i++) {
        struct slot *s = &f->slots[i];
        if (s->start_ms == 0 || now_ms < s->start_ms)
            continue;
        s->start_ms = 0;
        if (!start_one(f, f->current, i, now_ms)) {
            s->delay_ms = BACK_OFF_MAX_MS;
            s->start_ms = now_ms + s->delay_ms;
        }
    }
}

void fleet_tend(struct fleet *f, uint64_t now_ms)
{
    static void (*const tend[])(struct child *, uint64_t) = {
        [CHILD_STARTING] = tend_starting,
        [CHILD_SERVING] = tend_serving,
        [CHILD_HUNG] = tend_hung,
        [CHILD_LEAVING] = tend_leaving,
    };
    for (struct link *l = f->children.next; l != &f->children; l = l->next)
        tend[child_at(l)->state](child_at(l), now_ms);
    if (f->next && now_ms >= f->next_deadline_ms)
        f->next_failed = true;
    start_due(f, now_ms);
    settle(f);
}

static uint64_t child_due(const struct child *c)
{
    switch (c->state) {
    case CHILD_SERVING:
        return c->asked_ms > 0 ? c->asked_ms + HUNG_MS : c->ask_next_ms;
    case CHILD_LEAVING:
        return c->finish_ms > 0 ? c->finish_ms : c->deadline_ms;
    default:
        return c->asked_ms + HUNG_KILL_MS;
    }
}

uint64_t fleet_due(const struct fleet *f, uint64_t now_ms)
{
    uint64_t due = now_ms + HUNG_KILL_MS;
    for (const struct link *l = f->children.next; l != &f->children; l = l->next) {
        uint64_t one = child_due(container_of(l, const struct child, link));
        due = one < due ? one : due;
    }
    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        if (f->slots[i].start_ms > 0 && f->slots[i].start_ms < due)
            due = f->slots[i].start_ms;
    if (f->next && !f->is_leaving && f->next_deadline_ms < due)
        due = f->next_deadline_ms;
    return due;
}

/* --- leaving --- */

static void leave(struct fleet *f)
{
    f->is_leaving = true;
    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        f->slots[i].start_ms = 0;
}

void fleet_finish(struct fleet *f, uint64_t now_ms)
{
    leave(f);
    for (struct link *l = f->children.next; l != &f->children; l = l->next)
        finish_one(child_at(l), now_ms);
}

void fleet_stop(struct fleet *f, uint64_t now_ms)
{
    leave(f);
    for (struct link *l = f->children.next; l != &f->children; l = l->next) {
        struct child *c = child_at(l);
        c->state = CHILD_LEAVING;
        c->finish_ms = 0;
        c->was_stopped = true;
        c->deadline_ms = now_ms + STOP_MAX_MS;
        child_order(c, ORDER_STOP, 0);
    }
}

void fleet_done(struct fleet *f)
{
    CHECK(f->count == 0);
    generation_free(f->current);
    generation_free(f->next);
    f->current = f->next = NULL;
}
