/* sim_line: see sim_line.h. The simulation has one connection at a time. */
#include "wire_split/sim_line.h"

#include "base/check.h"
#include "wire_split/sim_jobs.h"

#include <check.h>

enum { SHOWN_MAX = 500, SHOWN_MORE = 20, STEP_MS = 50 };

static struct {
    struct sim *sim;
    long cut;
    size_t longest;
    struct text sent; /* all of it: the machine reads from here */
} now;

void sim_line_use(struct sim *s, long cut)
{
    text_done(&now.sent);
    now.sim = s;
    now.cut = cut;
    now.longest = 0;
}

size_t sim_line_longest(void)
{
    return now.longest;
}

/* Runs the machine and what it left to threads until neither has anything to do. */
static void settle(void)
{
    do
        sim_run(now.sim);
    while (sim_jobs_run(&now.sim->worker.offload));
}

void line_open(struct line *l, const struct server *s)
{
    (void)s;
    ck_assert_ptr_null(now.sim->conn);
    l->fd = 0;
    sim_connect(now.sim, str_make("", 0));
}

struct str line_rest(const struct line *l)
{
    return str_from(text_str(&l->in), l->read);
}

static void arrive(size_t n)
{
    if (now.sim->closed)
        return;
    sim_arrive(now.sim, n);
    settle();
}

bool line_send(struct line *l, struct str bytes, size_t piece, int pause_ms, struct text *talk)
{
    (void)l;
    text_show(talk, "> ", bytes, SHOWN_MAX);
    if (now.sim->closed)
        return false;
    text_add(&now.sent, bytes);
    now.sim->input = text_str(&now.sent);
    now.longest = bytes.n > now.longest ? bytes.n : now.longest;
    if (piece == 0)
        piece = now.cut == CUT_EVERYWHERE ? 1 : bytes.n;
    bool is_cut = now.cut > 0 && (size_t)now.cut < bytes.n;
    if (is_cut)
        arrive((size_t)now.cut);
    for (size_t at = is_cut ? (size_t)now.cut : 0; at < bytes.n; at += piece) {
        arrive(piece < bytes.n - at ? piece : bytes.n - at);
        if (pause_ms > 0)
            line_sleep(pause_ms);
    }
    return true;
}

void line_end(struct line *l)
{
    (void)l;
    if (!now.sim->closed)
        sim_end(now.sim);
    settle();
}

/* At most `max` bytes are let out at a time. */
bool line_receive(struct line *l, size_t max, uint64_t end_ms, struct text *talk)
{
    struct sim *s = now.sim;
    size_t shown = line_rest(l).n == 0 ? SHOWN_MAX : SHOWN_MORE;
    while (s->output_n == 0 && !s->closed && !s->shut) {
        if (s->window == 0)
            sim_open_window(s, max);
        settle();
        if (s->output_n > 0 || s->closed || s->shut || line_now() >= end_ms)
            break;
        line_sleep(STEP_MS);
    }
    size_t n = s->output_n;
    if (n == 0) {
        l->ended = s->closed || s->shut;
        return false;
    }
    text_show(talk, "< ", str_make(s->output, n), shown);
    text_add(&l->in, str_make(s->output, n));
    s->output_n = 0;
    s->window = 0;
    return true;
}

void line_close(struct line *l)
{
    sim_disconnect(now.sim);
    text_done(&l->in);
}

uint64_t line_now(void)
{
    return clock_ms(&now.sim->worker.loop.clock);
}

time_t line_wall(void)
{
    return (time_t)now.sim->worker.loop.clock.second;
}

void line_sleep(int ms)
{
    sim_sleep(now.sim, (uint64_t)ms);
    settle();
}
