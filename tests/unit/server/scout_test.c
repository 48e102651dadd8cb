/* The thread that watches folders first: when it is sent, and that the loop's watch is as it was.
 */
#include "server/scout.h"
#include "support/scratch.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAIT_MS = 20000, HASH = 5 };

static struct loop loop;
static struct offload offload;
static struct watch watch;
static struct scout scout;
static uint32_t changes;
static char site[80];

static void setup(void)
{
    scratch_make();
    ck_assert_int_eq(mkdir(in("a"), 0755), 0);
    ck_assert_int_eq(mkdir(in("a/b"), 0755), 0);
    strcpy(site, in("."));
    site[strlen(site) - 2] = '\0';
    ck_assert(loop_init(&loop, NULL));
    ck_assert(offload_init(&offload, &loop, 1, 1));
    ck_assert(watch_init(&watch, &loop, &changes));
    scout = (struct scout){.offload = &offload};
}

static void teardown(void)
{
    offload_done(&offload, WAIT_MS);
    watch_done(&watch);
    loop_done(&loop);
    scratch_remove();
}

static bool is_back(uint32_t hash)
{
    return scout_is_back(&scout, &watch, site, STR("a/b/c.txt"), hash);
}

static void wait_for_jobs(void)
{
    while (offload.pending > 0)
        loop_turn(&loop, WAIT_MS);
}

/* The watches that the kernel has for us, wanted or not. */
static unsigned watches(void)
{
    char name[64], line[512];
    unsigned count = 0;
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", watch.src.fd);
    FILE *f = fopen(name, "r");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f))
        count += strncmp(line, "inotify ", 8) == 0;
    fclose(f);
    return count;
}

START_TEST(a_thread_is_sent_once_and_watches_the_folders_on_the_way)
{
    ck_assert(!is_back(HASH));
    ck_assert(!is_back(HASH));
    ck_assert_uint_eq(offload.pending, 1);
    wait_for_jobs();
    ck_assert(is_back(HASH));
    ck_assert_uint_eq(offload.pending, 0);
    ck_assert_uint_eq(watches(), 3); /* the site, a and a/b; c.txt is none */
    ck_assert_uint_eq(watch.live, 0);
}
END_TEST

START_TEST(a_folder_that_is_meant_itself_is_watched_too)
{
    ck_assert(!scout_is_back(&scout, &watch, site, STR("a"), HASH));
    wait_for_jobs();
    ck_assert_uint_eq(watches(), 2);
}
END_TEST

START_TEST(the_way_to_a_root_begins_at_the_top)
{
    ck_assert(!scout_is_back(&scout, &watch, "", STR("none/such"), HASH));
    wait_for_jobs();
    ck_assert_uint_eq(watches(), 1);
}
END_TEST

START_TEST(what_the_thread_watches_counts_only_once_the_loop_wants_it)
{
    ck_assert(!is_back(HASH));
    wait_for_jobs();
    scratch_put("a/b/c.txt", "one");
    loop_turn(&loop, 0);
    ck_assert_uint_eq(changes, 0);
    ck_assert_int_ge(watch_folder(&watch, in("a/b"), STR("")), 0);
    ck_assert_uint_eq(watches(), 3);
    scratch_put("a/b/c.txt", "two");
    loop_turn(&loop, 0);
    ck_assert_uint_gt(changes, 0);
}
END_TEST

START_TEST(a_full_queue_sends_the_thread_later)
{
    ck_assert(!is_back(HASH));
    ck_assert(!is_back(HASH + 1)); /* one at a time */
    wait_for_jobs();
    ck_assert(is_back(HASH));
    ck_assert(!is_back(HASH + 1));
    wait_for_jobs();
    ck_assert(is_back(HASH + 1));
}
END_TEST

START_TEST(without_threads_or_events_nothing_is_waited_for)
{
    struct watch none = {.src.fd = -1};
    ck_assert(scout_is_back(&scout, &none, site, STR("a/b"), HASH));
    ck_assert(scout_is_back(&scout, NULL, site, STR("a/b"), HASH));
    scout.offload = NULL;
    ck_assert(is_back(HASH));
    ck_assert_uint_eq(offload.pending, 0);
}
END_TEST

UNIT_MAIN_WITH("server/scout", setup, teardown,
               a_thread_is_sent_once_and_watches_the_folders_on_the_way,
               a_folder_that_is_meant_itself_is_watched_too, the_way_to_a_root_begins_at_the_top,
               what_the_thread_watches_counts_only_once_the_loop_wants_it,
               a_full_queue_sends_the_thread_later, without_threads_or_events_nothing_is_waited_for)
