/* runner: plays every transcript of tests/wire through the simulated transport, each case whole,
 * byte by byte, and cut in two at every byte: how a request arrives must not change its answer.
 *
 *     runner [FILE|FOLDER ...]
 *
 * The files are real ones, the clock and the connection are not, so nothing waits. A case that has
 * several connections is not played here, nor one whose answer depends on how it arrives; they are
 * counted. A case that changes its files is played once, byte by byte. */
#include "base/check.h"
#include "support/launcher.h"
#include "wire/folder.h"
#include "wire/set.h"
#include "wire/talk.h"
#include "wire_split/sim_line.h"

#include <check.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { TEST_MAX_S = 240, NOBODY = 65534 };
/* What is longer than this is cut at some bytes only, beside arriving byte by byte. A build with
 * sanitizers takes ten times as long: there the same cases are cut at fewer. */
#ifdef SKIFF_DEBUG
enum { CUT_ALL_MAX = 20, CUTS_OF_LONG = 20 };
#else
enum { CUT_ALL_MAX = 2000, CUTS_OF_LONG = 150 };
#endif

/* Check calls tests and fixtures without an argument: the file being played. */
static struct {
    struct transcript transcript;
    struct server server;
    struct text config;
    struct play *plays; /* those that are played */
    int count;
} now;

/* --- which cases --- */

static bool any_step(const struct yaml_node *test, bool (*is_so)(const struct yaml_node *step))
{
    const struct yaml_node *steps = yaml_get(test, "steps");
    bool found = !steps && is_so(test);
    for (const struct yaml_item *i = steps ? steps->items : NULL; i; i = i->next)
        found |= is_so(i->value);
    return found;
}

static bool has_connection(const struct yaml_node *step)
{
    return yaml_get(step, "on") != NULL;
}

static bool changes_files(const struct yaml_node *step)
{
    return yaml_get(step, "files") != NULL;
}

/* Who sends this and its body at once is answered; who waits in between is told to go on. */
static bool may_wait(const struct yaml_node *step)
{
    const struct yaml_node *send = yaml_get(step, "send");
    return send && send->kind == YAML_TEXT &&
           memmem(send->text.p, send->text.n, "Expect:", 7) != NULL;
}

static void choose_plays(void)
{
    const struct transcript *t = &now.transcript;
    now.plays = calloc((size_t)t->count, sizeof *now.plays);
    CHECK(now.plays != NULL);
    for (int i = 0; i < t->count; i++)
        if (!any_step(t->plays[i].test, has_connection) && !any_step(t->plays[i].test, may_wait))
            now.plays[now.count++] = t->plays[i];
}

/* --- playing --- */

static void prepare(void)
{
    struct text own = {0};
    const struct yaml_node *files = yaml_get(now.transcript.root, "files");
    server_prepare(&now.server);
    if (files)
        folder_make(&now.server, files);
    const struct text_value values[] = {
        {"@DIR@", str_of(now.server.dir)}, {"@PORT@", STR("1")}, {0}};
    set_config(&own, yaml_get(now.transcript.root, "config"));
    text_fill(&now.config, text_str(&own), values);
    text_done(&own);
}

static struct sim *new_sim(void)
{
    struct sim *s = sim_new(now.config.p);
    struct clock *c = &s->worker.loop.clock;
    clock_set(c, c->now_us, (uint64_t)time(NULL) * 1000000);
    return s;
}

static void play_cut(struct sim *s, const struct play *p, long cut)
{
    sim_line_use(s, cut);
    talk_play(&now.server, p);
}

/* Workers serve as nobody; so does the simulation, unless the case must change files. */
static void become_nobody(void)
{
    if (geteuid() == 0)
        ck_assert(setgroups(0, NULL) == 0 && setegid(NOBODY) == 0 && seteuid(NOBODY) == 0);
}

/* And back, or the leak checker cannot look at us. */
static void become_oneself(void)
{
    if (getuid() == 0)
        ck_assert(seteuid(0) == 0 && setegid(0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
}

START_TEST(play)
{
    const struct play *p = &now.plays[_i];
    bool is_once = any_step(p->test, changes_files);
    if (!is_once)
        become_nobody();
    struct sim *s = new_sim();
    if (!is_once)
        play_cut(s, p, CUT_NOWHERE);
    long longest = (long)sim_line_longest();
    play_cut(s, p, CUT_EVERYWHERE);
    long stride = longest <= CUT_ALL_MAX ? 1 : longest / CUTS_OF_LONG;
    for (long cut = 1; cut < longest; cut += stride)
        play_cut(s, p, cut);
    sim_line_use(NULL, CUT_NOWHERE);
    sim_free(s);
    become_oneself();
}
END_TEST

static bool play_file(const char *path)
{
    memset(&now, 0, sizeof now);
    bool is_fine = transcript_load(&now.transcript, path);
    if (is_fine) {
        choose_plays();
        Suite *suite = suite_create(path);
        TCase *cases = tcase_create(path);
        tcase_set_timeout(cases, TEST_MAX_S);
        tcase_add_unchecked_fixture(cases, prepare, NULL);
        tcase_add_loop_test(cases, play, 0, now.count);
        suite_add_tcase(suite, cases);
        SRunner *runner = set_run(suite);
        is_fine = srunner_ntests_failed(runner) == 0;
        srunner_free(runner);
        printf("%s: %d of %d cases\n", path, now.count, now.transcript.count);
        if (now.server.dir[0])
            server_release(&now.server);
        text_done(&now.config);
        free(now.plays);
    }
    transcript_done(&now.transcript);
    return is_fine;
}

int main(int argc, char **argv)
{
    (void)argc;
    return set_play(argv + 1, get_nprocs(), play_file);
}
