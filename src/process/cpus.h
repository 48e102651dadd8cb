/* cpus: how many CPUs this server may use, and where from that is known.
 *
 * The smaller of the affinity mask and the cgroup quota (v1 or v2, of the own group or any above
 * it) rounded up: in a container the mask often shows the whole machine. */
#ifndef SKIFF_PROCESS_CPUS_H
#define SKIFF_PROCESS_CPUS_H

#include <stddef.h>
#include <stdint.h>

enum { CPUS_TEXT = 96 };

/* At least 1. `how` says in words what it was computed from. */
uint32_t cpus_usable(char how[CPUS_TEXT]);
/* Thousandths of a CPU that the cgroup allows; 0: as many as there are. `proc_self` holds the files
 * `cgroup` and `mountinfo`; `prefix` is put before the mount points found there ("" but in tests).
 */
uint64_t cpus_quota_milli(const char *proc_self, const char *prefix);
/* The smaller of both, rounded up, at least 1. */
uint32_t cpus_smaller(uint32_t mask, uint64_t quota_milli);
/* Puts the calling process on the n-th CPU of its mask, counted round; 0 or -errno. */
int cpus_pin(uint32_t n);

#endif
