/* dispatch: from a parsed head to a queued answer.
 *
 * Route, handler, filters, head: everything that happens to a request between the parser and the
 * writer, in this order. Knows nothing of states or sockets. */
#ifndef SKIFF_SERVER_DISPATCH_H
#define SKIFF_SERVER_DISPATCH_H

#include "io/out.h"
#include "server/module.h"
#include "server/module_lines.h"

/* Bytes of an answer's head: what two levels may configure, or one and a location, beside a KiB of
 * our own. More is our fault: 500. */
enum { RESPONSE_HEAD_MAX = 2 * MODULE_LINES_MAX + 1024 };

/* Runs checks, route and handler, then conditions and ranges. V_READY: r->resp is filled in. */
enum verdict dispatch(struct request *r);
/* An answer without a handler: the head was refused with this status, or memory is out. */
void dispatch_refuse(struct request *r, uint16_t status);
/* The handler that waits is told that the client left. */
void dispatch_abandon(struct request *r);
/* Applies the filters and queues head and content; out_has_room(RESPONSE_HEAD_MAX) must hold.
 * false when memory is out: nothing was queued. */
bool dispatch_finish(struct request *r, struct out_pool *pool, struct out *o);

#endif
