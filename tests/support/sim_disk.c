/* sim_disk: a disk of a few files in memory, in place of io/disk.c. */
#include "base/check.h"
#include "io/disk.h"
#include "support/sim.h"

#include <errno.h>

enum { SIM_ROOT = 900, SIM_FD = 1000 }; /* numbers no real descriptor of a test has */

static struct sim_entry {
    const char *path;
    struct str contents;
    size_t length; /* what reading gives; contents.n is what fstat says */
    bool cold;     /* until a thread has read it ... */
    bool frozen;   /* ... and for ever */
} files[SIM_FILES_MAX];
static int file_count;
static unsigned waits, refusals;

void sim_no_files(void)
{
    file_count = 0;
    waits = refusals = 0;
}

void sim_file(const char *path, struct str contents)
{
    CHECK(file_count < SIM_FILES_MAX);
    files[file_count++] = (struct sim_entry){path, contents, contents.n, false, false};
}

void sim_truncate(const char *path, size_t n)
{
    for (int i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            files[i].length = n;
}

static struct sim_entry *find_entry(const char *path)
{
    for (int i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return NULL;
}

void sim_cool(const char *path)
{
    find_entry(path)->cold = true;
}

void sim_freeze(const char *path)
{
    sim_cool(path);
    find_entry(path)->frozen = true;
}

unsigned sim_disk_waits(void)
{
    return waits;
}

unsigned sim_disk_refusals(void)
{
    return refusals;
}

void disk_warm(int root, const char *path, enum disk_links links)
{
    struct sim_entry *e = find_entry(path);
    (void)root;
    (void)links;
    if (e)
        e->cold = e->frozen;
}

bool disk_is_cached(int fd, off_t at, size_t n)
{
    (void)at;
    (void)n;
    refusals += files[fd - SIM_FD].cold;
    return !files[fd - SIM_FD].cold;
}

void disk_read_ahead(int fd, off_t at, size_t n)
{
    (void)fd; /* what a thread is given is a copy, which no fake descriptor has */
    (void)at;
    (void)n;
}

bool disk_is_supported(void)
{
    return true;
}

int disk_open_root(const char *path)
{
    (void)path;
    return SIM_ROOT;
}

int disk_reopen_root(const char *path, int fd)
{
    (void)path;
    (void)fd;
    return 0;
}

static bool is_directory(const char *path)
{
    size_t n = strlen(path);
    if (n == 0 || strcmp(path, ".") == 0)
        return true;
    for (int i = 0; i < file_count; i++)
        if (strncmp(files[i].path, path, n) == 0 && (path[n - 1] == '/' || files[i].path[n] == '/'))
            return true;
    return false;
}

int disk_open(int root, const char *path, enum disk_links links, struct disk_file *out)
{
    (void)root;
    (void)links;
    *out = (struct disk_file){.fd = -1, .dev = 1, .mtime_ns = INT64_C(1600000000000000000)};
    out->ctime_ns = out->mtime_ns;
    for (int i = 0; i < file_count; i++) {
        if (strcmp(files[i].path, path) != 0)
            continue;
        out->fd = SIM_FD + i;
        out->kind = DISK_FILE;
        out->size = files[i].contents.n;
        out->ino = (uint64_t)i + 1;
        waits += files[i].cold;
        return 0;
    }
    if (!is_directory(path))
        return -ENOENT;
    out->kind = DISK_DIRECTORY;
    return 0;
}

int disk_open_cached(int root, const char *path, enum disk_links links, struct disk_file *out)
{
    const struct sim_entry *e = find_entry(path);
    *out = (struct disk_file){.fd = -1};
    return e && e->cold ? -EAGAIN : disk_open(root, path, links, out);
}

ssize_t disk_read(int fd, void *dst, size_t n, off_t at)
{
    const struct sim_entry *e = &files[fd - SIM_FD];
    size_t left = (size_t)at < e->length ? e->length - (size_t)at : 0;
    size_t got = n < left ? n : left;
    memcpy(dst, e->contents.p + at, got);
    waits += e->cold;
    return (ssize_t)got;
}

ssize_t disk_read_cached(int fd, void *dst, size_t n, off_t at)
{
    return files[fd - SIM_FD].cold ? -EAGAIN : disk_read(fd, dst, n, at);
}

int disk_look(int root, const char *path, enum disk_links links, struct disk_file *out)
{
    int r = disk_open(root, path, links, out);
    out->fd = -1; /* the fake ones are not closed */
    return r;
}

int disk_stat(int fd, struct disk_file *out)
{
    unsigned before = waits;
    int r = disk_open(SIM_ROOT, files[fd - SIM_FD].path, LINKS_FOLLOW, out);
    waits = before; /* it is open */
    return r;
}

bool disk_same(const struct disk_file *a, const struct disk_file *b)
{
    return a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns;
}
