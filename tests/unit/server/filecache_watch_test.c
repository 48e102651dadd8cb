/* The file cache with the kernel's events: who is compared with the disk, and who is left alone. */
#include "io/loop.h"
#include "server/filecache.h"
#include "support/scratch.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW = 1700000000, WAIT_MS = 20000 };

static const struct filecache_limits limits = {1000, 100, 10, 10, FILECACHE_CHECK_MS};

static char site[80];
static struct loop loop;
static struct watch watch;
static struct root_folder place;
static struct filecache_root root;
static struct arena *arena;
static struct mime mime;
static struct filecache cache;
static uint64_t now_ms;

static struct file *find(const char *name)
{
    struct file_wish w = {&root, str_of(name), CODING_IDENTITY, true, now_ms, NOW};
    struct file *f = filecache_find(&cache, &w);
    ck_assert_ptr_nonnull(f);
    return f;
}

/* When the entry was last compared. */
static uint64_t compared(const char *name)
{
    struct file *f = find(name);
    uint64_t ms = f->checked_ms;
    pin_drop(&f->pin);
    return ms;
}

static void ck_contents(const char *name, const char *text)
{
    struct file *f = find(name);
    ck_assert_int_eq(f->error, 0);
    ck_str(str_make(f->data, f->disk.size), text);
    pin_drop(&f->pin);
}

/* The root is `site`, a link to `one`. */
static void setup(void)
{
    unsigned bad_line;
    scratch_make();
    ck_assert_int_eq(mkdir(in("one"), 0755), 0);
    ck_assert_int_eq(mkdir(in("two"), 0755), 0);
    scratch_put("one/a.css", "one");
    scratch_put("one/b.css", "b");
    scratch_put("two/a.css", "two");
    ck_assert_int_eq(symlink("one", in("site")), 0);
    strcpy(site, in("site"));
    place = (struct root_folder){.fd = disk_open_root(site), .path = str_of(site)};
    root = (struct filecache_root){.at = &place, .links = LINKS_INSIDE_ROOT};
    arena = arena_new(4096);
    ck_assert(mime_load(&mime, arena, STR("text/css css\n"), &bad_line));
    ck_assert(filecache_init(&cache, limits, &mime));
    ck_assert(loop_init(&loop, NULL));
    ck_assert(watch_init(&watch, &loop, &cache.changes));
    cache.coherence.watch = &watch;
    now_ms = 5000;
    ck_contents("a.css", "one");
    ck_contents("b.css", "b");
    now_ms++;
}

static void teardown(void)
{
    filecache_done(&cache);
    watch_done(&watch);
    loop_done(&loop);
    map_done(&mime.by_extension);
    arena_free(arena);
    close(place.fd);
    scratch_remove();
}

START_TEST(only_what_changed_is_compared)
{
    scratch_put("one/a.css", "new");
    ck_contents("a.css", "one"); /* nobody has told yet */
    loop_turn(&loop, 0);
    ck_assert_uint_eq(compared("b.css"), now_ms - 1);
    ck_contents("a.css", "new");
    ck_assert_uint_eq(compared("a.css"), now_ms);
    ck_assert_uint_eq(compared("b.css"), now_ms - 1);
}
END_TEST

/* A folder on a file system whose changes all make events; what it holds is old. */
struct told {
    char folder[32];
    struct root_folder at;
    struct filecache_root root;
};

static void told_put(const struct told *t, const char *name)
{
    char path[80];
    const struct timespec old[2] = {{.tv_sec = NOW - 1000}, {.tv_sec = NOW - 1000}};
    snprintf(path, sizeof path, "%s/%s", t->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(futimens(fd, old), 0);
    close(fd);
}

static void told_make(struct told *t)
{
    strcpy(t->folder, "/dev/shm/skiff-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(t->folder));
    t->at = (struct root_folder){.fd = disk_open_root(t->folder)};
    t->root = (struct filecache_root){.at = &t->at, .links = LINKS_INSIDE_ROOT};
    told_put(t, "a.css");
    loop_turn(&loop, 0);
}

static void told_remove(struct told *t, const char *const *names)
{
    for (; *names; names++)
        (void)unlinkat(t->at.fd, *names, 0);
    (void)unlinkat(t->at.fd, "under", AT_REMOVEDIR);
    (void)unlinkat(t->at.fd, "over", AT_REMOVEDIR);
    (void)rmdir(t->folder);
    close(t->at.fd);
}

/* Its entry, without its texts. */
static struct file told_find(const struct told *t, const char *name)
{
    struct file_wish w = {&t->root, str_of(name), CODING_IDENTITY, true, now_ms, NOW};
    struct file *f = filecache_find(&cache, &w);
    ck_assert_ptr_nonnull(f);
    struct file copy = *f;
    pin_drop(&f->pin);
    return copy;
}

START_TEST(where_all_changes_are_told_the_look_is_seldom)
{
    static const char *const names[] = {"a.css", "b.css", NULL};
    struct told t;
    told_make(&t);
    uint64_t first = now_ms;
    ck_assert_uint_eq(told_find(&t, "a.css").checked_ms, first);
    ck_assert_uint_eq(told_find(&t, "none.css").good_ms, FILECACHE_NET_MS);
    now_ms = first + FILECACHE_NET_MS - 1;
    ck_assert_uint_eq(told_find(&t, "a.css").checked_ms, first);
    now_ms++;
    ck_assert_uint_eq(told_find(&t, "a.css").checked_ms, now_ms);
    told_remove(&t, names);
}
END_TEST

static void told_path(const struct told *t, const char *name, char path[80])
{
    snprintf(path, 80, "%s/%s", t->folder, name);
}

/* Nothing tells of a mount. The look meets it; then its own folder is listened to. */
START_TEST(what_is_mounted_over_a_folder_is_watched_once_it_was_met)
{
    static const char *const names[] = {"a.css", "under/a.css", "over/a.css", "over/b.css", NULL};
    struct told t;
    char under[80], over[80], path[80], moved[80];
    if (unshare(CLONE_NEWNS) < 0)
        return; /* only root may mount */
    ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    told_make(&t);
    told_path(&t, "under", under);
    told_path(&t, "over", over);
    ck_assert_int_eq(mkdir(under, 0755), 0);
    ck_assert_int_eq(mkdir(over, 0755), 0);
    told_put(&t, "under/a.css");
    told_put(&t, "over/a.css");
    told_put(&t, "over/b.css");
    loop_turn(&loop, 0);
    uint64_t lower = told_find(&t, "under/a.css").disk.ino;
    ck_assert_uint_eq(told_find(&t, "under/a.css").good_ms, FILECACHE_NET_MS);
    ck_assert_int_eq(mount(over, under, NULL, MS_BIND, NULL), 0);
    now_ms += FILECACHE_NET_MS;
    uint64_t upper = told_find(&t, "under/a.css").disk.ino;
    ck_assert_uint_ne(upper, lower);
    told_path(&t, "over/b.css", path);
    told_path(&t, "over/a.css", moved);
    ck_assert_int_eq(rename(path, moved), 0);
    loop_turn(&loop, 0);
    ck_assert_uint_ne(told_find(&t, "under/a.css").disk.ino, upper); /* at once */
    ck_assert_int_eq(umount2(under, MNT_DETACH), 0);
    told_remove(&t, names);
}
END_TEST

START_TEST(what_may_change_untold_is_looked_at_each_second)
{
    static const char *const names[] = {"a.css", "twin.css", "young.css", NULL};
    struct told t;
    told_make(&t);
    ck_assert_int_eq(linkat(t.at.fd, "a.css", t.at.fd, "twin.css", 0), 0);
    int fd = openat(t.at.fd, "young.css", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    loop_turn(&loop, 0);
    ck_assert_uint_eq(told_find(&t, "a.css").good_ms, FILECACHE_CHECK_MS);
    ck_assert_uint_eq(told_find(&t, "young.css").good_ms, FILECACHE_CHECK_MS);
    told_put(&t, "old.css");
    ck_assert_uint_eq(told_find(&t, "old.css").good_ms, FILECACHE_NET_MS);
    (void)unlinkat(t.at.fd, "old.css", 0);
    watch_done(&watch); /* the watch is lost */
    watch_doubt(&watch);
    now_ms += FILECACHE_NET_MS;
    ck_assert_uint_eq(told_find(&t, "young.css").good_ms, FILECACHE_CHECK_MS);
    told_remove(&t, names);
}
END_TEST

START_TEST(the_look_once_a_second_stays)
{
    scratch_put("one/new", "");
    loop_turn(&loop, 0);
    now_ms += FILECACHE_CHECK_MS - 2;
    ck_assert_uint_eq(compared("a.css"), 5000);
    now_ms += 1;
    ck_assert_uint_eq(compared("a.css"), now_ms);
}
END_TEST

START_TEST(a_root_that_leads_elsewhere_touches_all_its_files)
{
    ck_assert_int_eq(symlink("two", in("next")), 0);
    ck_assert_int_eq(rename(in("next"), site), 0);
    loop_turn(&loop, 0);
    ck_contents("a.css", "two");
    struct file *b = find("b.css");
    ck_assert_int_eq(b->error, ENOENT);
    pin_drop(&b->pin);
    ck_assert_uint_eq(place.opened, 1);
    scratch_put("two/a.css", "and on");
    loop_turn(&loop, 0);
    ck_contents("a.css", "and on");
    ck_assert_uint_eq(place.opened, 1);
}
END_TEST

START_TEST(a_link_beside_a_file_is_followed_to_what_changes)
{
    ck_assert_int_eq(mkdir(in("one/sub"), 0755), 0);
    scratch_put("one/sub/t.css", "t");
    ck_assert_int_eq(symlink("sub/t.css", in("one/link.css")), 0);
    ck_contents("link.css", "t");
    scratch_put("one/sub/t.css", "new");
    loop_turn(&loop, 0);
    ck_contents("link.css", "new");
}
END_TEST

START_TEST(a_root_that_is_another_without_an_event_is_met_by_the_look)
{
    cache.coherence.watch = NULL;
    ck_assert_int_eq(symlink("two", in("next")), 0);
    ck_assert_int_eq(rename(in("next"), site), 0);
    now_ms += FILECACHE_CHECK_MS;
    ck_contents("a.css", "two");
    ck_assert_uint_eq(place.opened, 1);
    now_ms += FILECACHE_CHECK_MS;
    ck_contents("a.css", "two");
    ck_assert_uint_eq(place.opened, 1);
}
END_TEST

START_TEST(what_was_missing_is_found)
{
    struct file *none = find("none.css");
    ck_assert_int_eq(none->error, ENOENT);
    pin_drop(&none->pin);
    scratch_put("one/none.css", "here");
    loop_turn(&loop, 0);
    ck_contents("none.css", "here");
}
END_TEST

/* Until a thread has been there first. */
START_TEST(what_is_not_watched_yet_is_served_and_not_remembered)
{
    struct offload offload;
    ck_assert(offload_init(&offload, &loop, 1, 10));
    filecache_done(&cache);
    ck_assert(filecache_init(&cache, limits, &mime));
    cache.coherence = (struct coherence){.watch = &watch, .scout = {&offload}};
    place.covered = false;
    place.trail = (struct trail){0};
    ck_contents("a.css", "one");
    scratch_put("one/a.css", "new");
    ck_contents("a.css", "new"); /* with nobody to tell */
    ck_assert_uint_eq(cache.entries, 0);
    for (int i = 0; i < 2; i++) /* the root, its folder */
        for (ck_contents("a.css", "new"); offload.pending > 0;)
            loop_turn(&loop, WAIT_MS);
    ck_contents("a.css", "new");
    ck_assert_uint_eq(cache.entries, 1);
    ck_assert_uint_eq(compared("a.css"), now_ms);
    scratch_put("one/a.css", "newer");
    loop_turn(&loop, 0);
    ck_contents("a.css", "newer");
    offload_done(&offload, WAIT_MS);
}
END_TEST

UNIT_MAIN_WITH("server/filecache with events", setup, teardown, only_what_changed_is_compared,
               where_all_changes_are_told_the_look_is_seldom,
               what_is_mounted_over_a_folder_is_watched_once_it_was_met,
               what_may_change_untold_is_looked_at_each_second, the_look_once_a_second_stays,
               a_root_that_leads_elsewhere_touches_all_its_files,
               a_link_beside_a_file_is_followed_to_what_changes,
               a_root_that_is_another_without_an_event_is_met_by_the_look,
               what_was_missing_is_found, what_is_not_watched_yet_is_served_and_not_remembered)
