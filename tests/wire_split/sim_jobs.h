/* sim_jobs: what is given to threads is done when the player says so; in place of io/offload.c. */
#ifndef SKIFF_TESTS_WIRE_SPLIT_SIM_JOBS_H
#define SKIFF_TESTS_WIRE_SPLIT_SIM_JOBS_H

#include "io/offload.h"

/* Does what waits; false when nothing did. */
bool sim_jobs_run(struct offload *o);

#endif
