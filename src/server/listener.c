/* listener: the accept loop and what it does when there is no room. */
#include "server/listener.h"

#include "base/check.h"
#include "base/log.h"
#include "io/sock.h"
#include "server/conn.h"
#include "server/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool start(struct listener *l)
{
    if (l->accepting || !l->wanted || l->worker->paused)
        return true;
    l->accepting = loop_add_listener(&l->worker->loop, &l->src);
    if (!l->accepting)
        log_error("listening socket: epoll: %m");
    return l->accepting;
}

static void stop(struct listener *l)
{
    if (l->accepting)
        loop_remove(&l->worker->loop, &l->src);
    l->accepting = false;
}

/* For good. */
static void shut(struct listener *l)
{
    stop(l);
    l->wanted = false;
    if (l->src.fd >= 0)
        (void)close(l->src.fd); /* the master has it too */
    l->src.fd = -1;
}

static void pause_all(struct worker *w)
{
    w->paused = true;
    for (uint32_t i = 0; i < w->listener_count; i++)
        stop(&w->listeners[i]);
    timer_set(&w->loop.wheel, &w->pause, clock_ms(&w->loop.clock), LISTENER_PAUSE_MS);
}

void listeners_room(struct worker *w)
{
    if (!w->paused || w->finishing)
        return;
    w->paused = false;
    timer_stop(&w->loop.wheel, &w->pause);
    for (uint32_t i = 0; i < w->listener_count; i++)
        (void)start(&w->listeners[i]); /* said there; the next pause or adoption tries again */
}

struct search {
    struct conn *idle;
    bool may_ask; /* some of the idle ones are new, or have asked: the next turn will tell */
    uint32_t looks;
};

static bool look_for_idle(struct timer *t, void *arg)
{
    struct search *s = arg;
    if (t->kind != TIMER_CONN)
        return true;
    struct conn *c = container_of(t, struct conn, timer);
    bool is_idle = conn_is_idle(c);
    if (is_idle && !(c->flags & CONN_NEW) && !sock_has_input(c->ch.src.fd)) {
        s->idle = c;
        return false;
    }
    s->may_ask |= is_idle;
    return ++s->looks < LISTENER_LOOKS_MAX;
}

/* Closes the idle connection that would time out first. false: there is none for now; accepting
 * pauses, unless the next turn may find one. */
static bool make_room(struct worker *w, const char *why)
{
    struct search s = {0};
    log_shortage("%s: idle connections are closed to make room, or accepting pauses", why);
    wheel_visit(&w->loop.wheel, look_for_idle, &s);
    if (s.idle)
        conn_close(s.idle);
    else if (!s.may_ask)
        pause_all(w);
    return s.idle;
}

/* true: try the next one. */
static bool accept_failed(struct listener *l, int error)
{
    struct worker *w = l->worker;
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM: /* a firewall rule */
        return true;
    case EMFILE:
    case ENFILE:
        return make_room(w, "no descriptors left");
    case ENOBUFS:
    case ENOMEM:
        return make_room(w, "no memory left for sockets");
    case EINVAL: /* the master has shut it down: nobody shall be accepted from it any more */
        shut(l);
        return false;
    default:
        if (error != EAGAIN)
            log_error("accept: %s", strerror(error));
        return false;
    }
}

/* Accepts one. NULL: none came of it. Whatever it was, *more: there may be others. */
static struct conn *accept_one(struct listener *l, bool *more)
{
    struct worker *w = l->worker;
    struct peer peer;
    *more = false;
    if (w->connections >= w->connections_max && !make_room(w, "connection limit reached"))
        return NULL;
    int fd = sock_accept(l->src.fd, &peer);
    if (fd < 0) {
        *more = accept_failed(l, errno);
        return NULL;
    }
    struct conn *c = conn_new(w, fd, &transport_plain, &peer);
    if (!c) {
        (void)close(fd); /* nothing else can be done without memory */
        (void)make_room(w, "no memory left");
    }
    *more = c != NULL;
    return c;
}

/* Registers a connection, unless it has ended. */
static void watch(struct listener *l, struct conn *c)
{
    if (c->state != CONN_CLOSED && !loop_add(&l->worker->loop, &c->ch.src))
        conn_close(c);
}

/* Where requests come right behind their connections, one that is answered and closed before it
 * ever waits need not be registered: that saves a twentieth of its cost. Whether they do is known
 * from the last that was tried. */
static bool is_read_first(struct listener *l)
{
    return l->comes_early || l->untried++ % LISTENER_TRY_EACH == 0;
}

static void read_first(struct listener *l, struct conn *c)
{
    conn_advance(c);
    l->comes_early = c->served > 0;
    watch(l, c);
}

static void on_ready(struct source *s)
{
    struct listener *l = container_of(s, struct listener, src);
    struct conn *early[LISTENER_ACCEPTS_MAX];
    int count = 0;
    bool more = true;
    s->ready = 0;
    for (int i = 0; i < LISTENER_ACCEPTS_MAX && more && l->accepting; i++) {
        struct conn *c = accept_one(l, &more);
        if (c && is_read_first(l)) {
            c->ch.src.ready |= CAN_READ; /* nor is it idle, to make room for the next */
            early[count++] = c;
        } else if (c) {
            watch(l, c);
        }
    }
    for (int i = 0; i < count; i++) /* when all are here: their requests had a little more time */
        read_first(l, early[i]);
}

bool listeners_init(struct worker *w, const int *fds, uint32_t entries, uint32_t slots,
                    uint32_t own)
{
    w->listeners = calloc((size_t)entries * slots, sizeof *w->listeners);
    if (!w->listeners)
        return false;
    w->listener_count = entries * slots;
    for (uint32_t i = 0; i < w->listener_count; i++) {
        uint32_t slot = i % slots;
        bool shared = slot != own && fds[i] == fds[i - slot + own];
        w->listeners[i] = (struct listener){
            .src = {.on_ready = on_ready, .fd = shared ? -1 : fds[i]},
            .worker = w,
            .slot = slot,
        };
    }
    return true;
}

bool listeners_take(struct worker *w, uint32_t slot)
{
    bool ok = true;
    for (uint32_t i = 0; i < w->listener_count; i++) {
        struct listener *l = &w->listeners[i];
        if (l->slot != slot || l->src.fd < 0)
            continue;
        l->wanted = true;
        ok = start(l) && ok;
    }
    return ok;
}

void listeners_leave(struct worker *w, uint32_t slot)
{
    for (uint32_t i = 0; i < w->listener_count; i++) {
        struct listener *l = &w->listeners[i];
        if (l->slot != slot)
            continue;
        l->wanted = false;
        stop(l);
    }
}

void listeners_shut(struct worker *w)
{
    timer_stop(&w->loop.wheel, &w->pause); /* the next closed connection would, in mid-visit */
    w->paused = false;
    for (uint32_t i = 0; i < w->listener_count; i++)
        shut(&w->listeners[i]);
}

void listeners_done(struct worker *w)
{
    listeners_shut(w);
    free(w->listeners);
    w->listeners = NULL;
    w->listener_count = 0;
}
