/* verdict: does an answer say what the transcript expects? */
#ifndef SKIFF_TESTS_WIRE_VERDICT_H
#define SKIFF_TESTS_WIRE_VERDICT_H

#include "support/wire_answer.h"
#include "wire/stage.h"

/* `expect` is a status or a map, see talk.h; a difference fails the test. */
void verdict_check(struct stage *st, const struct wire_answer *a, const struct yaml_node *expect,
                   bool bodiless);

#endif
