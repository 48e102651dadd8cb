/* ports: prints so many TCP ports that are free on 127.0.0.1, a line each.
 *
 *     ports COUNT */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void die(const char *what)
{
    fprintf(stderr, "ports: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void print_free_ports(int count)
{
    for (int i = 0; i < count; i++) { /* held until the end, so that no two are the same */
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof a;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 ||
            getsockname(fd, (struct sockaddr *)&a, &n) < 0)
            die("a free port");
        printf("%d\n", ntohs(a.sin_port));
    }
}

int main(int argc, char **argv)
{
    print_free_ports(argc > 1 ? atoi(argv[1]) : 1);
    return 0;
}
