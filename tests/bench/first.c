/* first: how long a server takes from its start to its first answer, and what it holds then.
 *
 *     first TIMES PORT PATH COMMAND...
 *
 * Runs COMMAND, which stays in the foreground, and asks PORT for PATH every 100 microseconds until
 * it answers; then ends it, TIMES times over. Prints the median in milliseconds and, of the last
 * one, the proportional memory in KiB of the process and its children. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "spread.h"

enum { PIDS_MAX = 64, TRIES_MAX = 300000 };

static void die(const char *what)
{
    fprintf(stderr, "first: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int is_answered(uint16_t port, const char *path)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    char text[4096];
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    int answered = connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
                   write(fd, text, (size_t)n) == n && read(fd, text, sizeof text) > 0;
    close(fd);
    return answered;
}

static long tree_kib(int pid)
{
    int pids[PIDS_MAX] = {pid}, n = 1;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *f = fopen(path, "r");
    while (f && n < PIDS_MAX && fscanf(f, "%d", &pids[n]) == 1)
        n++;
    if (f)
        fclose(f);
    return pss_kib(pids, n);
}

static double start_once(uint16_t port, const char *path, char **command, long *kib)
{
    double began = now_ms();
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 1); /* without it the server talks into our figures, that is all */
        (void)dup2(null, 2);
        execvp(command[0], command);
        _exit(127);
    }
    for (int tries = 0; !is_answered(port, path); tries++) {
        if (tries == TRIES_MAX || waitpid(pid, NULL, WNOHANG) == pid)
            die(command[0]);
        usleep(100);
    }
    double took = now_ms() - began;
    *kib = tree_kib(pid);
    kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
    return took;
}

int main(int argc, char **argv)
{
    double took[ROUNDS_MAX];
    long kib = 0;
    int times = argc > 4 ? atoi(argv[1]) : 0;
    if (times < 1 || times > ROUNDS_MAX) {
        fprintf(stderr, "first: see the head of first.c\n");
        return 2;
    }
    for (int i = 0; i < times; i++)
        took[i] = start_once((uint16_t)atoi(argv[2]), argv[3], argv + 4, &kib);
    printf("%.2f %ld\n", spread_of(took, times).median, kib);
    return 0;
}
