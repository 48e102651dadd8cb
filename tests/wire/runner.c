/* runner: plays transcripts against the real binary.
 *
 *     SKIFF=/path/to/skiff runner [FILE|FOLDER ...]
 *
 * Without arguments it plays all of tests/wire. Each file gets a fresh folder and a server of its
 * own; each play of each case is one Check test. */
#include "base/check.h"
#include "support/launcher.h"
#include "wire/folder.h"
#include "wire/talk.h"
#include "wire/text.h"

#include <check.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 256, TEST_MAX_S = 30 };

/* Check calls tests and fixtures without an argument: the file being played. */
static struct {
    struct transcript transcript;
    struct server server;
    bool left_badly; /* the server, when it was told to */
} now;

/* Puts before and behind a configuration what it does not say itself. */
static void server_config(struct text *t, const struct yaml_node *config)
{
    static const char *const usual[] = {
        "version: 1\n",
        "process: {workers: 1}\n",
        "listen: [\"127.0.0.1:@PORT@\"]\n",
        "vhosts: [{root: @DIR@/www}]\n",
    };
    const char *own = config ? node_text(config).p : "";
    text_add(t, str_of(own));
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        char key[16];
        size_t n = strcspn(usual[i], ":") + 1;
        CHECK(n < sizeof key - 1);
        (void)snprintf(key, sizeof key, "\n%.*s", (int)n, usual[i]);
        if (strncmp(own, key + 1, n) != 0 && !strstr(own, key))
            text_add(t, str_of(usual[i]));
    }
}

static void start(void)
{
    struct text config = {0};
    const struct yaml_node *files = yaml_get(now.transcript.root, "files");
    server_prepare(&now.server);
    if (files)
        folder_make(&now.server, files);
    server_config(&config, yaml_get(now.transcript.root, "config"));
    server_start(&now.server, config.p);
    text_done(&config);
}

START_TEST(play)
{
    talk_play(&now.server, &now.transcript.plays[_i]);
}
END_TEST

/* A server that was treated like this must still leave in order; what it said is shown if not.
 * Check does not count what a teardown finds, so it is remembered. */
static void stop(void)
{
    if (now.server.pid == 0)
        return;
    server_signal(&now.server, SIGTERM);
    int code = server_wait(&now.server, LAUNCH_WAIT_MS);
    char *said = server_stderr(&now.server);
    now.left_badly = code != 0 || strstr(said, "Sanitizer") || strstr(said, "runtime error") ||
                     strstr(said, "CHECK") || strstr(said, "check failed");
    if (now.left_badly)
        printf("%s: the server left with %d and said:\n%s", now.transcript.path, code, said);
    free(said);
}

static bool play_file(const char *path)
{
    memset(&now, 0, sizeof now);
    bool is_fine = transcript_load(&now.transcript, path);
    if (is_fine) {
        Suite *suite = suite_create(path);
        TCase *cases = tcase_create(path);
        tcase_set_timeout(cases, TEST_MAX_S);
        tcase_add_unchecked_fixture(cases, start, stop);
        tcase_add_loop_test(cases, play, 0, now.transcript.count);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        is_fine = srunner_ntests_failed(runner) == 0 && !now.left_badly;
        srunner_free(runner);
        if (now.server.dir[0])
            server_release(&now.server);
    }
    transcript_done(&now.transcript);
    return is_fine;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The transcripts among and below the given paths; the number of them. */
static int collect(char *const *paths, char **files)
{
    int count = 0;
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    CHECK(tree != NULL);
    for (FTSENT *e; (e = fts_read(tree));)
        if (e->fts_info == FTS_F && str_ends(str_of(e->fts_name), STR(".yaml"))) {
            CHECK(count < FILES_MAX);
            files[count] = strdup(e->fts_path);
            CHECK(files[count++] != NULL);
        }
    (void)fts_close(tree); /* only read */
    return count;
}

int main(int argc, char **argv)
{
    char whole[] = "tests/wire", *usual[] = {whole, NULL}, *files[FILES_MAX];
    bool is_fine = true;
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
    int count = collect(argc > 1 ? argv + 1 : usual, files);
    if (count == 0)
        (void)fprintf(stderr, "no transcripts\n");
    for (int i = 0; i < count; i++) {
        is_fine = play_file(files[i]) && is_fine;
        free(files[i]);
    }
    return is_fine && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
