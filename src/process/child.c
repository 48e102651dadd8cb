/* child: the fork, what comes before worker_run, and the messages. */
#include "process/child.h"

#include "base/log.h"
#include "io/pass.h"
#include "process/cpus.h"
#include "process/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Orders come over the pair: a signal to the whole process group (a terminal's ^C, a manager that
 * signals everybody) must not end a worker with requests in hand. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGTERM, SIGQUIT, SIGINT,  SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ};
    sigset_t none;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        (void)signal(ignored[i], SIG_IGN); /* fails only for numbers that are no signals */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void pin(const struct generation *g, uint32_t slot)
{
    int result = g->config->process.pin_cpus ? cpus_pin(slot) : 0;
    if (result < 0)
        log_warn("cannot stay on one CPU: %s", strerror(-result)); /* slower, but right */
}

/* In the new process: never returns. */
_Noreturn static void become_worker(const struct generation *g, uint32_t slot, int orders,
                                    const struct heritage *h)
{
    char who[32];
    h->give_up(h->master, g);
    ignore_signals();
    (void)snprintf(who, sizeof who, "worker %u", slot);
    log_open(g->logs.error, (enum log_level)g->config->log.error.level, who);
    if (h->background)
        service_silence();
    (void)prctl(PR_SET_NAME, "skiff worker"); /* for ps; a process without it works too */
    pin(g, slot);
    if (!confine_drop(&g->identity))
        exit(EXIT_FAILURE);
    struct worker_setup setup = {
        .config = g->config,
        .slot = slot,
        .slots = g->slots,
        .listen_fds = g->listen_fds,
        .orders = orders,
        .error_log = g->logs.error,
        .access_log = g->logs.access,
        .max_connections = g->budget.connections,
        .open_files = g->budget.files,
    };
    exit(worker_run(&setup));
}

struct child *child_start(const struct generation *g, uint32_t slot, const struct heritage *h,
                          struct link *children, uint64_t now_ms)
{
    int ends[2];
    struct child *c = calloc(1, sizeof *c);
    if (!c || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        log_error("worker %u: cannot be started: %m", slot);
        free(c);
        return NULL;
    }
    *c = (struct child){.orders = ends[0],
                        .slot = slot,
                        .generation = g->number,
                        .born_ms = now_ms,
                        .asked_ms = now_ms};
    link_last(children, &c->link); /* before the fork: the worker gives up its own other end too */
    (void)fflush(NULL);            /* what is buffered must not be written twice */
    c->pid = fork();
    if (c->pid == 0)
        become_worker(g, slot, ends[1], h);
    (void)close(ends[1]); /* the worker's */
    if (c->pid > 0)
        return c;
    log_error("worker %u: cannot be started: %m", slot);
    child_free(c);
    return NULL;
}

void child_free(struct child *c)
{
    link_remove(&c->link);
    if (c->orders >= 0)
        (void)close(c->orders); /* nobody is at the other end */
    free(c);
}

void child_order(const struct child *c, enum worker_order order, uint32_t slot)
{
    const unsigned char message[2] = {(unsigned char)order, (unsigned char)slot};
    if (c->orders >= 0)
        (void)send(c->orders, message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void child_give_logs(const struct child *c, const struct logs *l)
{
    const unsigned char message[2] = {ORDER_LOGS, 0};
    const int fds[] = {l->error, l->access};
    unsigned count = l->access >= 0 ? 2 : 1;
    if (c->orders >= 0 && !pass_send(c->orders, message, sizeof message, fds, count))
        log_warn("worker %u (pid %d): cannot be given the reopened logs: %m", c->slot, (int)c->pid);
}

int child_word(struct child *c)
{
    unsigned char word;
    ssize_t n = recv(c->orders, &word, 1, MSG_DONTWAIT);
    if (n == 1)
        return word;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    (void)close(c->orders); /* its end: what it is told now would reach nobody */
    c->orders = -1;
    return -1;
}
