/* The fleet with workers that do nothing and a clock set by hand: this file is child.c and
 * generation.c for it. A worker is a process that only waits, so that killing one can be seen. */
#include "process/fleet.h"

#include "base/log.h"
#include "support/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 4096 };

static struct fleet fleet;
static struct generation generations[8];
static uint64_t now = 1000;
static bool refuse_start;
static int next_word;       /* what child_word gives next; 0: nothing */
static char said[SAID_MAX]; /* orders: "a1>0 " is: slot 1 is adopted by worker 0 */

/* --- in place of child.c and generation.c --- */

struct child *child_start(const struct generation *g, uint32_t slot, const struct heritage *h,
                          struct link *children, uint64_t now_ms)
{
    (void)h;
    if (refuse_start)
        return NULL;
    struct child *c = calloc(1, sizeof *c);
    *c = (struct child){
        .slot = slot, .generation = g->number, .born_ms = now_ms, .asked_ms = now_ms};
    c->pid = fork();
    if (c->pid == 0)
        for (;;)
            (void)pause();
    link_last(children, &c->link);
    return c;
}

void child_free(struct child *c)
{
    link_remove(&c->link);
    free(c);
}

void child_order(const struct child *c, enum worker_order order, uint32_t slot)
{
    size_t n = strlen(said);
    if (order != ORDER_PING)
        (void)snprintf(said + n, sizeof said - n, "%c%u>%u.%u ", order, slot, c->generation,
                       c->slot);
}

int child_word(struct child *c)
{
    (void)c;
    int word = next_word;
    next_word = 0;
    return word;
}

void generation_free(struct generation *g)
{
    if (g)
        g->workers = 0; /* seen by the tests */
}

/* --- helpers --- */

static struct child *worker(uint32_t generation, uint32_t slot)
{
    for (struct link *l = fleet.children.next; l != &fleet.children; l = l->next) {
        struct child *c = container_of(l, struct child, link);
        if (c->generation == generation && c->slot == slot)
            return c;
    }
    return NULL;
}

static void say(struct child *c, enum worker_word word)
{
    ck_assert_ptr_nonnull(c);
    next_word = word;
    fleet_listen(&fleet, c, now);
}

/* Buries whoever has died; how many. */
static int bury_dead(void)
{
    int status, count = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0; count++)
        fleet_bury(&fleet, pid, status, now);
    return count;
}

static void bury(struct child *c)
{
    int status;
    ck_assert_ptr_nonnull(c);
    pid_t pid = c->pid;
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    fleet_bury(&fleet, pid, status, now);
}

/* Time goes on; the workers answer if told so. What is due lies ahead each time: no spinning. */
static void pass(uint64_t ms, bool answers)
{
    fleet_tend(&fleet, now);
    for (uint64_t end = now + ms; now < end;) {
        uint64_t due = fleet_due(&fleet, now);
        ck_assert_uint_gt(due, now);
        now = due < end ? due : end;
        fleet_tend(&fleet, now);
        for (struct link *l = fleet.children.next; answers && l != &fleet.children; l = l->next)
            say(container_of(l, struct child, link), WORD_ALIVE);
    }
}

static struct generation *begin(uint32_t number, uint32_t workers, uint32_t slots)
{
    struct generation *g = &generations[number];
    *g = (struct generation){.number = number, .workers = workers, .slots = slots};
    fleet_begin(&fleet, g, now);
    return g;
}

static void serve(uint32_t number, uint32_t workers, uint32_t slots)
{
    (void)begin(number, workers, slots);
    for (uint32_t i = 0; i < workers; i++)
        say(worker(number, i), WORD_READY);
    ck_assert_int_eq(fleet_next(&fleet), NEXT_SERVES);
    fleet_switch(&fleet, now);
}

/* Exactly these orders were given since the last look. */
static void check_said(const char *expected)
{
    ck_assert_str_eq(said, expected);
    said[0] = '\0';
}

static void setup(void)
{
    log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_NOTICE, "");
    fleet_init(&fleet, (struct heritage){0});
}

static void teardown(void)
{
    while (!link_is_alone(&fleet.children))
        bury(container_of(fleet.children.next, struct child, link));
    (void)close(log_fd());
}

/* --- slots --- */

START_TEST(two_deaths_are_replaced_at_once_and_the_third_waits)
{
    serve(1, 1, 1);
    for (int deaths = 1; deaths <= 2; deaths++) {
        bury(worker(1, 0));
        fleet_tend(&fleet, now);
        ck_assert_ptr_nonnull(worker(1, 0));
        now += 100;
    }
    bury(worker(1, 0));
    fleet_tend(&fleet, now);
    ck_assert_ptr_null(worker(1, 0));
    pass(BACK_OFF_MIN_MS - 1, false);
    ck_assert_ptr_null(worker(1, 0));
    pass(1, false);
    ck_assert_ptr_nonnull(worker(1, 0));
}
END_TEST

START_TEST(further_deaths_double_the_wait_up_to_a_bound)
{
    static const uint32_t waits[] = {0, 0, 500, 1000, 2000, 4000, 8000, 10000, 10000};
    serve(1, 1, 1);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        bury(worker(1, 0));
        ck_assert_uint_eq(fleet.slots[0].delay_ms, waits[i]);
        pass(waits[i] + 1, false);
        ck_assert_ptr_nonnull(worker(1, 0));
    }
}
END_TEST

START_TEST(a_worker_that_lived_is_replaced_at_once_again)
{
    serve(1, 1, 1);
    for (int deaths = 1; deaths <= 3; deaths++) {
        bury(worker(1, 0));
        pass(1000, true);
    }
    ck_assert_uint_eq(fleet.slots[0].delay_ms, BACK_OFF_MIN_MS);
    pass(BACK_OFF_WITHIN_MS, true);
    bury(worker(1, 0));
    ck_assert_uint_eq(fleet.slots[0].delay_ms, 0);
}
END_TEST

START_TEST(a_sibling_adopts_until_the_next_worker_serves)
{
    serve(1, 3, 3);
    bury(worker(1, 1));
    check_said("a1>1.2 ");
    fleet_tend(&fleet, now);
    check_said("");
    say(worker(1, 1), WORD_READY);
    check_said("r1>1.2 ");
}
END_TEST

START_TEST(what_a_dead_sibling_carried_is_adopted_by_another)
{
    serve(1, 3, 3);
    bury(worker(1, 0));
    check_said("a0>1.1 ");
    bury(worker(1, 1));
    check_said("a0>1.2 a1>1.2 ");
}
END_TEST

START_TEST(alone_there_is_nobody_to_adopt)
{
    serve(1, 1, 1);
    bury(worker(1, 0));
    check_said("");
}
END_TEST

START_TEST(a_failed_fork_is_tried_again_later)
{
    serve(1, 1, 1);
    refuse_start = true;
    bury(worker(1, 0));
    pass(100, false);
    refuse_start = false;
    ck_assert_ptr_null(worker(1, 0));
    pass(BACK_OFF_MAX_MS, false);
    ck_assert_ptr_nonnull(worker(1, 0));
}
END_TEST

/* --- hung workers --- */

START_TEST(a_worker_that_answers_is_left_alone)
{
    serve(1, 2, 2);
    pass(3 * HUNG_KILL_MS, true);
    check_said("");
    ck_assert_int_eq(bury_dead(), 0);
}
END_TEST

START_TEST(a_hung_worker_is_stood_in_for_and_comes_back)
{
    serve(1, 2, 2);
    pass(PING_MS, false);
    say(worker(1, 0), WORD_ALIVE); /* only the other one hangs */
    for (int i = 0; i < 3; i++) {
        pass(PING_MS, false);
        say(worker(1, 0), WORD_ALIVE);
    }
    check_said("a1>1.0 ");
    ck_assert_int_eq(worker(1, 1)->state, CHILD_HUNG);
    say(worker(1, 1), WORD_ALIVE);
    check_said("r1>1.0 ");
}
END_TEST

START_TEST(a_worker_that_hangs_for_long_is_killed_and_replaced)
{
    int status;
    serve(1, 1, 1);
    pid_t pid = worker(1, 0)->pid;
    pass(PING_MS + HUNG_KILL_MS - 1, false);
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
    pass(1, false);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    fleet_bury(&fleet, pid, status, now);
    pass(1, false);
    ck_assert_ptr_nonnull(worker(1, 0));
}
END_TEST

START_TEST(a_worker_that_does_not_start_is_killed)
{
    int status;
    serve(1, 1, 1);
    bury(worker(1, 0));
    pass(1, false);
    pid_t pid = worker(1, 0)->pid;
    pass(HUNG_KILL_MS, false);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    fleet_bury(&fleet, pid, status, now);
}
END_TEST

/* --- generations --- */

START_TEST(an_old_generation_stops_accepting_and_finishes_after_a_grace)
{
    serve(1, 2, 2);
    serve(2, 2, 2);
    check_said("r0>1.0 r1>1.1 ");
    ck_assert_uint_eq(generations[1].workers, 0); /* freed */
    ck_assert_uint_eq(fleet_generations(&fleet), 2);
    pass(FINISH_GRACE_MS, true);
    check_said("f0>1.0 f0>1.1 ");
    bury(worker(1, 0));
    bury(worker(1, 1));
    ck_assert_uint_eq(fleet_generations(&fleet), 1);
    check_said("");
}
END_TEST

START_TEST(slots_that_are_left_over_are_adopted)
{
    serve(1, 3, 3);
    serve(2, 1, 3);
    check_said("r0>1.0 r1>1.1 r2>1.2 a1>2.0 a2>2.0 ");
}
END_TEST

START_TEST(an_old_worker_gives_back_what_it_carried)
{
    serve(1, 2, 2);
    bury(worker(1, 1));
    check_said("a1>1.0 ");
    serve(2, 2, 2);
    check_said("r0>1.0 r1>1.0 ");
}
END_TEST

START_TEST(a_new_generation_fails_with_one_of_its_workers)
{
    serve(1, 2, 2);
    begin(2, 2, 2);
    ck_assert_int_eq(fleet_next(&fleet), NEXT_STARTING);
    say(worker(2, 0), WORD_READY);
    bury(worker(2, 1));
    ck_assert_int_eq(fleet_next(&fleet), NEXT_FAILED);
    check_said("");
    fleet_abandon(&fleet, now);
    check_said("f0>2.0 ");
    ck_assert_int_eq(fleet_next(&fleet), NEXT_NONE);
    ck_assert_uint_eq(fleet.current->number, 1);
}
END_TEST

START_TEST(a_new_generation_fails_when_it_takes_too_long_or_cannot_be_forked)
{
    serve(1, 1, 1);
    begin(2, 2, 2);
    pass(START_MAX_MS - 1, false);
    ck_assert_int_eq(fleet_next(&fleet), NEXT_STARTING);
    pass(1, false);
    ck_assert_int_eq(fleet_next(&fleet), NEXT_FAILED);
    fleet_abandon(&fleet, now);
    refuse_start = true;
    begin(3, 1, 1);
    ck_assert_int_eq(fleet_next(&fleet), NEXT_FAILED);
    fleet_abandon(&fleet, now);
    refuse_start = false;
}
END_TEST

/* --- leaving --- */

START_TEST(finishing_is_told_once_then_stopped_then_killed)
{
    int status;
    serve(1, 1, 1);
    pid_t pid = worker(1, 0)->pid;
    fleet_finish(&fleet, now);
    fleet_finish(&fleet, now);
    check_said("f0>1.0 ");
    pass(FINISH_MAX_MS - 1, true);
    check_said("");
    pass(1, true);
    check_said("s0>1.0 ");
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
    pass(STOP_MAX_MS, true);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    fleet_bury(&fleet, pid, status, now);
    fleet_tend(&fleet, now);
    ck_assert_uint_eq(fleet.count, 0); /* and none is started again */
    fleet_done(&fleet);
}
END_TEST

START_TEST(stopping_reaches_all_generations_at_once)
{
    serve(1, 1, 1);
    serve(2, 1, 1);
    begin(3, 1, 1);
    said[0] = '\0';
    fleet_stop(&fleet, now);
    check_said("s0>1.0 s0>2.0 s0>3.0 ");
}
END_TEST

START_TEST(finishing_does_not_wait_for_the_grace_of_a_reload)
{
    serve(1, 1, 1);
    serve(2, 1, 1);
    said[0] = '\0';
    fleet_finish(&fleet, now);
    check_said("f0>1.0 f0>2.0 ");
}
END_TEST

START_TEST(strangers_are_ignored)
{
    serve(1, 1, 1);
    fleet_bury(&fleet, getpid(), 0, now);
    ck_assert_uint_eq(fleet.count, 1);
}
END_TEST

UNIT_MAIN_WITH(
    "process/fleet", setup, teardown, two_deaths_are_replaced_at_once_and_the_third_waits,
    further_deaths_double_the_wait_up_to_a_bound, a_worker_that_lived_is_replaced_at_once_again,
    a_sibling_adopts_until_the_next_worker_serves,
    what_a_dead_sibling_carried_is_adopted_by_another, alone_there_is_nobody_to_adopt,
    a_failed_fork_is_tried_again_later, a_worker_that_answers_is_left_alone,
    a_hung_worker_is_stood_in_for_and_comes_back,
    a_worker_that_hangs_for_long_is_killed_and_replaced, a_worker_that_does_not_start_is_killed,
    an_old_generation_stops_accepting_and_finishes_after_a_grace,
    slots_that_are_left_over_are_adopted, an_old_worker_gives_back_what_it_carried,
    a_new_generation_fails_with_one_of_its_workers,
    a_new_generation_fails_when_it_takes_too_long_or_cannot_be_forked,
    finishing_is_told_once_then_stopped_then_killed, stopping_reaches_all_generations_at_once,
    finishing_does_not_wait_for_the_grace_of_a_reload, strangers_are_ignored)
