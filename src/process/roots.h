/* roots: what handlers open in the master, with its privileges.
 *
 * A root below a folder that only root may enter is served all the same: workers start from the
 * open descriptor. That their user can enter the root itself is asked at start, as that user. */
#ifndef SKIFF_PROCESS_ROOTS_H
#define SKIFF_PROCESS_ROOTS_H

#include "process/confine.h"
#include "server/settings.h"

/* Lets each configured handler open what it needs; *count is how many did. false after one line in
 * the log; then nothing is open. */
bool roots_open(const struct config *c, uint32_t *count);
void roots_close(const struct config *c);
/* Can workers enter the folders that are open? false after one line in the log that names the first
 * that they cannot. */
bool roots_check(const struct config *c, const struct identity *id);

#endif
