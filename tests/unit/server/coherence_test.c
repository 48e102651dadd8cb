/* Which folders a path depends on: a change on its way is counted, whatever leads there. */
#include "server/coherence.h"
#include "support/scratch.h"
#include "support/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop loop;
static struct watch watch;
static struct coherence coherence;
static uint32_t changes;
static int root;
static struct trail trail;

static void put(const char *name)
{
    scratch_put(name, "");
}

static void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(in(name), 0755), 0);
}

static void make_link(const char *target, const char *name)
{
    (void)unlink(in(name)); /* what is not there need not go */
    ck_assert_int_eq(symlink(target, in(name)), 0);
}

/* How many changes were counted for what has happened. */
static uint32_t counted(void)
{
    uint32_t before = changes;
    loop_turn(&loop, 0);
    return changes - before;
}

#define ck_counts(act)                                                                             \
    do {                                                                                           \
        ck_assert_uint_eq(counted(), 0);                                                           \
        act;                                                                                       \
        ck_assert_uint_gt(counted(), 0);                                                           \
    } while (0)
#define ck_counts_not(act)                                                                         \
    do {                                                                                           \
        ck_assert_uint_eq(counted(), 0);                                                           \
        act;                                                                                       \
        ck_assert_uint_eq(counted(), 0);                                                           \
    } while (0)

static void cover(const char *path)
{
    coherence_cover(&coherence, root, 0, str_of(path), &trail);
}

/* A root `www` with a/b/c, and `else/where` beside it. */
static void setup(void)
{
    changes = 0;
    scratch_make();
    ck_assert(loop_init(&loop, NULL));
    ck_assert(watch_init(&watch, &loop, &changes));
    coherence = (struct coherence){.watch = &watch};
    make_folder("www");
    make_folder("www/a");
    make_folder("www/a/b");
    put("www/a/b/c");
    make_folder("else");
    make_folder("else/where");
    put("else/where/c");
    root = open(in("www"), O_PATH | O_CLOEXEC);
    ck_assert_int_ge(root, 0);
}

static void teardown(void)
{
    close(root);
    watch_done(&watch);
    loop_done(&loop);
    scratch_remove();
}

START_TEST(every_folder_on_the_way_counts)
{
    cover("a/b/c");
    ck_assert_uint_eq(watch.live, 3);
    ck_counts(put("www/a/b/c"));
    ck_counts(put("www/a/x"));
    ck_counts(put("www/x"));
    ck_counts_not(put("else/x"));
}
END_TEST

START_TEST(of_what_is_missing_the_deepest_folder_that_is_there)
{
    cover("a/none/none");
    ck_assert_uint_eq(watch.live, 2);
    ck_counts(make_folder("www/a/none"));
    cover("a/none/none");
    ck_counts(put("www/a/none/none"));
}
END_TEST

START_TEST(a_folder_itself_counts_with_what_is_in_it)
{
    cover("a/b/");
    ck_counts(put("www/a/b/new"));
    cover("");
    ck_counts(put("www/new"));
}
END_TEST

START_TEST(links_count_with_each_hop)
{
    make_folder("www/links");
    make_link("links/middle", "www/first");
    make_link(".././a/../a/b", "www/links/middle");
    cover("first/c");
    ck_assert_uint_eq(watch.live, 4); /* www, links, a, b */
    ck_counts(put("www/a/b/c"));
    ck_counts(make_link("../else", "www/links/middle"));
}
END_TEST

START_TEST(links_may_lead_above_the_root)
{
    make_link("../else/where", "www/out");
    cover("out/c");
    ck_counts(put("else/where/c"));
    ck_counts_not(put("else/where/other")); /* elsewhere only what is on the way matters */
    ck_counts(ck_assert_int_eq(rename(in("else"), in("gone")), 0));
    make_link("../../../../../../../../../../../../tmp", "www/up"); /* above "/" is "/" */
    cover("up/none");
}
END_TEST

START_TEST(and_to_absolute_paths)
{
    make_link(in("else/where"), "www/out");
    cover("out/c");
    ck_counts(put("else/where/c"));
    ck_counts_not(put("else/where/other"));
    ck_counts(ck_assert_int_eq(rename(in("else"), in("gone")), 0));
}
END_TEST

START_TEST(links_that_lead_nowhere_end)
{
    char deep[2 * PATH_MAX] = "", *p = deep;
    make_link("loop", "www/loop");
    cover("loop/c");
    ck_assert_uint_eq(watch.live, 1);
    for (int i = 0; i < PATH_MAX / 3 - 8; i++)
        p = stpcpy(p, "../");
    make_link(deep, "www/deep");
    (void)counted();
    cover("deep/c"); /* the folder's name grows with each step, and does not fit any more */
    ck_counts(put("www/x"));
}
END_TEST

START_TEST(a_roots_own_path_counts_by_its_names)
{
    make_link("www", "current");
    coherence_cover_root(&coherence, str_of(in("current")), &trail);
    ck_counts_not(put("other"));
    ck_counts_not(put("www/a/x"));
    ck_counts(make_link("else", "current"));
}
END_TEST

/* What was watched a step before must be watched again. */
START_TEST(numbers_may_run_out_on_the_way)
{
    for (int left = WATCH_MAX - 2; left > 0; left--) {
        watch_folder(&watch, in("else"), STR(""));
        ck_assert_int_eq(inotify_rm_watch(watch.src.fd, WATCH_MAX - 1 - left), 0);
        if (left % 64 == 0)
            (void)counted();
    }
    (void)counted();
    cover("a/b/c");
    ck_assert_uint_eq(watch.live, 3);
    ck_counts(put("www/x"));
}
END_TEST

static bool recall(const char *path)
{
    trail = (struct trail){0};
    return coherence_recall(&coherence, root, 0, str_of(path), &trail);
}

START_TEST(a_way_that_was_covered_is_recalled_for_its_neighbours)
{
    ck_assert(!recall("a/b/c"));
    cover("a/b/c");
    struct trail walked = trail;
    ck_assert(recall("a/b/c"));
    ck_assert_mem_eq(trail.steps, walked.steps, sizeof walked.steps);
    ck_assert_uint_eq(trail.sum, walked.sum);
    ck_assert(recall("a/b/new"));
    ck_counts(put("www/a/b/other"));
    ck_assert(trail_is_untouched(&trail, &watch));
    ck_counts(put("www/a/b/new"));
    ck_assert(!trail_is_untouched(&trail, &watch));
    ck_assert(!recall("a/c"));
    ck_assert(!recall("a/bb/c"));
    ck_assert(!coherence_recall(&coherence, root, 1, STR("a/b/c"), &trail));
    ck_assert(!coherence_recall(&coherence, root + 1, 0, STR("a/b/c"), &trail));
}
END_TEST

START_TEST(a_way_that_has_changed_is_not_recalled)
{
    cover("a/b/c");
    ck_assert(recall("a/b/d"));
    ck_assert_int_eq(rename(in("www/a"), in("www/old")), 0);
    ck_assert_uint_gt(counted(), 0);
    ck_assert(!recall("a/b/d"));
    cover("old/b/c");
    ck_assert(recall("old/b/d"));
    ck_counts(put("www/old/b/d"));
}
END_TEST

START_TEST(a_way_with_a_link_is_not_recalled)
{
    make_link("../else", "www/link");
    cover("link/where/c");
    ck_assert(!recall("link/where/d"));
    cover("a/../link/where/c");
    ck_assert(!recall("a/../link/where/c"));
    cover("link");
    ck_assert(recall("other")); /* the link is in the folder, not on the way */
}
END_TEST

START_TEST(a_way_has_room_for_so_many_bytes)
{
    char path[WAY_MAX + 4];
    for (int n = WAY_MAX; n <= WAY_MAX + 1; n++) {
        char name[256];
        memset(path, 'd', (size_t)n);
        path[n] = '\0';
        snprintf(name, sizeof name, "www/%s", path);
        make_folder(name);
        strcat(path, "/c");
        cover(path);
        ck_assert_int_eq(recall(path), n == WAY_MAX);
    }
}
END_TEST

START_TEST(without_a_watch_nothing_happens)
{
    static struct coherence none;
    coherence_cover(&none, root, 0, STR("a"), &trail);
    coherence_cover_root(&none, STR("/a"), &trail);
    ck_assert(!coherence_recall(&none, root, 0, STR("a"), &trail));
    watch_done(&watch);
    cover("a/b/c");
    ck_assert_uint_eq(watch.live, 0);
}
END_TEST

UNIT_MAIN_WITH("server/coherence", setup, teardown, every_folder_on_the_way_counts,
               of_what_is_missing_the_deepest_folder_that_is_there,
               a_folder_itself_counts_with_what_is_in_it, links_count_with_each_hop,
               links_may_lead_above_the_root, and_to_absolute_paths, links_that_lead_nowhere_end,
               a_roots_own_path_counts_by_its_names, numbers_may_run_out_on_the_way,
               a_way_that_was_covered_is_recalled_for_its_neighbours,
               a_way_that_has_changed_is_not_recalled, a_way_with_a_link_is_not_recalled,
               a_way_has_room_for_so_many_bytes, without_a_watch_nothing_happens)
