/* cpus: the affinity mask, and the quota in the cgroup file system. */
#include "process/cpus.h"

#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CPUS_MAX = 8192, /* what the kernel supports */
    LINE_MAX_BYTES = 8192,
    LEVELS_MAX = 64, /* of groups above ours: deeper trees are not met */
};

/* What the quota's files are called, by version of cgroups. */
struct cgroup {
    char mount[PATH_MAX]; /* where it is mounted */
    char root[PATH_MAX];  /* which group is mounted there */
    char group[PATH_MAX]; /* ours */
    bool is_v2;
};

/* --- the mask --- */

static cpu_set_t *mask_get(size_t *size)
{
    cpu_set_t *mask = CPU_ALLOC(CPUS_MAX);
    *size = CPU_ALLOC_SIZE(CPUS_MAX);
    if (!mask)
        return NULL;
    if (sched_getaffinity(0, *size, mask) == 0)
        return mask;
    CPU_FREE(mask);
    return NULL;
}

static uint32_t mask_count(void)
{
    size_t size;
    cpu_set_t *mask = mask_get(&size);
    if (!mask)
        return 1;
    uint32_t n = (uint32_t)CPU_COUNT_S(size, mask);
    CPU_FREE(mask);
    return n;
}

int cpus_pin(uint32_t n)
{
    size_t size;
    int result = 0;
    cpu_set_t *mask = mask_get(&size);
    if (!mask)
        return -errno;
    uint32_t skip = n % (uint32_t)CPU_COUNT_S(size, mask);
    size_t cpu = 0;
    for (;; cpu++)
        if (CPU_ISSET_S(cpu, size, mask) && skip-- == 0)
            break;
    CPU_ZERO_S(size, mask);
    CPU_SET_S(cpu, size, mask);
    if (sched_setaffinity(0, size, mask) < 0)
        result = -errno;
    CPU_FREE(mask);
    return result;
}

/* --- the quota --- */

static bool has_word(struct str list, struct str word)
{
    while (list.p)
        if (str_eq(str_cut(&list, ','), word))
            return true;
    return false;
}

static bool put_path(char out[PATH_MAX], const char *prefix, struct str path)
{
    int n = snprintf(out, PATH_MAX, "%s%.*s", prefix, (int)path.n, path.p);
    return n < PATH_MAX;
}

/* "36 35 98:0 /root /mount options - type source super,options": is it the one we look for? */
static bool read_mount(struct cgroup *g, struct str line, const char *prefix)
{
    struct str word[5], type;
    for (int i = 0; i < 5; i++)
        word[i] = str_cut(&line, ' ');
    while (line.p && !str_eq(str_cut(&line, ' '), STR("-")))
        ; /* optional fields */
    type = str_cut(&line, ' ');
    (void)str_cut(&line, ' ');
    if (!line.p)
        return false;
    bool fits = g->is_v2 ? str_eq(type, STR("cgroup2"))
                         : str_eq(type, STR("cgroup")) && has_word(line, STR("cpu"));
    return fits && put_path(g->root, "", word[3]) && put_path(g->mount, prefix, word[4]);
}

/* "4:cpu,cpuacct:/group", in version 2 "0::/group". */
static bool read_group(struct cgroup *g, struct str line)
{
    struct str number = str_cut(&line, ':'), controllers = str_cut(&line, ':');
    if (!line.p)
        return false;
    bool fits = g->is_v2 ? str_eq(number, STR("0")) && str_is_empty(controllers)
                         : has_word(controllers, STR("cpu"));
    return fits && put_path(g->group, "", line);
}

/* Looks through a file until a line fits. */
static bool find_line(struct cgroup *g, const char *dir, const char *name, const char *prefix)
{
    char path[PATH_MAX], text[LINE_MAX_BYTES];
    bool found = false;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return false;
    FILE *f = fopen(path, "re");
    while (f && !found && fgets(text, sizeof text, f)) {
        struct str rest = str_of(text);
        struct str line = str_cut(&rest, '\n');
        found = prefix ? read_mount(g, line, prefix) : read_group(g, line);
    }
    if (f)
        (void)fclose(f); /* only read */
    return found;
}

/* A number from a file; false when there is none ("max", -1, no file). */
static bool read_numbers(const char *path, uint64_t *first, uint64_t *second)
{
    char text[64] = "";
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ok = fgets(text, sizeof text, f) != NULL;
    (void)fclose(f); /* only read */
    struct str rest = str_of(text), line = str_cut(&rest, '\n');
    struct str a = str_cut(&line, ' ');
    ok = ok && str_to_u64(a, INT64_MAX / 1000, first);
    return ok && (!second || (line.p && str_to_u64(line, INT64_MAX, second)));
}

/* The quota of the group in `dir`; 0: none. */
static uint64_t group_quota(const struct cgroup *g, const char *dir)
{
    char path[PATH_MAX + 32];
    uint64_t quota = 0, period = 0;
    bool ok;
    if (g->is_v2) {
        (void)snprintf(path, sizeof path, "%s/cpu.max", dir);
        ok = read_numbers(path, &quota, &period);
    } else {
        (void)snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", dir);
        ok = read_numbers(path, &quota, NULL);
        (void)snprintf(path, sizeof path, "%s/cpu.cfs_period_us", dir);
        ok = ok && read_numbers(path, &period, NULL);
    }
    if (!ok || quota == 0 || period == 0)
        return 0;
    uint64_t milli = quota * 1000 / period;
    return milli > 0 ? milli : 1;
}

/* The smallest quota from our group up to the mount point: each level limits all below it. */
static uint64_t smallest_quota(const struct cgroup *g)
{
    char dir[PATH_MAX];
    uint64_t smallest = 0;
    struct str root = str_of(g->root), group = str_of(g->group);
    if (str_eq(root, STR("/")))
        root.n = 0;
    /* In a container the group can be named from outside of what is mounted: then the mount is it.
     */
    struct str below = str_starts(group, root) ? str_from(group, root.n) : STR("");
    if (below.n > 0 && (below.p[0] != '/' || memmem(below.p, below.n, "/..", 3)))
        below.n = 0;
    for (int level = 0; level < LEVELS_MAX; level++) {
        while (below.n > 0 && below.p[below.n - 1] == '/')
            below.n--;
        if (!put_path(dir, g->mount, below))
            return smallest;
        uint64_t quota = group_quota(g, dir);
        if (quota > 0 && (smallest == 0 || quota < smallest))
            smallest = quota;
        if (below.n == 0)
            break;
        below.n = (size_t)str_find_last(below, '/');
    }
    return smallest;
}

uint64_t cpus_quota_milli(const char *proc_self, const char *prefix)
{
    uint64_t smallest = 0;
    for (int version = 1; version <= 2; version++) {
        struct cgroup g = {.is_v2 = version == 2};
        if (!find_line(&g, proc_self, "cgroup", NULL) ||
            !find_line(&g, proc_self, "mountinfo", prefix))
            continue;
        uint64_t quota = smallest_quota(&g);
        if (quota > 0 && (smallest == 0 || quota < smallest))
            smallest = quota;
    }
    return smallest;
}

uint32_t cpus_smaller(uint32_t mask, uint64_t quota_milli)
{
    uint64_t quota = quota_milli / 1000 + (quota_milli % 1000 != 0);
    uint64_t n = quota_milli > 0 && quota < mask ? quota : mask;
    return n > 0 ? (uint32_t)n : 1;
}

uint32_t cpus_usable(char how[CPUS_TEXT])
{
    uint32_t mask = mask_count();
    uint64_t quota = cpus_quota_milli("/proc/self", "");
    if (quota > 0)
        (void)snprintf(how, CPUS_TEXT, "CPUs in the mask: %u, cgroup quota: %" PRIu64 ".%03u", mask,
                       quota / 1000, (unsigned)(quota % 1000));
    else
        (void)snprintf(how, CPUS_TEXT, "CPUs in the mask: %u, no cgroup quota", mask);
    return cpus_smaller(mask, quota);
}
