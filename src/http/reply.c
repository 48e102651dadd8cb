/* reply: copies, in the order in which a reader of the wire looks for things. */
#include "http/reply.h"

#include "base/units.h"
#include "http/status.h"

#include <assert.h>

static const char server_and_date[] = "Server: skiff\r\nDate: ";
static const char only_date[] = "Date: ";
static const char chunked[] = "Transfer-Encoding: chunked\r\n";
static const char content_length[] = "Content-Length: ";
static const char keep_alive[] = "Connection: keep-alive\r\n";
static const char close_after[] = "Connection: close\r\n";
static const char crlf[] = "\r\n";

enum {
    DIGITS_MAX = 20,
    LENGTH_LINE_MAX = sizeof content_length + DIGITS_MAX + sizeof crlf,
    /* Everything but `fixed` and `extra`; each sizeof counts a NUL to spare. */
    REPLY_OWN_MAX = STATUS_LINE_MAX + sizeof server_and_date + HTTP_DATE_LEN + sizeof crlf +
                    LENGTH_LINE_MAX + sizeof keep_alive + sizeof crlf,
};
static_assert(sizeof chunked <= LENGTH_LINE_MAX && sizeof close_after <= sizeof keep_alive,
              "the longer of two alternatives is counted");

static char *put(char *p, struct str s)
{
    if (s.n)
        memcpy(p, s.p, s.n);
    return p + s.n;
}

/* Out of line, as is its room for digits: files bring theirs. */
static __attribute__((noinline)) char *put_length(char *p, int64_t length)
{
    if (length == LENGTH_CHUNKED)
        return put(p, STR(chunked));
    p = put(p, STR(content_length));
    p += units_print_u64((uint64_t)length, p);
    return put(p, STR(crlf));
}

static char *put_connection(char *p, enum reply_connection connection)
{
    switch (connection) {
    case REPLY_CLOSE:
        return put(p, STR(close_after));
    case REPLY_KEEP_1_0:
        return put(p, STR(keep_alive));
    case REPLY_KEEP:
        break;
    }
    return p;
}

size_t reply_max(const struct reply *r)
{
    return REPLY_OWN_MAX + r->fixed.n + r->extra.n;
}

static __attribute__((noinline)) char *put_any_beginning(char *p, uint16_t status,
                                                         bool hides_server)
{
    char scratch[STATUS_LINE_MAX];
    p = put(p, status_line(status, scratch));
    return put(p, hides_server ? STR(only_date) : STR(server_and_date));
}

/* Nearly always one of two, and copied as such. */
static char *put_beginning(char *p, const struct reply *r)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nServer: skiff\r\nDate: ",
                      not_modified[] = "HTTP/1.1 304 Not Modified\r\nServer: skiff\r\nDate: ";
    if (r->status == 200 && !r->hides_server)
        return mempcpy(p, ok, sizeof ok - 1);
    if (r->status == 304 && !r->hides_server)
        return mempcpy(p, not_modified, sizeof not_modified - 1);
    return put_any_beginning(p, r->status, r->hides_server);
}

size_t reply_write(const struct reply *r, char *dst)
{
    char *p = put_beginning(dst, r);
    p = mempcpy(p, r->date, HTTP_DATE_LEN);
    p = put(p, STR(crlf));
    if (r->length != LENGTH_NONE)
        p = put_length(p, r->length);
    p = put_connection(p, r->connection);
    p = put(p, r->fixed);
    p = put(p, r->extra);
    p = put(p, STR(crlf));
    return (size_t)(p - dst);
}
