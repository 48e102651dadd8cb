/* The cache under change and load: every way to replace a file, again and again, while others ask
 * for all of them. No answer to a request that was sent 50 ms after a change, or later, may be of
 * before it; none may be mixed, and none may be what the path never was.
 *
 * A track is one path that goes through states, each made by one last system call; a state's number
 * is the file's text. How fast the machine is does not matter: a request that is sent after a
 * change finds the kernel's event waiting before it. SKIFF_SOAK_S=60 makes it a longer run. */
#include "support/launcher.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    STALE_US = 50 * 1000,
    SEEN_US = 10 * 1000 * 1000, /* a change that is not seen by then never is */
    LOADERS = 4,
    ROUNDS = 4,    /* of changes to one path while nothing else changes */
    SOAK_S = 3,    /* usually */
    HISTORY = 256, /* states whose times are known */
};

struct track {
    const char *host, *path;
    void (*make)(unsigned state);
    int statuses[4]; /* of states 0, 1, ..., and so on from the beginning */
    unsigned cycle;
    _Atomic unsigned begun; /* the newest state that can be seen ... */
    _Atomic unsigned done;  /* ... and the newest that is there for all to see */
    _Atomic uint64_t done_us[HISTORY];
};

static struct server server;

static uint64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- files --- */

static const char *in(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", server.dir, name);
    return path[turn];
}

static void must(int result, const char *what)
{
    ck_assert_msg(result >= 0, "%s: %s", what, strerror(errno));
}

static void folder(const char *name)
{
    must(mkdir(in(name), 0755), name);
}

static void move(const char *from, const char *to)
{
    must(rename(in(from), in(to)), to);
}

static void exchange(const char *one, const char *other)
{
    must(renameat2(AT_FDCWD, in(one), AT_FDCWD, in(other), RENAME_EXCHANGE), one);
}

/* The same length always, so that only times and numbers of files tell states apart. */
static void write_state(const char *name, unsigned state)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%08u", state), fd;
    must(fd = open(in(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644), name);
    ck_assert_int_eq(pwrite(fd, text, (size_t)n, 0), n);
    must(close(fd), name);
}

static void put(const char *name, unsigned state)
{
    write_state("fresh", state);
    move("fresh", name);
}

static void link_over(const char *target, const char *name)
{
    must(symlink(target, in("next")), name);
    move("next", name);
}

/* One of two files or links, by turns. */
static const char *pick(unsigned state, const char *even, const char *odd)
{
    return state % 2 ? odd : even;
}

/* --- the ways to change something --- */

static void rename_over(unsigned to)
{
    put("www/over", to);
}

static void write_in_place(unsigned to)
{
    write_state("www/place", to);
}

static void remove_and_create(unsigned to)
{
    if (to % 2)
        must(unlink(in("www/gone")), "unlink");
    else
        put("www/gone", to);
}

static void become_a_folder(unsigned to)
{
    if (to % 4 == 0)
        put("www/either", to);
    else if (to % 4 == 1)
        must(unlink(in("www/either")), "unlink");
    else if (to % 4 == 2)
        folder("www/either");
    else
        must(rmdir(in("www/either")), "rmdir");
}

static void hard_link_over(unsigned to)
{
    put("www/twin", to);
    must(link(in("www/twin"), in("www/twin.new")), "link");
    move("www/twin.new", "www/hard");
}

static void forbid_and_allow(unsigned to)
{
    if (to % 2 == 0) {
        write_state("fresh", to);
        must(chmod(in("fresh"), 0), "chmod");
        move("fresh", "www/mode");
    }
    must(chmod(in("www/mode"), to % 2 ? 0 : 0644), "chmod");
}

static void forbid_and_allow_folder(unsigned to)
{
    if (to % 2 == 0) {
        put("www/open/file", to);
        must(chmod(in("www/open"), 0), "chmod");
        exchange("www/open", "www/shut");
        must(chmod(in("www/open"), 0755), "chmod");
    }
    must(chmod(in("www/shut"), to % 2 ? 0 : 0755), "chmod");
}

static void move_folder(unsigned to)
{
    if (to % 2 == 0)
        put("www/away/sub/file", to);
    move(pick(to, "www/away", "www/house"), pick(to, "www/house", "www/away"));
}

static void exchange_folders(unsigned to)
{
    put("www/right/sub/file", to);
    exchange("www/left", "www/right");
}

static void switch_first_link(unsigned to)
{
    put(pick(to, "www/last0", "www/last1"), to);
    link_over(pick(to, "via0", "via1"), "www/first");
}

static void switch_middle_link(unsigned to)
{
    put(pick(to, "www/end0", "www/end1"), to);
    link_over(pick(to, "end0", "end1"), "www/middle");
}

static void switch_folder_link(unsigned to)
{
    put(pick(to, "www/dir0/file", "www/dir1/file"), to);
    link_over(pick(to, "dir0", "dir1"), "www/dir");
}

static void replace_index(unsigned to)
{
    put("www/page/index.html", to);
}

static void replace_linked_sibling(unsigned to)
{
    put("www/packed/file", to);
}

static void replace_above_root(unsigned to)
{
    put("shared/file", to);
}

static void switch_outside_root(unsigned to)
{
    put(pick(to, "shared/even", "shared/odd"), to);
    link_over(pick(to, "even", "odd"), "shared/either");
}

static void switch_release(unsigned to)
{
    put(pick(to, "even/file", "odd/file"), to);
    link_over(pick(to, "even", "odd"), "current");
}

static void switch_above_release(unsigned to)
{
    put(pick(to, "lower0/site/file", "lower1/site/file"), to);
    link_over(pick(to, "lower0", "lower1"), "lower");
}

#define ALWAYS           {200}, 1
#define BY_TURNS(status) {200, status}, 2

static struct track tracks[] = {
    {"a", "/over", rename_over, ALWAYS, 0, 0, {0}},
    {"a", "/place", write_in_place, ALWAYS, 0, 0, {0}},
    {"a", "/gone", remove_and_create, BY_TURNS(404), 0, 0, {0}},
    {"a", "/either", become_a_folder, {200, 404, 301, 404}, 4, 0, 0, {0}},
    {"a", "/hard", hard_link_over, ALWAYS, 0, 0, {0}},
    {"a", "/mode", forbid_and_allow, BY_TURNS(403), 0, 0, {0}},
    {"a", "/shut/file", forbid_and_allow_folder, BY_TURNS(403), 0, 0, {0}},
    {"a", "/house/sub/file", move_folder, BY_TURNS(404), 0, 0, {0}},
    {"a", "/left/sub/file", exchange_folders, ALWAYS, 0, 0, {0}},
    {"a", "/first", switch_first_link, ALWAYS, 0, 0, {0}},
    {"a", "/begin", switch_middle_link, ALWAYS, 0, 0, {0}},
    {"a", "/dir/file", switch_folder_link, ALWAYS, 0, 0, {0}},
    {"a", "/page/", replace_index, ALWAYS, 0, 0, {0}},
    {"coded", "/coded", replace_linked_sibling, ALWAYS, 0, 0, {0}},
    {"follow", "/above", replace_above_root, ALWAYS, 0, 0, {0}},
    {"follow", "/outside", switch_outside_root, ALWAYS, 0, 0, {0}},
    {"release", "/file", switch_release, ALWAYS, 0, 0, {0}},
    {"lower", "/file", switch_above_release, ALWAYS, 0, 0, {0}},
};
enum { TRACKS = sizeof tracks / sizeof tracks[0] };

static void make_folders_and_links(void)
{
    static const char *const folders[] = {
        "www/open",     "www/shut",    "www/house",     "www/house/sub", "www/left",
        "www/left/sub", "www/right",   "www/right/sub", "www/dir0",      "www/dir1",
        "www/page",     "www/packed",  "shared",        "even",          "odd",
        "lower0",       "lower0/site", "lower1",        "lower1/site"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        folder(folders[i]);
    link_over("last0", "www/via0");
    link_over("last1", "www/via1");
    link_over("middle", "www/begin");
    write_state("www/coded", 0);
    link_over("packed/file", "www/coded.gz");
    link_over("../shared/file", "www/above");
    link_over(in("shared/either"), "www/outside");
}

/* --- asking --- */

static int status_of(const struct track *t, unsigned state)
{
    return t->statuses[state % t->cycle];
}

/* The oldest state that a request of this moment may be answered with. */
static unsigned oldest_allowed(struct track *t)
{
    uint64_t now = now_us();
    unsigned done = atomic_load(&t->done), state = done;
    while (state > 0 && atomic_load(&t->done_us[state % HISTORY]) + STALE_US > now)
        if (done - --state == HISTORY / 2)
            return 0; /* so many changes that their times are not known any more */
    return state;
}

static bool ask(int fd, const struct track *t, struct answer *a)
{
    char text[200];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\n\r\n",
             t->path, t->host);
    return send_text(fd, text) && answer_read(fd, false, a);
}

static bool is_state(const struct track *t, const struct answer *a, unsigned state)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%08u", state);
    return a->status == status_of(t, state) &&
           (a->status != 200 || (a->body_size == (size_t)n && !memcmp(a->body, text, (size_t)n)));
}

/* Is the answer one of the states that were there, or that went no longer ago than they may? */
static bool is_allowed(struct track *t, const struct answer *a, unsigned oldest)
{
    for (unsigned state = atomic_load(&t->begun);; state--) {
        if (is_state(t, a, state))
            return true;
        if (state <= oldest)
            return false;
    }
}

static atomic_bool stop;
static atomic_uint asked;

static void *ask_on(void *unused)
{
    static char wrong[512];
    struct answer a;
    int fd = server_dial(&server);
    (void)unused;
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        struct track *t = &tracks[i % TRACKS];
        unsigned oldest = oldest_allowed(t);
        if (!ask(fd, t, &a))
            return "no answer";
        if (!is_allowed(t, &a, oldest)) {
            snprintf(wrong, sizeof wrong, "%s: %d \"%.*s\", when %u to %u were allowed", t->path,
                     a.status, (int)a.body_size, a.body, oldest, atomic_load(&t->begun));
            return wrong;
        }
        answer_free(&a);
        atomic_fetch_add(&asked, 1);
    }
    close(fd);
    return NULL;
}

/* --- changing --- */

/* Makes a track's next state. */
static void change(struct track *t)
{
    unsigned to = atomic_load(&t->done) + 1;
    atomic_store(&t->begun, to);
    t->make(to);
    atomic_store(&t->done_us[to % HISTORY], now_us());
    atomic_store(&t->done, to);
}

/* Asks until the newest state is seen, and says after how long it was. */
static uint64_t await(int fd, struct track *t)
{
    uint64_t begin = now_us();
    bool is_seen = false;
    while (!is_seen) {
        struct answer a;
        ck_assert_msg(ask(fd, t, &a), "%s: no answer", t->path);
        is_seen = is_state(t, &a, atomic_load(&t->done));
        ck_assert_msg(is_seen || now_us() - begin < SEEN_US, "%s: %d \"%.*s\" for good", t->path,
                      a.status, (int)a.body_size, a.body);
        answer_free(&a);
    }
    return now_us() - begin;
}

static void setup(void)
{
    server_prepare(&server);
    make_folders_and_links();
    for (size_t i = 0; i < TRACKS; i++)
        if (tracks[i].make == move_folder)
            put("www/house/sub/file", 0);
        else
            tracks[i].make(0);
    server_start(&server, "version: 1\n"
                          "process: {workers: 2}\n"
                          "listen: [\"127.0.0.1:@PORT@\"]\n"
                          "vhosts:\n"
                          "  - {names: [a], root: @DIR@/www}\n"
                          "  - {names: [coded], root: @DIR@/www, precompressed: [gz]}\n"
                          "  - {names: [follow], root: @DIR@/www, symlinks: follow}\n"
                          "  - {names: [release], root: @DIR@/current}\n"
                          "  - {names: [lower], root: @DIR@/lower/site}\n");
}

static void teardown(void)
{
    server_release(&server);
}

START_TEST(no_answer_is_older_than_fifty_milliseconds)
{
    const char *soak = getenv("SKIFF_SOAK_S");
    pthread_t threads[LOADERS];
    uint64_t end = now_us() + (uint64_t)(soak ? atoi(soak) : SOAK_S) * 1000000;
    uint64_t slowest = 0, changes = 0;
    int fd = server_dial(&server);
    for (int i = 0; i < LOADERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_on, NULL), 0);
    while (now_us() < end) {
        struct track *t = &tracks[changes++ % TRACKS];
        change(t);
        uint64_t us = await(fd, t);
        slowest = us > slowest ? us : slowest;
    }
    atomic_store(&stop, true);
    for (int i = 0; i < LOADERS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        ck_assert_msg(!wrong, "%s", (const char *)wrong);
    }
    close(fd);
    ck_assert_uint_gt(changes, 2 * TRACKS);
    ck_assert_uint_gt(atomic_load(&asked), changes);
    if (soak)
        printf("%llu changes, each seen within %llu us; %u answers, none stale\n",
               (unsigned long long)changes, (unsigned long long)slowest, atomic_load(&asked));
}
END_TEST

/* No other change helps: what is not watched is not seen until a second is over. */
START_TEST(a_change_alone_is_seen_after_fifty_milliseconds)
{
    int fd = server_dial(&server);
    for (size_t i = 0; i < TRACKS; i++)
        for (int round = 0; round < ROUNDS; round++) {
            struct track *t = &tracks[i];
            struct answer a;
            change(t);
            sleep_ms(STALE_US / 1000);
            ck_assert(ask(fd, t, &a));
            ck_assert_msg(is_state(t, &a, atomic_load(&t->done)), "%s%s: %d \"%.*s\", not state %u",
                          t->host, t->path, a.status, (int)a.body_size, a.body,
                          atomic_load(&t->done));
            answer_free(&a);
        }
    close(fd);
}
END_TEST

UNIT_MAIN_WITH("life/coherence under load", setup, teardown,
               a_change_alone_is_seen_after_fifty_milliseconds,
               no_answer_is_older_than_fifty_milliseconds)
