/* out: the queue and its flush.
 *
 * Copied bytes live in one buffer and are only ever appended, so adjacent copies are one segment's
 * neighbour in memory and leave as one iovec. */
#include "io/out.h"

#include "base/check.h"
#include "io/disk.h"

enum { OUT_IOV_MAX = OUT_SEGMENTS, OUT_LENT_MAX = 8 };

void out_pool_init(struct out_pool *p, uint32_t spare_max)
{
    pool_init(&p->outs, sizeof(struct out), spare_max);
    buf_pool_init(&p->heads, OUT_BUFFER, spare_max);
}

void out_pool_done(struct out_pool *p)
{
    pool_done(&p->outs);
    buf_pool_done(&p->heads);
}

inline struct out *out_get(struct out_pool *p)
{
    struct out *o = pool_get(&p->outs);
    if (!o)
        return NULL;
    o->heads = NULL;
    o->stream = NULL;
    o->stream_done = NULL;
    o->queued = o->sent = o->acked = o->credit = 0;
    o->warming = NULL;
    o->insists = o->has_waited = o->is_corked = false;
    o->first = o->count = 0;
    return o;
}

static void give_heads_back(struct out_pool *p, struct out *o)
{
    if (o->heads)
        buf_put(&p->heads, o->heads);
    o->heads = NULL;
}

inline void out_put(struct out_pool *p, struct out *o)
{
    CHECK(out_is_empty(o));
    give_heads_back(p, o);
    pool_put(&p->outs, o);
}

/* --- queueing --- */

bool out_has_room(const struct out *o, size_t head_max)
{
    size_t room = o->heads ? buf_room(o->heads) : OUT_BUFFER;
    return o->count + OUT_ANSWER_SEGMENTS <= OUT_SEGMENTS && !o->stream &&
           o->queued - o->sent < OUT_ENOUGH && room >= head_max + OUT_COPY_MAX;
}

char *out_reserve(struct out_pool *p, struct out *o, size_t n)
{
    if (!o->heads)
        o->heads = buf_get(&p->heads);
    if (!o->heads || buf_room(o->heads) < n)
        return NULL;
    return o->heads->data + o->heads->w;
}

/* Where the span of n bytes goes that is queued behind all others. */
static inline struct span *append(struct out *o, size_t n)
{
    CHECK(o->count < OUT_SEGMENTS && !o->stream && n > 0);
    struct segment *g = out_segment(o, o->count++);
    g->done = NULL;
    o->queued += n;
    return &g->span;
}

inline void out_wrote(struct out *o, size_t n)
{
    CHECK(n <= buf_room(o->heads));
    char *at = o->heads->data + o->heads->w;
    o->heads->w += (uint32_t)n;
    struct segment *last = o->count ? out_segment(o, o->count - 1) : NULL;
    if (last && !last->done && !span_is_file(&last->span) &&
        last->span.mem + last->span.len == at) {
        last->span.len += n; /* the same answer goes on */
        o->queued += n;
        return;
    }
    *append(o, n) = span_of_memory(at, n);
}

void out_lend(struct out *o, struct span s)
{
    *append(o, s.len) = s;
}

void out_stream(struct out *o, struct body *b)
{
    CHECK(!o->stream && !o->stream_done);
    o->stream = b;
}

void out_mark(struct out *o, struct pin *done)
{
    if (o->stream) {
        o->stream_done = done;
        return;
    }
    CHECK(o->count > 0);
    struct segment *last = out_segment(o, o->count - 1);
    CHECK(!last->done);
    last->done = done;
}

/* --- sending --- */

/* n bytes from the front are in the kernel's hands. */
static void advance(struct out *o, size_t n)
{
    while (n > 0) {
        CHECK(o->count > 0);
        struct segment *g = out_segment(o, 0);
        size_t part = n < g->span.len ? n : g->span.len;
        o->sent += part;
        n -= part;
        g->span = span_from(g->span, part);
        if (g->span.len > 0)
            return;
        struct pin *done = g->done;
        o->first = (uint8_t)((o->first + 1) % OUT_SEGMENTS);
        o->count--;
        if (done)
            pin_drop(done);
    }
}

/* The memory segments at the front, neighbours joined. *more: a file range follows them. */
static int gather(struct out *o, struct iovec v[OUT_IOV_MAX], bool *more)
{
    int n = 0;
    uint8_t i = 0;
    for (; i < o->count && !span_is_file(&out_segment(o, i)->span); i++) {
        struct span *s = &out_segment(o, i)->span;
        if (n > 0 && (char *)v[n - 1].iov_base + v[n - 1].iov_len == s->mem)
            v[n - 1].iov_len += s->len;
        else
            v[n++] = (struct iovec){(void *)(uintptr_t)s->mem, s->len};
    }
    *more = i < o->count;
    return n;
}

/* A transport that cannot send from a file: a piece is read, then sent. */
static ssize_t send_by_reading(struct out_pool *p, struct channel *ch, const struct span *s)
{
    struct buf *b = buf_get(&p->heads);
    if (!b)
        return IO_DEAD;
    size_t want = s->len < b->cap ? s->len : b->cap;
    ssize_t n = disk_read(s->fd, b->data, want, s->at);
    if (n > 0) {
        struct iovec v = {b->data, (size_t)n};
        n = ch->tp->send(ch, &v, 1, false);
    } else {
        n = n == 0 ? IO_SHORT : IO_UNREAD;
    }
    buf_put(&p->heads, b);
    return n;
}

static ssize_t send_window(struct out_pool *p, struct channel *ch, const struct span *window)
{
    return ch->tp->send_file ? ch->tp->send_file(ch, window->fd, window->at, window->len)
                             : send_by_reading(p, ch, window);
}

/* sendfile hands over 64 KiB at a time, and each acknowledgement that comes in between makes the
 * kernel send what is there, a packet's fraction too. */
static void cork(struct out *o, struct channel *ch, bool on)
{
    if (ch->tp->cork)
        ch->tp->cork(ch, on);
    o->is_corked = on;
}

/* A window of a file. That its beginning is in memory was known when it was queued (filecache);
 * what lies behind that, or is sent later, is looked at here. */
static ssize_t send_range(struct out_pool *p, struct out *o, struct channel *ch,
                          const struct span *s)
{
    size_t n = s->len < OUT_WINDOW ? s->len : OUT_WINDOW;
    struct span window = span_of_file(s->fd, s->at, n);
    bool may_be_cold = o->has_waited || s->at + (off_t)n > DISK_WARM_MAX;
    if (may_be_cold && !o->insists && !disk_is_cached(s->fd, s->at, n)) {
        o->cold = window;
        return IO_COLD;
    }
    o->insists = false;
    if (s->len >= OUT_CORK_MIN && !o->is_corked)
        cork(o, ch, true);
    ssize_t sent = send_window(p, ch, &window);
    if (o->is_corked && sent == (ssize_t)s->len)
        cork(o, ch, false);
    return sent;
}

/* One call's worth from the front of the queue: bytes, or IO_*. *corked: more must follow at once.
 */
static ssize_t send_front(struct out_pool *p, struct out *o, struct channel *ch, bool *corked)
{
    struct span *s = &out_segment(o, 0)->span;
    *corked = false;
    if (span_is_file(s))
        return send_range(p, o, ch, s);
    struct iovec v[OUT_IOV_MAX];
    int n = gather(o, v, corked);
    return ch->tp->send(ch, v, n, *corked);
}

static enum out_result failed(ssize_t io)
{
    if (io == IO_SHORT)
        return OUT_SHORT;
    if (io == IO_COLD)
        return OUT_COLD;
    if (io == IO_UNREAD)
        return OUT_UNREAD;
    return io == IO_WANT_WRITE || io == IO_WANT_READ ? OUT_BLOCKED : OUT_BROKEN;
}

/* Sends the queued segments. OUT_DONE: none is left. */
static enum out_result flush_segments(struct out_pool *p, struct out *o, struct channel *ch,
                                      size_t *budget)
{
    bool corked = false;
    while (o->count > 0) {
        if (*budget == 0 && !corked)
            return OUT_BUDGETED;
        ssize_t n = send_front(p, o, ch, &corked);
        if (n <= 0)
            return failed(n);
        advance(o, (size_t)n);
        *budget -= (size_t)n < *budget ? (size_t)n : *budget;
        if (!(ch->src.ready & CAN_WRITE) && o->count > 0)
            return OUT_BLOCKED;
    }
    return OUT_DONE;
}

static void end_stream(struct out *o)
{
    struct body *b = o->stream;
    struct pin *done = o->stream_done;
    o->stream = NULL;
    o->stream_done = NULL;
    b->ops->close(b);
    if (done)
        pin_drop(done);
}

/* Sends the memory spans at the front of what a stream lent, then the file range behind them: what
 * is corked for it must not depend on the stream lending it again. */
static ssize_t send_lent(struct out_pool *p, struct out *o, struct channel *ch,
                         const struct span *lent, int n)
{
    struct iovec v[OUT_LENT_MAX];
    int count = 0;
    ssize_t all = 0;
    for (; count < n && !span_is_file(&lent[count]); count++) {
        v[count] = (struct iovec){(void *)(uintptr_t)lent[count].mem, lent[count].len};
        all += (ssize_t)lent[count].len;
    }
    if (count == 0)
        return send_range(p, o, ch, &lent[0]);
    ssize_t sent = ch->tp->send(ch, v, count, count < n);
    if (sent < all || count == n)
        return sent;
    ssize_t file = send_range(p, o, ch, &lent[count]); /* a failure is met again by the next call */
    return file > 0 ? sent + file : sent;
}

/* Pulls the stream and sends what it lends. OUT_DONE: it has ended. */
static enum out_result flush_stream(struct out_pool *p, struct out *o, struct channel *ch,
                                    size_t *budget)
{
    struct span lent[OUT_LENT_MAX];
    while (*budget > 0) {
        struct body *b = o->stream;
        int n = b->ops->lend(b, lent, OUT_LENT_MAX);
        if (n == BODY_WAIT)
            return OUT_WAIT;
        if (n == BODY_FAIL)
            return OUT_BROKEN;
        if (n == BODY_END) {
            end_stream(o);
            return OUT_DONE;
        }
        ssize_t sent = send_lent(p, o, ch, lent, n);
        if (sent <= 0)
            return failed(sent);
        o->sent += (size_t)sent;
        o->queued += (size_t)sent;
        b->ops->took(b, (size_t)sent);
        *budget -= (size_t)sent < *budget ? (size_t)sent : *budget;
        if (!(ch->src.ready & CAN_WRITE))
            return OUT_BLOCKED;
    }
    return OUT_BUDGETED;
}

/* Nothing that was copied waits any more: the buffer goes back. */
static void release_heads(struct out_pool *p, struct out *o)
{
    if (!o->heads)
        return;
    const char *begin = o->heads->data, *end = begin + o->heads->w;
    for (uint8_t i = 0; i < o->count; i++) {
        const struct span *s = &out_segment(o, i)->span;
        if (!span_is_file(s) && s->mem >= begin && s->mem < end)
            return;
    }
    give_heads_back(p, o);
}

/* Sends what is one answer's, and all that is queued. */
static inline enum out_result flush_piece(struct out_pool *p, struct out *o, struct channel *ch,
                                          struct iovec v)
{
    struct pin *done = out_segment(o, o->count - 1)->done;
    ssize_t n = ch->tp->send(ch, &v, 1, false);
    if (n <= 0)
        return failed(n);
    if ((size_t)n < v.iov_len) {
        advance(o, (size_t)n);
        release_heads(p, o);
        return OUT_BLOCKED;
    }
    o->sent += (size_t)n;
    o->count = 0;
    if (done)
        pin_drop(done);
    give_heads_back(p, o);
    return OUT_DONE;
}

/* Nearly always: the queue is one piece of memory, and it goes out whole. */
static inline enum out_result flush_single(struct out_pool *p, struct out *o, struct channel *ch)
{
    const struct span *s = &out_segment(o, 0)->span;
    return flush_piece(p, o, ch, (struct iovec){(void *)(uintptr_t)s->mem, s->len});
}

/* A head, and memory with room for it in front. */
static inline bool fits_in_front(struct out *o)
{
    const struct segment *head = out_segment(o, 0), *body = out_segment(o, 1);
    return o->count == 2 && !o->stream && !span_is_file(&head->span) && !head->done &&
           head->span.len <= body->span.headroom && body->span.len < OUT_ENOUGH;
}

/* Two pieces that leave as one, which the kernel takes for less. What does not leave at once waits
 * as it was queued: another connection may write its own head there. */
static enum out_result flush_joined(struct out_pool *p, struct out *o, struct channel *ch)
{
    const struct span *head = &out_segment(o, 0)->span, *body = &out_segment(o, 1)->span;
    char *front = (char *)(uintptr_t)body->mem - head->len;
    memcpy(front, head->mem, head->len);
    return flush_piece(p, o, ch, (struct iovec){front, head->len + body->len});
}

/* Whatever is queued. */
static __attribute__((noinline)) enum out_result flush_all(struct out_pool *p, struct out *o,
                                                           struct channel *ch)
{
    size_t budget = OUT_BUDGET;
    enum out_result r = flush_segments(p, o, ch, &budget);
    if (r == OUT_DONE && o->stream)
        r = flush_stream(p, o, ch, &budget);
    o->has_waited = r != OUT_DONE;
    release_heads(p, o);
    return r == OUT_DONE && OUT_BUDGET - budget >= OUT_ENOUGH ? OUT_MUCH : r;
}

inline enum out_result out_flush(struct out_pool *p, struct out *o, struct channel *ch)
{
    if (!(ch->src.ready & CAN_WRITE)) {
        o->has_waited = true;
        return OUT_BLOCKED;
    }
    if (o->count == 1 && !o->stream && !span_is_file(&out_segment(o, 0)->span))
        return flush_single(p, o, ch);
    if (fits_in_front(o))
        return flush_joined(p, o, ch);
    return flush_all(p, o, ch);
}

void out_drop(struct out_pool *p, struct out *o)
{
    while (o->count > 0) {
        struct pin *done = out_segment(o, 0)->done;
        o->first = (uint8_t)((o->first + 1) % OUT_SEGMENTS);
        o->count--;
        if (done)
            pin_drop(done);
    }
    if (o->stream)
        end_stream(o);
    give_heads_back(p, o);
}
