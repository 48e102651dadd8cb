/* log: format on the stack, count repeats, write without waiting. */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

const char *const log_level_names[LOG_LEVELS + 1] = {"error", "warn",  "notice",
                                                     "info",  "debug", NULL};

enum { REPEAT_SLOTS = 32, WHO_MAX = 32 };

/* Messages of one format within one second. */
struct repeat {
    const char *format; /* NULL: free */
    int64_t second;
    unsigned seen, burst; /* of them `burst` are told */
    enum log_level level;
};

static struct log {
    int fd;
    enum log_level level;
    char who[WHO_MAX];
    unsigned lost; /* lines that the descriptor did not take */
    struct repeat repeats[REPEAT_SLOTS];
} the_log = {.fd = STDERR_FILENO, .level = LOG_NOTICE};

void log_open(int fd, enum log_level level, const char *who)
{
    the_log = (struct log){.fd = fd, .level = level};
    (void)snprintf(the_log.who, sizeof the_log.who, "%s", who); /* a long name is cut */
}

int log_fd(void)
{
    return the_log.fd;
}

void log_set_fd(int fd)
{
    the_log.fd = fd;
}

bool log_is_on(enum log_level level)
{
    return level <= the_log.level;
}

long log_write_nowait(int fd, const void *bytes, size_t n)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    if (S_ISREG(st.st_mode))
        return write(fd, bytes, n);
    struct iovec v = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n < PIPE_BUF ? n : PIPE_BUF};
    ssize_t written = pwritev2(fd, &v, 1, -1, RWF_NOWAIT);
    if (written >= 0 || errno == EAGAIN)
        return written;
    /* An older kernel, or a terminal; another process may still take the room that poll sees. */
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT)) {
        errno = EAGAIN;
        return -1;
    }
    return writev(fd, &v, 1); /* PIPE_BUF is what a ready pipe takes at once */
}

/* "2026-11-23T08:07:06.123Z notice worker 2: ", or "skiff: error: " for short commands. */
static size_t put_prefix(char *out, size_t cap, enum log_level level)
{
    struct timespec now;
    struct tm tm = {0};
    int n;
    if (the_log.who[0] == '\0') {
        n = snprintf(out, cap, "skiff: %s: ", log_level_names[level]);
        return (size_t)n;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    (void)gmtime_r(&now.tv_sec, &tm);
    n = snprintf(out, cap, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s: ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000,
                 log_level_names[level], the_log.who);
    return (size_t)n;
}

/* Ends the line, cutting what is too long, and writes it. */
static void send_line(char *line, size_t n)
{
    if (n > LOG_LINE_MAX - 1) {
        n = LOG_LINE_MAX - 1;
        memcpy(line + n - 3, "...", 3);
    }
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = ' '; /* one event is one line, whatever a path or errno text holds */
    line[n++] = '\n';
    if (log_write_nowait(the_log.fd, line, n) != (long)n)
        the_log.lost++;
}

static void say_lost(void)
{
    char line[LOG_LINE_MAX + 1];
    unsigned lost = the_log.lost;
    if (lost == 0)
        return;
    the_log.lost = 0;
    size_t n = put_prefix(line, LOG_LINE_MAX, LOG_WARN);
    n += (size_t)snprintf(line + n, LOG_LINE_MAX - n, "%u log line%s lost: nobody took %s", lost,
                          lost == 1 ? " was" : "s were", lost == 1 ? "it" : "them");
    send_line(line, n);
    if (the_log.lost > 0)
        the_log.lost = lost; /* this line was lost as well: it says nothing new */
}

/* What all messages of a format have in common, with "..." for what differed: the bytes, less than
 * `cap`. */
static size_t put_common(char *out, size_t cap, const char *format)
{
    size_t n = 0;
    while (*format && n + 3 < cap) {
        if (*format != '%' || format[1] == '%') {
            out[n++] = *format;
            format += *format == '%' ? 2 : 1;
            continue;
        }
        memcpy(out + n, "...", 3);
        n += 3;
        format += 1 + strspn(format + 1, "#0- +'123456789.*hlLjzt");
        format += *format != '\0'; /* the conversion itself */
    }
    return n;
}

static void say_repeats(struct repeat *r)
{
    char line[LOG_LINE_MAX + 1];
    if (r->format && r->seen > r->burst) {
        size_t n = put_prefix(line, LOG_LINE_MAX, r->level);
        line[n++] = '(';
        n += put_common(line + n, LOG_LINE_MAX / 2, r->format);
        n += (size_t)snprintf(line + n, LOG_LINE_MAX - n, ") repeated %u more times",
                              r->seen - r->burst);
        send_line(line, n);
    }
    r->format = NULL;
}

void log_flush_repeats(void)
{
    for (int i = 0; i < REPEAT_SLOTS; i++)
        say_repeats(&the_log.repeats[i]);
    say_lost();
}

/* The row of this format; else one that counts nothing in this second; else, when there are more
 * formats than rows, one that another format loses. */
static struct repeat *find_repeat(const char *format, int64_t second)
{
    struct repeat *spare = NULL;
    for (int i = 0; i < REPEAT_SLOTS; i++) {
        struct repeat *r = &the_log.repeats[i];
        if (r->format == format)
            return r;
        if (!r->format || r->second != second)
            spare = r;
    }
    return spare ? spare : &the_log.repeats[((uintptr_t)format >> 3) % REPEAT_SLOTS];
}

/* Is this one only to be counted? */
static bool is_repeat(enum log_level level, unsigned burst, const char *format)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    struct repeat *r = find_repeat(format, now.tv_sec);
    if (r->format != format || r->second != now.tv_sec) {
        say_repeats(r);
        *r =
            (struct repeat){.format = format, .second = now.tv_sec, .burst = burst, .level = level};
    }
    return ++r->seen > burst;
}

static void write_line(enum log_level level, unsigned burst, const char *format, va_list args)
{
    char line[LOG_LINE_MAX + 1];
    int error = errno; /* for %m: what follows may change it */
    if (!log_is_on(level) || is_repeat(level, burst, format))
        return;
    say_lost();
    size_t n = put_prefix(line, LOG_LINE_MAX, level);
    errno = error;
    int m = vsnprintf(line + n, LOG_LINE_MAX - n, format, args);
    send_line(line, m < 0 ? n : n + (size_t)m);
    errno = error;
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(level, LOG_BURST, format, args);
    va_end(args);
}

void log_shortage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(LOG_WARN, 1, format, args);
    va_end(args);
}

size_t log_escape(struct str peer_bytes, char *out, size_t cap)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < peer_bytes.n; i++) {
        unsigned char c = (unsigned char)peer_bytes.p[i];
        bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        if (n + (plain ? 1 : 4) > cap)
            break;
        if (plain) {
            out[n++] = (char)c;
            continue;
        }
        memcpy(out + n, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
        n += 4;
    }
    out[n] = '\0';
    return n;
}
