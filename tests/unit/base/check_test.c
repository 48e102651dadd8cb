/* Failed checks say where and what, then abort; the others cost nothing. */
#include "base/check.h"
#include "base/log.h"
#include "base/pin.h"
#include "support/unit.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child says in its log before it aborts; it must abort. */
static struct str last_words(void (*deed)(void))
{
    static char text[LOG_LINE_MAX + 1];
    int ends[2], status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* else a core file, no harm */
        log_open(ends[1], LOG_ERROR, "");
        deed();
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    (void)close(ends[1]); /* the end of what is read */
    ssize_t n = read(ends[0], text, sizeof text);
    (void)close(ends[0]);
    ck_assert_int_gt(n, 0);
    return str_make(text, (size_t)n);
}

static void claim_nonsense(void)
{
    CHECK(1 + 1 == 3);
}

START_TEST(a_failed_check_tells_file_and_claim_and_aborts)
{
    struct str text = last_words(claim_nonsense);
    ck_assert(memmem(text.p, text.n, "check_test.c:", 13));
    ck_assert(memmem(text.p, text.n, "1 + 1 == 3", 10));
    ck_assert(str_ends(text, STR("\n")));
}
END_TEST

static void release(struct pin *p)
{
    (void)p;
}

static void drop_twice(void)
{
    struct pin p;
    pin_init(&p, release);
    pin_drop(&p);
    pin_drop(&p);
}

static void hold_what_is_gone(void)
{
    struct pin p;
    pin_init(&p, release);
    pin_drop(&p);
    pin_hold(&p);
}

START_TEST(a_pin_that_is_gone_cannot_be_held_or_dropped)
{
    (void)last_words(drop_twice);
    (void)last_words(hold_what_is_gone);
}
END_TEST

START_TEST(checks_evaluate_once_and_only_in_debug_builds_when_dear)
{
    int evaluated = 0;
    CHECK(++evaluated == 1);
    ck_assert_int_eq(evaluated, 1);
    DCHECK(++evaluated == 2);
#ifdef SKIFF_DEBUG
    ck_assert_int_eq(evaluated, 2);
#else
    ck_assert_int_eq(evaluated, 1);
#endif
}
END_TEST

UNIT_MAIN("base/check", a_failed_check_tells_file_and_claim_and_aborts,
          a_pin_that_is_gone_cannot_be_held_or_dropped,
          checks_evaluate_once_and_only_in_debug_builds_when_dear)
