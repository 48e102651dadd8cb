/* load: asks several servers the same question in turn and prints what each answer cost, by round.
 *
 *     load [-c CONNS] [-p DEPTH] [-s SECONDS] [-r ROUNDS] [-u CPU [-o CPU]] [-x] [-H LINES]
 *          [-l FILE] PATH NAME=PORT:PID[,PID]...
 *     load -n REQUESTS [-c CONNS] [-x] [-H LINES] PATH NAME=PORT
 *
 * Subjects take turns in short rounds, in a shuffled order, so that a noisy machine is noisy for
 * all of them. In a round CONNS connections keep DEPTH requests each in flight (-x: one request a
 * connection). Cost is the CPU time of the server's processes by the kernel's own account (their
 * CPU clocks, nanoseconds, all threads) divided by the answers. An answer that begins otherwise
 * than the first one and a connection that ends early are errors; connections that are not answered
 * in a round that answers others are starved. -H adds field lines, a '|' behind each. With -l the
 * paths are drawn from FILE, one a line, all as long and answered as long as PATH (no -p).
 *
 * Each round of each subject is a line for table.c, which makes medians and ratios of them:
 *     NAME CONNS MICROSECONDS-A-REQUEST A-SECOND LEAST-BY-MOST ANSWERS ERRORS STARVED APART
 * APART is how far the load's processor (-u) and the servers' (-o) were from one another (ns, see
 * distance.h), before the round or behind it, whichever is more; 0 without -o.
 *
 * With -n exactly so many requests are sent (the first alone) and nothing is measured: for tools
 * that count from outside. */
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

#include "distance.h"
#include "pin.h"

enum { SUBJECTS_MAX = 8, BEGIN = 12, PIDS_MAX = 64, CONNS_MAX = 16384, READ = 1 << 20 };

/* What a round came to. */
struct tally {
    double answers; /* with the parts of those cut short */
    double cost;    /* microseconds of CPU a request */
    double rate;    /* requests a second */
    double fair;    /* answers of the connection with the least, by those of the most */
    uint64_t starved;
};

struct subject {
    const char *name;
    uint16_t port;
    int pids[PIDS_MAX], pid_count;
    struct tally round;
    uint64_t errors;
    size_t length;      /* of one whole answer, head and content */
    char begins[BEGIN]; /* what every answer begins with: version and status */
};

struct client {
    int fd;
    int waits_for;    /* answers that were asked for */
    size_t got;       /* bytes of answers not complete yet */
    uint64_t answers; /* in this round */
};

static struct options {
    int conns, depth, rounds, cpu, servers_cpu;
    double seconds;
    bool close_each;
    long requests; /* 0: rounds */
    const char *path;
    const char *lines; /* field lines, a '|' behind each */
} opt = {.conns = 64,
         .depth = 1,
         .rounds = 15,
         .cpu = -1,
         .servers_cpu = -1,
         .seconds = 0.7,
         .lines = ""};

static struct subject subjects[SUBJECTS_MAX];
static int subject_count;
static char request[4096 * 64];
static size_t request_n;
static char *paths; /* of -l, path_n characters each, or NULL */
static size_t path_n, path_count;
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
        clockid_t clock;
        struct timespec t;
        errno = clock_getcpuclockid(s->pids[i], &clock);
        if (errno || clock_gettime(clock, &t) < 0)
            die(s->name);
        sum += (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
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
static size_t measure_answer(struct subject *s)
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
        memcpy(s->begins, scrap, BEGIN);
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
    if (paths)
        memcpy(request + 4, paths + (size_t)rand() % path_count * (path_n + 1), path_n);
    c->waits_for = answers;
    if (send(c->fd, request, n, MSG_DONTWAIT) != (ssize_t)n)
        die("send"); /* a few hundred bytes always fit an empty socket buffer */
}

static void open_client(struct subject *s, struct client *c, int ep)
{
    c->fd = dial(s);
    c->got = 0;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e) < 0)
        die("epoll_ctl");
    ask(c, opt.close_each ? 1 : opt.depth);
}

/* Large answers are thrown away by the kernel, but for their beginning. */
static ssize_t receive(const struct subject *s, const struct client *c)
{
    bool large = s->length > 65536;
    if (large && c->got > 0)
        return recv(c->fd, scrap, sizeof scrap, MSG_DONTWAIT | MSG_TRUNC);
    return recv(c->fd, scrap, large ? 4096 : sizeof scrap, MSG_DONTWAIT);
}

/* Reads what is there; counts whole answers, and asks again when all have come. */
static void serve(struct subject *s, struct client *c, int ep)
{
    ssize_t n = receive(s, c);
    if (n < 0 && errno == EAGAIN)
        return;
    bool wrong = n > 0 && c->got == 0 && (n < BEGIN || memcmp(scrap, s->begins, BEGIN) != 0);
    if (n <= 0 || wrong) {
        s->errors += wrong || !opt.close_each || c->got != 0;
        close(c->fd);
        open_client(s, c, ep);
        return;
    }
    c->got += (size_t)n;
    int answers = (int)(c->got / s->length);
    c->got %= s->length;
    c->answers += (uint64_t)answers;
    c->waits_for -= answers;
    if (c->waits_for <= 0 && !opt.close_each)
        ask(c, opt.depth);
}

/* Closes the connections of a round and adds up what they got. */
static struct tally add_up(const struct subject *s)
{
    struct tally sum = {0};
    uint64_t unanswered = 0, least = UINT64_MAX, most = 0;
    for (int i = 0; i < opt.conns; i++) {
        uint64_t n = clients[i].answers;
        sum.answers += (double)n + (double)clients[i].got / (double)s->length;
        unanswered += n == 0;
        least = n < least ? n : least;
        most = n > most ? n : most;
        close(clients[i].fd);
    }
    sum.starved = sum.answers > 0 ? unanswered : 0;
    sum.fair = most ? (double)least / (double)most : 0;
    return sum;
}

static struct tally run_for(struct subject *s, double seconds)
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[256];
    if (ep < 0)
        die("epoll");
    for (int i = 0; i < opt.conns; i++) {
        clients[i].answers = 0;
        open_client(s, &clients[i], ep);
    }
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    while (now_ns() < end) {
        int n = epoll_wait(ep, events, 256, 100);
        for (int i = 0; i < n; i++)
            serve(s, events[i].data.ptr, ep);
    }
    struct tally sum = add_up(s);
    close(ep);
    return sum;
}

static void read_answer(const struct subject *s, const struct client *c)
{
    for (size_t got = 0; got < s->length;) {
        ssize_t n = read(c->fd, scrap, sizeof scrap);
        if (n <= 0)
            die("read");
        got += (size_t)n;
    }
}

/* Exactly `left` more requests, one at a time on each connection in turn. */
static void run_count(struct subject *s, long left)
{
    for (int i = 0; i < opt.conns && !opt.close_each; i++)
        clients[i].fd = dial(s);
    while (left > 0) {
        int now = left < opt.conns ? (int)left : opt.conns;
        for (int i = 0; i < now; i++) {
            if (opt.close_each)
                clients[i].fd = dial(s);
            ask(&clients[i], 1);
        }
        for (int i = 0; i < now; i++) {
            read_answer(s, &clients[i]);
            if (opt.close_each)
                close(clients[i].fd);
        }
        left -= now;
    }
}

static void play_round(struct subject *s)
{
    uint64_t cpu = cpu_ns(s), began = now_ns();
    s->round = run_for(s, opt.seconds);
    s->round.rate = s->round.answers / ((double)(now_ns() - began) / 1e9);
    usleep(5000); /* what the server still does for this round is this round's cost */
    if (s->round.answers > 0)
        s->round.cost = (double)(cpu_ns(s) - cpu) / 1e3 / s->round.answers;
}

static void print_round(struct subject *s, double apart)
{
    printf("%s %d %.4f %.0f %.3f %.0f %llu %llu %.0f\n", s->name, opt.conns, s->round.cost,
           s->round.rate, s->round.fair, s->round.answers, (unsigned long long)s->errors,
           (unsigned long long)s->round.starved, apart);
    s->errors = 0;
}

static double servers_distance(void)
{
    return opt.servers_cpu < 0 ? 0 : distance_to(opt.servers_cpu);
}

static void play_all(void)
{
    int first = rand() % subject_count;
    double before = servers_distance();
    for (int i = 0; i < subject_count; i++)
        play_round(&subjects[(first + i) % subject_count]);
    double after = servers_distance();
    for (int i = 0; i < subject_count; i++)
        print_round(&subjects[i], before > after ? before : after);
}

static void add_subject(char *text)
{
    struct subject *s = &subjects[subject_count];
    char *equals = strchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
    if (!equals || (!colon && !opt.requests) || subject_count == SUBJECTS_MAX) {
        fprintf(stderr, "load: at most %d subjects NAME=PORT:PID[,PID]...\n", SUBJECTS_MAX);
        exit(2);
    }
    subject_count++;
    *equals = '\0';
    s->name = text;
    s->port = (uint16_t)atoi(equals + 1);
    if (!colon)
        return;
    for (char *p = strtok(colon + 1, ","); p && s->pid_count < PIDS_MAX; p = strtok(NULL, ","))
        s->pids[s->pid_count++] = atoi(p);
}

/* One path a line, all of the same length, into one block. */
static void read_paths(const char *name)
{
    FILE *f = fopen(name, "r");
    size_t room = 0;
    long n = f ? getdelim(&paths, &room, '\0', f) : -1;
    if (n <= 0)
        die(name);
    path_n = strcspn(paths, "\n");
    path_count = (size_t)n / (path_n + 1);
    fclose(f);
}

static void usage(void)
{
    fprintf(stderr, "load: see the head of load.c\n");
    exit(2);
}

static void read_option(int option, const char *value)
{
    switch (option) {
    case 'c':
        opt.conns = atoi(value);
        break;
    case 'l':
        read_paths(value);
        break;
    case 'H':
        opt.lines = value;
        break;
    case 'n':
        opt.requests = atol(value);
        break;
    case 'o':
        opt.servers_cpu = atoi(value);
        break;
    case 'p':
        opt.depth = atoi(value);
        break;
    case 'r':
        opt.rounds = atoi(value);
        break;
    case 's':
        opt.seconds = atof(value);
        break;
    case 'u':
        opt.cpu = atoi(value);
        break;
    case 'x':
        opt.close_each = true;
        break;
    default:
        usage();
    }
}

static void read_options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "c:H:l:n:o:p:r:s:u:x")) != -1)
        read_option(o, optarg);
    if (argc - optind < 2 || opt.conns < 1 || opt.conns > CONNS_MAX || opt.rounds < 1 ||
        opt.depth < 1 || opt.depth > 64 || (paths && opt.depth > 1) ||
        (opt.servers_cpu >= 0 && opt.cpu < 0))
        usage();
    opt.path = argv[optind++];
    if (paths && strlen(opt.path) != path_n)
        usage();
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
    if (opt.cpu >= 0)
        pin_to(opt.cpu);
    build_request();
    srand((unsigned)getpid());
    for (int i = 0; i < subject_count; i++) {
        subjects[i].length = measure_answer(&subjects[i]);
        if (!subjects[i].length)
            die("an answer without a length");
        if (opt.requests > 0)
            run_count(&subjects[i], opt.requests - 1);
        else
            run_for(&subjects[i], opt.seconds / 2); /* warms it */
    }
    if (opt.requests > 0)
        return 0;
    for (int round = 0; round < opt.rounds; round++)
        play_all();
    return 0;
}
