/* refuse: makes one system call fail, so that error returns are reached that the kernel seldom
 * gives. It holds for the rest of the test's process, for Check forks one for each test, and for
 * the servers that it starts. */
#ifndef SKIFF_TESTS_REFUSE_H
#define SKIFF_TESTS_REFUSE_H

#include "support/unit.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static inline void add_filter(struct sock_filter *code, unsigned short n)
{
    struct sock_fprog filter = {.len = n, .filter = code};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

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
    add_filter(code, sizeof code / sizeof code[0]);
}

/* The same whatever its arguments are. */
static inline void refuse_all_calls(unsigned call, unsigned error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    add_filter(code, sizeof code / sizeof code[0]);
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

/* Sets a soft limit of a worker; done by somebody with its user: even root needs a capability for
 * others' limits. */
static inline void limit_worker(pid_t worker, int which, rlim_t soft)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("nobody") : getpwuid(geteuid());
    struct rlimit r;
    int status;
    ck_assert_ptr_nonnull(user);
    pid_t helper = fork();
    if (helper == 0)
        _exit(setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
              setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0 ||
              prlimit(worker, (__rlimit_resource_t)which, NULL, &r) < 0 ||
              (r.rlim_cur = soft < r.rlim_max ? soft : r.rlim_max,
               prlimit(worker, (__rlimit_resource_t)which, &r, NULL) < 0));
    ck_assert_int_eq(waitpid(helper, &status, 0), helper);
    ck_assert_int_eq(status, 0);
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
