/* confine: who a worker is, and how a process becomes that for good.
 *
 * The identity is looked up once, in the master; a worker takes it on while it has one thread
 * (credentials and capabilities are per thread in the kernel), in the order groups, gid, uid, and
 * then makes sure that there is no way back. The master borrows it to ask what a worker may open.
 */
#ifndef SKIFF_PROCESS_CONFINE_H
#define SKIFF_PROCESS_CONFINE_H

#include "server/settings.h"

#include <sys/types.h>

enum { IDENTITY_GROUPS_MAX = 256 };

struct identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[IDENTITY_GROUPS_MAX]; /* supplementary */
    int group_count;
    bool is_changed; /* not who the master is: false when not started as root */
    bool is_assumed; /* nobody, because nothing was said */
    char name[64];   /* for messages */
};

/* Who workers shall be. false after one line in the log: no such user, or not ours to choose. */
bool identity_find(const struct process_conf *conf, struct identity *out);
/* The same by number, for a folder's owner; root becomes nobody. */
bool identity_find_uid(uid_t uid, gid_t gid, struct identity *out);
/* Until it is given back, files are opened with its rights: only the ids and capabilities that
 * count for files change (credentials(7)), so that nobody else can signal or trace us meanwhile.
 * For a process of one thread. false after one line in the log; then nothing has changed. */
bool confine_borrow(const struct identity *id, struct identity *own);
void confine_give_back(const struct identity *own);
/* Becomes it, for good. false after one line in the log: the process must end. */
bool confine_drop(const struct identity *id);

#endif
