/* sim_line: connections of a play that lead into the simulation.
 *
 * Takes the place of wire/line.c. What is sent arrives in two parts, cut at a chosen byte, or byte
 * by byte; what comes back is taken as the play reads it. Time passes only when nothing comes. */
#ifndef SKIFF_TESTS_WIRE_SPLIT_SIM_LINE_H
#define SKIFF_TESTS_WIRE_SPLIT_SIM_LINE_H

#include "support/sim.h"
#include "wire/line.h"

enum { CUT_NOWHERE = 0, CUT_EVERYWHERE = -1 };

/* The machine that connections lead to, and where what they send is cut: behind so many bytes, or
 * CUT_*. */
void sim_line_use(struct sim *s, long cut);
/* The most that was sent at once since then. */
size_t sim_line_longest(void);

#endif
