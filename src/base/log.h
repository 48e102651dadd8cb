/* log: the error log.
 *
 * One line per event: time, level, process, message; bytes that came from a peer are escaped by
 * the formatter below, so a log line is always one line of printable text. The same message
 * repeated is counted, not repeated: after LOG_BURST equal ones within a second the rest of that
 * second is told in one line. Writing never blocks: what a pipe or terminal does not take at once
 * is dropped and counted. Each process has one log: it is the exception to "no globals", because a
 * failed CHECK must reach it from anywhere. */
#ifndef SKIFF_BASE_LOG_H
#define SKIFF_BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

enum {
    LOG_LINE_MAX = 2048, /* longer lines are cut and end in "..." */
    LOG_BURST = 10,      /* equal messages a second before they are only counted */
};

extern const char *const log_level_names[LOG_LEVELS + 1]; /* NULL at the end: a K_CHOICE list */

/* Sends the log to an open descriptor (not owned; STDERR_FILENO at start). `who` names the process
 * in each line ("master", "worker 2"), empty for short command-line messages: then neither time
 * nor process is printed. Counting begins anew: what a parent has counted is the parent's to tell.
 */
void log_open(int fd, enum log_level level, const char *who);
int log_fd(void);
/* Goes on in another descriptor; level and name stay. */
void log_set_fd(int fd);
bool log_is_on(enum log_level level);

/* Logs one line. `%m` is errno as text. The format decides whether a message is a repeat. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A warning that the machine has no more of something: told once, and for the rest of the second
 * only counted, for while it lasts every request may meet it. */
void log_shortage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says what was only counted so far; call now and then, and at exit. */
void log_flush_repeats(void);

#define log_error(...)  log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)   log_write(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)   log_write(LOG_INFO, __VA_ARGS__)

/* Copies peer bytes so that they are safe in a log line: printable ASCII except '"' and '\\' as it
 * is, the rest as \xHH. Writes at most cap bytes and a NUL; returns the text's length. */
size_t log_escape(struct str peer_bytes, char *out, size_t cap);

/* A write that does not wait and never changes a shared descriptor's flags: regular files are
 * written; pipes and sockets take at most PIPE_BUF bytes, and only what they take at once. Of a
 * terminal poll() knows only that there is some room: one that nobody reads could still make us
 * wait, unless its descriptor is non-blocking. Returns bytes written, or -1 with errno (EAGAIN:
 * would have waited). Raises SIGPIPE as write does. */
long log_write_nowait(int fd, const void *bytes, size_t n);

#endif
