/* The disk below a root: what opens, what is refused, and that nothing leads outside. */
#include "io/disk.h"

#include "support/refuse.h"
#include "support/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

static int top; /* a folder with "root" and, beside it, "outside" */
static int root;
static uint64_t secret; /* inode of outside/secret */
static struct disk_file f;

static void make_file(const char *path, const char *text, mode_t mode)
{
    int fd = openat(top, path, O_CREAT | O_EXCL | O_WRONLY, mode);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void make_folder(const char *path)
{
    ck_assert_int_eq(mkdirat(top, path, 0755), 0);
}

static void make_link(const char *target, const char *path)
{
    ck_assert_int_eq(symlinkat(target, top, path), 0);
}

static void make_links(void)
{
    make_link("file", "root/to-file");
    make_link("sub", "root/to-sub");
    make_link("../file", "root/sub/up");
    make_link("../../outside/secret", "root/sub/out");
    make_link("../outside", "root/out");
    make_link(in("root/file"), "root/absolute");
    make_link("loop", "root/loop");
    make_link("nowhere", "root/dangling");
    make_link("/dev/null", "root/null");
    make_link("/proc/self/root", "root/magic");
}

static void setup(void)
{
    const char *folder = scratch_make();
    ck_assert_int_eq(chmod(folder, 0755), 0);
    top = open(folder, O_RDONLY | O_DIRECTORY);
    make_folder("root");
    make_folder("root/sub");
    make_folder("outside");
    make_file("root/file", "contents", 0644);
    make_file("root/sub/file", "below", 0644);
    make_file("root/unreadable", "x", 0);
    make_file("outside/secret", "secret", 0644);
    make_links();
    root = disk_open_root(in("root"));
    ck_assert_int_ge(root, 0);
    struct stat st;
    ck_assert_int_eq(fstatat(top, "outside/secret", &st, 0), 0);
    secret = st.st_ino;
}

static void teardown(void)
{
    be_root_again();
    close(top);
    close(root);
    scratch_remove();
}

/* The error of opening it, or 0; the descriptor is closed. */
static int opening(const char *path, enum disk_links links)
{
    int r = disk_open(root, path, links, &f);
    if (r == 0 && f.fd >= 0)
        close(f.fd);
    return r;
}

static void opens_for(const char *path, enum disk_links from, int otherwise)
{
    for (int links = LINKS_DENY; links <= LINKS_FOLLOW; links++) {
        int expected = links >= (int)from ? 0 : otherwise;
        int r = opening(path, (enum disk_links)links);
        ck_assert_msg(r == expected, "%s, %d: %s", path, links, strerror(-r));
    }
}

static void never_opens(const char *path, int error)
{
    for (int links = LINKS_DENY; links <= LINKS_FOLLOW; links++)
        ck_assert_int_eq(opening(path, (enum disk_links)links), error);
}

static void is_other(const char *path)
{
    for (int links = LINKS_DENY; links <= LINKS_FOLLOW; links++) {
        ck_assert_int_eq(disk_open(root, path, (enum disk_links)links, &f), 0);
        ck_assert_int_eq(f.kind, DISK_OTHER);
        ck_assert_int_eq(f.fd, -1);
    }
}

/* --- what opens --- */

START_TEST(the_kernel_has_what_we_need)
{
    ck_assert(disk_is_supported());
}
END_TEST

START_TEST(a_file_comes_with_what_fstat_says_of_it)
{
    struct stat st;
    ck_assert_int_eq(disk_open(root, "file", LINKS_DENY, &f), 0);
    ck_assert_int_eq(fstat(f.fd, &st), 0);
    ck_assert_int_eq(f.kind, DISK_FILE);
    ck_assert_uint_eq(f.size, 8);
    ck_assert_uint_eq(f.ino, st.st_ino);
    ck_assert_uint_eq(f.dev, st.st_dev);
    ck_assert_int_eq(f.mtime_ns / 1000000000, st.st_mtim.tv_sec);
    ck_assert_int_eq(f.mtime_ns % 1000000000, st.st_mtim.tv_nsec);
    ck_assert_int_eq(f.ctime_ns % 1000000000, st.st_ctim.tv_nsec);
    ck_assert(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
    close(f.fd);
}
END_TEST

/* Who writes to it by the other name makes no event in its folder. */
START_TEST(a_file_with_another_name_says_so)
{
    ck_assert_int_eq(disk_open(root, "file", LINKS_DENY, &f), 0);
    ck_assert(!f.has_other_names);
    ck_assert_int_eq(linkat(root, "file", root, "twin", 0), 0);
    ck_assert_int_eq(disk_stat(f.fd, &f), 0);
    ck_assert(f.has_other_names);
    ck_assert_int_eq(unlinkat(root, "twin", 0), 0);
    close(f.fd);
    ck_assert_int_eq(disk_open(root, ".", LINKS_DENY, &f), 0);
    ck_assert(!f.has_other_names); /* a folder's are its own and its children's */
    close(f.fd);
}
END_TEST

START_TEST(a_file_that_is_mounted_has_another_name)
{
    if (unshare(CLONE_NEWNS) < 0)
        return; /* only root may mount */
    ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount(in("outside/secret"), in("root/file"), NULL, MS_BIND, NULL), 0);
    int here = disk_open_root(in("root")); /* the other one is of the namespace before */
    ck_assert_int_eq(disk_open(here, "file", LINKS_DENY, &f), 0);
    ck_assert_uint_eq(f.ino, secret);
    ck_assert(f.has_other_names);
    close(f.fd);
    close(here);
    ck_assert_int_eq(umount2(in("root/file"), MNT_DETACH), 0);
}
END_TEST

/* Drops a file's contents from memory; false on file systems that are nothing but memory. */
static bool cool(const char *path, size_t n)
{
    char byte;
    struct iovec v = {&byte, 1};
    int fd = openat(root, path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
    ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)n - 1), 1);
    ck_assert_int_eq(fsync(fd), 0);
    ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    bool is_cold = preadv2(fd, &v, 1, (off_t)n - 1, RWF_NOWAIT) < 0 && errno == EAGAIN;
    close(fd);
    return is_cold;
}

/* What a reading from memory alone gives. Asking begins to fetch what is not there, so a second
 * look may find it; what was there must be there still. */
static ssize_t read_cached(const char *path, size_t n, bool *is_cached)
{
    static char data[4 * DISK_WARM_MAX];
    ck_assert_int_eq(disk_open_cached(root, path, LINKS_DENY, &f), 0);
    *is_cached = disk_is_cached(f.fd, 0, n < DISK_WARM_MAX ? n : DISK_WARM_MAX);
    ssize_t r = disk_read_cached(f.fd, data, n, 0);
    ck_assert(!*is_cached || r == (ssize_t)n);
    close(f.fd);
    return r;
}

/* Is it found cold, before a disk that is fast has brought it? */
static bool is_found_cold(const char *path, size_t n)
{
    bool is_cached = true;
    for (int tries = 0; tries < 1000; tries++)
        if (cool(path, n) && read_cached(path, n, &is_cached) == -EAGAIN && !is_cached)
            return true;
    return false;
}

START_TEST(what_is_not_in_memory_is_cold_until_it_was_read)
{
    static const size_t sizes[] = {1, 4096, 100000, DISK_WARM_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bool is_cached = false;
        if (cool("file", sizes[i]))
            ck_assert(is_found_cold("file", sizes[i]));
        disk_warm(root, "file", LINKS_DENY);
        ck_assert_int_eq(read_cached("file", sizes[i], &is_cached), (ssize_t)sizes[i]);
        ck_assert(is_cached);
    }
}
END_TEST

START_TEST(what_is_warm_opens_from_memory_as_from_the_disk)
{
    static const char *const paths[] = {"",        "sub",  "none",    "sub/none",
                                        "to-file", "loop", "absolute"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int r = opening(paths[i], LINKS_INSIDE_ROOT);
        ck_assert_int_eq(disk_open_cached(root, paths[i], LINKS_INSIDE_ROOT, &f), r);
        if (r == 0 && f.fd >= 0)
            close(f.fd);
    }
}
END_TEST

START_TEST(a_directory_says_so_and_the_root_is_one)
{
    static const char *const paths[] = {"sub", "", ".", "sub/"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ck_assert_int_eq(opening(paths[i], LINKS_DENY), 0);
        ck_assert_int_eq(f.kind, DISK_DIRECTORY);
    }
}
END_TEST

START_TEST(a_root_must_be_a_directory_that_is_there)
{
    ck_assert_int_eq(disk_open_root(in("root/file")), -ENOTDIR);
    ck_assert_int_eq(disk_open_root("/nonexistent-folder"), -ENOENT);
}
END_TEST

START_TEST(contents_are_read_to_the_end_and_not_beyond)
{
    char got[16];
    ck_assert_int_eq(disk_open(root, "file", LINKS_DENY, &f), 0);
    ck_assert_int_eq(disk_read(f.fd, got, 3, 2), 3);
    ck_assert_int_eq(memcmp(got, "nte", 3), 0);
    ck_assert_int_eq(disk_read(f.fd, got, sizeof got, 0), 8);
    ck_assert_int_eq(disk_read(f.fd, got, sizeof got, 8), 0);
    ck_assert_int_eq(disk_read(f.fd, got, 0, 0), 0);
    close(f.fd);
    ck_assert_int_eq(disk_open(root, "sub", LINKS_DENY, &f), 0);
    ck_assert_int_eq(disk_read(f.fd, got, 1, 0), -EISDIR);
    close(f.fd);
}
END_TEST

START_TEST(a_changed_file_is_not_the_same_and_an_untouched_one_is)
{
    struct disk_file before, after;
    ck_assert_int_eq(disk_open(root, "file", LINKS_DENY, &before), 0);
    ck_assert_int_eq(disk_stat(before.fd, &after), 0);
    ck_assert_int_eq(after.fd, before.fd);
    ck_assert(disk_same(&before, &after));
    struct timespec past[2] = {{.tv_sec = 1}, {.tv_sec = 1, .tv_nsec = 1}};
    ck_assert_int_eq(utimensat(top, "root/file", past, 0), 0);
    ck_assert_int_eq(disk_stat(before.fd, &after), 0);
    ck_assert_int_eq(after.mtime_ns, 1000000001);
    ck_assert(!disk_same(&before, &after));
    close(before.fd);
    ck_assert_int_eq(disk_stat(before.fd, &after), -EBADF);
}
END_TEST

START_TEST(any_difference_that_a_stat_can_tell_is_one)
{
    const struct disk_file plain = {.kind = DISK_FILE};
    const struct disk_file others[] = {
        {.kind = DISK_DIRECTORY},      {.kind = DISK_FILE, .size = 1},
        {.kind = DISK_FILE, .dev = 1}, {.kind = DISK_FILE, .mtime_ns = 1},
        {.kind = DISK_FILE, .ino = 1}, {.kind = DISK_FILE, .ctime_ns = 1},
    };
    ck_assert(disk_same(&plain, &(struct disk_file){.kind = DISK_FILE, .fd = 7}));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert(!disk_same(&plain, &others[i]));
}
END_TEST

/* --- what does not --- */

START_TEST(what_is_not_there_or_not_a_folder_says_so)
{
    never_opens("nothing", -ENOENT);
    never_opens("sub/nothing", -ENOENT);
    never_opens("file/below", -ENOTDIR);
    never_opens("file/", -ENOTDIR);
    never_opens("loop/below", -ELOOP);
}
END_TEST

START_TEST(what_may_not_be_read_is_an_error)
{
    stop_being_root();
    never_opens("unreadable", -EACCES);
}
END_TEST

START_TEST(without_descriptors_it_says_so)
{
    rlim_t before = limit(RLIMIT_NOFILE, 0);
    int r = disk_open(root, "file", LINKS_DENY, &f);
    limit(RLIMIT_NOFILE, before);
    ck_assert_int_eq(r, -EMFILE);
}
END_TEST

START_TEST(a_fifo_a_socket_and_a_device_are_refused_without_waiting)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(at.sun_path, in("root/socket"));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)(void *)&at, sizeof at), 0);
    ck_assert_int_eq(mkfifoat(top, "root/fifo", 0644), 0);
    is_other("fifo");
    is_other("socket");
    if (mknodat(top, "root/device", S_IFCHR | 0644, makedev(1, 3)) == 0 &&
        opening("device", LINKS_DENY) == 0) /* else: not root, or a mount without devices */
        is_other("device");
    ck_assert_int_eq(opening("null", LINKS_FOLLOW), 0);
    ck_assert_int_eq(f.kind, DISK_OTHER);
    ck_assert_int_eq(f.fd, -1);
    close(fd);
}
END_TEST

/* --- links and escapes --- */

START_TEST(relative_links_inside_need_the_policy_to_follow_them)
{
    opens_for("to-file", LINKS_INSIDE_ROOT, -ELOOP);
    opens_for("to-sub/file", LINKS_INSIDE_ROOT, -ELOOP);
    opens_for("sub/up", LINKS_INSIDE_ROOT, -ELOOP);
}
END_TEST

START_TEST(links_that_leave_the_root_are_refused_unless_all_are_followed)
{
    ck_assert_int_eq(opening("out/secret", LINKS_DENY), -ELOOP);
    ck_assert_int_eq(opening("out/secret", LINKS_INSIDE_ROOT), -EXDEV);
    ck_assert_int_eq(opening("sub/out", LINKS_INSIDE_ROOT), -EXDEV);
    ck_assert_int_eq(opening("absolute", LINKS_INSIDE_ROOT), -EXDEV); /* though it leads inside */
    ck_assert_int_eq(opening("sub/out", LINKS_FOLLOW), 0);
    ck_assert_uint_eq(f.ino, secret);
    ck_assert_int_eq(opening("absolute", LINKS_FOLLOW), 0);
}
END_TEST

START_TEST(links_that_lead_nowhere_or_round_are_errors)
{
    ck_assert_int_eq(opening("dangling", LINKS_INSIDE_ROOT), -ENOENT);
    ck_assert_int_eq(opening("dangling", LINKS_FOLLOW), -ENOENT);
    never_opens("loop", -ELOOP);
}
END_TEST

START_TEST(links_of_proc_are_never_followed)
{
    ck_assert_int_eq(opening("magic/etc/passwd", LINKS_INSIDE_ROOT), -EXDEV);
    ck_assert_int_eq(opening("magic/etc/passwd", LINKS_FOLLOW), -ELOOP);
}
END_TEST

START_TEST(a_path_cannot_leave_by_itself)
{
    ck_assert_int_eq(opening("../outside/secret", LINKS_DENY), -EXDEV);
    ck_assert_int_eq(opening("sub/../../outside/secret", LINKS_INSIDE_ROOT), -EXDEV);
    never_opens("/etc/passwd", -EXDEV);
    never_opens("/", -EXDEV);
}
END_TEST

/* --- what the kernel seldom says --- */

static void refuse_openat2(unsigned error)
{
    refuse_call(SYS_openat2, 3, sizeof(struct open_how), error);
}

START_TEST(without_openat2_it_is_not_supported)
{
    refuse_openat2(ENOSYS);
    ck_assert(!disk_is_supported());
    ck_assert_int_eq(opening("file", LINKS_DENY), -ENOSYS);
}
END_TEST

START_TEST(a_tree_that_never_rests_is_given_up)
{
    refuse_openat2(EAGAIN);
    ck_assert_int_eq(opening("file", LINKS_DENY), -EAGAIN);
}
END_TEST

START_TEST(a_device_without_a_driver_is_no_file)
{
    refuse_openat2(ENODEV);
    is_other("file");
}
END_TEST

/* --- races --- */

static atomic_bool over;
static atomic_uint swaps;

/* A folder and a link to the outside change places, and a folder with a link upwards moves out of
 * the root and back, as fast as they can. */
static void *swap(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
        renameat2(top, "root/door", top, "root/lure", 2 /* RENAME_EXCHANGE */);
        renameat2(top, "root/deep/low", top, "outside/low", 0);
        renameat2(top, "outside/low", top, "root/deep/low", 0);
        atomic_fetch_add(&swaps, 1);
    }
    return NULL;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

START_TEST(no_race_of_renames_and_links_leads_outside)
{
    static const char *const paths[] = {"door/secret", "lure/secret", "deep/low/up/secret"};
    pthread_t thread;
    unsigned opened = 0;
    make_folder("root/door");
    make_file("root/door/secret", "public", 0644);
    make_link("../outside", "root/lure");
    make_folder("root/deep");
    make_folder("root/deep/low");
    make_link("..", "root/deep/low/up"); /* while low is outside, that is "outside" */
    make_file("root/deep/secret", "public", 0644);
    ck_assert_int_eq(pthread_create(&thread, NULL, swap, NULL), 0);
    uint64_t until = now_ms() + 1000;
    for (unsigned i = 0; now_ms() < until || atomic_load(&swaps) < 100; i++) {
        int r = opening(paths[i % 3], i % 2 ? LINKS_DENY : LINKS_INSIDE_ROOT);
        ck_assert_msg(r == 0 || r == -EXDEV || r == -ELOOP || r == -ENOENT || r == -EAGAIN, "%s",
                      strerror(-r));
        ck_assert(r != 0 || (f.ino != secret && f.size == 6));
        opened += r == 0;
    }
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    ck_assert_uint_gt(opened, 0);
}
END_TEST

UNIT_MAIN_WITH("io/disk", setup, teardown, the_kernel_has_what_we_need,
               what_is_not_in_memory_is_cold_until_it_was_read,
               what_is_warm_opens_from_memory_as_from_the_disk,
               a_file_comes_with_what_fstat_says_of_it, a_file_with_another_name_says_so,
               a_file_that_is_mounted_has_another_name, a_directory_says_so_and_the_root_is_one,
               a_root_must_be_a_directory_that_is_there,
               contents_are_read_to_the_end_and_not_beyond,
               a_changed_file_is_not_the_same_and_an_untouched_one_is,
               any_difference_that_a_stat_can_tell_is_one,
               what_is_not_there_or_not_a_folder_says_so, what_may_not_be_read_is_an_error,
               without_descriptors_it_says_so,
               a_fifo_a_socket_and_a_device_are_refused_without_waiting,
               relative_links_inside_need_the_policy_to_follow_them,
               links_that_leave_the_root_are_refused_unless_all_are_followed,
               links_that_lead_nowhere_or_round_are_errors, links_of_proc_are_never_followed,
               a_path_cannot_leave_by_itself, without_openat2_it_is_not_supported,
               a_tree_that_never_rests_is_given_up, a_device_without_a_driver_is_no_file,
               no_race_of_renames_and_links_leads_outside)
