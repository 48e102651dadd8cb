/* load: asks several servers the same question in turn and prints what each answer cost.
 *
 *     load [-c CONNS] [-p DEPTH] [-s SECONDS] [-r ROUNDS] [-u CPU] [-x] [-j] PATH
 *          NAME=PORT:PID[,PID]...
 *     load -n REQUESTS [-c CONNS] [-H LINES] PATH NAME=PORT:PID
 *
 * Subjects take turns in short rounds, in a shuffled order, so that a noisy machine is noisy for
 * all of them. In a round CONNS connections keep DEPTH requests each in flight (-x: one request a
 * connection). Cost is the CPU time of the server's processes by the kernel's own account
 * (/proc/PID/schedstat, nanoseconds) divided by the answers. Printed are medians, and the median of
 * the ratios to the first subject, round by round. Every answer must have the length of the first
 * one; anything else is counted as an error. -j prints JSON. With -n exactly so many requests are
 * sent (the first alone) and nothing is measured: for tools that count from outside. -H adds field
 * lines, a '|' behind each. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SUBJECTS_MAX = 8, PIDS_MAX = 64, ROUNDS_MAX = 1000, CONNS_MAX = 16384, READ = 1 << 20 };

struct subject {
    const char *name;
    uint16_t port;
    int pids[PIDS_MAX], pid_count;
    double cost[ROUNDS_MAX]; /* microseconds of CPU a request, by round */
    double rate[ROUNDS_MAX]; /* requests a second */
    uint64_t answers, errors;
    size_t length; /* of one whole answer, head and content */
};

struct client {
    int fd;
    size_t got; /* bytes of answers not complete yet */
};

static struct options {
    int conns, depth, rounds, cpu;
    double seconds;
    bool close_each, json;
    const char *path;
    long requests; /* 0: rounds */
    const char *lines;
} opt = {64, 1, 15, -1, 0.7, false, false, NULL, 0, ""};

static struct subject subjects[SUBJECTS_MAX];
static int subject_count;
static char request[4096 * 64];
static size_t request_n;
static struct client clients[CONNS_MAX];
static char scrap[READ];

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(const struct subject *s)
{
    uint64_t sum = 0;
    for (int i = 0; i < s->pid_count; i++) {
        char path[64];
        unsigned long long ns = 0;
        snprintf(path, sizeof path, "/proc/%d/schedstat", s->pids[i]);
        FILE *f = fopen(path, "r");
        if (!f || fscanf(f, "%llu", &ns) != 1)
            die(path);
        fclose(f);
        sum += ns;
    }
    return sum;
}

static int dial(const struct subject *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(s->port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        die(s->name);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* One request alone: how long is an answer? */
static size_t measure_answer(const struct subject *s)
{
    int fd = dial(s);
    size_t n = 0, whole = 0;
    if (write(fd, request, request_n) != (ssize_t)request_n)
        die("write");
    while (!whole || n < whole) {
        ssize_t r = read(fd, scrap + n, sizeof scrap - 1 - n);
        if (r <= 0)
            break;
        n += (size_t)r;
        scrap[n] = '\0';
        char *end = strstr(scrap, "\r\n\r\n"), *length = strcasestr(scrap, "\r\ncontent-length:");
        if (end && !whole)
            whole = (size_t)(end - scrap) + 4 + (length ? strtoul(length + 17, NULL, 10) : 0);
        if (whole > sizeof scrap / 2) { /* a large answer: only its length is needed */
            close(fd);
            return whole;
        }
    }
    close(fd);
    return n == whole ? whole : 0;
}

static void ask(struct client *c, int answers)
{
    size_t n = request_n * (size_t)answers;
    if (write(c->fd, request, n) != (ssize_t)n)
        die("write"); /* a few hundred bytes always fit an empty socket buffer */
}

static void open_client(struct subject *s, struct client *c, int ep)
{
    *c = (struct client){.fd = dial(s)};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e) < 0)
        die("epoll_ctl");
    ask(c, opt.close_each ? 1 : opt.depth);
}

/* Reads what is there; counts whole answers and asks for as many again. */
static uint64_t serve(struct subject *s, struct client *c, int ep)
{
    ssize_t n =
        recv(c->fd, scrap, sizeof scrap, MSG_DONTWAIT | (s->length > 65536 ? MSG_TRUNC : 0));
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0) {
        s->errors += !opt.close_each || c->got != 0;
        close(c->fd);
        open_client(s, c, ep);
        return 0;
    }
    c->got += (size_t)n;
    uint64_t answers = c->got / s->length;
    c->got %= s->length;
    if (c->got == 0 && !opt.close_each)
        ask(c, opt.depth);
    return answers;
}

static uint64_t run_for(struct subject *s, double seconds)
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    uint64_t answers = 0, end = now_ns() + (uint64_t)(seconds * 1e9);
    struct epoll_event events[256];
    if (ep < 0)
        die("epoll");
    for (int i = 0; i < opt.conns; i++)
        open_client(s, &clients[i], ep);
    while (now_ns() < end) {
        int n = epoll_wait(ep, events, 256, 100);
        for (int i = 0; i < n; i++)
            answers += serve(s, events[i].data.ptr, ep);
    }
    for (int i = 0; i < opt.conns; i++)
        close(clients[i].fd);
    close(ep);
    return answers;
}

/* Exactly `left` more requests, one at a time on each connection in turn. */
static void run_count(struct subject *s, long left)
{
    for (int i = 0; i < opt.conns; i++)
        clients[i] = (struct client){.fd = dial(s)};
    while (left > 0) {
        int now = left < opt.conns ? (int)left : opt.conns;
        for (int i = 0; i < now; i++)
            ask(&clients[i], 1);
        for (int i = 0; i < now; i++)
            for (size_t got = 0; got < s->length;) {
                ssize_t n = read(clients[i].fd, scrap, sizeof scrap);
                if (n <= 0)
                    die("read");
                got += (size_t)n;
            }
        left -= now;
    }
    for (int i = 0; i < opt.conns; i++)
        close(clients[i].fd);
}

static void play_round(struct subject *s, int round)
{
    uint64_t cpu = cpu_ns(s), began = now_ns();
    uint64_t answers = run_for(s, opt.seconds);
    double elapsed = (double)(now_ns() - began) / 1e9;
    usleep(5000); /* what the server still does for this round is this round's cost */
    s->cost[round] = answers ? (double)(cpu_ns(s) - cpu) / 1e3 / (double)answers : 0;
    s->rate[round] = (double)answers / elapsed;
    s->answers += answers;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct spread {
    double low, median, high; /* quartiles */
};

static struct spread spread_of(const double *values, int n)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    return (struct spread){sorted[n / 4], sorted[n / 2], sorted[n * 3 / 4]};
}

static void print_results(void)
{
    for (int i = 0; i < subject_count; i++) {
        struct subject *s = &subjects[i];
        double ratio[ROUNDS_MAX];
        for (int r = 0; r < opt.rounds; r++)
            ratio[r] = subjects[0].cost[r] > 0 ? s->cost[r] / subjects[0].cost[r] : 0;
        struct spread cost = spread_of(s->cost, opt.rounds), rate = spread_of(s->rate, opt.rounds);
        struct spread to_first = spread_of(ratio, opt.rounds);
        if (opt.json)
            printf("%s{\"name\":\"%s\",\"cpu_us\":%.3f,\"ratio\":%.3f,\"rate\":%.0f,"
                   "\"answers\":%llu,\"errors\":%llu}%s",
                   i ? "," : "[", s->name, cost.median, to_first.median, rate.median,
                   (unsigned long long)s->answers, (unsigned long long)s->errors,
                   i == subject_count - 1 ? "]\n" : "");
        else
            printf("  %-10s %8.3f us CPU  ratio %.3f [%.3f %.3f]  %9.0f/s  %llu answers, %llu "
                   "errors\n",
                   s->name, cost.median, to_first.median, to_first.low, to_first.high, rate.median,
                   (unsigned long long)s->answers, (unsigned long long)s->errors);
    }
}

static void add_subject(char *text)
{
    struct subject *s = &subjects[subject_count++];
    char *equals = strchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
    if (!colon || subject_count == SUBJECTS_MAX) {
        fprintf(stderr, "load: a subject is NAME=PORT:PID[,PID]...\n");
        exit(2);
    }
    *equals = *colon = '\0';
    s->name = text;
    s->port = (uint16_t)atoi(equals + 1);
    for (char *p = strtok(colon + 1, ","); p && s->pid_count < PIDS_MAX; p = strtok(NULL, ","))
        s->pids[s->pid_count++] = atoi(p);
}

static void read_options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "c:p:s:r:u:n:H:xj")) != -1) {
        switch (o) {
        case 'c':
            opt.conns = atoi(optarg);
            break;
        case 'p':
            opt.depth = atoi(optarg);
            break;
        case 's':
            opt.seconds = atof(optarg);
            break;
        case 'r':
            opt.rounds = atoi(optarg);
            break;
        case 'u':
            opt.cpu = atoi(optarg);
            break;
        case 'n':
            opt.requests = atol(optarg);
            break;
        case 'H':
            opt.lines = optarg;
            break;
        case 'x':
            opt.close_each = true;
            break;
        case 'j':
            opt.json = true;
            break;
        default:
            exit(2);
        }
    }
    if (argc - optind < 2 || opt.conns > CONNS_MAX || opt.rounds > ROUNDS_MAX || opt.depth > 64) {
        fprintf(stderr, "load: see the head of load.c\n");
        exit(2);
    }
    opt.path = argv[optind++];
    while (optind < argc)
        add_subject(argv[optind++]);
}

static void build_request(void)
{
    char *p = request;
    p += snprintf(p, 1024, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s", opt.path,
                  opt.close_each ? "Connection: close\r\n" : "");
    for (const char *l = opt.lines; *l && p < request + 4000; l++)
        p += *l == '|' ? sprintf(p, "\r\n") : sprintf(p, "%c", *l);
    p += sprintf(p, "\r\n");
    request_n = (size_t)(p - request);
    for (int i = 1; i < opt.depth; i++)
        memcpy(request + (size_t)i * request_n, request, request_n);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    if (opt.cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)opt.cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    build_request();
    srand(1);
    for (int i = 0; i < subject_count; i++) {
        subjects[i].length = measure_answer(&subjects[i]);
        if (!subjects[i].length)
            die("an answer without a length");
        if (opt.requests > 0)
            run_count(&subjects[i], opt.requests - 1);
        else
            run_for(&subjects[i], opt.seconds / 2); /* warm */
    }
    if (opt.requests > 0)
        return 0;
    for (int round = 0; round < opt.rounds; round++) {
        int first = rand() % subject_count;
        for (int i = 0; i < subject_count; i++)
            play_round(&subjects[(first + i) % subject_count], round);
    }
    print_results();
    return 0;
}
