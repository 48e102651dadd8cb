/* line: one connection of a play, and the record of what was said on it.
 *
 * Everything sent and received goes into the talk, which is what a failed test shows. */
#ifndef SKIFF_TESTS_WIRE_LINE_H
#define SKIFF_TESTS_WIRE_LINE_H

#include "wire/text.h"

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

/* What follows on the wire and is not understood yet. */
struct str line_rest(const struct line *l);
/* Sends in pieces of `piece` bytes with a pause between them; piece 0: all at once. false when the
 * peer is gone. */
bool line_send(struct line *l, struct str bytes, size_t piece, int pause_ms, struct text *talk);
/* Waits for more until `end_ms` (of now_ms), at most `max` bytes; false when none came. */
bool line_receive(struct line *l, size_t max, uint64_t end_ms, struct text *talk);
void line_close(struct line *l);

#endif
