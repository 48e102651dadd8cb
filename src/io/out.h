/* out: the one writer.
 *
 * A queue of segments, each a span, in the order in which they must leave. Heads and small bodies
 * are copied next to each other into one buffer, so sixteen pipelined answers are one contiguous
 * send; larger bodies are lent. A stream is pulled only when the queue before it is empty, so
 * order needs no bookkeeping. out_flush is the only caller of send and send_file.
 *
 * The last segment of an answer carries a pin that is dropped when the answer's last byte was
 * handed to the kernel: that is the moment at which a request is finished. */
#ifndef SKIFF_IO_OUT_H
#define SKIFF_IO_OUT_H

#include "base/body.h"
#include "base/buf.h"
#include "base/pin.h"
#include "base/pool.h"
#include "io/channel.h"

enum {
    OUT_SEGMENTS = 32,
    OUT_ANSWER_SEGMENTS = 3,   /* an answer without a stream: head, body, and one to spare */
    OUT_BUFFER = 32 * 1024,    /* heads and copied bodies of one batch */
    OUT_COPY_MAX = 2 * 1024,   /* bodies up to this are copied behind their head */
    OUT_READ_MAX = 8 * 1024,   /* parts of files up to this are read there: two calls, not three */
    OUT_WINDOW = 1024 * 1024,  /* bytes of file sent in one call */
    OUT_CORK_MIN = 512 * 1024, /* bytes of file from which holding packets back pays two calls */
    OUT_BUDGET = 1024 * 1024,  /* bytes sent in one turn before others get theirs */
    OUT_ENOUGH = 256 * 1024,   /* bytes that wait: another answer would only hold memory */
};

struct segment {
    struct span span;
    struct pin *done; /* dropped when this segment has been sent; NULL: the answer goes on */
};

struct out {
    struct buf *heads;   /* what was copied; NULL when everything copied is sent */
    struct body *stream; /* pulled when the segments are sent; NULL: none */
    struct pin *stream_done;
    uint64_t queued;  /* bytes queued since out_get(); a stream's count when they are lent */
    uint64_t sent;    /* bytes handed to the kernel since out_get(); advanced segment by segment,
                         before the pin is dropped */
    uint64_t acked;   /* for the owner: bytes acknowledged at its last look ... */
    uint64_t credit;  /* ... and how many the peer is ahead of the minimum rate */
    void *warming;    /* for the owner: who reads `cold` */
    struct span cold; /* with OUT_COLD: what is not in memory */
    bool insists;     /* the owner's: send it although it may be cold */
    bool has_waited;  /* for the peer or for others: files may have left the memory since */
    bool is_corked;   /* until the range in front is sent */
    uint8_t first, count; /* ring in segments */
    struct segment segments[OUT_SEGMENTS];
};

struct out_pool {
    struct pool outs;
    struct buf_pool heads;
};

/* Keeps at most `spare_max` queues, and as many buffers, that nobody uses. */
void out_pool_init(struct out_pool *p, uint32_t spare_max);
void out_pool_done(struct out_pool *p);
/* An empty queue, or NULL when memory is out. */
struct out *out_get(struct out_pool *p);
/* Gives it back; it must be empty (see out_drop). */
void out_put(struct out_pool *p, struct out *o);

/* Can another answer (a head of at most `head_max` bytes, a copied or lent body) be queued? */
bool out_has_room(const struct out *o, size_t head_max);
/* Where a head can be written: room for at least n bytes, or NULL when memory is out or the buffer
 * is full. Followed by out_wrote() with what was really written. */
char *out_reserve(struct out_pool *p, struct out *o, size_t n);
void out_wrote(struct out *o, size_t n);
/* Queues bytes to be lent until they are sent. Needs a free segment (out_has_room). */
void out_lend(struct out *o, struct span s);
/* Queues a stream behind everything; nothing may be queued behind it until it has ended. */
void out_stream(struct out *o, struct body *b);
/* Everything queued since the last out_mark() belongs to one answer: `done` is dropped when it is
 * sent. At least one byte must have been queued. */
void out_mark(struct out *o, struct pin *done);

/* The i-th segment that waits, 0 first; i < count. */
static inline struct segment *out_segment(struct out *o, uint8_t i)
{
    return &o->segments[(o->first + i) % OUT_SEGMENTS];
}

static inline bool out_is_empty(const struct out *o)
{
    return o->count == 0 && !o->stream;
}

enum out_result {
    OUT_DONE,     /* everything is sent */
    OUT_MUCH,     /* everything is sent, and at least OUT_ENOUGH: others get their turn */
    OUT_BLOCKED,  /* the socket takes no more; CAN_WRITE is cleared */
    OUT_BUDGETED, /* the turn's budget is used up: run again later */
    OUT_COLD,     /* the disk would have to be waited for: o->cold should be read by a thread */
    OUT_WAIT,     /* the stream has nothing yet; what was queued before it has been pushed */
    OUT_BROKEN,   /* the peer is gone: close */
    OUT_SHORT,    /* a file is shorter than promised: close */
    OUT_UNREAD,   /* a file cannot be read: close */
};
/* Sends as much as possible. */
enum out_result out_flush(struct out_pool *p, struct out *o, struct channel *ch);
/* Forgets everything queued: drops the pins in order, closes the stream. */
void out_drop(struct out_pool *p, struct out *o);

#endif
