/* disk: opens and reads below a root that no path and no symlink can leave.
 *
 * openat2 with RESOLVE_BENEATH makes the kernel itself refuse escapes. Opens never block on a FIFO
 * or a device (O_NONBLOCK), and only regular files and directories come back. This is also the
 * seam where tests make every error reachable: they link their own. */
#ifndef SKIFF_IO_DISK_H
#define SKIFF_IO_DISK_H

#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum disk_links {
    LINKS_DENY,        /* no symlink anywhere in the path */
    LINKS_INSIDE_ROOT, /* relative ones that stay inside; absolute ones are refused */
    LINKS_FOLLOW,      /* any, wherever they lead */
};

enum disk_kind { DISK_FILE, DISK_DIRECTORY, DISK_OTHER /* FIFO, socket, device: fd is -1 */ };

/* What one statx of the open descriptor said: these always agree with each other. */
struct disk_file {
    int fd; /* the caller's; -1 for DISK_OTHER */
    enum disk_kind kind;
    uint64_t size;
    int64_t mtime_ns, ctime_ns;
    uint64_t dev, ino;
    bool has_other_names; /* hard links, or it is mounted there: written through another folder */
};

/* Is openat2 there? Without it the server does not start. */
bool disk_is_supported(void);
/* A directory to serve from (O_PATH | O_DIRECTORY), or -errno. `path` is terminated. */
int disk_open_root(const char *path);
/* Makes `fd` the directory that `path` is now. 1 when that is another than it was, 0 when not, or
 * -errno: then it stays what it was. A thread that uses it meanwhile meets the one or the other. */
int disk_reopen_root(const char *path, int fd);
/* Is an error of these calls the machine's trouble, such as EMFILE or EIO, and nothing that the
 * name alone is to blame for? The next try may fare better. */
static inline bool disk_is_trouble(int error)
{
    switch (error) {
    case 0:
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV:
    case ENAMETOOLONG:
        return false;
    default:
        return true;
    }
}

/* Opens `path` (terminated, relative, no leading slash; "" or "." is the root itself) for
 * reading. 0, or -errno: ENOENT, ENOTDIR, EACCES, ELOOP and EXDEV (a refused symlink), EMFILE... */
int disk_open(int root, const char *path, enum disk_links links, struct disk_file *out);
/* The same by what the kernel remembers alone: -EAGAIN when the disk would have to be waited for.
 * Where the kernel cannot tell, it is waited for. */
int disk_open_cached(int root, const char *path, enum disk_links links, struct disk_file *out);
enum { DISK_WARM_MAX = 1024 * 1024 }; /* bytes of a file's beginning */
/* Opens it and reads DISK_WARM_MAX bytes, to have them in memory. May wait: for threads. */
void disk_warm(int root, const char *path, enum disk_links links);
/* Are n bytes of an open file in memory, as far as its first and last byte tell. */
bool disk_is_cached(int fd, off_t at, size_t n);
/* Reads them. May wait: for threads. */
void disk_read_ahead(int fd, off_t at, size_t n);
/* What `path` leads to, by the same rules, without opening it for reading: *out has no descriptor.
 * 0 or -errno. */
int disk_look(int root, const char *path, enum disk_links links, struct disk_file *out);
/* Reads exactly n bytes at `at`; the count really read (less when the file is shorter), or -errno.
 */
ssize_t disk_read(int fd, void *dst, size_t n, off_t at);
/* The same from memory alone: -EAGAIN when some of it is not there. */
ssize_t disk_read_cached(int fd, void *dst, size_t n, off_t at);
/* The same stat as disk_open's, of a descriptor at hand; 0 or -errno. */
int disk_stat(int fd, struct disk_file *out);
/* Same file, same contents, as far as a stat can tell (dev, ino, size, mtime, ctime). */
bool disk_same(const struct disk_file *a, const struct disk_file *b);

#endif
