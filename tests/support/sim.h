/* sim: the real state machine on a fake transport, a fake disk and a fake clock.
 *
 * Bytes arrive and the peer's window opens only as the player says, so every split of the input
 * and every short write can be played; nothing here touches a socket. The fake disk, sim_disk.c,
 * takes the place of io/disk.c in programs that link it first; others keep the real one. */
#ifndef SKIFF_TESTS_SIM_H
#define SKIFF_TESTS_SIM_H

#include "base/str.h"
#include "server/conn.h"
#include "server/worker.h"

enum { SIM_OUTPUT_MAX = 4 * 1024 * 1024, SIM_FILES_MAX = 16 };

struct sim {
    struct worker worker;
    struct config *config;
    struct conn *conn; /* NULL before sim_connect */
    struct str input;  /* everything the peer will ever send */
    size_t arrived;    /* how much of it is here */
    size_t taken;      /* how much of that was read */
    bool ended;        /* the peer's end of file has arrived too */
    bool shut;         /* we have said that nothing more will come */
    bool closed;
    size_t window; /* bytes the peer takes now */
    char *output;  /* what it got */
    size_t output_n;
    unsigned sends; /* calls that wrote */
};

/* A worker with this configuration (YAML). Aborts when it is not accepted. */
struct sim *sim_new(const char *config_text);
void sim_free(struct sim *s);
/* Puts a file below the fake root; contents are borrowed. Parent folders exist by themselves. */
void sim_file(const char *path, struct str contents);
void sim_no_files(void);
/* From now on that file ends after n bytes, whatever was said before. */
void sim_truncate(const char *path, size_t n);

/* That file is not in memory until a thread has read it. */
void sim_cool(const char *path);
/* ... and not even then: the kernel never says that it is. */
void sim_freeze(const char *path);
/* How often a cold file was opened or read all the same: that would have waited for the disk. */
unsigned sim_disk_waits(void);
/* How often it was said of an open file that it is not in memory. */
unsigned sim_disk_refusals(void);

/* A fresh connection that will send `input`. */
void sim_connect(struct sim *s, struct str input);
/* n more bytes arrive (as many as are left), then the machine runs. */
void sim_arrive(struct sim *s, size_t n);
/* The peer's end of file arrives. */
void sim_end(struct sim *s);
/* The peer takes n more bytes. */
void sim_open_window(struct sim *s, size_t n);
/* The clock moves and deadlines fire. */
void sim_sleep(struct sim *s, uint64_t ms);
/* Runs what is on the run list until it is empty. */
void sim_run(struct sim *s);
/* Ends the connection and checks that everything borrowed was given back. */
void sim_disconnect(struct sim *s);

/* Plays `input` to its end: arrivals and windows of random sizes up to the given ones, from a seed
 * (SIZE_MAX: all at once). The peer ends its side at last. What was answered stays until the next
 * play. */
struct str sim_play(struct sim *s, struct str input, size_t arrive_max, size_t window_max,
                    uint32_t seed);

#endif
