/* set: see set.h. */
#include "wire/set.h"

#include "base/check.h"

#include <fts.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void set_config(struct text *t, const struct yaml_node *config)
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

enum { FILES_MAX = 256 };

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The paths of the transcripts, for free(); how many. */
static int collect(char *const *paths, char **files)
{
    char whole[] = "tests/wire", *usual[] = {whole, NULL};
    int count = 0;
    FTS *tree = fts_open(*paths ? paths : usual, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
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

SRunner *set_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
#ifdef SKIFF_DEBUG
    srunner_set_fork_status(runner, CK_NOFORK);
#endif
    srunner_run_all(runner, CK_ENV);
    return runner;
}

/* A process of its own. `next`, which all share, is the file that nobody has taken yet. */
static void start_player(char *const *files, int count, atomic_int *next,
                         bool (*play_file)(const char *path))
{
    pid_t parent = getpid(), pid = fork();
    CHECK(pid >= 0);
    if (pid > 0)
        return;
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    bool is_fine = getppid() == parent;
    for (int i; (i = atomic_fetch_add(next, 1)) < count;) {
        is_fine = play_file(files[i]) && is_fine;
        (void)fflush(stdout); /* what is said of a file stays together */
    }
    exit(is_fine ? EXIT_SUCCESS : EXIT_FAILURE);
}

int set_play(char *const *paths, int at_once, bool (*play_file)(const char *path))
{
    char *files[FILES_MAX];
    int count = collect(paths, files);
    bool is_fine = count > 0;
    atomic_int *next =
        mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(next != MAP_FAILED);
    if (count == 0)
        (void)fprintf(stderr, "no transcripts\n");
    (void)fflush(stdout);
    for (int i = 0; i < at_once; i++)
        start_player(files, count, next, play_file);
    for (int status; wait(&status) > 0;)
        is_fine = is_fine && status == 0;
    for (int i = 0; i < count; i++)
        free(files[i]);
    (void)munmap(next, sizeof *next);
    return is_fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
