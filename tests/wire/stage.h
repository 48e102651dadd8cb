/* stage: a play that runs: its connections, its names, and the record for the report. */
#ifndef SKIFF_TESTS_WIRE_STAGE_H
#define SKIFF_TESTS_WIRE_STAGE_H

#include "support/launcher.h"
#include "wire/line.h"
#include "wire/transcript.h"

enum { STAGE_LINES_MAX = 8 };

enum { STAGE_EACH, STAGE_VALUE, STAGE_ROUND, STAGE_DIR, STAGE_PORT, STAGE_VALUES };

struct stage {
    const struct server *server;
    const struct play *play;
    unsigned step; /* from 1; 0: the case is its only step */
    struct line lines[STAGE_LINES_MAX];
    unsigned count;
    struct text talk; /* what was said so far */
    char port[8];
    struct text_value values[STAGE_VALUES + 1];
};

void stage_open(struct stage *st, const struct server *s, const struct play *p);
void stage_close(struct stage *st);
/* The connection of that name, opened when it is new. */
struct line *stage_line(struct stage *st, struct str name);
/* A text with the play's names filled in; for text_done(). */
struct text stage_fill(const struct stage *st, const struct yaml_node *n);
/* A number, which may be one of the play's names. */
uint64_t stage_count(struct stage *st, const struct yaml_node *n);
/* Fails the test, with all that was said. */
_Noreturn void stage_fail(struct stage *st, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
