/* pace: how long answers take at a fixed rate, counted from when they were due.
 *
 *     pace [-c CONNS] [-r RATE] [-s SECONDS] [-u CPU] [-d FILE] PATH NAME=PORT
 *
 * Requests are due at even intervals whether or not the server keeps up. One that finds all
 * connections busy waits, and its wait counts: a server that stalls for 10 ms spoils every request
 * of these 10 ms, not one a connection (what ab and wrk report). Prints NAME, the answers, and the
 * percentiles 50, 90, 99, 99.9 and the longest, in microseconds; -d writes "NAME microseconds
 * percentile" lines for a plot to FILE. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS_MAX = 1024 };

struct client {
    int fd;
    size_t got;
    uint64_t due; /* when the request that it waits for was to be sent, in ns */
};

static struct options {
    int conns, rate, cpu;
    double seconds;
    const char *plot; /* NULL: none */
} opt = {.conns = 64, .rate = 20000, .cpu = -1, .seconds = 3};

static struct client clients[CONNS_MAX];
static struct client *idle[CONNS_MAX];
static int idle_count;
static char request[4096], scrap[1 << 20];
static size_t request_n, answer_n;
static double *waits; /* microseconds, in order of the answers */
static long answers;

static void die(const char *what)
{
    fprintf(stderr, "pace: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void send_request(struct client *c)
{
    if (write(c->fd, request, request_n) != (ssize_t)request_n)
        die("write");
}

/* The first answer also says how long they are: it arrives whole, as answers here are small. */
static void dial(struct client *c, uint16_t port, int ep)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    int one = 1;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    send_request(c);
    usleep(answer_n ? 0 : 100000);
    size_t got = 0;
    do {
        ssize_t n = read(c->fd, scrap, sizeof scrap);
        if (n <= 0)
            die("first answer");
        got += (size_t)n;
    } while (got < answer_n);
    answer_n = got;
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e) < 0)
        die("epoll_ctl");
    idle[idle_count++] = c;
}

static void take_answer(struct client *c, long most)
{
    ssize_t n = recv(c->fd, scrap, sizeof scrap, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        die("a connection ended");
    c->got += (size_t)n;
    if (c->got < answer_n)
        return;
    c->got = 0;
    if (answers < most)
        waits[answers++] = (double)(now_ns() - c->due) / 1e3;
    idle[idle_count++] = c;
}

static void keep_pace(int ep, long most)
{
    struct epoll_event events[64];
    uint64_t began = now_ns(), give_up = began + (uint64_t)((opt.seconds + 10) * 1e9);
    for (long sent = 0; answers < most && now_ns() < give_up;) {
        uint64_t due = began + (uint64_t)sent * 1000000000u / (uint64_t)opt.rate;
        while (sent < most && idle_count > 0 && now_ns() >= due) {
            struct client *c = idle[--idle_count];
            c->due = due;
            send_request(c);
            due = began + (uint64_t)++sent * 1000000000u / (uint64_t)opt.rate;
        }
        int n = epoll_wait(ep, events, 64, 0);
        for (int i = 0; i < n; i++)
            take_answer(events[i].data.ptr, most);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double percentile(double p)
{
    long at = (long)((double)answers * p / 100);
    return waits[at < answers ? at : answers - 1];
}

static void write_plot(const char *name)
{
    static const double at[] = {1,  5,  10, 20, 30, 40, 50,   60,   70,    80,
                                85, 90, 95, 97, 98, 99, 99.5, 99.9, 99.95, 99.99};
    FILE *f = fopen(opt.plot, "a");
    if (!f)
        die(opt.plot);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        fprintf(f, "%s %.1f %g\n", name, percentile(at[i]), at[i]);
    fclose(f);
}

static void read_options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "c:d:r:s:u:")) != -1) {
        switch (o) {
        case 'c':
            opt.conns = atoi(optarg);
            break;
        case 'd':
            opt.plot = optarg;
            break;
        case 'r':
            opt.rate = atoi(optarg);
            break;
        case 's':
            opt.seconds = atof(optarg);
            break;
        case 'u':
            opt.cpu = atoi(optarg);
            break;
        }
    }
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    char *equals = argc - optind == 2 ? strchr(argv[optind + 1], '=') : NULL;
    if (!equals || opt.conns < 1 || opt.conns > CONNS_MAX || opt.rate < 1) {
        fprintf(stderr, "pace: see the head of pace.c\n");
        return 2;
    }
    if (opt.cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)opt.cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    *equals = '\0';
    request_n = (size_t)snprintf(request, sizeof request,
                                 "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[optind]);
    long most = (long)(opt.rate * opt.seconds);
    waits = malloc((size_t)most * sizeof *waits);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (!waits || ep < 0)
        die("start");
    for (int i = 0; i < opt.conns; i++)
        dial(&clients[i], (uint16_t)atoi(equals + 1), ep);
    keep_pace(ep, most);
    if (answers == 0)
        die("no answer");
    qsort(waits, (size_t)answers, sizeof *waits, by_value);
    printf("%s %ld %.0f %.0f %.0f %.0f %.0f\n", argv[optind + 1], answers, percentile(50),
           percentile(90), percentile(99), percentile(99.9), waits[answers - 1]);
    if (opt.plot)
        write_plot(argv[optind + 1]);
    return 0;
}
