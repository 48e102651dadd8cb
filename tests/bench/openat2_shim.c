/* openat2_shim: lets a valgrind that does not know openat2 run the server, to count instructions.
 *
 * Preloaded, it answers that one call with openat. Nothing confines paths then: never use it to
 * serve anybody. The other calls cost what they cost with the C library, and two instructions. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

/* openat2(at, path, how, size) as it is called by number. */
long without_openat2(long number, int at, const char *path, const struct open_how *how);

long without_openat2(long number, int at, const char *path, const struct open_how *how)
{
    (void)number;
    return openat(at, path, (int)how->flags);
}

#ifndef __x86_64__
#error "written for x86-64"
#endif

#define TEXT(number)    #number
#define TEXT_OF(number) TEXT(number)

/* long syscall(long number, ...) */
__asm__(".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        "    cmp $" TEXT_OF(SYS_openat2) ", %edi\n"
                                         "    je without_openat2@PLT\n"
                                         "    mov %rdi, %rax\n"
                                         "    mov %rsi, %rdi\n"
                                         "    mov %rdx, %rsi\n"
                                         "    mov %rcx, %rdx\n"
                                         "    mov %r8, %r10\n"
                                         "    mov %r9, %r8\n"
                                         "    mov 8(%rsp), %r9\n"
                                         "    syscall\n"
                                         "    cmp $-4095, %rax\n"
                                         "    jae 1f\n"
                                         "    ret\n"
                                         "1:  neg %eax\n"
                                         "    push %rax\n"
                                         "    call __errno_location@PLT\n"
                                         "    pop %rcx\n"
                                         "    mov %ecx, (%rax)\n"
                                         "    mov $-1, %rax\n"
                                         "    ret\n");
