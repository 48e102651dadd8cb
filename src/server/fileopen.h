/* fileopen: asks the disk what a name is, and makes an entry of the cache from the answer. */
#ifndef SKIFF_SERVER_FILEOPEN_H
#define SKIFF_SERVER_FILEOPEN_H

#include "server/filecache.h"

struct fileopen {
    struct filecache *cache;
    const struct file_wish *wish; /* impatient: the disk is not waited for */
    enum disk_links links;        /* the root's, or stricter */
    uint32_t hash;
    struct trail trail;
    bool passing; /* nothing tells of its changes yet: good for this answer alone */
};

/* Would opening it wait for the disk? */
bool fileopen_is_cold(const struct fileopen *o);
/* Is its beginning in memory, if it is sent from its descriptor? Who is patient need not know. */
bool fileopen_is_at_hand(const struct fileopen *o, const struct file *f);
/* Opens it, and reads it when it is small and `may_read`. The entry has one pin, the caller's, and
 * is in no list. NULL with errno: EAGAIN when the disk would have to be waited for, ESTALE when the
 * file changed while it was read, ENOMEM. */
struct file *fileopen_new(const struct fileopen *o, bool may_read);
/* Is what the entry says still what the disk says? 1 or 0; -EAGAIN when the disk would have to be
 * waited for; another -errno that disk_is_trouble() when it cannot be asked. */
int fileopen_confirms(const struct fileopen *o, const struct file *f);

#endif
