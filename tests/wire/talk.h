/* talk: plays one case, step by step.
 *
 * What a step may say, in the order in which it is done:
 *     on: other              the connection meant; opened when first named
 *     files: {...}           changes the docroot (folder.h)
 *     wait: 300ms
 *     request: GET /a        one line: "HTTP/1.1" and "Host: localhost" are added; several lines: a
 *                            head as it stands, its empty line is added
 *     send: "bytes"          exactly these, behind the head of `request`, if any; or a list of
 *                            texts, {repeat: text, times: N} (@N@ is the round), {hex: "16 03"}
 *     pieces: 1              sends so many bytes at a time, `every: 5ms`
 *     half_close: true       ends our side
 *     read: 64KiB            takes so many bytes and leaves them for a later `expect`
 *     expect: 200            a status, or a map, or a list of these for several answers
 *     silent: 200ms          nothing comes for so long
 *     closed: true           the peer closes, cleanly, and the answer before has said so if this
 *                            step expected one
 *     after, before: 1s      when all this is done, counted from the step's beginning
 *     leave: true            nobody cares for the connection any more
 *
 * A map of `expect` has status, reason, fields (name to value or {matches: regex}), absent (names),
 * body, size, contains, same_as (a file of the docroot), bodiless (it answers HEAD), cut (it ends
 * before its length).
 *
 * An answer that says "Connection: close" without `closed` fails. An error answer must have a small
 * HTML page unless `body` or the like says otherwise. At the end of a case every connection that
 * should live is asked for "/" as its last request, which must be answered, and nothing else: so
 * nothing stray was sent before. */
#ifndef SKIFF_TESTS_WIRE_TALK_H
#define SKIFF_TESTS_WIRE_TALK_H

#include "support/launcher.h"
#include "wire/transcript.h"

void talk_play(const struct server *s, const struct play *p);

#endif
