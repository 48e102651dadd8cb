/* settings_memory: a configuration is read while memory runs out, at every allocation in turn.
 *
 * The arena is this file's own: the n-th allocation fails, and so do all behind it. Whatever n is,
 * reading ends with an explanation and nothing is left behind. */
#include "server/settings.h"

#include "unit/config/settings_text.h"

#include <stdarg.h>

struct block {
    struct block *next;
    max_align_t bytes[];
};

struct arena {
    struct block *blocks;
};

static unsigned left; /* allocations until they begin to fail */

static void *take(size_t n)
{
    if (left == 0)
        return NULL;
    left--;
    return calloc(1, n);
}

struct arena *arena_new(size_t block)
{
    (void)block;
    return take(sizeof(struct arena));
}

struct arena *arena_in(void *memory, size_t n)
{
    (void)memory;
    return arena_new(n);
}

void arena_free(struct arena *a)
{
    while (a && a->blocks) {
        struct block *b = a->blocks;
        a->blocks = b->next;
        free(b);
    }
    free(a);
}

void *arena_alloc(struct arena *a, size_t n)
{
    struct block *b = take(sizeof *b + n);
    if (!b)
        return NULL;
    b->next = a->blocks;
    a->blocks = b;
    return b->bytes;
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (p && s.n)
        memcpy(p, s.p, s.n);
    return str_make(p, p ? s.n : 0);
}

struct str arena_vprintf(struct arena *a, const char *format, va_list args)
{
    char text[4096];
    int n = vsnprintf(text, sizeof text, format, args);
    ck_assert(n >= 0 && n < (int)sizeof text);
    return arena_str(a, str_make(text, (size_t)n));
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = arena_vprintf(a, format, args);
    va_end(args);
    return s;
}

size_t arena_size(const struct arena *a)
{
    (void)a;
    return 0;
}

static const char right[] =
    "version: 1\n"
    "listen: [\"127.0.0.1:80\", {address: \"127.0.0.1:81\"}]\n"
    "log: {access: ./a.log}\n"
    "vhosts:\n"
    "  - names: [a, \"*.b\"]\n"
    "    headers: {A: b}\n"
    "    routes:\n"
    "      - {match: {path: [/a, /b]}, respond: {body: \"x$$\", headers: {C: d}}}\n"
    "      - {match: {prefix: /c}, redirect: {to: /d}}\n"
    "  - {root: /srv, routes: [{index: x, headers: {A: c}}]}\n";

static const char wrong[] =
    "version: 2\nfoo: 1\nvhosts: [{names: [a, a], root: ${NOPE}}, {root: /a, "
    "routes: [{index: x}, {index: y}]}]\n";

/* One run with `n` allocations; true when that was enough. */
static bool load_with(unsigned n)
{
    struct diag d;
    left = n;
    diag_init(&d);
    struct config *c = settings_load_text(str_of(right), "skiff.yaml", "/etc", &d);
    bool is_enough = c != NULL;
    ck_assert(is_enough == (diag_errors(&d) == 0));
    if (!is_enough)
        ck_assert_int_eq(diag_exit_code(&d), 1);
    settings_free(c);
    diag_done(&d);
    return is_enough;
}

START_TEST(memory_that_runs_out_anywhere_is_an_error_of_the_environment)
{
    unsigned n = 0;
    while (!load_with(n))
        n++;
    ck_assert_uint_gt(n, 100);
}
END_TEST

START_TEST(a_dump_without_memory_is_none)
{
    bool is_enough = false;
    unsigned n = 0;
    for (; !is_enough; n++) {
        struct diag d;
        FILE *out = fopen("/dev/null", "w");
        ck_assert_ptr_nonnull(out);
        left = n;
        diag_init(&d);
        is_enough = settings_dump_text(str_of(right), "skiff.yaml", "/etc", out, &d);
        ck_assert(is_enough == (diag_errors(&d) == 0));
        diag_done(&d);
        fclose(out);
    }
    ck_assert_uint_gt(n, 100);
}
END_TEST

START_TEST(errors_without_memory_are_still_errors)
{
    for (unsigned n = 0; n < 2000; n++) {
        struct diag d;
        left = n;
        diag_init(&d);
        ck_assert_ptr_null(settings_load_text(str_of(wrong), "skiff.yaml", "/etc", &d));
        ck_assert_uint_gt(diag_errors(&d), 0);
        free(settings_printed(&d));
        diag_done(&d);
    }
}
END_TEST

UNIT_MAIN("server/settings_memory", memory_that_runs_out_anywhere_is_an_error_of_the_environment,
          a_dump_without_memory_is_none, errors_without_memory_are_still_errors)
