/* Watching folders: what counts as a change, and that nothing is lost when there is too much. */
#include "io/watch.h"
#include "support/scratch.h"
#include "support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop loop;
static struct watch watch;
static uint32_t changes;
static const char *folder;

static void put(const char *name)
{
    scratch_put(name, "x");
}

/* How many changes were counted for what has happened. */
static uint32_t counted(void)
{
    uint32_t before = changes;
    loop_turn(&loop, 0);
    return changes - before;
}

static void setup(void)
{
    changes = 0;
    folder = scratch_make();
    ck_assert(loop_init(&loop, NULL));
    ck_assert(watch_init(&watch, &loop, &changes));
}

static void teardown(void)
{
    watch_done(&watch);
    loop_done(&loop);
    scratch_remove();
}

START_TEST(everything_in_a_folder_can_matter)
{
    watch_folder(&watch, folder, STR(""));
    ck_assert_uint_eq(counted(), 0);
    put("a");
    ck_assert_uint_gt(counted(), 0);
    put("a"); /* in place */
    ck_assert_uint_gt(counted(), 0);
    ck_assert_int_eq(chmod(in("a"), 0600), 0);
    ck_assert_uint_gt(counted(), 0);
    ck_assert_int_eq(rename(in("a"), in("b")), 0);
    ck_assert_uint_gt(counted(), 0);
    ck_assert_int_eq(symlink("b", in("c")), 0);
    ck_assert_uint_gt(counted(), 0);
    ck_assert_int_eq(unlink(in("b")), 0);
    ck_assert_uint_gt(counted(), 0);
    ck_assert_uint_eq(counted(), 0);
}
END_TEST

START_TEST(or_only_some_names)
{
    char name[16];
    watch_folder(&watch, folder, STR("a"));
    watch_folder(&watch, folder, STR("b"));
    put("other");
    ck_assert_uint_eq(counted(), 0);
    put("b");
    ck_assert_uint_gt(counted(), 0);
    for (int i = 0; i < 5; i++) { /* more names than are kept apart: then all matter */
        int n = sprintf(name, "n%d", i);
        watch_folder(&watch, folder, str_make(name, (size_t)n));
    }
    put("other");
    ck_assert_uint_gt(counted(), 0);
}
END_TEST

START_TEST(a_folder_that_goes_is_a_change_and_is_forgotten)
{
    ck_assert_int_eq(mkdir(in("sub"), 0755), 0);
    watch_folder(&watch, in("sub"), STR(""));
    ck_assert_uint_eq(watch.live, 1);
    ck_assert_int_eq(rmdir(in("sub")), 0);
    ck_assert_uint_gt(counted(), 0);
    ck_assert_uint_eq(watch.live, 0);
}
END_TEST

START_TEST(a_folder_that_is_moved_is_another_paths_then)
{
    ck_assert_int_eq(mkdir(in("sub"), 0755), 0);
    watch_folder(&watch, in("sub"), STR(""));
    ck_assert_int_eq(rename(in("sub"), in("moved")), 0);
    ck_assert_uint_gt(counted(), 0);
    (void)counted();
    ck_assert_uint_eq(watch.live, 0);
    put("moved/a");
    ck_assert_uint_eq(counted(), 0);
}
END_TEST

START_TEST(what_cannot_be_watched_changes_nothing)
{
    put("file");
    watch_folder(&watch, in("file"), STR(""));
    watch_folder(&watch, in("none"), STR(""));
    watch_folder(NULL, folder, STR(""));
    ck_assert_uint_eq(watch.live, 0);
    ck_assert(!watch.told);
    watch_done(&watch);
    watch_folder(&watch, folder, STR("")); /* there are no events any more */
    ck_assert_uint_eq(watch.live, 0);
}
END_TEST

/* Descriptors count up: folders that come and go use them up, and then all begins anew. */
START_TEST(when_the_numbers_run_out_it_goes_on)
{
    watch_folder(&watch, folder, STR(""));
    ck_assert_int_eq(mkdir(in("sub"), 0755), 0);
    for (int i = 0; i < WATCH_MAX + 10; i++) {
        int number = watch_folder(&watch, in("sub"), STR(""));
        if (number >= 0) /* the kernel does so when a folder goes */
            ck_assert_int_eq(inotify_rm_watch(watch.src.fd, number), 0);
        if (i % 64 == 0)
            (void)counted();
    }
    ck_assert(!watch.told);
    ck_assert_uint_lt(watch.live, 100);
    (void)counted();
    watch_folder(&watch, folder, STR(""));
    put("a");
    ck_assert_uint_gt(counted(), 0);
}
END_TEST

/* What a change touches: that name's trail, and hardly ever another's. */
START_TEST(a_trail_is_touched_by_its_own_names)
{
    struct trail a = {0}, b = {0};
    int number = watch_folder(&watch, folder, STR(""));
    ck_assert_int_gt(number, 0);
    put("a");
    put("b");
    (void)counted();
    trail_add(&a, &watch, number, STR("a"));
    trail_add(&b, &watch, number, STR("other"));
    trail_add(&b, &watch, number, STR("b"));
    trail_add(&b, &watch, -1, STR("where nothing can be watched"));
    trail_mark(&a, &watch);
    trail_mark(&b, &watch);
    put("a");
    ck_assert(trail_is_untouched(&a, &watch)); /* nobody has told yet */
    ck_assert_uint_gt(counted(), 0);
    ck_assert(!trail_is_untouched(&a, &watch));
    ck_assert(trail_is_untouched(&b, &watch));
    put("b");
    (void)counted();
    ck_assert(!trail_is_untouched(&b, &watch));
}
END_TEST

START_TEST(what_names_nothing_touches_all)
{
    struct trail none = {0}, one = {0};
    ck_assert_int_eq(mkdir(in("sub"), 0755), 0);
    trail_add(&one, &watch, watch_folder(&watch, in("sub"), STR("a")), STR("a"));
    trail_mark(&none, &watch);
    trail_mark(&one, &watch);
    ck_assert_int_eq(rmdir(in("sub")), 0);
    (void)counted();
    ck_assert(!trail_is_untouched(&none, &watch));
    ck_assert(!trail_is_untouched(&one, &watch));
}
END_TEST

START_TEST(a_trail_is_blind_where_changes_may_come_untold)
{
    struct trail told = {0}, programs = {0}, unwatched = {0};
    trail_add(&told, &watch, watch_folder(&watch, "/dev/shm", STR("a")), STR("a"));
    ck_assert_uint_eq(told.count, 1);
    ck_assert(!told.is_blind);
    trail_add(&programs, &watch, watch_folder(&watch, "/proc", STR("a")), STR("a"));
    ck_assert_uint_eq(programs.count, 1);
    ck_assert(programs.is_blind);
    trail_add(&unwatched, &watch, watch_folder(&watch, in("none"), STR("a")), STR("a"));
    ck_assert(unwatched.is_blind);
    trail_add(&programs, &watch, watch_folder(&watch, "/dev/shm", STR("b")), STR("b"));
    ck_assert(programs.is_blind); /* one step is enough */
}
END_TEST

START_TEST(a_long_trail_is_touched_by_any_change)
{
    struct trail t = {0};
    int number = watch_folder(&watch, folder, STR(""));
    for (int i = 0; i < TRAIL_MAX; i++)
        trail_add(&t, &watch, number, STR("a"));
    ck_assert(!t.is_long);
    trail_add(&t, &watch, number, STR("a"));
    trail_mark(&t, &watch);
    ck_assert(trail_is_untouched(&t, &watch));
    put("b");
    (void)counted();
    ck_assert(!trail_is_untouched(&t, &watch));
}
END_TEST

START_TEST(its_events_are_first_in_a_turn)
{
    ck_assert_ptr_eq(loop.first, &watch.src);
}
END_TEST

/* More than is read in one turn: what is left may be of any name. */
START_TEST(a_flood_hides_nothing)
{
    enum { FLOOD = 9000 };
    watch_folder(&watch, folder, STR("wanted"));
    for (int i = 0; i < FLOOD; i++)
        ck_assert_int_eq(close(open(in(i % 2 ? "one" : "other"), O_CREAT | O_WRONLY, 0600)), 0);
    ck_assert_int_eq(mkdir(in("wanted"), 0700), 0);
    ck_assert_uint_gt(counted(), 0);
}
END_TEST

UNIT_MAIN_WITH("io/watch", setup, teardown, everything_in_a_folder_can_matter, or_only_some_names,
               a_folder_that_goes_is_a_change_and_is_forgotten,
               a_folder_that_is_moved_is_another_paths_then, what_cannot_be_watched_changes_nothing,
               when_the_numbers_run_out_it_goes_on, a_trail_is_touched_by_its_own_names,
               what_names_nothing_touches_all, a_trail_is_blind_where_changes_may_come_untold,
               a_long_trail_is_touched_by_any_change, a_flood_hides_nothing,
               its_events_are_first_in_a_turn)
