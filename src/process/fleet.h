/* fleet: all workers, of all generations, and who accepts from which slot.
 *
 * What must stay true: every slot of the current generation is accepted from by its own worker or,
 * while that one is dead or does not answer, by a sibling. A new generation serves beside the
 * current one until all of it serves; only then does the old one finish. */
#ifndef SKIFF_PROCESS_FLEET_H
#define SKIFF_PROCESS_FLEET_H

#include "process/child.h"

enum {
    PING_MS = 2000,                 /* between an answer and the next question */
    HUNG_MS = 5000,                 /* without an answer: a sibling takes over */
    HUNG_KILL_MS = 60 * 1000,       /* without an answer: killed and started again */
    START_MAX_MS = 30 * 1000,       /* for a new generation to serve */
    FINISH_GRACE_MS = 1000,         /* after a reload, until idle connections are closed */
    FINISH_MAX_MS = 60 * 1000,      /* for the requests in hand; config.md: drain.deadline */
    STOP_MAX_MS = 2000,             /* from the order to stop to SIGKILL */
    BACK_OFF_WITHIN_MS = 10 * 1000, /* the third death of a slot within this time is delayed */
    BACK_OFF_MIN_MS = 500,          /* doubled by each further death ... */
    BACK_OFF_MAX_MS = 10 * 1000,    /* ... up to this */
    GENERATIONS_MAX = 4,            /* that finish at a time; a further reload waits */
    CHILDREN_MAX = SLOTS_MAX * (GENERATIONS_MAX + 2),
};

struct slot {
    struct child *child;   /* its worker; NULL: none lives */
    struct child *carrier; /* the sibling that accepts for it; NULL: none has to, or can */
    uint64_t deaths_ms[2]; /* the last but one, and the last; 0: none */
    uint32_t delay_ms;     /* of the last start after a death */
    uint64_t start_ms;     /* when it is started again; 0: it is not due */
};

struct fleet {
    struct link children; /* of struct child: all that live */
    uint32_t count;
    struct generation *current; /* NULL until the first serves */
    struct generation *next;    /* starting; NULL: none */
    uint32_t next_ready;        /* of its workers serve */
    bool next_failed;
    uint64_t next_deadline_ms;
    bool is_leaving; /* nothing is started any more */
    struct slot slots[SLOTS_MAX];
    struct heritage heritage;
};

/* No children and no generation. */
void fleet_init(struct fleet *f, struct heritage heritage);
/* Starts the workers of a new generation, which the fleet takes over. */
void fleet_begin(struct fleet *f, struct generation *g, uint64_t now_ms);

enum fleet_next { NEXT_NONE, NEXT_STARTING, NEXT_SERVES, NEXT_FAILED };
/* How the new generation is doing. */
enum fleet_next fleet_next(const struct fleet *f);
/* All of it serves: it becomes the current one, and the old one finishes. */
void fleet_switch(struct fleet *f, uint64_t now_ms);
/* It failed: what there is of it finishes, and the current one goes on. */
void fleet_abandon(struct fleet *f, uint64_t now_ms);

/* A child has something to say. */
void fleet_listen(struct fleet *f, struct child *c, uint64_t now_ms);
/* A process ended, with waitpid's status; strangers are ignored. */
void fleet_bury(struct fleet *f, pid_t pid, int status, uint64_t now_ms);
/* Does what is due: asks, takes over, starts again, ends what does not leave. */
void fleet_tend(struct fleet *f, uint64_t now_ms);
/* When fleet_tend has something to do next. */
uint64_t fleet_due(const struct fleet *f, uint64_t now_ms);
/* How many generations there are, those that finish included. */
uint32_t fleet_generations(const struct fleet *f);

/* All finish their requests and leave; nothing is started any more. */
void fleet_finish(struct fleet *f, uint64_t now_ms);
/* All leave at once. */
void fleet_stop(struct fleet *f, uint64_t now_ms);
/* Frees the generations; no child may live. */
void fleet_done(struct fleet *f);

#endif
