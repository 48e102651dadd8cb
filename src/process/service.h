/* service: what a long-running process owes the system it runs on.
 *
 * Standard descriptors that are open, a pid file that tells the truth, a way to the background
 * that reports how the start went. */
#ifndef SKIFF_PROCESS_SERVICE_H
#define SKIFF_PROCESS_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

/* Opens /dev/null where 0, 1 or 2 are closed: else the first socket would become "stdout". */
bool service_open_standard(void);

/* A pid file is locked as long as its process lives, so a stale one is told from a live one even
 * when the number is used again. */
struct pid_file {
    const char *path; /* NULL: none */
    int fd;           /* holds the lock; -1: none */
};

/* Writes it, replacing a stale one. false after one line in the log. `path` must stay. */
bool pid_file_take(struct pid_file *p, const char *path);
/* Removes it when it is still ours, and lets go. */
void pid_file_drop(struct pid_file *p);

/* Goes to the background: returns in the child with the pipe to report to in *report. The parent
 * waits, and exits with 0 when service_report() was called, else as the child did. false after one
 * line in the log. */
bool service_detach(int *report);
/* Lets go of the terminal: 0, 1 and 2 become /dev/null. */
void service_silence(void);
/* Tells the waiting parent that all is well. */
void service_report(int report);

#endif
