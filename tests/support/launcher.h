/* launcher: starts the real binary as its users do, each time in a fresh folder on a free port.
 *
 * A struct server is a folder below $TMPDIR (or /tmp) with a docroot `www`, a port nobody has, and
 * at most one running skiff. In texts @DIR@ is the folder and @PORT@ the port. Whatever fails here
 * fails the Check test. When the process that prepared a server exits, its skiff is killed and
 * its folder removed; a forked test may talk to a server of its parent. */
#ifndef SKIFF_TESTS_LAUNCHER_H
#define SKIFF_TESTS_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    LAUNCH_WAIT_MS = 10000, /* for starting, stopping and answers, before a test fails */
    SERVERS_MAX = 64,       /* that one process prepares and has not released */
};

struct server {
    char dir[128]; /* absolute; mode 0755, so that workers may read it as another user */
    uint16_t port; /* on 127.0.0.1 */
    pid_t pid;     /* of the master; 0: not running */
    pid_t owner;   /* the process that cleans up */
};

/* --- a place to run in --- */

/* The folder, its `www` and a free port. */
void server_prepare(struct server *s);
/* A port that nobody uses now, and that no other test gets. */
uint16_t port_free(void);
/* Writes a file; `path` is relative to the folder, folders on the way are made. Bytes as they are.
 */
void server_put(const struct server *s, const char *path, const void *bytes, size_t n);
/* The same with a text, in which @DIR@ and @PORT@ are replaced. */
void server_put_text(const struct server *s, const char *path, const char *text);
/* A file's contents, terminated, for free(); empty when there is none. */
char *server_get(const struct server *s, const char *path, size_t *n);
/* "@DIR@/path", for free(). */
char *server_path(const struct server *s, const char *path);

/* --- running it --- */

/* The configuration that most tests use: docroot www, this port, workers as nobody when root. */
extern const char server_plain_config[];
/* `text` becomes skiff.yaml; starts `skiff run -c` it and waits until it accepts. */
void server_start(struct server *s, const char *text);
/* The same, and waits until all workers serve: one that is killed before would end the start. */
void server_start_all(struct server *s, const char *text);
/* Starts skiff with these arguments (NULL at the end; @DIR@ and @PORT@ replaced) in the folder, and
 * does not wait. stdout goes to the file `stdout`, stderr to `stderr`, both new. */
void server_launch(struct server *s, const char *const *args);
/* The same by a shell, for starts that need one: `exec "$SKIFF" run -c skiff.yaml >&-`. */
void server_launch_shell(struct server *s, const char *command);
/* Waits until the port is answered; fails when the process ends before. */
void server_await(struct server *s);
/* Runs skiff with these arguments to its end; the exit code, 128 + signal when killed. */
int server_run(struct server *s, const char *const *args);
void server_signal(const struct server *s, int signal);
/* Waits for the master to end; its exit code, 128 + signal when killed, -1 when it goes on. */
int server_wait(struct server *s, int wait_ms);
/* TERM, and the exit code; fails when it does not end. */
int server_stop(struct server *s);
/* What it wrote to stderr so far, for free(). */
char *server_stderr(const struct server *s);
/* Is this text in stderr, within the time? */
bool server_says(const struct server *s, const char *text, int wait_ms);
/* How often it has said this text so far. */
unsigned server_said(const struct server *s, const char *text);
/* Waits for this text in stderr; fails with what it said instead. */
void server_must_say(const struct server *s, const char *text);
/* The master's living children, at most `max`; how many. */
int server_workers(const struct server *s, pid_t *pids, int max);
/* How many descriptors a process keeps: the least of some counts within 200 ms, for it may not have
 * seen yet that somebody who asked it has left. */
int server_descriptors(pid_t pid);
/* Kills what runs and removes the folder. */
void server_release(struct server *s);

/* --- talking to it --- */

struct answer {
    int status;  /* 0: no answer came */
    char *bytes; /* the whole answer, terminated; for answer_free() */
    size_t size;
    const char *body; /* in bytes */
    size_t body_size;
    bool closed; /* the end of the connection was seen */
};

/* A connection to 127.0.0.1, with LAUNCH_WAIT_MS as its read and write timeouts; -1 when refused.
 */
int port_dial(uint16_t port);
/* A connection to the server; fails when there is none. */
int server_dial(const struct server *s);
/* Sends all of it; false when the peer is gone. */
bool send_all(int fd, const void *bytes, size_t n);
bool send_text(int fd, const char *text);
/* Reads until the end of the connection or `wait_ms` without a byte; bytes for free(). */
char *read_to_end(int fd, int wait_ms, size_t *n, bool *closed);
/* Reads one answer: head and Content-Length bytes (none for HEAD, 1xx, 204 and 304), or to the end
 * when no length is given. false when there is no complete one. */
bool answer_read(int fd, bool head_only, struct answer *a);
void answer_free(struct answer *a);
/* GET on a connection of its own; the status, 0 when it failed. `a` may be NULL. */
int server_fetch(const struct server *s, const char *path, struct answer *a);

/* Milliseconds of a clock that only goes forward. */
uint64_t now_ms(void);
void sleep_ms(int ms);

#endif
