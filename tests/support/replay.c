/* replay: feeds the files of a corpus to a fuzz target, once each.
 *
 *     WHAT_replay tests/fuzz/corpus/WHAT
 *
 * So that every compiler and every CI run can check what fuzzing found, without libFuzzer. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1024 * 1024 }; /* corpora are small; more is a mistake */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The target gets a block of exactly the file's size, so that ASan sees a read beyond it. */
static bool replay_file(const char *path)
{
    static uint8_t contents[FILE_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    size_t size = fread(contents, 1, sizeof contents, file);
    bool whole = !ferror(file) && size < sizeof contents;
    (void)fclose(file); /* only read from */
    uint8_t *copy = whole ? malloc(size ? size : 1) : NULL;
    if (!copy) {
        fprintf(stderr, "%s: cannot be read, or is too large\n", path);
        return false;
    }
    memcpy(copy, contents, size);
    (void)LLVMFuzzerTestOneInput(copy, size); /* a finding aborts */
    free(copy);
    return true;
}

static bool is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        perror(argc == 2 ? argv[1] : "usage: replay FOLDER");
        return EXIT_FAILURE;
    }
    unsigned files = 0;
    bool good = true;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (!is_visible(entry))
            continue;
        char path[4096];
        int n = snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        good = n > 0 && (size_t)n < sizeof path && replay_file(path) && good;
        files++;
    }
    (void)closedir(folder); /* only read from */
    printf("%s: %u inputs\n", argv[1], files);
    return good && files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
