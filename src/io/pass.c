/* pass: sendmsg and recvmsg with one control message. */
#include "io/pass.h"

#include "base/check.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(PASS_MAX * sizeof(int))];
};

bool pass_send(int to, const void *message, size_t n, const int *fds, unsigned count)
{
    union control control = {0};
    struct iovec v = {.iov_base = (void *)(uintptr_t)message, .iov_len = n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    CHECK(count <= PASS_MAX);
    if (count > 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE(count * sizeof *fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof *fds);
        memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
    }
    return sendmsg(to, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
}

ssize_t pass_receive(int from, void *message, size_t n, int flags, struct passed *got)
{
    union control control;
    struct iovec v = {.iov_base = message, .iov_len = n};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    ssize_t r = recvmsg(from, &m, flags | MSG_CMSG_CLOEXEC);
    *got = (struct passed){0};
    struct cmsghdr *c = r >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        got->count = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(got->fds, CMSG_DATA(c), got->count * sizeof(int));
    }
    got->is_cut = r >= 0 && (m.msg_flags & MSG_CTRUNC);
    return r;
}
