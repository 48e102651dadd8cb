/* request: one request and its answer.
 *
 * Slices into the input buffer; nothing is copied or allocated for an ordinary GET. It lives from
 * the complete head until the last byte of its answer was handed to the kernel: then `pin` drops
 * to zero, the access log and the counters are written, and it goes back to its pool. */
#ifndef SKIFF_SERVER_REQUEST_H
#define SKIFF_SERVER_REQUEST_H

#include "base/arena.h"
#include "base/body.h"
#include "base/list.h"
#include "base/pin.h"
#include "base/str.h"
#include "http/conditional.h"
#include "http/head.h"
#include "http/target.h"
#include "http/upload.h"

struct conn;
struct route;
struct vhost;

struct response {
    uint16_t status;    /* 0: nothing decided yet */
    bool close;         /* the connection ends after this answer */
    bool head_only;     /* content is described, not sent: HEAD */
    bool is_measured;   /* `fixed` has the Content-Length already */
    bool hides_server;  /* no Server line */
    bool is_configured; /* its lines go before inherited ones of the same name */
    struct str fixed;   /* field lines prepared long ago: the cache's, the route's */
    struct str extra;   /* field lines added for this request, in the arena */
    const struct validators *validators; /* of the representation; NULL: not known */
    struct pin *holds;   /* keeps `fixed` and `whole` alive: a cached file, or NULL */
    struct span whole;   /* the content, when it is one span ... */
    struct body *stream; /* ... or this, when it is produced as we go; else NULL */
};

struct request {
    struct pin pin;
    struct conn *conn;
    struct http_head *head;    /* pooled; NULL once the log has what it needs */
    struct arena *arena;       /* NULL until somebody allocates */
    const struct vhost *vhost; /* NULL until one is found */
    const struct route *route; /* the same */
    struct response resp;
    bool is_warming;     /* a thread touches the disk for it (server/warm.h) ... */
    struct link warming; /* ... with all that wait for the same ... */
    uint32_t warmed;     /* ... and has done so for this key */
    uint8_t warmings;    /* how often one did */
    void *waits_for;     /* a handler's own, from V_WAIT to its next call or abandon() */
    uint64_t began_us;   /* monotonic, when the head was complete */
    uint64_t starts_at;  /* what the queue had been given before this answer's first byte */
    uint32_t head_bytes; /* of the answer's head */
    uint64_t sent;       /* content bytes handed to the kernel; set when the request is finished */
    struct str log; /* the log line's request part, when `head` had to go early; .p NULL: not */
    /* Undefined, not empty, until they are filled in: */
    struct target target; /* ... when dispatch() begins */
    struct str path;      /* ... when it has seen the host: decoded, normalised, begins with '/';
                             points into head or arena */
    struct upload upload; /* ... when the answer is known and there is a body to read */
};

enum { REQUEST_NOTES = 1024 }; /* bytes that a request's arena begins with, from a pool */

/* Memory that lives as long as the request; NULL when memory is out. */
void *request_alloc(struct request *r, size_t n);

/* --- what handlers and filters use to answer --- */

/* An answer with a status, replacing whatever was there; content is the status's small page. */
void reply_status(struct request *r, uint16_t status);
/* The same, with no page: content is added by the caller. */
void reply_begin(struct request *r, uint16_t status);
/* Adds a field line "name: value". CR, LF and NUL in the value are our fault (CHECK). false when
 * memory is out: the answer is then a 503. */
bool reply_field(struct request *r, struct str name, struct str value);
/* Adds complete field lines, kept as they are. */
bool reply_lines(struct request *r, struct str lines);
/* Content from memory that lives as long as the request or its `holds`. */
void reply_memory(struct request *r, struct str content);
/* A redirect: Location and a small page. `location` must be an encoded URI reference. */
void reply_redirect(struct request *r, uint16_t status, struct str location);
/* 405 with Allow: `allow` is the list, "GET, HEAD". */
void reply_not_allowed(struct request *r, struct str allow);

/* Called once by whoever a handler waited for; handle() runs again. */
void request_resume(struct request *r);

#endif
