/* check: the last words of a process whose own state is wrong. */
#include "base/check.h"

#include "base/log.h"

#include <stdlib.h>

_Noreturn void check_failed(const char *file, int line, const char *what)
{
    log_error("%s:%d: must hold: %s; aborting", file, line, what);
    abort();
}
