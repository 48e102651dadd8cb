/* refuse: makes one system call fail, so that error returns are reached that the kernel seldom
 * gives. It holds for the rest of the test's process: Check forks one for each test. */
#ifndef SKIFF_TESTS_REFUSE_H
#define SKIFF_TESTS_REFUSE_H

#include "support/unit.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* From now on `call` fails with `error` when its argument number `arg` is `value`. */
static inline void refuse_call(unsigned call, unsigned arg, unsigned value, unsigned error)
{
    unsigned at_arg = (unsigned)offsetof(struct seccomp_data, args) + 8 * arg;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at_arg),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* Sets a soft limit; the one before. */
static inline rlim_t limit(int which, rlim_t soft)
{
    struct rlimit r;
    ck_assert_int_eq(getrlimit((__rlimit_resource_t)which, &r), 0);
    rlim_t before = r.rlim_cur;
    r.rlim_cur = soft;
    ck_assert_int_eq(setrlimit((__rlimit_resource_t)which, &r), 0);
    return before;
}

/* File permissions hold for us too, and limits. */
static inline void stop_being_root(void)
{
    if (geteuid() == 0)
        ck_assert_int_eq(setresuid(NOBODY, NOBODY, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0); /* the leak checker looks in */
}

/* Undoes it, to clean up. */
static inline void be_root_again(void)
{
    if (getuid() == NOBODY && setresuid(0, 0, 0) != 0)
        return; /* it was nobody from the start */
}

#endif
