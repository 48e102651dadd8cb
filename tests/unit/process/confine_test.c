/* Borrowing the workers' rights over files, and giving them back. */
#include "process/confine.h"

#include "support/scratch.h"
#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct process_conf as_nobody = {.user = {"nobody", 6}};
static struct identity nobody, own;
static int closed; /* a folder that only root may enter */

static void setup(void)
{
    closed = open(scratch_make(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(closed, 0);
    if (geteuid() == 0)
        ck_assert(identity_find(&as_nobody, &nobody));
}

static void teardown(void)
{
    (void)close(closed);
    scratch_remove();
}

/* 0, or why it cannot be entered. */
static int enter(void)
{
    int inside = openat(closed, ".", O_PATH | O_CLOEXEC);
    if (inside < 0)
        return errno;
    (void)close(inside);
    return 0;
}

START_TEST(files_are_opened_with_the_rights_that_are_borrowed)
{
    ck_assert_int_eq(enter(), 0);
    ck_assert(confine_borrow(&nobody, &own));
    ck_assert_int_eq(enter(), geteuid() == 0 ? EACCES : 0);
    ck_assert_uint_eq(getuid(), own.uid);
    ck_assert_uint_eq(geteuid(), own.uid);
    confine_give_back(&own);
    ck_assert_int_eq(enter(), 0);
}
END_TEST

START_TEST(groups_and_cores_are_as_before)
{
    gid_t groups[3] = {0};
    if (geteuid() != 0)
        return; /* nothing is borrowed */
    ck_assert_int_eq(setgroups(2, (const gid_t[]){7, 12}), 0);
    ck_assert(confine_borrow(&nobody, &own));
    confine_give_back(&own);
    ck_assert_int_eq(getgroups(3, groups), 2);
    ck_assert_uint_eq(groups[0] + groups[1], 19);
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}
END_TEST

START_TEST(our_own_rights_need_no_borrowing)
{
    struct identity as_we_are = {.uid = geteuid(), .gid = getegid()};
    ck_assert(confine_borrow(&as_we_are, &own));
    ck_assert_int_eq(own.group_count, 0);
    confine_give_back(&own);
}
END_TEST

/* As in a container that leaves root nothing but its number. */
START_TEST(root_without_capabilities_is_told_and_may_stay_root)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    struct identity root = {.is_changed = true, .name = "root"};
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(syscall(SYS_capset, &header, none), 0);
    ck_assert(!confine_borrow(&nobody, &own));
    ck_assert_int_eq(enter(), 0);
    ck_assert(confine_borrow(&root, &own));
    confine_give_back(&own);
}
END_TEST

UNIT_MAIN_WITH("process/confine", setup, teardown,
               files_are_opened_with_the_rights_that_are_borrowed, groups_and_cores_are_as_before,
               our_own_rights_need_no_borrowing,
               root_without_capabilities_is_told_and_may_stay_root)
