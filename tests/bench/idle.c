/* idle: what an idle keep-alive connection costs a server.
 *
 *     idle PORT PID[,PID]... PATH [FIRST] [LAST]
 *
 * Opens FIRST connections that do one request each and stay, then LAST in all, and prints the
 * growth of the server's proportional memory (/proc/PID/smaps_rollup) per connection between the
 * two, and then how often its processes woke in two seconds with all of them idle. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int pids[64], pid_count;

static void die(const char *what)
{
    fprintf(stderr, "idle: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The sum of a numeric line of a file in /proc over all processes. */
static long sum_of(const char *file, const char *line)
{
    long sum = 0;
    for (int i = 0; i < pid_count; i++) {
        char path[64], text[256];
        snprintf(path, sizeof path, "/proc/%d/%s", pids[i], file);
        FILE *f = fopen(path, "r");
        if (!f)
            die(path);
        while (fgets(text, sizeof text, f))
            if (strncmp(text, line, strlen(line)) == 0)
                sum += strtol(text + strlen(line), NULL, 10);
        fclose(f);
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

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "idle: see the head of idle.c\n");
        return 2;
    }
    for (char *p = strtok(argv[2], ","); p && pid_count < 64; p = strtok(NULL, ","))
        pids[pid_count++] = atoi(p);
    int first = argc > 4 ? atoi(argv[4]) : 1000, last = argc > 5 ? atoi(argv[5]) : 9000, n = 0;
    unsigned short port = (unsigned short)atoi(argv[1]);
    long rest = sum_of("smaps_rollup", "Pss:");
    for (; n < first; n++)
        open_idle(port, argv[3]);
    sleep(1);
    long before = sum_of("smaps_rollup", "Pss:");
    for (; n < last; n++)
        open_idle(port, argv[3]);
    sleep(1);
    long after = sum_of("smaps_rollup", "Pss:");
    long slept = sum_of("status", "voluntary_ctxt_switches:");
    sleep(5);
    long woke = sum_of("status", "voluntary_ctxt_switches:") - slept;
    printf(
        "at rest %.2f MiB, with %d idle %.2f MiB, a connection %ld bytes, %.1f wake-ups a second "
        "in all processes\n",
        (double)rest / 1024, last, (double)after / 1024, (after - before) * 1024 / (last - first),
        (double)woke / 5);
    return 0;
}
