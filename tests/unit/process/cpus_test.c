#include "process/cpus.h"

#include "support/launcher.h"
#include "support/unit.h"

#include <sched.h>
#include <stdio.h>

/* A machine's files below a folder: proc/cgroup, proc/mountinfo, and the groups' own. */
static struct server machine;

static void setup(void)
{
    server_prepare(&machine);
}

static void teardown(void)
{
    server_release(&machine);
}

static uint64_t quota(void)
{
    char *proc = server_path(&machine, "proc");
    uint64_t milli = cpus_quota_milli(proc, machine.dir);
    free(proc);
    return milli;
}

static void put_v2(const char *group)
{
    server_put_text(&machine, "proc/cgroup", group);
    server_put_text(
        &machine, "proc/mountinfo",
        "21 1 0:20 / /proc rw - proc proc rw\n"
        "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
}

static void put_v1(const char *root)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "30 24 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                   "31 24 0:26 %s /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
                   root);
    server_put_text(&machine, "proc/mountinfo", text);
}

START_TEST(without_cgroups_there_is_no_quota)
{
    ck_assert_uint_eq(quota(), 0);
    put_v2("0::/app\n");
    ck_assert_uint_eq(quota(), 0);
}
END_TEST

START_TEST(v2_quota_of_the_own_group_counts)
{
    put_v2("0::/app\n");
    server_put_text(&machine, "sys/fs/cgroup/app/cpu.max", "150000 100000\n");
    ck_assert_uint_eq(quota(), 1500);
}
END_TEST

START_TEST(v2_max_is_no_quota)
{
    put_v2("0::/app\n");
    server_put_text(&machine, "sys/fs/cgroup/app/cpu.max", "max 100000\n");
    ck_assert_uint_eq(quota(), 0);
}
END_TEST

START_TEST(the_smallest_quota_on_the_way_up_counts)
{
    put_v2("0::/slice/app/inner\n");
    server_put_text(&machine, "sys/fs/cgroup/slice/app/inner/cpu.max", "400000 100000\n");
    server_put_text(&machine, "sys/fs/cgroup/slice/app/cpu.max", "max 100000\n");
    server_put_text(&machine, "sys/fs/cgroup/slice/cpu.max", "50000 100000\n");
    ck_assert_uint_eq(quota(), 500);
}
END_TEST

START_TEST(in_a_container_the_mount_is_the_group)
{
    put_v2("0::/\n");
    server_put_text(&machine, "sys/fs/cgroup/cpu.max", "200000 100000\n");
    ck_assert_uint_eq(quota(), 2000);
    put_v2("0::/../../elsewhere\n");
    ck_assert_uint_eq(quota(), 2000);
}
END_TEST

START_TEST(v1_quota_and_period_are_read)
{
    server_put_text(&machine, "proc/cgroup", "3:memory:/app\n2:cpu,cpuacct:/app\n");
    put_v1("/");
    server_put_text(&machine, "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "250000\n");
    server_put_text(&machine, "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(quota(), 2500);
    server_put_text(&machine, "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "-1\n");
    ck_assert_uint_eq(quota(), 0);
}
END_TEST

START_TEST(v1_group_named_from_outside_is_cut_at_what_is_mounted)
{
    server_put_text(&machine, "proc/cgroup", "2:cpu,cpuacct:/docker/abc/app\n");
    put_v1("/docker/abc");
    server_put_text(&machine, "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "100000\n");
    server_put_text(&machine, "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(quota(), 1000);
}
END_TEST

START_TEST(nonsense_in_the_files_is_no_quota)
{
    put_v2("0::/app\n");
    static const char *const texts[] = {
        "",           "\n",         "many 100000\n",           "100000\n",
        "100000 0\n", "0 100000\n", "99999999999999999999 1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        server_put_text(&machine, "sys/fs/cgroup/app/cpu.max", texts[i]);
        ck_assert_msg(quota() == 0, "\"%s\"", texts[i]);
    }
    server_put_text(&machine, "proc/mountinfo", "- -\n\n1 2 3\n");
    ck_assert_uint_eq(quota(), 0);
}
END_TEST

START_TEST(the_smaller_one_is_rounded_up_and_at_least_1)
{
    ck_assert_uint_eq(cpus_smaller(8, 0), 8);
    ck_assert_uint_eq(cpus_smaller(8, 1500), 2);
    ck_assert_uint_eq(cpus_smaller(8, 2000), 2);
    ck_assert_uint_eq(cpus_smaller(2, 64000), 2);
    ck_assert_uint_eq(cpus_smaller(8, 1), 1);
    ck_assert_uint_eq(cpus_smaller(0, 0), 1);
}
END_TEST

START_TEST(this_machine_has_some_and_says_how_it_counted)
{
    char how[CPUS_TEXT];
    ck_assert_uint_ge(cpus_usable(how), 1);
    ck_assert_ptr_nonnull(strstr(how, "CPUs in the mask"));
}
END_TEST

START_TEST(pinning_leaves_one_cpu_of_the_mask)
{
    cpu_set_t before, after;
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    for (uint32_t n = 0; n < 2; n++) {
        ck_assert_int_eq(
            cpus_pin((uint32_t)CPU_COUNT(&before) * 3 + n % (uint32_t)CPU_COUNT(&before)), 0);
        ck_assert_int_eq(sched_getaffinity(0, sizeof after, &after), 0);
        ck_assert_int_eq(CPU_COUNT(&after), 1);
        CPU_OR(&after, &after, &before);
        ck_assert(CPU_EQUAL(&after, &before));
        ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
    }
}
END_TEST

UNIT_MAIN_WITH("process/cpus", setup, teardown, without_cgroups_there_is_no_quota,
               v2_quota_of_the_own_group_counts, v2_max_is_no_quota,
               the_smallest_quota_on_the_way_up_counts, in_a_container_the_mount_is_the_group,
               v1_quota_and_period_are_read, v1_group_named_from_outside_is_cut_at_what_is_mounted,
               nonsense_in_the_files_is_no_quota, the_smaller_one_is_rounded_up_and_at_least_1,
               this_machine_has_some_and_says_how_it_counted, pinning_leaves_one_cpu_of_the_mask)
