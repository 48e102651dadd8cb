/* line: sockets, with a record. */
#include "wire/line.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes of one piece in the record; of one that only goes on with what was shown. */
enum { SHOWN_MAX = 500, SHOWN_MORE = 20 };

void line_open(struct line *l, const struct server *s)
{
    l->fd = server_dial(s);
}

struct str line_rest(const struct line *l)
{
    return str_from(text_str(&l->in), l->read);
}

bool line_send(struct line *l, struct str bytes, size_t piece, int pause_ms, struct text *talk)
{
    text_show(talk, "> ", bytes, SHOWN_MAX);
    if (piece == 0 || piece >= bytes.n)
        return send_all(l->fd, bytes.p, bytes.n);
    for (size_t at = 0; at < bytes.n; at += piece) {
        size_t n = bytes.n - at < piece ? bytes.n - at : piece;
        if (!send_all(l->fd, bytes.p + at, n))
            return false;
        if (pause_ms > 0)
            line_sleep(pause_ms);
    }
    return true;
}

bool line_receive(struct line *l, size_t max, uint64_t end_ms, struct text *talk)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    uint64_t now = line_now();
    if (l->ended || poll(&p, 1, end_ms > now ? (int)(end_ms - now) : 0) != 1)
        return false;
    size_t shown = line_rest(l).n == 0 ? SHOWN_MAX : SHOWN_MORE;
    char *dst = text_reserve(&l->in, max);
    ssize_t n = recv(l->fd, dst, max, 0);
    if (n > 0) {
        text_show(talk, "< ", str_make(dst, (size_t)n), shown);
        l->in.n += (size_t)n;
        return true;
    }
    l->ended = true;
    l->broken = n < 0;
    text_printf(talk, "< (%s)\n", n < 0 ? "reset" : "end");
    return false;
}

void line_end(struct line *l)
{
    (void)shutdown(l->fd, SHUT_WR); /* a peer that is gone shows in what comes */
}

void line_close(struct line *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
    text_done(&l->in);
}

uint64_t line_now(void)
{
    return now_ms();
}

time_t line_wall(void)
{
    return time(NULL);
}

void line_sleep(int ms)
{
    sleep_ms(ms);
}
