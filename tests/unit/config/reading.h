/* reading: what the tests of configurations share: read a text, look at what was said. */
#ifndef SKIFF_TESTS_UNIT_CONFIG_READING_H
#define SKIFF_TESTS_UNIT_CONFIG_READING_H

#include "config/load.h"
#include "support/unit.h"

#include <stdio.h>

/* One reading with everything it needs; `said` is what would be printed. */
struct reading {
    struct diag diag;
    struct arena *arena, *scratch;
    struct load load;
    struct yaml_source source;
    char *said;
};

static inline void reading_init(struct reading *r, const char *text)
{
    diag_init(&r->diag);
    r->arena = arena_new(4096);
    r->scratch = arena_new(4096);
    load_init(&r->load, r->arena, r->scratch, &r->diag);
    r->source = (struct yaml_source){
        .name = "skiff.yaml", .dir = "/etc/skiff", .text = str_of(text), .order = 1};
    r->said = NULL;
}

static inline const struct yaml_node *reading_tree(struct reading *r)
{
    return yaml_read(&r->source, r->scratch, &r->load.alias_budget, &r->diag);
}

/* What diag_print writes; freed by reading_done. */
static inline const char *reading_said(struct reading *r)
{
    size_t n;
    free(r->said);
    FILE *out = open_memstream(&r->said, &n);
    ck_assert_ptr_nonnull(out);
    diag_print(&r->diag, out);
    fclose(out);
    return r->said;
}

static inline void reading_done(struct reading *r)
{
    free(r->said);
    diag_done(&r->diag);
    arena_free(r->arena);
    arena_free(r->scratch);
}

#endif
