/* accesslog: a line per request, and nothing per request when it is off.
 *
 * Lines are put into one of two buffers of the worker; a full one, or one older than the flush
 * interval, is written by a thread beside the loop while the other fills. When both are full the
 * line is dropped and counted, and the count is told in the error log: a slow disk or a stuck pipe
 * never holds up a request. What a write that fails could not write is lost and counted as well:
 * told when it begins, and how many when it is over. Half a line that was written is ended with the
 * worker's next one; another worker's may come between. Bytes from the peer are escaped, so a line
 * is one line and JSON is JSON. */
#ifndef SKIFF_SERVER_ACCESSLOG_H
#define SKIFF_SERVER_ACCESSLOG_H

#include "io/loop.h"
#include "server/request.h"
#include "server/settings.h"

enum { ACCESSLOG_LINE_MAX = 8 * 1024 }; /* longer values are cut */

struct accesslog; /* one per worker */

/* Writes to `fd` (taken over). Called while nobody is connected (io/appender.h). NULL with errno
 * when the machine refuses: `fd` stays the caller's. */
struct accesslog *accesslog_new(const struct access_log_conf *conf, int fd, struct loop *l);
/* Writes what is buffered, waiting at most `wait_ms`, and closes. NULL is fine. */
void accesslog_free(struct accesslog *a, uint32_t wait_ms);
/* The request is finished: r->head or r->log tell what was asked, r->resp and r->sent what was
 * answered. */
void accesslog_write(struct accesslog *a, const struct request *r);
/* Renders what r->head says into r->log (in the request's arena), so that the head can go; at most
 * 1 KiB. false when memory is out: nothing changed. */
bool accesslog_capture(const struct accesslog *a, struct request *r);
/* What is buffered goes to the old file, everything later to `fd` (taken over); on a disk so slow
 * that the other buffer is still being written, what shares the filling one with older lines goes
 * with them. */
void accesslog_switch(struct accesslog *a, int fd);
/* A flush is due: called by the worker's timer, about every conf->buffer.flush_ms. */
void accesslog_tick(struct accesslog *a);
/* Lines that were dropped or lost so far. */
uint64_t accesslog_dropped(const struct accesslog *a);

#endif
