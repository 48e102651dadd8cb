/* out_fake: what the tests of the writer share: a transport that takes as much as the test says,
 * pins that must be dropped in order, and a file. */
#ifndef SKIFF_TESTS_OUT_FAKE_H
#define SKIFF_TESTS_OUT_FAKE_H

#include "io/out.h"
#include "support/unit.h"

#include <unistd.h>

enum { ROOM_ALL = 1 << 30, GOT_MAX = 4 * OUT_BUDGET, PINS = 40 };

static struct out_pool pool;
static struct out *o;

/* --- the peer --- */

static struct channel ch;
static char *got; /* what arrived */
static size_t got_n;
static size_t room; /* bytes it takes until the test opens it again */
static int fails;   /* IO_* that the next call says; 0: none */
static char
    calls[4096]; /* s: send, m: send with more to follow, f: send_file, <: cork, >: uncork */
static size_t called;
static bool is_corked;
static int pieces; /* iovecs of the last send */
static struct transport fake;

static inline ssize_t take(const char *bytes, size_t n)
{
    size_t part = n < room ? n : room;
    ck_assert_uint_le(got_n + part, GOT_MAX);
    memcpy(got + got_n, bytes, part);
    got_n += part;
    room -= part;
    if (part < n)
        ch.src.ready &= (uint8_t)~CAN_WRITE;
    return part > 0 ? (ssize_t)part : IO_WANT_WRITE;
}

static inline void note_call(char letter)
{
    ck_assert_uint_lt(called, sizeof calls - 1);
    ck_assert(ch.src.ready & CAN_WRITE);
    calls[called++] = letter;
    calls[called] = '\0';
}

static inline ssize_t fake_send(struct channel *c, const struct iovec *v, int n, bool more)
{
    ssize_t sent = 0;
    ck_assert_ptr_eq(c, &ch);
    ck_assert_int_gt(n, 0);
    note_call(more ? 'm' : 's');
    pieces = n;
    if (fails)
        return fails;
    for (int i = 0; i < n; i++) {
        ck_assert_uint_gt(v[i].iov_len, 0);
        ssize_t part = take(v[i].iov_base, v[i].iov_len);
        sent += part > 0 ? part : 0;
        if (part < (ssize_t)v[i].iov_len)
            break;
    }
    return sent > 0 ? sent : IO_WANT_WRITE;
}

static inline ssize_t fake_send_file(struct channel *c, int fd, off_t at, size_t n)
{
    static char bytes[OUT_WINDOW];
    ck_assert_ptr_eq(c, &ch);
    ck_assert_uint_le(n, sizeof bytes);
    note_call('f');
    if (fails)
        return fails;
    ssize_t here = pread(fd, bytes, n, at);
    ck_assert_int_ge(here, 0);
    return here > 0 ? take(bytes, (size_t)here) : IO_SHORT;
}

static inline void fake_cork(struct channel *c, bool on)
{
    ck_assert_ptr_eq(c, &ch);
    ck_assert(is_corked != on);
    is_corked = on;
    calls[called++] = on ? '<' : '>';
    calls[called] = '\0';
}

/* The peer takes n more bytes. */
static inline void open_room(size_t n)
{
    room = n;
    ch.src.ready |= CAN_WRITE;
}

/* --- what is queued --- */

static struct pin pins[PINS];
static uint64_t dropped_at[PINS]; /* o->sent when the pin was dropped */
static unsigned dropped;          /* pins dropped so far: always the first ones */

static inline void drop(struct pin *p)
{
    ck_assert_ptr_eq(p, &pins[dropped]); /* in order, each once */
    dropped_at[dropped++] = o->sent;
}

static int file; /* "0123456789" */

static inline void setup(void)
{
    char path[] = "/tmp/skiff-out-XXXXXX";
    is_corked = false;
    fake = (struct transport){.send = fake_send, .send_file = fake_send_file, .cork = fake_cork};
    ch = (struct channel){.tp = &fake};
    out_pool_init(&pool, 2);
    pool.outs.slab.per_block = 1; /* no_memory shows at the next one */
    o = out_get(&pool);
    got = malloc(GOT_MAX);
    file = mkstemp(path);
    unlink(path);
    ck_assert_int_eq(write(file, "0123456789", 10), 10);
    for (int i = 0; i < PINS; i++)
        pin_init(&pins[i], drop);
    open_room(ROOM_ALL);
}

static inline void teardown(void)
{
    out_drop(&pool, o);
    out_put(&pool, o);
    ck_assert_uint_eq(pool_used(&pool.heads.blocks), 0);
    out_pool_done(&pool);
    free(got);
    close(file);
}

static inline void copy(const char *text)
{
    size_t n = strlen(text);
    char *at = out_reserve(&pool, o, n);
    ck_assert_ptr_nonnull(at);
    memcpy(at, text, n);
    out_wrote(o, n);
}

static inline void lend(const char *text)
{
    out_lend(o, span_of_memory(text, strlen(text)));
}

static inline enum out_result flush(void)
{
    return out_flush(&pool, o, &ch);
}

static inline void arrived(const char *text)
{
    ck_str(str_make(got, got_n), text);
}

static inline void *no_memory(size_t size)
{
    (void)size;
    return NULL;
}

#endif
