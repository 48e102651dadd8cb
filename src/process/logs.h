/* logs: the descriptors that the error log and the access log are written to.
 *
 * The master opens both, with its privileges, and workers get them as descriptors: so the folder
 * of the logs can be closed to the workers' user. */
#ifndef SKIFF_PROCESS_LOGS_H
#define SKIFF_PROCESS_LOGS_H

#include "server/settings.h"

struct logs {
    int error;
    int access; /* -1: off */
};

/* false after one line in the log; then nothing is open. */
bool logs_open(const struct log_conf *conf, struct logs *out);
/* Closes what was opened; stdout and stderr stay. */
void logs_close(struct logs *l);

#endif
