/* loop: epoll, the run list, and how long to sleep. */
#include "io/loop.h"

#include "base/check.h"
#include "io/direct.h"

#include <errno.h>
#include <unistd.h>

bool loop_init(struct loop *l, const timer_fn *expire)
{
    *l = (struct loop){.epfd = epoll_create1(EPOLL_CLOEXEC)};
    clock_update(&l->clock);
    wheel_init(&l->wheel, clock_ms(&l->clock), expire);
    return l->epfd >= 0;
}

void loop_done(struct loop *l)
{
    CHECK(!l->run_first);
    if (l->epfd >= 0)
        (void)close(l->epfd); /* nothing is registered that is still open */
    l->epfd = -1;
}

static bool add(struct loop *l, struct source *s, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = s};
    return epoll_ctl(l->epfd, EPOLL_CTL_ADD, s->fd, &e) == 0;
}

bool loop_add(struct loop *l, struct source *s)
{
    return add(l, s, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

bool loop_add_listener(struct loop *l, struct source *s)
{
    return add(l, s, EPOLLIN | EPOLLEXCLUSIVE);
}

bool loop_add_reader(struct loop *l, struct source *s)
{
    return add(l, s, EPOLLIN);
}

void loop_remove(struct loop *l, struct source *s)
{
    (void)epoll_ctl(l->epfd, EPOLL_CTL_DEL, s->fd, NULL); /* fails only when it is not there */
}

void loop_run_later(struct loop *l, struct source *s)
{
    if (s->queued)
        return;
    s->queued = 1;
    s->next_run = NULL;
    if (l->run_last)
        l->run_last->next_run = s;
    else
        l->run_first = s;
    l->run_last = s;
}

void loop_run_queued(struct loop *l)
{
    struct source *s = l->run_first;
    l->run_first = l->run_last = NULL; /* what is queued from now on waits for the next time */
    while (s) {
        struct source *next = s->next_run;
        s->queued = 0;
        s->on_ready(s); /* may free s */
        s = next;
    }
}

static uint8_t readiness(uint32_t events)
{
    uint8_t ready = events & (CAN_READ | CAN_WRITE | PEER_GONE);
    return events & EPOLLRDHUP ? ready | CAN_READ | PEER_DONE : ready;
}

int loop_wait_ms(const struct loop *l, int wait_max_ms)
{
    if (l->run_first)
        return 0;
    int next = wheel_next_ms(&l->wheel, clock_ms(&l->clock));
    if (next >= 0 && next < LOOP_IDLE_MS)
        next = LOOP_IDLE_MS;
    if (next < 0 || (wait_max_ms >= 0 && wait_max_ms < next))
        return wait_max_ms;
    return next;
}

/* Marks who is ready, and puts the one that comes first to the front. */
static void mark(struct epoll_event *events, int n, const struct source *first)
{
    for (int i = 0; i < n; i++) {
        struct source *s = events[i].data.ptr;
        s->ready |= readiness(events[i].events);
        if (s == first) {
            events[i].data.ptr = events[0].data.ptr;
            events[0].data.ptr = s;
        }
    }
}

static void call(struct source *s)
{
    if (s->fd >= 0) /* else it was closed earlier in this turn */
        s->on_ready(s);
}

static void call_group(struct loop *l, const struct epoll_event *events, int n)
{
    uint32_t room = n == LOOP_GROUP ? LOOP_GROUP : 0; /* few go on at once: their peers wait */
    l->again_room = room;
    for (int i = 0; i < n; i++)
        call(events[i].data.ptr);
    uint32_t left = l->again_room;
    l->again_room = 0;
    while (room > left)
        call(l->again[--room]);
}

void loop_turn(struct loop *l, int wait_max_ms)
{
    struct epoll_event events[LOOP_EVENTS_MAX];
    int n = direct_epoll_wait(l->epfd, events, LOOP_EVENTS_MAX, loop_wait_ms(l, wait_max_ms));
    CHECK(n >= 0 || errno == EINTR);
    clock_update(&l->clock);
    mark(events, n, l->first);
    for (int i = 0; i < n; i += LOOP_GROUP)
        call_group(l, events + i, n - i < LOOP_GROUP ? n - i : LOOP_GROUP);
    wheel_advance(&l->wheel, clock_ms(&l->clock));
    loop_run_queued(l);
}
