/* sock: addresses, listening sockets, accepted sockets and their options.
 *
 * Everything here is done by the master before privileges drop, except sock_accept and
 * sock_has_input. */
#ifndef SKIFF_IO_SOCK_H
#define SKIFF_IO_SOCK_H

#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* "127.0.0.1:8080", "[::1]:8080", "[::]:80", "*:80" (every IPv4 address), "unix:/path",
 * "unix:@name" is refused. */
struct address {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un unix_;
    } sa;
};

/* NULL when it is one; else what is wrong, as a sentence part that names the mend. A missing port
 * is wrong. The unix path must fit sun_path. */
const char *address_parse(struct str text, struct address *out);
bool address_is_unix(const struct address *a);
bool address_eq(const struct address *a, const struct address *b);
/* Do both have one port, and is one of them every address? While one is open the other is in use.
 */
bool address_overlaps(const struct address *a, const struct address *b);
enum { ADDRESS_TEXT = 128 };
/* As address_parse reads it, terminated; returns the length. */
size_t address_print(const struct address *a, char out[ADDRESS_TEXT]);

/* The peer of a connection, 20 bytes. */
struct peer {
    uint8_t family; /* AF_INET, AF_INET6 or AF_UNIX */
    uint8_t spare;
    uint16_t port;    /* host order */
    uint8_t addr[16]; /* IPv4 in the first four */
};
void peer_from(const struct sockaddr *sa, struct peer *out);
enum { PEER_TEXT = 48 };
/* The address without the port ("10.0.0.1", "::1", "unix"), terminated; returns the length. */
size_t peer_print(const struct peer *p, char out[PEER_TEXT]);

enum sock_sharing {
    SOCK_ALONE,
    SOCK_SHARED,       /* with all of this user that share it too (SO_REUSEPORT) */
    SOCK_SHARED_LATER, /* alone while it is opened, so that nobody else has it; then shared */
};
struct listen_options {
    uint32_t backlog;
    enum sock_sharing sharing;
    bool v6only;             /* IPv6 only: false also takes IPv4 */
    uint32_t defer_accept_s; /* 0: off */
    uint32_t fastopen;       /* queue length; 0: off */
    const char *congestion;  /* NULL: the system's */
    mode_t unix_mode;        /* of a unix socket's file */
};

/* Why a socket could not be opened: for the one line an operator reads. */
struct sock_error {
    int error;        /* errno */
    const char *what; /* "bind", "listen", "congestion control", ... */
};

/* A listening, non-blocking, close-on-exec socket with TCP_NODELAY set (inherited by accepted
 * ones), or -1. A stale unix socket file (nobody answers) is replaced, a live one is EADDRINUSE,
 * any other file at the path is never touched. */
int sock_listen(const struct address *a, const struct listen_options *o, struct sock_error *e);
/* Is the address free? Binds once with SO_REUSEADDR only and closes: SO_REUSEPORT would hide that
 * another server has it. true for unix addresses. */
bool sock_probe(const struct address *a, bool v6only, struct sock_error *e);
/* accept4 with SOCK_NONBLOCK | SOCK_CLOEXEC; -1 with errno. */
int sock_accept(int listener, struct peer *peer);
/* Are there bytes that nobody has read yet? */
bool sock_has_input(int fd);

#endif
