/* cold: one client that asks for files which are not in memory.
 *
 *     cold PORT ROOT PATH...
 *
 * Asks PORT for each PATH in turn, over and over on one connection, until it gets SIGTERM. Before
 * each request the kernel is told to forget the file ROOT/PATH. Answers are thrown away unread,
 * but for their heads, so the client sleeps while the disk is slow and needs hardly any CPU
 * itself. Prints how many files came whole a second, how many the kernel had not forgotten (a page
 * that somebody uses stays), and the CPU time of this process by file in microseconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DISCARD = 1 << 20, PAGES_MAX = 4096, PAGE = 4096 };

static uint16_t port;
static int conn = -1;
static long files, remembered;
static char scrap[DISCARD]; /* nothing is ever written there */
static volatile sig_atomic_t ended;
static sigset_t asleep; /* the signals that are blocked while it waits: none */

static void die(const char *what, const char *why)
{
    fprintf(stderr, "cold: %s: %s\n", what, why);
    exit(1);
}

static void end(int signal)
{
    (void)signal;
    ended = true;
}

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_in_memory(int fd, size_t size)
{
    unsigned char pages[PAGES_MAX] = {0};
    bool found = false;
    void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0); /* never touched */
    if (at == MAP_FAILED || mincore(at, size, pages) < 0)
        die("mincore", strerror(errno));
    for (size_t i = 0; i * PAGE < size; i++)
        found |= pages[i] & 1;
    munmap(at, size);
    return found;
}

/* Returns the file's size. */
static size_t forget(const char *root, const char *path)
{
    char name[4096];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", root, path);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        die(name, strerror(errno));
    if (st.st_size == 0 || st.st_size > (off_t)PAGES_MAX * PAGE)
        die(name, "empty, or larger than 16 MiB");
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    remembered += is_in_memory(fd, (size_t)st.st_size);
    close(fd);
    return (size_t)st.st_size;
}

static void dial(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    conn = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (conn < 0 || connect(conn, (struct sockaddr *)&a, sizeof a) < 0)
        die("connect", strerror(errno));
}

/* Waits for bytes; 0 at the connection's end, or ours. */
static size_t receive(void *to, size_t n, int flags)
{
    struct pollfd p = {.fd = conn, .events = POLLIN};
    while (!ended && ppoll(&p, 1, NULL, &asleep) < 0)
        if (errno != EINTR)
            die("poll", strerror(errno));
    ssize_t got = ended ? 0 : recv(conn, to, n, flags);
    if (got < 0 && errno != ECONNRESET)
        die("recv", strerror(errno));
    return got > 0 ? (size_t)got : 0;
}

/* How much of the content came with the head; SIZE_MAX when no head came. */
static size_t receive_head(const char *path, size_t size)
{
    char head[4096];
    size_t got = 0;
    char *content = NULL;
    while (!content) {
        size_t n = receive(head + got, sizeof head - 1 - got, 0);
        if (n == 0)
            return SIZE_MAX;
        got += n;
        head[got] = '\0';
        content = strstr(head, "\r\n\r\n");
    }
    const char *length = strcasestr(head, "\r\ncontent-length:");
    if (strncmp(head, "HTTP/1.1 200 ", 13) != 0 || !length ||
        strtoul(length + 17, NULL, 10) != size)
        die(path, "not 200 with the file's length");
    return got - (size_t)(content + 4 - head);
}

/* false: the connection ended before all of it came. */
static bool fetch(const char *path, size_t size)
{
    char text[4096];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    if (send(conn, text, (size_t)n, MSG_NOSIGNAL) != n)
        return false;
    size_t got = receive_head(path, size), more = 1;
    if (got == SIZE_MAX)
        return false;
    for (; got < size && more > 0; got += more)
        more = receive(scrap, size - got < DISCARD ? size - got : DISCARD, MSG_TRUNC);
    return got == size;
}

static void ask_for(const char *root, const char *path)
{
    for (int tries = 2; !ended; tries--) {
        if (conn < 0)
            dial();
        if (fetch(path, forget(root, path))) {
            files++;
            return;
        }
        if (tries == 1 && !ended)
            die(path, "the connection ends before the answer does");
        close(conn);
        conn = -1; /* a server may end a connection after so many requests */
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "cold: see the head of cold.c\n");
        return 2;
    }
    port = (uint16_t)atoi(argv[1]);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &asleep);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = end}, NULL);
    double began = now_s(CLOCK_MONOTONIC);
    while (!ended)
        for (int i = 3; i < argc && !ended; i++)
            ask_for(argv[2], argv[i]);
    printf("%.1f %ld %.0f\n", (double)files / (now_s(CLOCK_MONOTONIC) - began), remembered,
           now_s(CLOCK_PROCESS_CPUTIME_ID) * 1e6 / (double)(files ? files : 1));
    return 0;
}
