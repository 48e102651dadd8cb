/* floor: the least a server can do, as a measure for the others.
 *
 *     floor FILE [close|"" [PORT]]
 *
 * Prints the port of 127.0.0.1 that it has (without PORT a free one), then answers whatever
 * arrives there with FILE: one recv and one send of a ready answer, or above 16 KiB a send with
 * MSG_MORE and sendfile. It parses nothing: what arrives first of all is taken for one request, and
 * every request for as long as that (load asks its first alone). With "close" a connection is good
 * for one answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONNS_MAX = 65536, ANSWERS_MAX = 64, COPIED_MAX = 16384, REQUEST_MAX = 4096 };

struct conn {
    bool readable;
    size_t answers; /* asked for and not begun */
    size_t left;    /* bytes still to send of what is begun */
};

static struct conn conns[CONNS_MAX]; /* by descriptor */
static char *ready;                  /* ANSWERS_MAX answers one behind the other, or one head */
static size_t answer_n;              /* of one answer, head and content */
static size_t sent_as_file;          /* the last so many bytes of it come from `file` */
static int file;
static size_t request_n; /* 0: nothing came yet */
static bool close_each;

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* About the fields that the others send, so that all move the same number of bytes. */
static void prepare(const char *path)
{
    char head[512];
    struct stat st;
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &st) < 0)
        die(path);
    size_t size = (size_t)st.st_size;
    size_t head_n = (size_t)snprintf(head, sizeof head,
                                     "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                                     "Content-Type: application/octet-stream\r\n"
                                     "Content-Length: %zu\r\nLast-Modified: Thu, 01 Jan 1970 "
                                     "00:00:00 GMT\r\nETag: \"0123456789abcdef-400\"\r\n%s\r\n",
                                     size, close_each ? "Connection: close\r\n" : "");
    answer_n = head_n + size;
    sent_as_file = size > COPIED_MAX ? size : 0;
    size_t kept = answer_n - sent_as_file;
    ready = malloc(kept * ANSWERS_MAX);
    if (!ready)
        die("malloc");
    memcpy(ready, head, head_n);
    if (!sent_as_file && pread(file, ready + head_n, size, 0) != st.st_size)
        die(path);
    for (size_t i = 1; i < ANSWERS_MAX; i++)
        memcpy(ready + i * kept, ready, kept);
}

/* All answers that are owed, from the end of the ready ones; or one that ends in the file. */
static ssize_t send_some(int fd, const struct conn *c)
{
    if (!sent_as_file)
        return send(fd, ready + ANSWERS_MAX * answer_n - c->left, c->left, 0);
    if (c->left > sent_as_file)
        return send(fd, ready + answer_n - c->left, c->left - sent_as_file, MSG_MORE);
    off_t at = (off_t)(sent_as_file - c->left);
    return sendfile(fd, file, &at, c->left);
}

/* False when the socket is full, or dead: that is seen by the next recv. */
static bool flush(int fd, struct conn *c)
{
    while (c->answers || c->left) {
        if (!c->left) {
            size_t begun = sent_as_file ? 1 : c->answers;
            c->left = begun * answer_n;
            c->answers -= begun;
        }
        ssize_t n = send_some(fd, c);
        if (n < 0)
            return false;
        c->left -= (size_t)n;
    }
    return true;
}

static void converse(int fd, struct conn *c)
{
    static char in[REQUEST_MAX * ANSWERS_MAX];
    while (flush(fd, c) && c->readable) {
        size_t room = request_n ? request_n * ANSWERS_MAX : REQUEST_MAX;
        ssize_t n = recv(fd, in, room, 0);
        if (n < 0 && errno == EAGAIN) {
            c->readable = false;
            return;
        }
        if (n <= 0) {
            close(fd);
            return;
        }
        request_n = request_n ? request_n : (size_t)n;
        c->answers = (size_t)n / request_n;
        c->readable = (size_t)n == room;
        if (close_each && flush(fd, c)) {
            close(fd);
            return;
        }
    }
}

static void welcome(int ep, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
        if (fd >= CONNS_MAX || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) < 0)
            die("a connection more");
        conns[fd] = (struct conn){0};
    }
}

static int open_listener(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)atoi(port))};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, 4096) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        die("listen");
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "floor: see the head of floor.c\n");
        return 2;
    }
    close_each = argc > 2 && strcmp(argv[2], "close") == 0;
    prepare(argv[1]);
    signal(SIGPIPE, SIG_IGN); /* sendfile has no MSG_NOSIGNAL */
    int listener = open_listener(argc > 3 ? argv[3] : "0"), ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[256], e = {.events = EPOLLIN, .data.fd = listener};
    if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e) < 0)
        die("epoll");
    for (;;) {
        int n = epoll_wait(ep, events, 256, -1);
        for (int i = 0; i < n; i++) {
            struct conn *c = &conns[events[i].data.fd];
            if (events[i].data.fd == listener) {
                welcome(ep, listener);
                continue;
            }
            c->readable |= (events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0;
            converse(events[i].data.fd, c);
        }
    }
}
