/* launcher_talk: connections to the server under test, and what it answers. */
#include "support/launcher.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int port_dial(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = LAUNCH_WAIT_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int server_dial(const struct server *s)
{
    int fd = port_dial(s->port);
    ck_assert_msg(fd >= 0, "port %u: %s", s->port, strerror(errno));
    return fd;
}

bool send_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

bool send_text(int fd, const char *text)
{
    return send_all(fd, text, strlen(text));
}

/* Bytes as they come in; always terminated. */
struct input {
    char *bytes;
    size_t size, room;
    bool closed, failed;
};

/* Reads what is there, at most `max` bytes; false when nothing came within the time. */
static bool read_some(struct input *in, int fd, size_t max, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, wait_ms) != 1)
        return false;
    if (in->room - in->size < max + 1) {
        in->room = (in->size + max + 1) * 2;
        in->bytes = realloc(in->bytes, in->room);
        ck_assert_ptr_nonnull(in->bytes);
    }
    ssize_t n = recv(fd, in->bytes + in->size, max, 0);
    in->closed = n <= 0;
    in->failed = n < 0;
    in->size += n > 0 ? (size_t)n : 0;
    in->bytes[in->size] = '\0';
    return n > 0;
}

char *read_to_end(int fd, int wait_ms, size_t *n, bool *closed)
{
    struct input in = {.bytes = calloc(1, 1), .room = 1};
    while (read_some(&in, fd, 65536, wait_ms))
        ;
    if (n)
        *n = in.size;
    if (closed)
        *closed = in.closed;
    return in.bytes;
}

/* The value of Content-Length, or -1. `head` is terminated. */
static long long content_length(const char *head)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, "content-length:", 15) == 0)
            return strtoll(line + 17, NULL, 10);
    return -1;
}

/* How many bytes follow the head; -1: until the end. */
static long long content_size(const struct answer *a, const char *head, bool head_only)
{
    if (head_only || a->status < 200 || a->status == 204 || a->status == 304)
        return 0;
    return content_length(head);
}

/* Byte by byte, so that nothing of a next answer is taken. */
static bool read_head(struct input *in, int fd)
{
    while (in->size < 4 || memcmp(in->bytes + in->size - 4, "\r\n\r\n", 4) != 0)
        if (in->size > 65536 || !read_some(in, fd, 1, LAUNCH_WAIT_MS))
            return false;
    return true;
}

bool answer_read(int fd, bool head_only, struct answer *a)
{
    struct input in = {.bytes = calloc(1, 1), .room = 1};
    *a = (struct answer){0};
    bool ok = read_head(&in, fd) && sscanf(in.bytes, "HTTP/1.1 %3d ", &a->status) == 1;
    size_t head = in.size;
    if (ok) {
        long long left = content_size(a, in.bytes, head_only);
        size_t whole = left < 0 ? SIZE_MAX : head + (size_t)left;
        while (in.size < whole) {
            size_t want = whole - in.size < 65536 ? whole - in.size : 65536;
            if (!read_some(&in, fd, want, LAUNCH_WAIT_MS))
                break;
        }
        ok = left < 0 ? in.closed && !in.failed : in.size == whole;
    }
    a->bytes = in.bytes;
    a->size = in.size;
    a->body = in.bytes + head;
    a->body_size = in.size - head;
    a->closed = in.closed;
    return ok;
}

void answer_free(struct answer *a)
{
    free(a->bytes);
    *a = (struct answer){0};
}

int server_fetch(const struct server *s, const char *path, struct answer *a)
{
    char request[2048];
    struct answer own;
    struct answer *to = a ? a : &own;
    *to = (struct answer){0};
    int fd = port_dial(s->port), status = 0;
    if (fd < 0)
        return 0;
    (void)snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    if (send_text(fd, request) && answer_read(fd, false, to))
        status = to->status;
    (void)close(fd);
    if (!a)
        answer_free(&own);
    return status;
}
