/* disk: openat2 and statx.
 *
 * One openat2 and one statx is the whole cost of a miss. Asking for the kind first (O_PATH, fstat,
 * then /proc/self/fd) would double it for every file, to spare devices that no root should hold:
 * O_NONBLOCK and O_NOCTTY make opening a FIFO or a terminal harmless, and what is not a regular
 * file or a directory is closed again unread. */
#include "io/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN_TRIES = 8 }; /* a rename while the kernel walks a path with ".." makes it say EAGAIN */

static int openat2(int at, const char *path, uint64_t flags, uint64_t resolve)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
    int tries = resolve & RESOLVE_CACHED ? 1 : OPEN_TRIES;
    long fd;
    do
        fd = syscall(SYS_openat2, at, path, &how, sizeof how);
    while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));
    return fd < 0 ? -errno : (int)fd;
}

bool disk_is_supported(void)
{
    int fd = openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
    if (fd >= 0)
        (void)close(fd); /* only its being there was asked */
    return fd >= 0;
}

int disk_open_root(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int disk_reopen_root(const char *path, int fd)
{
    struct stat was, is;
    int fresh = disk_open_root(path);
    if (fresh < 0)
        return fresh;
    bool is_same = fstat(fd, &was) == 0 && fstat(fresh, &is) == 0 && was.st_dev == is.st_dev &&
                   was.st_ino == is.st_ino;
    int result = is_same ? 0 : dup3(fresh, fd, O_CLOEXEC) >= 0 ? 1 : -errno;
    (void)close(fresh); /* a path-only descriptor */
    return result;
}

static uint64_t resolve_flags(enum disk_links links)
{
    switch (links) {
    case LINKS_DENY:
        return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    case LINKS_INSIDE_ROOT:
        return RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    case LINKS_FOLLOW:
        break;
    }
    return RESOLVE_NO_MAGICLINKS;
}

static int64_t nanoseconds(struct statx_timestamp t)
{
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

int disk_stat(int fd, struct disk_file *out)
{
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
        return -errno;
    bool is_mounted = st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
    *out = (struct disk_file){
        .fd = fd,
        .kind = S_ISREG(st.stx_mode)   ? DISK_FILE
                : S_ISDIR(st.stx_mode) ? DISK_DIRECTORY
                                       : DISK_OTHER,
        .size = st.stx_size,
        .mtime_ns = nanoseconds(st.stx_mtime),
        .ctime_ns = nanoseconds(st.stx_ctime),
        .dev = makedev(st.stx_dev_major, st.stx_dev_minor),
        .ino = st.stx_ino,
        .has_other_names = S_ISREG(st.stx_mode) && (st.stx_nlink > 1 || is_mounted),
    };
    return 0;
}

static int open_with(int root, const char *path, uint64_t resolve, struct disk_file *out)
{
    if (*path == '/')
        return -EXDEV; /* as RESOLVE_BENEATH says; LINKS_FOLLOW would take it for absolute */
    int fd = openat2(root, *path ? path : ".", O_RDONLY | O_NONBLOCK | O_NOCTTY, resolve);
    if (fd == -ENXIO || fd == -ENODEV) { /* a socket, or a device that is not there */
        *out = (struct disk_file){.fd = -1, .kind = DISK_OTHER};
        return 0;
    }
    if (fd < 0)
        return fd;
    int r = disk_stat(fd, out);
    if (r == 0 && out->kind != DISK_OTHER)
        return 0;
    (void)close(fd); /* nothing was done with it */
    out->fd = -1;
    return r;
}

int disk_open(int root, const char *path, enum disk_links links, struct disk_file *out)
{
    return open_with(root, path, resolve_flags(links), out);
}

int disk_open_cached(int root, const char *path, enum disk_links links, struct disk_file *out)
{
    int r = open_with(root, path, resolve_flags(links) | RESOLVE_CACHED, out);
    return r == -EINVAL ? disk_open(root, path, links, out) : r; /* before Linux 5.12 */
}

static bool has_byte(int fd, off_t at)
{
    char byte;
    struct iovec v = {&byte, 1};
    return preadv2(fd, &v, 1, at, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

bool disk_is_cached(int fd, off_t at, size_t n)
{
    return has_byte(fd, at) && has_byte(fd, at + (off_t)n - 1);
}

void disk_read_ahead(int fd, off_t at, size_t n)
{
    char scratch[32 * 1024];
    /* Few large reads instead of many that grow, and what comes next is under way meanwhile. */
    (void)posix_fadvise(fd, at, 2 * (off_t)n, POSIX_FADV_WILLNEED); /* or it is slower */
    for (size_t done = 0; done < n; done += sizeof scratch) {
        size_t part = n - done < sizeof scratch ? n - done : sizeof scratch;
        if (disk_read(fd, scratch, part, at + (off_t)done) != (ssize_t)part)
            return;
    }
}

void disk_warm(int root, const char *path, enum disk_links links)
{
    struct disk_file d;
    if (disk_open(root, path, links, &d) != 0 || d.fd < 0)
        return;
    if (d.kind == DISK_FILE)
        disk_read_ahead(d.fd, 0, d.size < DISK_WARM_MAX ? d.size : DISK_WARM_MAX);
    (void)close(d.fd); /* it was only read */
}

int disk_look(int root, const char *path, enum disk_links links, struct disk_file *out)
{
    if (*path == '/')
        return -EXDEV;
    int fd = openat2(root, *path ? path : ".", O_PATH, resolve_flags(links));
    if (fd < 0)
        return fd;
    int r = disk_stat(fd, out);
    (void)close(fd); /* a path-only descriptor */
    out->fd = -1;
    return r;
}

static ssize_t read_with(int fd, struct iovec to, off_t at, int flags)
{
    size_t got = 0;
    while (got < to.iov_len) {
        struct iovec left = {(char *)to.iov_base + got, to.iov_len - got};
        ssize_t r = preadv2(fd, &left, 1, at + (off_t)got, flags);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -errno;
        if (r == 0)
            break;
        got += (size_t)r;
    }
    return (ssize_t)got;
}

ssize_t disk_read(int fd, void *dst, size_t n, off_t at)
{
    return read_with(fd, (struct iovec){dst, n}, at, 0);
}

ssize_t disk_read_cached(int fd, void *dst, size_t n, off_t at)
{
    ssize_t r = read_with(fd, (struct iovec){dst, n}, at, RWF_NOWAIT);
    return r == -EOPNOTSUPP ? disk_read(fd, dst, n, at) : r; /* the file system cannot tell */
}

bool disk_same(const struct disk_file *a, const struct disk_file *b)
{
    return a->kind == b->kind && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}
