/* set: see set.h. */
#include "wire/set.h"

#include "base/check.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int set_play(char *const *paths, bool (*play_file)(const char *path))
{
    char *files[FILES_MAX];
    bool is_fine = true;
    int count = collect(paths, files);
    if (count == 0)
        (void)fprintf(stderr, "no transcripts\n");
    for (int i = 0; i < count; i++) {
        is_fine = play_file(files[i]) && is_fine;
        free(files[i]);
    }
    return is_fine && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
