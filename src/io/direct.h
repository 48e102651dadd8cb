/* direct: the calls of every request and connection, made to the kernel directly.
 *
 * They are points where a thread can be cancelled, for which the C library does a hundred
 * instructions each once there is, or was, a second thread. No thread of ours is ever cancelled.
 * Arguments, results and errno are those of the calls whose names they bear; what they write is
 * unknown to a sanitizer. */
#ifndef SKIFF_IO_DIRECT_H
#define SKIFF_IO_DIRECT_H

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
/* The convention is the kernel's (syscall(2)): all registers but these two stay as they are, where
 * around a function's call their contents have to be saved. */
static inline long direct_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result = number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    if ((unsigned long)result <= -4096UL)
        return result;
    errno = (int)-result;
    return -1;
}
#else
#define direct_call syscall
#endif

static inline ssize_t direct_recv(int fd, void *dst, size_t cap)
{
    return direct_call(SYS_recvfrom, fd, (long)dst, (long)cap, 0, 0, 0);
}

static inline ssize_t direct_send(int fd, const void *src, size_t n, int flags)
{
    return direct_call(SYS_sendto, fd, (long)src, (long)n, flags, 0, 0);
}

static inline ssize_t direct_sendmsg(int fd, const struct msghdr *m, int flags)
{
    return direct_call(SYS_sendmsg, fd, (long)m, flags, 0, 0, 0);
}

static inline int direct_accept(int fd, struct sockaddr *from, socklen_t *n, int flags)
{
    return (int)direct_call(SYS_accept4, fd, (long)from, (long)n, flags, 0, 0);
}

static inline int direct_close(int fd)
{
    return (int)direct_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline int direct_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return (int)direct_call(SYS_epoll_pwait, fd, (long)events, max, timeout_ms, 0, 0);
}

#endif
