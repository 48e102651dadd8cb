/* The file cache on a fake disk whose clock never ticks: what a stat cannot tell apart. */
#include "server/filecache.h"
#include "support/sim.h"
#include "support/unit.h"

enum { STAMP = 1600000000 }; /* of every file there */

static struct root_folder place = {.fd = -1};
static struct filecache_root root = {.at = &place};
static struct arena *arena;
static struct mime mime;
static struct filecache cache;

static void put(const char *text)
{
    sim_no_files();
    sim_file("a.css", str_of(text));
}

static void setup(void)
{
    unsigned bad_line;
    struct filecache_limits limits = {1000, 100, 10, 10, FILECACHE_CHECK_MS};
    arena = arena_new(4096);
    ck_assert(mime_load(&mime, arena, STR("text/css css\n"), &bad_line));
    ck_assert(filecache_init(&cache, limits, &mime));
    put("one");
}

static void teardown(void)
{
    filecache_done(&cache);
    map_done(&mime.by_extension);
    arena_free(arena);
}

static struct file *find(uint64_t now_ms, int64_t wall_s)
{
    struct file_wish w = {&root, STR("a.css"), CODING_IDENTITY, true, now_ms, wall_s};
    struct file *f = filecache_find(&cache, &w);
    ck_assert_ptr_nonnull(f);
    return f;
}

static void ck_contents(uint64_t now_ms, int64_t wall_s, const char *text)
{
    struct file *f = find(now_ms, wall_s);
    ck_str(str_make(f->data, f->disk.size), text);
    pin_drop(&f->pin);
}

START_TEST(what_changed_just_now_is_read_again)
{
    ck_contents(1, STAMP + 1, "one");
    put("two"); /* the same length, in the same tick */
    ck_contents(1, STAMP + 1, "one");
    cache.changes++; /* an event says so */
    ck_contents(1, STAMP + 1, "two");
    put("six");
    ck_contents(1 + FILECACHE_CHECK_MS, STAMP + 1, "six"); /* the look once a second */
}
END_TEST

START_TEST(what_changed_long_ago_is_compared)
{
    struct file *f = find(1, STAMP + 2);
    cache.changes++;
    struct file *again = find(1 + FILECACHE_CHECK_MS, STAMP + 3);
    ck_assert_ptr_eq(f, again);
    pin_drop(&f->pin);
    pin_drop(&again->pin);
}
END_TEST

UNIT_MAIN_WITH("server/filecache on a fake disk", setup, teardown,
               what_changed_just_now_is_read_again, what_changed_long_ago_is_compared)
