/* reply: copies, in the order in which a reader of the wire looks for things. */
#include "http/reply.h"

#include "base/units.h"
#include "http/status.h"

enum {
    DIGITS_MAX = 20,
    /* Everything but `fixed` and `extra`. */
    REPLY_OWN_MAX = STATUS_LINE_MAX + 6 + 35 + 2 + 15 + 16 + DIGITS_MAX + 2 + 28 + 24 + 2,
};

static char *put(char *p, struct str s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}

static char *put_length(char *p, int64_t length)
{
    if (length == LENGTH_CHUNKED)
        return put(p, STR("Transfer-Encoding: chunked\r\n"));
    if (length < 0)
        return p;
    p = put(p, STR("Content-Length: "));
    p += units_print_u64((uint64_t)length, p);
    return put(p, STR("\r\n"));
}

static char *put_connection(char *p, enum reply_connection connection)
{
    switch (connection) {
    case REPLY_CLOSE:
        return put(p, STR("Connection: close\r\n"));
    case REPLY_KEEP_1_0:
        return put(p, STR("Connection: keep-alive\r\n"));
    case REPLY_KEEP:
        break;
    }
    return p;
}

size_t reply_max(const struct reply *r)
{
    return REPLY_OWN_MAX + r->fixed.n + r->extra.n;
}

size_t reply_write(const struct reply *r, char *dst)
{
    char scratch[STATUS_LINE_MAX];
    char *p = put(dst, status_line(r->status, scratch));
    p = put(p, STR("Server: skiff\r\nDate: "));
    p = put(p, r->date);
    p = put(p, STR("\r\n"));
    p = put_length(p, r->length);
    p = put_connection(p, r->connection);
    p = put(p, r->fixed);
    p = put(p, r->extra);
    p = put(p, STR("\r\n"));
    return (size_t)(p - dst);
}
