/* sock: the calls around a socket's birth. */
#include "io/sock.h"

#include "base/units.h"
#include "io/direct.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- addresses --- */

static const char *parse_unix(struct str path, struct address *out)
{
    struct sockaddr_un *sa = &out->sa.unix_;
    if (path.n == 0 || path.p[0] != '/')
        return "a unix socket needs an absolute path: unix:/run/skiff/http.sock";
    if (path.n >= sizeof sa->sun_path)
        return "this path is too long for a unix socket (107 bytes)";
    sa->sun_family = AF_UNIX;
    memcpy(sa->sun_path, path.p, path.n);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
    return NULL;
}

static const char *parse_v6(struct str host, uint16_t port, struct address *out)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in6 *sa = &out->sa.v6;
    if (host.n >= sizeof text)
        return "this is not an IPv6 address";
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    *sa = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET6, text, &sa->sin6_addr) != 1)
        return "this is not an IPv6 address";
    out->len = sizeof *sa;
    return NULL;
}

static const char *parse_v4(struct str host, uint16_t port, struct address *out)
{
    char text[INET_ADDRSTRLEN];
    struct sockaddr_in *sa = &out->sa.v4;
    *sa = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    out->len = sizeof *sa;
    if (str_eq(host, STR("*")))
        return NULL;
    if (host.n < sizeof text) {
        memcpy(text, host.p, host.n);
        text[host.n] = '\0';
        if (inet_pton(AF_INET, text, &sa->sin_addr) == 1)
            return NULL;
    }
    return "this is not an address: write 127.0.0.1:8080, \"*:8080\", \"[::]:8080\" or unix:/path";
}

const char *address_parse(struct str text, struct address *out)
{
    memset(out, 0, sizeof *out);
    if (str_find(text, '\0') >= 0)
        return "an address has no NUL byte";
    if (str_starts(text, STR("unix:")))
        return parse_unix(str_from(text, 5), out);
    ptrdiff_t colon = str_find_last(text, ':');
    bool bracketed = text.n > 0 && text.p[0] == '[';
    if (colon < 0 || (bracketed && (colon == 0 || text.p[colon - 1] != ']')))
        return "the port is missing: write 127.0.0.1:8080 or \"[::1]:8080\"";
    uint64_t port;
    if (!str_to_u64(str_from(text, (size_t)colon + 1), UINT16_MAX, &port) || port == 0)
        return "the port must be a number from 1 to 65535";
    struct str host = str_make(text.p, (size_t)colon);
    if (bracketed)
        return parse_v6(str_make(host.p + 1, host.n - 2), (uint16_t)port, out);
    if (str_find(host, ':') >= 0)
        return "an IPv6 address is written in brackets: \"[::1]:8080\"";
    return parse_v4(host, (uint16_t)port, out);
}

bool address_is_unix(const struct address *a)
{
    return a->sa.any.sa_family == AF_UNIX;
}

bool address_eq(const struct address *a, const struct address *b)
{
    return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

static bool is_every(const struct address *a)
{
    if (a->sa.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&a->sa.v6.sin6_addr);
    return a->sa.any.sa_family == AF_INET && a->sa.v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

static in_port_t port_of(const struct address *a)
{
    return a->sa.any.sa_family == AF_INET6 ? a->sa.v6.sin6_port : a->sa.v4.sin_port;
}

bool address_overlaps(const struct address *a, const struct address *b)
{
    return !address_is_unix(a) && !address_is_unix(b) && port_of(a) == port_of(b) &&
           (is_every(a) || is_every(b));
}

size_t address_print(const struct address *a, char out[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    int n;
    switch (a->sa.any.sa_family) {
    case AF_UNIX:
        n = snprintf(out, ADDRESS_TEXT, "unix:%s", a->sa.unix_.sun_path);
        break;
    case AF_INET6:
        (void)inet_ntop(AF_INET6, &a->sa.v6.sin6_addr, host, sizeof host); /* it fits */
        n = snprintf(out, ADDRESS_TEXT, "[%s]:%u", host, ntohs(a->sa.v6.sin6_port));
        break;
    default:
        (void)inet_ntop(AF_INET, &a->sa.v4.sin_addr, host, sizeof host); /* it fits */
        n = snprintf(out, ADDRESS_TEXT, "%s:%u", host, ntohs(a->sa.v4.sin_port));
    }
    return (size_t)n;
}

void peer_from(const struct sockaddr *sa, struct peer *out)
{
    *out = (struct peer){.family = (uint8_t)sa->sa_family};
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sa;
        memcpy(out->addr, &v4->sin_addr, 4);
        out->port = ntohs(v4->sin_port);
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)sa;
        out->port = ntohs(v6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) { /* an IPv4 peer on a dual-stack socket */
            out->family = AF_INET;
            memcpy(out->addr, v6->sin6_addr.s6_addr + 12, 4);
        } else {
            memcpy(out->addr, &v6->sin6_addr, 16);
        }
    }
}

/* As inet_ntop, which takes its time, and there is one in each line of an access log. */
static size_t print_ipv4(const uint8_t addr[4], char out[PEER_TEXT])
{
    char *p = out;
    for (int i = 0; i < 4; i++) {
        p += units_print_u64(addr[i], p);
        *p++ = '.';
    }
    p[-1] = '\0';
    return (size_t)(p - 1 - out);
}

size_t peer_print(const struct peer *p, char out[PEER_TEXT])
{
    if (p->family != AF_INET && p->family != AF_INET6) {
        memcpy(out, "unix", 5);
        return 4;
    }
    if (p->family == AF_INET)
        return print_ipv4(p->addr, out);
    (void)inet_ntop(p->family, p->addr, out, PEER_TEXT); /* it fits */
    return strlen(out);
}

/* --- listening --- */

static int fail(int fd, const char *what, struct sock_error *e)
{
    *e = (struct sock_error){.error = errno, .what = what};
    if (fd >= 0)
        (void)close(fd); /* nothing was sent on it */
    return -1;
}

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* The option that the kernel refused, or NULL. */
static const char *set_tcp_options(int fd, const struct address *a, const struct listen_options *o)
{
    if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return "SO_REUSEADDR";
    if (o->sharing == SOCK_SHARED && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return "SO_REUSEPORT";
    if (a->sa.any.sa_family == AF_INET6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, o->v6only))
        return "IPV6_V6ONLY";
    if (!set(fd, IPPROTO_TCP, TCP_NODELAY, 1))
        return "TCP_NODELAY";
    if (o->defer_accept_s && !set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, (int)o->defer_accept_s))
        return "defer_accept";
    if (o->fastopen && !set(fd, IPPROTO_TCP, TCP_FASTOPEN, (int)o->fastopen))
        return "fastopen";
    if (o->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, o->congestion,
                                    (socklen_t)strlen(o->congestion)) != 0)
        return "congestion";
    return NULL;
}

/* Removes the socket file of a server that is gone. false with errno: somebody answers, or it is
 * not a socket. */
static bool remove_stale(const struct address *a)
{
    const char *path = a->sa.unix_.sun_path;
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    int error = connect(fd, &a->sa.any, a->len) < 0 ? errno : 0; /* EAGAIN: its queue is full */
    (void)close(fd);                                             /* nothing was sent on it */
    if (error == ECONNREFUSED)
        return unlink(path) == 0;
    errno = error == EACCES ? EACCES : EADDRINUSE;
    return false;
}

static bool bind_unix(int fd, const struct address *a, mode_t mode)
{
    if (!remove_stale(a))
        return false;
    mode_t before = umask(0777 & ~mode); /* so that it never exists with more */
    int r = bind(fd, &a->sa.any, a->len);
    umask(before);
    return r == 0;
}

int sock_listen(const struct address *a, const struct listen_options *o, struct sock_error *e)
{
    bool is_unix = address_is_unix(a);
    int fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(fd, "socket", e);
    const char *refused = is_unix ? NULL : set_tcp_options(fd, a, o);
    if (refused)
        return fail(fd, refused, e);
    bool bound = is_unix ? bind_unix(fd, a, o->unix_mode) : bind(fd, &a->sa.any, a->len) == 0;
    if (!bound)
        return fail(fd, "bind", e);
    /* Of two that bind at once the kernel refuses one here. */
    if (listen(fd, (int)o->backlog) < 0)
        return fail(fd, "listen", e);
    if (o->sharing == SOCK_SHARED_LATER && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1))
        return fail(fd, "SO_REUSEPORT", e);
    return fd;
}

/* The call that says the address cannot be had, or NULL. */
static const char *try_bind(int fd, const struct address *a, bool v6only)
{
    if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return "SO_REUSEADDR";
    if (a->sa.any.sa_family == AF_INET6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only))
        return "IPV6_V6ONLY";
    return bind(fd, &a->sa.any, a->len) < 0 ? "bind" : NULL;
}

bool sock_probe(const struct address *a, bool v6only, struct sock_error *e)
{
    if (address_is_unix(a))
        return true;
    int fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *refused = fd < 0 ? "socket" : try_bind(fd, a, v6only);
    if (refused) {
        (void)fail(fd, refused, e); /* it only takes notes */
        return false;
    }
    (void)close(fd); /* it was bound only to ask */
    return true;
}

int sock_accept(int listener, struct peer *peer)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage room;
    } from;
    socklen_t n = sizeof from;
    from.any.sa_family = AF_UNIX; /* an unnamed unix peer has no address at all */
    int fd = direct_accept(listener, &from.any, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        peer_from(&from.any, peer);
    return fd;
}

bool sock_has_input(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
