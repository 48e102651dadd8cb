/* idle: what an idle keep-alive connection costs a server.
 *
 *     idle PORT PID[,PID]... PATH [FIRST] [LAST]
 *
 * Opens FIRST connections that do one request each and stay, then LAST in all, and prints six
 * figures: the proportional memory of the processes (/proc/PID/smaps_rollup) before, and with all
 * connections, in KiB; its growth per connection between FIRST and LAST, in bytes; how often a
 * second the last PID (the worker, all its threads) woke before, and with all of them idle; and how
 * often all processes did then. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "memory.h"

static int pids[64], pid_count;

static void die(const char *what)
{
    fprintf(stderr, "idle: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* How often the threads of processes from the `first` on have gone to sleep so far. */
static long count_sleeps(int first)
{
    long sum = 0;
    for (int i = first; i < pid_count; i++) {
        char path[512];
        snprintf(path, sizeof path, "/proc/%d/task", pids[i]);
        DIR *tasks = opendir(path);
        if (!tasks)
            die(path);
        for (struct dirent *e; (e = readdir(tasks));) {
            if (e->d_name[0] == '.') /* ".." is the process once more */
                continue;
            snprintf(path, sizeof path, "/proc/%d/task/%s/status", pids[i], e->d_name);
            sum += read_line(path, "voluntary_ctxt_switches:");
        }
        closedir(tasks);
    }
    return sum;
}

static void open_idle(unsigned short port, const char *path)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    char text[8192];
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        die("connect");
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    if (write(fd, text, (size_t)n) != n || read(fd, text, sizeof text) <= 0)
        die("request"); /* the descriptor stays open until this process ends */
}

/* Wakes a second of the worker, and of all processes, while nothing is asked. */
static void watch_rest(double *worker, double *all)
{
    enum { SECONDS = 5 };
    long worker_before = count_sleeps(pid_count - 1), all_before = count_sleeps(0);
    sleep(SECONDS);
    *worker = (double)(count_sleeps(pid_count - 1) - worker_before) / SECONDS;
    *all = (double)(count_sleeps(0) - all_before) / SECONDS;
}

int main(int argc, char **argv)
{
    int first = argc > 4 ? atoi(argv[4]) : 1000, last = argc > 5 ? atoi(argv[5]) : 9000, n = 0;
    if (argc < 4 || first < 0 || last <= first) {
        fprintf(stderr, "idle: see the head of idle.c\n");
        return 2;
    }
    for (char *p = strtok(argv[2], ","); p && pid_count < 64; p = strtok(NULL, ","))
        pids[pid_count++] = atoi(p);
    unsigned short port = (unsigned short)atoi(argv[1]);
    double worker_rest, worker_idle, all;
    long rest = pss_kib(pids, pid_count);
    watch_rest(&worker_rest, &all);
    for (; n < first; n++)
        open_idle(port, argv[3]);
    sleep(1);
    long before = pss_kib(pids, pid_count);
    for (; n < last; n++)
        open_idle(port, argv[3]);
    sleep(1);
    long after = pss_kib(pids, pid_count);
    watch_rest(&worker_idle, &all);
    printf("%ld %ld %ld %.1f %.1f %.1f\n", rest, after, (after - before) * 1024 / (last - first),
           worker_rest, worker_idle, all);
    return 0;
}
