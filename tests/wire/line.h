/* line: one connection of a play, and the record of what was said on it.
 *
 * Everything sent and received goes into the talk, which is what a failed test shows. */
#ifndef SKIFF_TESTS_WIRE_LINE_H
#define SKIFF_TESTS_WIRE_LINE_H

#include "support/launcher.h"
#include "wire/text.h"

#include <time.h>

enum { LINE_WAIT_MS = 5000 }; /* for anything that must come */

struct line {
    struct str name;
    int fd;
    struct text in;
    size_t read;      /* bytes of `in` that were understood */
    bool ended;       /* the peer's end of file was seen */
    bool broken;      /* it was a reset */
    bool said_close;  /* the last answer announced the end */
    bool half_closed; /* we have ended our side */
    bool over;        /* what happens to it no longer matters */
};

/* Connects to the server. */
void line_open(struct line *l, const struct server *s);
/* What follows on the wire and is not understood yet. */
struct str line_rest(const struct line *l);
/* Sends in pieces of `piece` bytes with a pause between them; piece 0: all at once. false when the
 * peer is gone. */
bool line_send(struct line *l, struct str bytes, size_t piece, int pause_ms, struct text *talk);
/* Ends our side. */
void line_end(struct line *l);
/* Waits for more until `end_ms` (of line_now), at most `max` bytes; false when none came. */
bool line_receive(struct line *l, size_t max, uint64_t end_ms, struct text *talk);
void line_close(struct line *l);

/* The time in which connections live: milliseconds that only go forward, and seconds since 1970. */
uint64_t line_now(void);
time_t line_wall(void);
void line_sleep(int ms);

#endif
