/* worker: set up, turn the loop, obey the master, leave.
 *
 * Leaving has two speeds: finishing accepts nothing, closes what stays idle and ends with the last
 * answer; stopping ends at once. */
#include "server/worker.h"

#include "base/check.h"
#include "base/log.h"
#include "server/conn.h"
#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    INPUT_ROOM = 4096,       /* an input buffer holds the largest head and this much behind it */
    KEPT_MAX = 128 * 1024,   /* bytes unused that are kept; larger pieces are mapped */
    SPARE_BUFFERS = 16,      /* unused ones kept after a peak */
    DISK_THREADS = 8,        /* started when they are needed */
    DISK_PENDING_MAX = 4096, /* with more the loop waits for the disk */
    CACHE_ENTRIES_MIN = 32 * 1024, /* most entries need no descriptor: only those that do are few */
    LOG_FAREWELL_MS = 2000,        /* how long leaving waits for the access log's disk */
};

static_assert((int)SPARE_BUFFERS >= (int)LOOP_GROUP, "a group receives into spare buffers");

static void pause_is_over(struct timer *t)
{
    listeners_room(container_of(t, struct worker, pause));
}

static void flush_is_due(struct timer *t)
{
    struct worker *w = container_of(t, struct worker, flush);
    accesslog_tick(w->access);
    log_flush_repeats();
    timer_set(&w->loop.wheel, t, clock_ms(&w->loop.clock), w->config->log.access.buffer.flush_ms);
}

static const timer_fn on_expiry[TIMER_KINDS] = {
    [TIMER_CONN] = conn_expired,
    [TIMER_LISTENER] = pause_is_over,
    [TIMER_WORKER] = flush_is_due,
};

/* --- orders from the master --- */

static bool leave(struct timer *t, void *arg)
{
    (void)arg;
    if (t->kind == TIMER_CONN)
        conn_leave(container_of(t, struct conn, timer));
    return true;
}

static bool close_any(struct timer *t, void *arg)
{
    (void)arg;
    if (t->kind == TIMER_CONN)
        conn_close(container_of(t, struct conn, timer));
    return true;
}

static void finish(struct worker *w)
{
    if (w->finishing)
        return;
    w->finishing = true;
    listeners_shut(w); /* our copies would keep the ports when the master is gone */
    wheel_visit(&w->loop.wheel, leave, NULL);
}

/* New descriptors for the logs: what is buffered goes to the old file, the rest to the new one. */
static void switch_logs(struct worker *w, const struct passed *logs)
{
    if (logs->count >= 1) {
        int old = log_fd();
        log_set_fd(logs->fds[0]);
        if (old > STDERR_FILENO)
            (void)close(old); /* every line was written when it was logged */
    }
    if (logs->count >= 2 && w->access)
        accesslog_switch(w->access, logs->fds[1]);
    else if (logs->count >= 2)
        (void)close(logs->fds[1]); /* nothing here writes to it */
}

/* Descriptors that are taken early can be given up when new logs come and connections have taken
 * all others. */
static void keep_room(struct worker *w)
{
    for (int i = 0; i < PASS_MAX; i++)
        if (w->kept[i] < 0)
            w->kept[i] = fcntl(w->orders.fd, F_DUPFD_CLOEXEC, 0); /* or later */
}

static void give_room(struct worker *w)
{
    for (int i = 0; i < PASS_MAX; i++) {
        if (w->kept[i] >= 0)
            (void)close(w->kept[i]); /* nothing was done with it */
        w->kept[i] = -1;
    }
}

/* One order, with the descriptors that came along. false: the master is gone. */
static bool receive_order(int fd, unsigned char order[2], struct passed *along, bool *none)
{
    ssize_t n = pass_receive(fd, order, 2, MSG_DONTWAIT, along);
    *none = n < 0 && (errno == EAGAIN || errno == EINTR);
    if (along->is_cut)
        log_error("no descriptors for the new logs: the old ones are written on");
    return n > 0 || *none;
}

static void tell_master(struct worker *w, char word)
{
    /* Should it be gone, the end of the pair tells so in the next turn. */
    (void)send(w->orders.fd, &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void obey(struct worker *w, const unsigned char order[2], const struct passed *along)
{
    switch ((enum worker_order)order[0]) {
    case ORDER_PING:
        tell_master(w, WORD_ALIVE);
        break;
    case ORDER_ADOPT:
        if (!w->finishing)
            (void)listeners_take(w, order[1]); /* it says so itself when the kernel refuses */
        break;
    case ORDER_RETURN:
        listeners_leave(w, order[1]);
        break;
    case ORDER_LOGS:
        switch_logs(w, along);
        break;
    case ORDER_FINISH:
        finish(w);
        break;
    case ORDER_STOP:
        w->stopping = true;
        break;
    }
}

static void on_orders(struct source *s)
{
    struct worker *w = container_of(s, struct worker, orders);
    unsigned char order[2] = {0};
    struct passed along;
    bool none = false, is_alone = false;
    s->ready = 0;
    give_room(w);
    while (!none && !is_alone) {
        is_alone = !receive_order(s->fd, order, &along, &none);
        if (!none && !is_alone)
            obey(w, order, &along);
    }
    keep_room(w);
    if (is_alone) { /* the master's end is closed: that means finish and leave */
        loop_remove(&w->loop, s);
        finish(w);
    }
}

/* --- the life of a worker --- */

static void init_pools(struct worker *w)
{
    const struct limits_conf *limits = &w->config->limits;
    w->http_limits = (struct http_limits){
        .line_max = (uint32_t)limits->line_max,
        .head_max = (uint32_t)limits->head_max,
        .fields_max = (uint16_t)limits->fields_max,
    };
    slab_init(&w->conns, sizeof(struct conn), 0);
    pool_init(&w->requests, sizeof(struct request), SPARE_BUFFERS * 4);
    pool_init(&w->heads, http_head_size(w->http_limits.fields_max), SPARE_BUFFERS * 4);
    pool_init(&w->notes, REQUEST_NOTES, SPARE_BUFFERS);
    buf_pool_init(&w->inputs, w->http_limits.head_max + INPUT_ROOM, SPARE_BUFFERS);
    out_pool_init(&w->outs, SPARE_BUFFERS);
}

bool worker_init(struct worker *w, const struct worker_setup *s)
{
    *w = (struct worker){.config = s->config, .setup = *s};
    w->connections_max = s->max_connections;
    if (!loop_init(&w->loop, on_expiry))
        return false;
    init_pools(w);
    timer_init(&w->pause, TIMER_LISTENER);
    timer_init(&w->flush, TIMER_WORKER);
    bool is_off = s->open_files == 0 && s->config->cache.small_files == 0;
    struct filecache_limits cache = {
        .bytes = s->config->cache.small_files,
        .small_max = s->config->cache.small_file_max,
        .entries = is_off                              ? 0
                   : s->open_files < CACHE_ENTRIES_MIN ? CACHE_ENTRIES_MIN
                                                       : s->open_files,
        .open = s->open_files,
        .check_ms = s->config->cache.check_ms ? s->config->cache.check_ms : FILECACHE_CHECK_MS,
    };
    w->watch.src.fd = -1;
    link_init(&w->warmings);
    return filecache_init(&w->cache, cache, &s->config->mime) &&
           offload_init(&w->offload, &w->loop, DISK_THREADS, DISK_PENDING_MAX);
}

bool worker_done(struct worker *w)
{
    listeners_done(w); /* or the turns below would accept what nobody closes */
    wheel_visit(&w->loop.wheel, close_any, NULL);
    loop_turn(&w->loop, 0); /* what was closed is freed */
    accesslog_free(w->access, LOG_FAREWELL_MS);
    bool ended = offload_done(&w->offload, LOG_FAREWELL_MS);
    filecache_done(&w->cache);
    watch_done(&w->watch);
    out_pool_done(&w->outs);
    buf_pool_done(&w->inputs);
    pool_done(&w->notes);
    pool_done(&w->heads);
    pool_done(&w->requests);
    slab_done(&w->conns);
    loop_done(&w->loop);
    return ended;
}

static bool start_access_log(struct worker *w)
{
    const struct access_log_conf *conf = &w->config->log.access;
    if (w->setup.access_log < 0)
        return true;
    w->access = accesslog_new(conf, w->setup.access_log, &w->loop);
    if (w->access)
        timer_set(&w->loop.wheel, &w->flush, clock_ms(&w->loop.clock), conf->buffer.flush_ms);
    return w->access != NULL;
}

static bool start_listening(struct worker *w)
{
    const struct worker_setup *s = &w->setup;
    w->orders = (struct source){.on_ready = on_orders, .fd = s->orders};
    memset(w->kept, -1, sizeof w->kept);
    keep_room(w);
    return loop_add_reader(&w->loop, &w->orders) &&
           listeners_init(w, s->listen_fds, s->config->listen.count, s->slots, s->slot) &&
           listeners_take(w, s->slot);
}

/* Without events changes are seen a second later. */
static void start_watching(struct worker *w)
{
    if (w->config->cache.check_ms || w->cache.limits.entries == 0)
        return;
    if (watch_init(&w->watch, &w->loop, &w->cache.changes))
        w->cache.coherence =
            (struct coherence){.watch = &w->watch, .scout = {.offload = &w->offload}};
    else
        log_warn("folders cannot be watched, changes may take a second to be seen: %m");
}

/* Left alone, the C library raises both bounds with each large block that is given back, and keeps
 * what a peak took. What was freed before, of another configuration, it would keep as well. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_MAX);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_MAX); /* or it keeps more */
    (void)malloc_trim(KEPT_MAX);
#endif
}

int worker_run(const struct worker_setup *s)
{
    give_memory_back();
    struct worker *w = aligned_alloc(64, (sizeof *w + 63) / 64 * 64);
    if (!w || !worker_init(w, s) || !start_access_log(w) || !start_listening(w)) {
        log_error("start: %m");
        return EXIT_FAILURE; /* the process ends: the kernel takes back what was opened */
    }
    start_watching(w);
    tell_master(w, WORD_READY);
    while (!w->stopping && !(w->finishing && w->connections == 0))
        loop_turn(&w->loop, w->paused ? LISTENER_PAUSE_MS : -1);
    if (worker_done(w))
        free(w);
    log_flush_repeats();
    return EXIT_SUCCESS;
}
