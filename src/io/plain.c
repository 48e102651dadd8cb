/* plain: the bare socket as a transport. */
#include "io/channel.h"

#include "base/check.h"
#include "io/direct.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

/* What a failed call means, and which readiness it takes away. */
static ssize_t failed(struct channel *ch, uint8_t can, ssize_t want)
{
    if (errno != EAGAIN)
        return IO_DEAD;
    ch->src.ready &= (uint8_t)~can;
    return want;
}

static ssize_t plain_recv(struct channel *ch, void *dst, size_t cap)
{
    DCHECK(cap > 0); /* no room would look like the end */
    ssize_t n;
    do
        n = direct_recv(ch->src.fd, dst, cap);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return failed(ch, CAN_READ, IO_WANT_READ);
    if ((size_t)n < cap && !(ch->src.ready & PEER_DONE))
        ch->src.ready &= (uint8_t)~CAN_READ; /* dry: the next byte is an event */
    return n;
}

/* What a call said about `all` bytes. */
static ssize_t sent(struct channel *ch, ssize_t n, size_t all)
{
    if (n < 0)
        return failed(ch, CAN_WRITE, IO_WANT_WRITE);
    if ((size_t)n < all)
        ch->src.ready &= (uint8_t)~CAN_WRITE;
    return n;
}

static __attribute__((noinline)) ssize_t send_several(struct channel *ch, const struct iovec *v,
                                                      int count, int flags)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)count};
    size_t all = 0;
    ssize_t n;
    for (int i = 0; i < count; i++)
        all += v[i].iov_len;
    do
        n = direct_sendmsg(ch->src.fd, &m, flags);
    while (n < 0 && errno == EINTR);
    return sent(ch, n, all);
}

static ssize_t plain_send(struct channel *ch, const struct iovec *v, int count, bool more)
{
    int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    ssize_t n;
    if (count > 1)
        return send_several(ch, v, count, flags);
    do
        n = direct_send(ch->src.fd, v->iov_base, v->iov_len, flags);
    while (n < 0 && errno == EINTR);
    return sent(ch, n, v->iov_len);
}

static ssize_t plain_send_file(struct channel *ch, int fd, off_t at, size_t n)
{
    ssize_t sent;
    do
        sent = sendfile(ch->src.fd, fd, &at, n);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EIO || errno == ESTALE)) /* which no socket says */
        return IO_UNREAD;
    if (sent < 0)
        return failed(ch, CAN_WRITE, IO_WANT_WRITE);
    return sent == 0 ? IO_SHORT : sent; /* less than n: the next call tells why */
}

static void plain_cork(struct channel *ch, bool on)
{
    int value = on;
    (void)setsockopt(ch->src.fd, IPPROTO_TCP, TCP_CORK, &value,
                     sizeof value); /* or a unix socket */
}

static uint64_t plain_acked(struct channel *ch)
{
    struct tcp_info info = {0};
    socklen_t n = sizeof info;
    if (getsockopt(ch->src.fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0)
        return info.tcpi_bytes_acked;
    return ACKED_UNKNOWN; /* a unix socket */
}

static void plain_shut(struct channel *ch)
{
    (void)shutdown(ch->src.fd, SHUT_WR); /* fails when the peer is gone: it sees the end anyway */
}

static void plain_close(struct channel *ch)
{
    (void)direct_close(ch->src.fd); /* the descriptor is gone whatever it says */
    ch->src.fd = -1;
}

const struct transport transport_plain = {
    .recv = plain_recv,
    .send = plain_send,
    .send_file = plain_send_file,
    .cork = plain_cork,
    .acked = plain_acked,
    .shut = plain_shut,
    .close = plain_close,
};
