/* pace: how long answers take at a fixed rate, counted from when they were due.
 *
 *     pace [-c CONNS] [-r RATE] [-s SECONDS] [-u CPU] [-d FILE] PATH NAME=PORT
 *
 * Requests are due at even intervals whether or not the server keeps up. One that finds all
 * connections busy waits, and its wait counts: a server that stalls for 10 ms spoils every request
 * of these 10 ms, not one a connection (what ab and wrk report). Prints NAME, the answers, and the
 * percentiles 50, 90, 99, 99.9 and the longest, in microseconds; -d writes "NAME microseconds
 * percentile" lines for a plot to FILE.
 *
 * It never sleeps: when it finds that much time has passed since it last looked at the clock, it
 * was kept from its processor, and the answers of that time were not seen. The last two figures are
 * the 90th percentile and the longest of how much of its wait a request owes to that. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pin.h"

enum { CONNS_MAX = 1024, AWAY_NS = 50000 /* longer than sending or receiving takes */ };

struct client {
    int fd;
    size_t got;
    long number; /* of the request that it waits for */
};

/* What the generator did with its time, in ns. */
static struct schedule {
    uint64_t began, looked; /* when it looked at the clock last */
    uint64_t away;          /* sum of the times in which it was kept from running */
    long most, due;         /* requests that there will be, and that have become due */
} plan;

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
static double *waits;       /* microseconds, in order of the answers */
static double *owed;        /* what of them the generator was away */
static uint64_t *away_then; /* by request: plan.away when it was due */
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

static uint64_t due_at(long number)
{
    return plan.began + (uint64_t)number * 1000000000u / (uint64_t)opt.rate;
}

/* The time; and what became due since the last look. */
static uint64_t look_at_clock(void)
{
    uint64_t now = now_ns(), gap = now - plan.looked;
    bool was_away = gap > AWAY_NS;
    plan.looked = now;
    plan.away += was_away ? gap : 0;
    for (; plan.due < plan.most && due_at(plan.due) <= now; plan.due++)
        away_then[plan.due] = plan.away - (was_away ? now - due_at(plan.due) : 0);
    return now;
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

static void take_answer(struct client *c)
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
    waits[answers] = (double)(look_at_clock() - due_at(c->number)) / 1e3;
    owed[answers++] = (double)(plan.away - away_then[c->number]) / 1e3;
    idle[idle_count++] = c;
}

static void keep_pace(int ep)
{
    struct epoll_event events[64];
    plan.began = plan.looked = now_ns();
    uint64_t give_up = plan.began + (uint64_t)((opt.seconds + 10) * 1e9);
    for (long sent = 0; answers < plan.most && look_at_clock() < give_up;) {
        while (sent < plan.due && idle_count > 0) {
            struct client *c = idle[--idle_count];
            c->number = sent++;
            send_request(c);
            look_at_clock();
        }
        int n = epoll_wait(ep, events, 64, 0);
        for (int i = 0; i < n; i++)
            take_answer(events[i].data.ptr);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double percentile(const double *sorted, double p)
{
    long at = (long)((double)answers * p / 100);
    return sorted[at < answers ? at : answers - 1];
}

static void write_plot(const char *name)
{
    static const double at[] = {1,  5,  10, 20, 30, 40, 50,   60,   70,    80,
                                85, 90, 95, 97, 98, 99, 99.5, 99.9, 99.95, 99.99};
    FILE *f = fopen(opt.plot, "a");
    if (!f)
        die(opt.plot);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        fprintf(f, "%s %.1f %g\n", name, percentile(waits, at[i]), at[i]);
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

static void print_results(const char *name)
{
    qsort(waits, (size_t)answers, sizeof *waits, by_value);
    qsort(owed, (size_t)answers, sizeof *owed, by_value);
    printf("%s %ld", name, answers);
    for (int i = 0; i < 5; i++)
        printf(" %.0f", percentile(waits, (double[]){50, 90, 99, 99.9, 100}[i]));
    printf(" %.0f %.0f\n", percentile(owed, 90), percentile(owed, 100));
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    char *equals = argc - optind == 2 ? strchr(argv[optind + 1], '=') : NULL;
    if (!equals || opt.conns < 1 || opt.conns > CONNS_MAX || opt.rate < 1) {
        fprintf(stderr, "pace: see the head of pace.c\n");
        return 2;
    }
    if (opt.cpu >= 0)
        pin_to(opt.cpu);
    *equals = '\0';
    request_n = (size_t)snprintf(request, sizeof request,
                                 "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[optind]);
    plan.most = (long)(opt.rate * opt.seconds);
    waits = calloc((size_t)plan.most, sizeof *waits);
    owed = calloc((size_t)plan.most, sizeof *owed);
    away_then = calloc((size_t)plan.most, sizeof *away_then);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (!waits || !owed || !away_then || ep < 0)
        die("start");
    for (int i = 0; i < opt.conns; i++)
        dial(&clients[i], (uint16_t)atoi(equals + 1), ep);
    keep_pace(ep);
    if (answers == 0)
        die("no answer");
    print_results(argv[optind + 1]);
    if (opt.plot)
        write_plot(argv[optind + 1]);
    return 0;
}
