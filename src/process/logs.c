/* logs: files to append to, or the descriptors that are there. */
#include "process/logs.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const mode_t log_mode = 0640; /* what is asked for is nobody else's business */

/* A descriptor of our own for the pipe or terminal that a shell gave us: non-blocking without
 * changing the shell's. Sockets, files and what we may not open stay as they are. */
static int own_description(int fd)
{
    char path[32];
    struct stat st;
    if (fstat(fd, &st) < 0 || !(S_ISFIFO(st.st_mode) || isatty(fd)))
        return fd;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return own >= 0 ? own : fd;
}

/* Opening must not wait for the reader of a FIFO; writing may, so the flag goes again. */
static int open_file(const char *path)
{
    int fd =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, log_mode);
    if (fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0)
        return fd;
    log_error("log %s: %s", path,
              errno == ENXIO ? "it is a pipe that nobody reads" : strerror(errno));
    if (fd >= 0)
        (void)close(fd); /* nothing was written */
    return -1;
}

static int open_destination(struct str to)
{
    if (str_eq(to, STR("stderr")))
        return own_description(STDERR_FILENO);
    if (str_eq(to, STR("stdout")))
        return own_description(STDOUT_FILENO);
    return open_file(to.p);
}

static void close_one(int fd)
{
    if (fd > STDERR_FILENO)
        (void)close(fd); /* each line was written when it was logged */
}

bool logs_open(const struct log_conf *conf, struct logs *out)
{
    *out = (struct logs){.error = open_destination(conf->error.to), .access = -1};
    if (out->error < 0)
        return false;
    if (str_is_empty(conf->access.to))
        return true;
    out->access = open_destination(conf->access.to);
    if (out->access >= 0)
        return true;
    logs_close(out);
    return false;
}

void logs_close(struct logs *l)
{
    close_one(l->error);
    close_one(l->access);
    *l = (struct logs){.error = STDERR_FILENO, .access = -1};
}
