/* direct: the calls of every request and connection, made to the kernel directly.
 *
 * They are points where a thread can be cancelled, for which the C library does a hundred
 * instructions each once there is, or was, a second thread. No thread of ours is ever cancelled.
 * Arguments, results and errno are those of the calls whose names they bear; what they write is
 * unknown to a sanitizer. */
#ifndef SKIFF_IO_DIRECT_H
#define SKIFF_IO_DIRECT_H

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline ssize_t direct_recv(int fd, void *dst, size_t cap)
{
    return syscall(SYS_recvfrom, fd, dst, cap, 0, NULL, NULL);
}

static inline ssize_t direct_send(int fd, const void *src, size_t n, int flags)
{
    return syscall(SYS_sendto, fd, src, n, flags, NULL, 0);
}

static inline ssize_t direct_sendmsg(int fd, const struct msghdr *m, int flags)
{
    return syscall(SYS_sendmsg, fd, m, flags);
}

static inline int direct_accept(int fd, struct sockaddr *from, socklen_t *n, int flags)
{
    return (int)syscall(SYS_accept4, fd, from, n, flags);
}

static inline int direct_close(int fd)
{
    return (int)syscall(SYS_close, fd);
}

static inline int direct_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return (int)syscall(SYS_epoll_pwait, fd, events, max, timeout_ms, NULL, (size_t)0);
}

#endif
