/* crowd: holds very many connections open and says what they cost a server.
 *
 *     crowd [-k KIND] [-m MOST] COUNT PORT PATH PID[,PID]...
 *
 * COUNT connections stay, each of a KIND:
 *
 *     idle       it did a request for PATH (this is the default)
 *     reader     it asked and never reads, through the smallest receive buffer, so that the answer
 *                stays with the server
 *     pipeline   the same with 64 requests at once
 *     head       it sent 16,000 bytes of a head that does not end
 *     body       it sent a whole head of nearly as many, and half of the body that belongs to it
 *
 * They are spread over processes of at most MOST (15000) each, and each process has an address of
 * its own in 127.0.0.0/8, so neither descriptors nor ports run out. Prints seven figures: the
 * proportional memory of the PIDs before, with all connections and seconds after they were closed
 * (KiB), its growth a connection (bytes), how many connections the server held until then, and the
 * median and the longest time that one of 100 new connections waits for its answer (ms). */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "spread.h"

enum { PIDS_MAX = 64, CHILDREN_MAX = 100, FRESH = 100, LONG_HEAD = 16000, PIPELINED = 64 };

struct child {
    int from, to; /* pipes: from it one int a question, to it the permission to go on */
};

static struct child children[CHILDREN_MAX];
static uint16_t port;
static const char *path;

static const char *const kinds[] = {"idle", "reader", "pipeline", "head", "body", NULL};
static enum { IDLE, READER, PIPELINE, HEAD, BODY } kind;

static void die(const char *what)
{
    fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* What a connection of a kind sends; *n bytes. */
static const char *words_of(int of, size_t *n)
{
    static char text[PIPELINED * 1024], filler[LONG_HEAD];
    int fields = LONG_HEAD - 200;
    memset(filler, 'f', of == HEAD || of == BODY ? sizeof filler : 0);
    char *end = text + snprintf(text, 1024, "%s %s HTTP/1.1\r\nHost: localhost\r\n",
                                of == BODY ? "POST" : "GET", path);
    if (of == HEAD)
        end += sprintf(end, "Cookie: %.*s", fields, filler);
    else if (of == BODY)
        end += sprintf(end, "Content-Length: 200\r\nCookie: %.*s\r\n\r\n%.*s", fields, filler, 100,
                       filler);
    else
        end += sprintf(end, "\r\n");
    *n = (size_t)(end - text);
    for (int i = 1; of == PIPELINE && i < PIPELINED; i++)
        end = mempcpy(end, text, *n);
    *n = (size_t)(end - text);
    return text;
}

/* A connection of that kind from 127.0.0.`host`; an idle one was answered. */
static int ask(unsigned host, int of)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + host)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, least = 1;
    char answer[8192];
    size_t n;
    const char *words = words_of(of, &n);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    if (of == READER || of == PIPELINE)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof to) == 0 && write(fd, words, n) == (ssize_t)n &&
        (of != IDLE || read(fd, answer, sizeof answer) > 0))
        return fd;
    close(fd);
    return -1;
}

/* Not closed, nor reset: there is something to read, or nothing yet. */
static bool is_held(int fd)
{
    char c;
    ssize_t n = fd < 0 ? 0 : recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static void hold(unsigned host, int count, int tell, int hear)
{
    int *fds = calloc((size_t)count, sizeof *fds), held = 0;
    char go;
    if (!fds)
        die("calloc");
    for (int i = 0; i < count; i++)
        fds[i] = ask(host, kind);
    if (write(tell, &count, sizeof count) < 0 || read(hear, &go, 1) < 0)
        die("pipe");
    for (int i = 0; i < count; i++)
        held += is_held(fds[i]);
    if (write(tell, &held, sizeof held) < 0)
        die("pipe");
    exit(0);
}

static void start_child(int i, int count)
{
    int tell[2], hear[2];
    if (pipe(tell) < 0 || pipe(hear) < 0)
        die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(tell[0]);
        close(hear[1]);
        hold(2 + (unsigned)i, count, tell[1], hear[0]);
    }
    close(tell[1]);
    close(hear[0]);
    children[i] = (struct child){tell[0], hear[1]};
}

/* One figure of each child, added up. */
static long hear_all(int n)
{
    long sum = 0;
    for (int i = 0, value; i < n; i++) {
        if (read(children[i].from, &value, sizeof value) != sizeof value)
            die("a process of the crowd ended");
        sum += value;
    }
    return sum;
}

static double ask_anew(void)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    int fd = ask(1, IDLE);
    clock_gettime(CLOCK_MONOTONIC, &b);
    if (fd < 0)
        die("a new request");
    close(fd);
    return (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

static void report(const int *pids, int pid_count, long before, int count, int n)
{
    double waits[FRESH], most = 0;
    sleep(2);
    long with = pss_kib(pids, pid_count);
    for (int i = 0; i < FRESH; i++) {
        waits[i] = kind == IDLE ? ask_anew() : 0;
        most = waits[i] > most ? waits[i] : most;
    }
    for (int i = 0; i < n; i++)
        if (write(children[i].to, "", 1) < 0)
            die("pipe");
    long held = hear_all(n);
    sleep(3 + (unsigned)count / 50000);
    printf("%ld %ld %ld %ld %ld %.2f %.2f\n", before, with, pss_kib(pids, pid_count),
           (with - before) * 1024 / count, held, spread_of(waits, FRESH).median, most);
}

static bool read_kind(const char *name)
{
    for (kind = 0; kinds[kind] && strcmp(kinds[kind], name) != 0;)
        kind++;
    return kinds[kind];
}

int main(int argc, char **argv)
{
    bool is_known = true;
    int o, most = 15000, pids[PIDS_MAX], pid_count = 0, n = 0;
    while ((o = getopt(argc, argv, "k:m:")) != -1) {
        is_known = is_known && (o == 'm' || (o == 'k' && read_kind(optarg)));
        most = o == 'm' ? atoi(optarg) : most;
    }
    int count = is_known && argc - optind == 4 ? atoi(argv[optind]) : 0;
    if (count < 1 || most < 1 || count / most >= CHILDREN_MAX) {
        fprintf(stderr, "crowd: see the head of crowd.c\n");
        return 2;
    }
    port = (uint16_t)atoi(argv[optind + 1]);
    path = argv[optind + 2];
    for (char *p = strtok(argv[optind + 3], ","); p && pid_count < PIDS_MAX; p = strtok(NULL, ","))
        pids[pid_count++] = atoi(p);
    long before = pss_kib(pids, pid_count);
    for (int left = count; left > 0; left -= most)
        start_child(n++, left < most ? left : most);
    (void)hear_all(n); /* everybody is there */
    report(pids, pid_count, before, count, n);
    return 0;
}
