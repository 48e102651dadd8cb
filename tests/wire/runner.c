/* runner: plays transcripts against the real binary.
 *
 *     SKIFF=/path/to/skiff runner [FILE|FOLDER ...]
 *
 * Without arguments it plays all of tests/wire. Each file gets a fresh folder and a server of its
 * own; each play of each case is one Check test. */
#include "base/check.h"
#include "support/launcher.h"
#include "wire/folder.h"
#include "wire/set.h"
#include "wire/talk.h"
#include "wire/text.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than there are processors: much of what is played is waiting for a timeout. */
enum { TEST_MAX_S = 30, AT_ONCE = 4 };

/* Check calls tests and fixtures without an argument: the file being played. */
static struct {
    struct transcript transcript;
    struct server server;
    bool left_badly; /* the server, when it was told to */
} now;

static void start(void)
{
    struct text config = {0};
    const struct yaml_node *files = yaml_get(now.transcript.root, "files");
    server_prepare(&now.server);
    if (files)
        folder_make(&now.server, files);
    set_config(&config, yaml_get(now.transcript.root, "config"));
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
        SRunner *runner = set_run(suite);
        is_fine = srunner_ntests_failed(runner) == 0 && !now.left_badly;
        srunner_free(runner);
        if (now.server.dir[0])
            server_release(&now.server);
    }
    transcript_done(&now.transcript);
    return is_fine;
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
    return set_play(argv + 1, AT_ONCE, play_file);
}
