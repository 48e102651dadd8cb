/* master: start, one turn after the other, end. */
#include "process/master.h"

#include "base/log.h"
#include "config/diag.h"
#include "process/fleet.h"
#include "process/service.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    REPEATS_MS = 1000, /* between two looks at repeated log lines */
};

struct master {
    const struct launch *launch;
    struct fleet fleet;
    struct sockets sockets;
    struct pid_file pid_file;
    char *pid_path;       /* what pid_file.path points to; NULL: none */
    int signals;          /* signalfd; -1: not yet */
    int report;           /* to the waiting parent; -1: none */
    uint32_t generations; /* numbers given so far */
    bool wants_reload, wants_logs;
    uint64_t repeats_ms; /* when repeated log lines were told last */
    int exit_code;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- configurations --- */

static struct config *read_config(const struct launch *l, struct diag *d)
{
    if (l->file)
        return settings_load(l->file, d);
    return settings_load_text(l->text, l->name, l->dir, d);
}

/* The messages without the lines that show the source: a log has one line an event. No two are the
 * same, though their format is: none is a repeat. */
static void log_diag(struct diag *d, enum log_level level)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) {
        log_error("reload: out of memory");
        return;
    }
    diag_print(d, f);
    if (fclose(f) == 0)
        for (struct str rest = str_make(text, size), line; rest.p;) {
            line = str_cut(&rest, '\n');
            log_flush_repeats();
            if (line.n > 0 && line.p[0] != ' ')
                log_write(level, "reload: %.*s", (int)line.n, line.p);
        }
    free(text);
}

static struct generation *prepare(struct master *m, struct config *c)
{
    struct preparation p = {
        .config = c,
        .identity = m->launch->identity,
        .sockets = &m->sockets,
        .old = m->fleet.current,
        .number = ++m->generations,
    };
    return generation_prepare(&p);
}

/* Only sockets that the current generation accepts from stay. Others are closed at once: what
 * connects is better refused than left to wait for nobody. */
static void tidy_sockets(struct master *m)
{
    const struct generation *g = m->fleet.current;
    sockets_trim(&m->sockets, &g->config->listen, g->slots);
}

static void check_unchangeable(const struct master *m, const struct config *c)
{
    struct str now = m->pid_path ? str_of(m->pid_path) : STR("");
    if (!str_eq(now, c->process.pid_file))
        log_warn("reload: process.pid_file changes with a restart only");
}

static void begin_reload(struct master *m)
{
    struct diag d;
    diag_init(&d);
    struct config *c = read_config(m->launch, &d);
    log_diag(&d, c ? LOG_WARN : LOG_ERROR);
    if (c)
        check_unchangeable(m, c);
    diag_done(&d);
    struct generation *g = c ? prepare(m, c) : NULL;
    if (g) {
        fleet_begin(&m->fleet, g, now_ms());
        return;
    }
    if (c)
        tidy_sockets(m);
    log_error("reload: refused; the running configuration stays");
}

/* --- the steps of a transaction --- */

static void open_log(const struct generation *g)
{
    log_open(g->logs.error, (enum log_level)g->config->log.error.level, "master");
}

/* Opens the logs anew, for us and all workers: new files under the same names (somebody has moved
 * the old ones away), or what stderr and stdout are now. false: they stay. */
static bool renew_logs(struct master *m)
{
    struct logs fresh;
    struct generation *g = m->fleet.current;
    if (!logs_open(&g->config->log, &fresh)) {
        log_error("the logs stay as they were");
        return false;
    }
    logs_close(&g->logs);
    g->logs = fresh;
    open_log(g);
    for (struct link *l = m->fleet.children.next; l != &m->fleet.children; l = l->next)
        child_give_logs(container_of(l, struct child, link), &g->logs);
    return true;
}

static void greet(struct master *m)
{
    if (m->launch->greeting) {
        /* Somebody who closed stdout does not want to know. */
        (void)fputs(m->launch->greeting, stdout);
        (void)fflush(stdout);
    }
    if (m->report >= 0) {
        service_silence();
        (void)renew_logs(m); /* logs to stderr too let go of it: who reads it to its end waits */
        service_report(m->report);
        m->report = -1;
    }
}

/* What was decided for the operator. */
static void say_choices(const struct master *m, const struct generation *g)
{
    const struct identity *id = &g->identity;
    struct str to = g->config->log.error.to;
    if (m->launch->background && (str_eq(to, STR("stderr")) || str_eq(to, STR("stdout"))))
        log_warn("log.error is no file: in the background nobody reads it");
    if (g->workers_how[0])
        log_notice("process.workers auto is %u (%s)", g->workers, g->workers_how);
    if (id->is_assumed)
        log_notice("process.user is not set: workers run as %s", id->name);
    else if (id->is_changed && id->uid == 0)
        log_notice("process.user is root: workers can read every file");
}

static void complete_next(struct master *m)
{
    bool is_first = !m->fleet.current;
    const struct generation *g = m->fleet.next;
    open_log(g); /* before the old log is closed */
    fleet_switch(&m->fleet, now_ms());
    tidy_sockets(m);
    log_notice("%s: %u worker%s, pid %d", is_first ? "serving" : "reload: done", g->workers,
               g->workers == 1 ? "" : "s", (int)getpid());
    if (is_first)
        greet(m);
}

static void give_up_next(struct master *m)
{
    if (m->fleet.current) {
        fleet_abandon(&m->fleet, now_ms());
        tidy_sockets(m);
        log_error("reload: a new worker failed; the running configuration stays");
        return;
    }
    /* Whoever started us looks at stderr, not into the log. */
    const struct config *c = m->fleet.next->config;
    bool is_elsewhere = log_fd() > STDERR_FILENO;
    log_open(STDERR_FILENO, LOG_NOTICE, "");
    log_error("a worker could not start%s%.*s", is_elsewhere ? "; see " : "",
              is_elsewhere ? (int)c->log.error.to.n : 0, c->log.error.to.p);
    m->exit_code = EXIT_FAILURE;
    fleet_stop(&m->fleet, now_ms());
    fleet_abandon(&m->fleet, now_ms());
}

/* One transaction at a time; what was asked meanwhile waits, and once is enough. */
static void go_on(struct master *m)
{
    if (m->fleet.is_leaving)
        return;
    enum fleet_next next = fleet_next(&m->fleet);
    if (next == NEXT_FAILED)
        give_up_next(m);
    else if (next == NEXT_SERVES)
        complete_next(m);
    if (m->fleet.next || !m->fleet.current)
        return;
    if (m->wants_logs && renew_logs(m))
        log_notice("logs reopened");
    m->wants_logs = false;
    if (!m->wants_reload || fleet_generations(&m->fleet) > GENERATIONS_MAX)
        return;
    m->wants_reload = false;
    begin_reload(m);
}

/* --- signals --- */

static void reap(struct master *m)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        fleet_bury(&m->fleet, pid, status, now_ms());
}

static void finish(struct master *m, int signal)
{
    if (m->fleet.is_leaving) {
        log_notice("second signal %s: stopping at once", strsignal(signal));
        fleet_stop(&m->fleet, now_ms());
        return;
    }
    log_notice("%s: finishing the requests in hand", strsignal(signal));
    sockets_refuse(&m->sockets);
    fleet_finish(&m->fleet, now_ms());
}

static void stop(struct master *m, int signal)
{
    log_notice("%s: stopping at once", strsignal(signal));
    fleet_stop(&m->fleet, now_ms());
}

static void on_signal(struct master *m, int signal)
{
    switch (signal) {
    case SIGCHLD:
        reap(m);
        break;
    case SIGTERM:
    case SIGQUIT:
        finish(m, signal);
        break;
    case SIGINT:
        stop(m, signal);
        break;
    case SIGHUP:
        if (m->launch->file)
            m->wants_reload = true;
        else
            finish(m, signal); /* there is nothing to read again: the terminal was closed */
        break;
    case SIGUSR1:
        m->wants_logs = true;
        break;
    default:
        log_notice("%s: replacing the running binary is not supported yet", strsignal(signal));
    }
}

static void read_signals(struct master *m)
{
    struct signalfd_siginfo info;
    while (read(m->signals, &info, sizeof info) == (ssize_t)sizeof info)
        on_signal(m, (int)info.ssi_signo);
}

/* Blocked signals wait in the descriptor, also for PID 1 and where a parent ignored them. */
static bool open_signals(struct master *m)
{
    static const int taken[] = {SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        (void)sigaddset(&set, taken[i]);
        (void)signal(taken[i], SIG_DFL); /* an ignored SIGCHLD would hide how children end */
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a log at its size limit is a write that fails, not an end */
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (m->signals < 0)
        log_error("signals: %m");
    return m->signals >= 0;
}

/* --- life --- */

/* In a new worker: what is the master's goes, so that only the master holds the other ends. So does
 * what only another configuration needs: a log that was moved away, the root of a disk that shall
 * be unmounted, a port that somebody else wants. */
static void give_up(void *master, const struct generation *own)
{
    struct master *m = master;
    (void)close(m->signals);
    if (m->report >= 0)
        (void)close(m->report);
    if (m->pid_path)
        (void)close(m->pid_file.fd);
    for (struct link *l = m->fleet.children.next; l != &m->fleet.children; l = l->next) {
        const struct child *c = container_of(l, const struct child, link);
        if (c->orders >= 0)
            (void)close(c->orders);
    }
    sockets_give_up(&m->sockets, &own->config->listen);
    if (m->fleet.current != own)
        generation_free(m->fleet.current);
    if (m->fleet.next != own)
        generation_free(m->fleet.next);
}

static uint64_t due(const struct master *m, uint64_t now)
{
    uint64_t when = fleet_due(&m->fleet, now);
    return when > now ? when - now : 0;
}

static void tend(struct master *m, uint64_t now)
{
    fleet_tend(&m->fleet, now);
    if (now - m->repeats_ms >= REPEATS_MS) {
        log_flush_repeats();
        m->repeats_ms = now;
    }
}

static void turn(struct master *m)
{
    struct pollfd polled[1 + CHILDREN_MAX] = {{.fd = m->signals, .events = POLLIN}};
    struct child *who[1 + CHILDREN_MAX];
    nfds_t count = 1;
    for (struct link *l = m->fleet.children.next; l != &m->fleet.children; l = l->next) {
        who[count] = container_of(l, struct child, link);
        polled[count] = (struct pollfd){.fd = who[count]->orders, .events = POLLIN};
        count++;
    }
    (void)poll(polled, count, (int)due(m, now_ms())); /* whatever it says, all is looked at */
    /* Words first: an answer that came while we slept must be seen before it is missed. */
    for (nfds_t i = 1; i < count; i++)
        if (polled[i].revents)
            fleet_listen(&m->fleet, who[i], now_ms());
    read_signals(m);
    tend(m, now_ms());
    go_on(m);
}

static bool take_pid_file(struct master *m, const struct config *c)
{
    if (str_is_empty(c->process.pid_file))
        return true;
    char *path = strdup(c->process.pid_file.p);
    if (!path) {
        log_error("out of memory");
        return false;
    }
    if (!pid_file_take(&m->pid_file, path)) {
        free(path);
        return false;
    }
    m->pid_path = path;
    return true;
}

static void end(struct master *m)
{
    sockets_done(&m->sockets);
    if (m->pid_path)
        pid_file_drop(&m->pid_file);
    free(m->pid_path);
    log_flush_repeats();
    fleet_done(&m->fleet); /* closes the log as well */
    if (m->signals >= 0)
        (void)close(m->signals);
    if (m->report >= 0)
        (void)close(m->report); /* its end tells the parent to look at the exit code */
    free(m);
}

/* Everything is opened before the first worker starts: a server is whole, or it is not. */
static bool start(struct master *m, struct config *c)
{
    if ((m->launch->background && !service_detach(&m->report)) || !open_signals(m) ||
        !take_pid_file(m, c)) {
        settings_free(c);
        return false;
    }
    struct generation *g = prepare(m, c);
    if (!g)
        return false;
    open_log(g);
    say_choices(m, g);
    fleet_begin(&m->fleet, g, now_ms());
    return true;
}

static int run(const struct launch *l, struct config *c)
{
    struct master *m = calloc(1, sizeof *m);
    if (!m) {
        log_error("out of memory");
        settings_free(c);
        return EXIT_FAILURE;
    }
    *m = (struct master){.launch = l, .signals = -1, .report = -1};
    m->sockets.hint = l->in_use_hint;
    fleet_init(&m->fleet,
               (struct heritage){.give_up = give_up, .master = m, .background = l->background});
    if (start(m, c)) {
        while (!m->fleet.is_leaving || m->fleet.count > 0)
            turn(m);
        if (m->exit_code == 0)
            log_notice("stopped");
    } else {
        m->exit_code = EXIT_FAILURE;
    }
    int code = m->exit_code;
    end(m);
    return code;
}

int master_run(const struct launch *l)
{
    struct diag d;
    diag_init(&d);
    log_open(STDERR_FILENO, LOG_NOTICE, "");
    struct config *c = read_config(l, &d);
    diag_print(&d, stderr);
    int code = diag_exit_code(&d);
    diag_done(&d);
    return c ? run(l, c) : code;
}
