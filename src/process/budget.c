/* budget: the limit of descriptors, shared out. */
#include "process/budget.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

enum { LIMIT_MAX = 100 * 1000 * 1000 }; /* "unlimited" is counted as this */

static const char how_to_raise[] = "raise it (LimitNOFILE= in a unit, ulimit -n in a shell)";

uint64_t budget_raise_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0)
        return 0;
    r.rlim_cur = r.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &r) < 0)
        return 0;
    return r.rlim_max < LIMIT_MAX ? r.rlim_max : LIMIT_MAX;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t share(uint32_t whole, uint32_t workers)
{
    return ((uint64_t)whole + workers - 1) / workers;
}

static void refuse(const struct budget_request *r, uint64_t connections, uint64_t files,
                   uint64_t others)
{
    char lower[128] = "lower files.cache.open_files";
    bool is_said = r->open_files != OPEN_FILES_AUTO;
    uint64_t left = r->limit - others, kept = is_said ? files : left / 4;
    uint64_t fitting = left > kept ? (left - kept) * r->workers : 0;
    if (r->max_connections > 0 && fitting > 0)
        (void)snprintf(lower, sizeof lower, "lower process.max_connections to %" PRIu64 "%s",
                       fitting, is_said ? ", or lower files.cache.open_files" : "");
    log_error("a worker may need %" PRIu64 " descriptors (%" PRIu64 " connections, %" PRIu64
              " cached files, %" PRIu64 " others); the hard limit is %" PRIu64 ": %s, or %s",
              connections + files + others, connections, files, others, r->limit, how_to_raise,
              lower);
}

bool budget_divide(const struct budget_request *r, struct budget *out)
{
    uint64_t others = larger((uint64_t)r->inherited + BUDGET_OWN, BUDGET_SPARE);
    uint64_t least = larger(others + 2, BUDGET_LIMIT_MIN);
    if (r->limit < least) {
        log_error("a worker needs at least %" PRIu64 " descriptors; the hard limit is %" PRIu64
                  ": %s",
                  least, r->limit, how_to_raise);
        return false;
    }
    /* What was not written gives way to what was. */
    uint64_t left = r->limit - others, files, connections;
    if (r->max_connections > 0) {
        connections = share(r->max_connections, r->workers);
        files = smaller(left / 4, left - smaller(connections, left));
    } else {
        files = left / 4;
        connections = left - files;
    }
    if (r->open_files != OPEN_FILES_AUTO) {
        files = share(r->open_files, r->workers);
        if (r->max_connections == 0)
            connections = larger(smaller(left - left / 4, left - smaller(files, left)), 1);
    }
    if (connections + files > left) {
        refuse(r, connections, files, others);
        return false;
    }
    *out = (struct budget){.connections = (uint32_t)connections, .files = (uint32_t)files};
    return true;
}
