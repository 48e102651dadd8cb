/* The file cache on a real folder: what is kept, what is seen, what is let go. */
#include "server/filecache.h"

#include "io/out.h"
#include "support/scratch.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OLD = 1600000000, NOW = 1700000000 };

static struct root_folder place;
static struct filecache_root root;
static struct arena *arena;
static struct mime mime;
static struct filecache cache;
static uint64_t now_ms;

static void set_time(const char *name, int64_t seconds)
{
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    ck_assert_int_eq(utimensat(AT_FDCWD, in(name), times, 0), 0);
}

static void put(const char *name, const char *text)
{
    scratch_put(name, text);
    set_time(name, OLD);
}

static void start(uint64_t bytes, uint64_t small_max, uint32_t entries)
{
    struct filecache_limits limits = {bytes, small_max, entries, entries, FILECACHE_CHECK_MS};
    ck_assert(filecache_init(&cache, limits, &mime));
}

static void setup(void)
{
    unsigned bad_line;
    const char *folder = scratch_make();
    place = (struct root_folder){.fd = disk_open_root(folder)};
    root = (struct filecache_root){.at = &place, .links = LINKS_INSIDE_ROOT};
    root.style.charset = STR("utf-8");
    ck_assert_int_ge(place.fd, 0);
    arena = arena_new(4096);
    ck_assert(mime_load(&mime, arena, STR("text/css css\nimage/png png\n"), &bad_line));
    now_ms = 5000;
}

static void teardown(void)
{
    filecache_done(&cache);
    map_done(&mime.by_extension);
    arena_free(arena);
    close(place.fd);
    scratch_remove();
}

static struct file *find(const char *name)
{
    struct file_wish w = {&root, str_of(name), CODING_IDENTITY, true, now_ms, NOW};
    struct file *f = filecache_find(&cache, &w);
    ck_assert_ptr_nonnull(f);
    return f;
}

static void drop(struct file *f)
{
    pin_drop(&f->pin);
}

static bool has(struct file *f, const char *line)
{
    return memmem(f->whole.p, f->whole.n, line, strlen(line)) != NULL;
}

START_TEST(a_small_file_is_kept_with_its_fields_and_without_a_descriptor)
{
    start(1000, 100, 10);
    put("a.css", "hello");
    struct file *f = find("a.css");
    ck_assert_int_eq(f->error, 0);
    ck_str(str_make(f->data, f->disk.size), "hello");
    ck_assert_int_eq(f->disk.fd, -1);
    ck_assert(has(f, "Content-Type: text/css; charset=utf-8\r\n"));
    ck_assert(has(f, "Last-Modified: Sun, 13 Sep 2020 12:26:40 GMT\r\n"));
    ck_assert(has(f, "ETag: \"16345785d8a00000-5\"\r\n"));
    struct file *again = find("a.css");
    ck_assert_ptr_eq(f, again);
    drop(f);
    drop(again);
    ck_assert_uint_eq(cache.bytes, 5);
}
END_TEST

START_TEST(a_large_file_is_an_open_descriptor)
{
    start(1000, 4, 10);
    put("a.png", "hello");
    struct file *f = find("a.png");
    ck_assert_ptr_null(f->data);
    ck_assert_int_ge(f->disk.fd, 0);
    ck_assert_uint_eq(f->disk.size, 5);
    drop(f);
}
END_TEST

START_TEST(an_entry_is_compared_with_the_disk_once_a_second)
{
    start(1000, 100, 10);
    put("a.css", "one");
    drop(find("a.css"));
    put("a.css", "three");
    now_ms += FILECACHE_CHECK_MS - 1;
    struct file *before = find("a.css");
    ck_str(str_make(before->data, before->disk.size), "one");
    now_ms += 1;
    struct file *after = find("a.css");
    ck_str(str_make(after->data, after->disk.size), "three");
    ck_str(str_make(before->data, before->disk.size),
           "one"); /* an answer in flight keeps its own */
    drop(before);
    drop(after);
    unlink(in("a.css"));
    now_ms += FILECACHE_CHECK_MS;
    struct file *gone = find("a.css");
    ck_assert_int_eq(gone->error, ENOENT);
    drop(gone);
    put("a.css", "back");
    now_ms += FILECACHE_CHECK_MS;
    struct file *back = find("a.css");
    ck_assert_int_eq(back->error, 0);
    drop(back);
}
END_TEST

START_TEST(an_unchanged_file_stays_the_same_entry)
{
    start(1000, 100, 10);
    put("a.css", "one");
    struct file *f = find("a.css");
    now_ms += 3 * FILECACHE_CHECK_MS;
    struct file *again = find("a.css");
    ck_assert_ptr_eq(f, again);
    drop(f);
    drop(again);
}
END_TEST

START_TEST(meaningless_times_give_no_validators)
{
    start(1000, 100, 10);
    put("zero.css", "a");
    put("one.css", "a");
    put("future.css", "a");
    put("young.css", "a");
    set_time("zero.css", 0);
    set_time("one.css", 1);
    set_time("future.css", NOW + 1000);
    set_time("young.css", NOW - 1);
    static const char *const bare[] = {"zero.css", "one.css"};
    for (int i = 0; i < 2; i++) {
        struct file *f = find(bare[i]);
        ck_assert(!has(f, "ETag") && !has(f, "Last-Modified"));
        drop(f);
    }
    struct file *future = find("future.css"), *young = find("young.css");
    ck_assert(has(future, "ETag: ") && !has(future, "Last-Modified"));
    ck_assert(has(young, "ETag: W/\""));
    drop(future);
    drop(young);
    now_ms += FILECACHE_CHECK_MS;
    struct file_wish later = {&root, STR("young.css"), CODING_IDENTITY, true, now_ms, NOW + 5};
    struct file *grown = filecache_find(&cache, &later);
    ck_assert(has(grown, "ETag: \""));
    drop(grown);
}
END_TEST

START_TEST(folders_and_what_is_no_file_are_told_apart)
{
    start(1000, 100, 10);
    ck_assert_int_eq(mkdir(in("d"), 0755), 0);
    ck_assert_int_eq(mkfifo(in("f"), 0644), 0);
    struct file *d = find("d"), *fifo = find("f"), *self = find("");
    ck_assert_int_eq(d->disk.kind, DISK_DIRECTORY);
    ck_assert_int_eq(self->disk.kind, DISK_DIRECTORY);
    ck_assert_int_eq(fifo->disk.kind, DISK_OTHER);
    ck_assert_int_eq(fifo->disk.fd, -1);
    drop(d);
    drop(fifo);
    drop(self);
}
END_TEST

START_TEST(refusals_are_remembered_but_cannot_evict_files)
{
    start(1000, 100, 20);
    put("a.css", "one");
    struct file *kept = find("a.css");
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "none-%d", i);
        drop(find(name));
    }
    ck_assert_uint_eq(cache.errors, 5);
    ck_assert_uint_eq(cache.entries, 6);
    struct file *again = find("a.css");
    ck_assert_ptr_eq(kept, again);
    drop(kept);
    drop(again);
}
END_TEST

START_TEST(the_least_recently_used_goes_first)
{
    start(1000, 100, 2);
    put("a.css", "a");
    put("b.css", "b");
    put("c.css", "c");
    struct file *a = find("a.css");
    drop(find("b.css"));
    struct file *a2 = find("a.css");
    drop(find("c.css")); /* b goes */
    struct file *a3 = find("a.css");
    ck_assert_ptr_eq(a, a2);
    ck_assert_ptr_eq(a, a3);
    ck_assert_uint_eq(cache.entries, 2);
    drop(a);
    drop(a2);
    drop(a3);
}
END_TEST

START_TEST(contents_are_bounded_in_bytes)
{
    start(10, 8, 100);
    put("a.css", "12345678");
    put("b.css", "12345678");
    drop(find("a.css"));
    drop(find("b.css"));
    ck_assert_uint_eq(cache.bytes, 8);
    ck_assert_uint_eq(cache.entries, 1);
}
END_TEST

START_TEST(contents_that_are_not_copied_have_headroom_behind_their_fields)
{
    char text[OUT_COPY_MAX + 2] = "";
    start(10 * sizeof text, sizeof text, 100);
    memset(text, 'x', sizeof text - 1);
    put("lent.css", text);
    text[OUT_COPY_MAX] = '\0';
    put("copied.css", text);
    struct file *copied = find("copied.css"), *lent = find("lent.css");
    ck_assert_uint_eq(copied->headroom, 0);
    ck_assert_uint_ge(lent->headroom, 512);
    ck_assert(lent->data - lent->headroom >= lent->whole.p + lent->whole.n);
    ck_assert_int_eq(lent->data[OUT_COPY_MAX], 'x');
    drop(copied);
    drop(lent);
}
END_TEST

/* Else it would be read anew for each request, only to be let go. */
START_TEST(what_fits_only_without_its_headroom_is_not_read_into_memory)
{
    char text[OUT_COPY_MAX + 2] = "";
    start(sizeof text, sizeof text, 100);
    memset(text, 'x', sizeof text - 1);
    put("a.css", text);
    struct file *first = find("a.css"), *again = find("a.css");
    ck_assert_ptr_null(first->data);
    ck_assert_ptr_eq(first, again);
    drop(first);
    drop(again);
}
END_TEST

START_TEST(limits_of_zero_cache_nothing_and_serve_everything)
{
    start(0, 100, 0);
    put("a.css", "hello");
    struct file *f = find("a.css");
    ck_assert_ptr_null(f->data);
    ck_assert_int_ge(f->disk.fd, 0);
    drop(f);
    struct file *none = find("none");
    ck_assert_int_eq(none->error, ENOENT);
    drop(none);
    ck_assert_uint_eq(cache.entries, 0);
}
END_TEST

START_TEST(a_second_of_use_counts_once)
{
    start(1000, 100, 2);
    put("a", "a");
    put("b", "b");
    put("c", "c");
    struct file *a = find("a"), *b = find("b");
    drop(find("a"));
    drop(find("b"));
    drop(find("a")); /* in the same second: it stays behind */
    drop(find("c"));
    ck_assert_uint_eq(cache.entries, 2);
    struct file *again = find("b");
    ck_assert_ptr_eq(again, b);
    drop(again);
    drop(a);
    drop(b);
}
END_TEST

START_TEST(in_the_next_second_it_is_moved_again)
{
    start(1000, 100, 2);
    put("a", "a");
    put("b", "b");
    put("c", "c");
    struct file *a = find("a");
    drop(find("a"));
    drop(find("b"));
    drop(find("b"));
    now_ms += 1024;
    drop(find("a"));
    drop(find("c"));
    struct file *again = find("a");
    ck_assert_ptr_eq(again, a);
    drop(again);
    drop(a);
}
END_TEST

UNIT_MAIN_WITH("server/filecache", setup, teardown,
               a_small_file_is_kept_with_its_fields_and_without_a_descriptor,
               a_large_file_is_an_open_descriptor, an_entry_is_compared_with_the_disk_once_a_second,
               an_unchanged_file_stays_the_same_entry, meaningless_times_give_no_validators,
               folders_and_what_is_no_file_are_told_apart,
               refusals_are_remembered_but_cannot_evict_files, the_least_recently_used_goes_first,
               contents_are_bounded_in_bytes,
               contents_that_are_not_copied_have_headroom_behind_their_fields,
               what_fits_only_without_its_headroom_is_not_read_into_memory,
               limits_of_zero_cache_nothing_and_serve_everything, a_second_of_use_counts_once,
               in_the_next_second_it_is_moved_again)
