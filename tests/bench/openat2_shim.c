/* openat2_shim: lets a valgrind that does not know openat2 run the server, to count instructions.
 *
 * Preloaded, it answers that one call with openat. Nothing confines paths then: never use it to
 * serve anybody. */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>

long syscall(long number, ...)
{
    long a[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_openat2)
        return openat((int)a[0], (const char *)a[1], (int)((struct open_how *)a[2])->flags);
    long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
