/* scratch: see scratch.h. */
#include "support/scratch.h"

#include "support/unit.h"

#include <stdio.h>

static char folder[] = "/tmp/skiff-scratch-XXXXXX";

const char *scratch_make(void)
{
    strcpy(folder, "/tmp/skiff-scratch-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

void scratch_remove(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

const char *in(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

void scratch_put(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}
