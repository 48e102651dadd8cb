/* appender: appends lines to a file, from a thread beside the loop.
 *
 * The thread lives as long as the appender and has a descriptor table of its own, which holds
 * nothing but the file: beside a thread that shares the table each system call of the loop costs
 * more, for the kernel then counts references to descriptors (2 % of a small request). What is to
 * be done and what came of it are datagrams of a socket pair, on which the loop never waits; a new
 * file comes with one of them. Where no thread is to be had the loop writes itself: slower, and
 * still right.
 */
#ifndef SKIFF_IO_APPENDER_H
#define SKIFF_IO_APPENDER_H

#include "base/str.h"
#include "io/loop.h"

#include <pthread.h>

/* Where lines go: one at a time, known to whoever writes. */
struct log_file {
    int fd;
    bool is_torn; /* a write that failed left half a line at its end */
};

struct write_outcome {
    size_t n;  /* bytes of the text that were written */
    int error; /* why not all of them were; 0: they were */
};

struct appender {
    struct source src; /* the loop's end of the pair */
    struct loop *loop;
    void (*done)(struct appender *a, struct write_outcome o); /* on the loop, for each write */
    bool is_busy;                                             /* a write is not done() */
    bool has_thread;
    pthread_t thread;
    int thread_end;       /* of the pair */
    struct log_file file; /* the thread's; without one the loop's */
    bool has_outcome;     /* of a write that the thread did not make */
    struct write_outcome outcome;
};

/* Writes to `fd` (taken over). false with errno when the kernel refuses: `fd` stays the caller's.
 * Called while nobody is connected: the thread has copies of all descriptors for a moment. */
bool appender_init(struct appender *a, struct loop *l, int fd,
                   void (*done)(struct appender *a, struct write_outcome o));
/* Writes whole lines, which must stay until done(); not while another write is busy. Half a line
 * that an earlier write left at the end of the file is ended first. */
void appender_write(struct appender *a, struct str lines);
/* What is written from now on goes to `fd` (taken over). */
void appender_switch(struct appender *a, int fd);
/* Closes the file and ends the thread. false: it is busy, and `a` and the lines must stay, for it
 * still uses them. */
bool appender_done(struct appender *a);

#endif
