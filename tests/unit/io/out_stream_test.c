/* The writer with streams, and every combination of short writes. */
#include "unit/io/out_fake.h"

static char large[OUT_BUDGET];

/* --- a stream that the test writes down --- */

enum { SCRIPT_MAX = 16 };

static struct script {
    struct body body;
    struct span spans[SCRIPT_MAX];
    int count, first;
    int then; /* BODY_*, when no span is left */
    int cap;  /* spans lent at once */
    unsigned closed;
    size_t taken;
} script;

static int script_lend(struct body *b, struct span *v, int cap)
{
    int n = script.count - script.first;
    ck_assert_ptr_eq(b, &script.body);
    ck_assert_uint_eq(script.closed, 0);
    ck_assert_uint_eq(o->count, 0); /* pulled only when the segments are sent */
    if (n == 0)
        return script.then;
    if (n > cap)
        n = cap;
    if (n > script.cap)
        n = script.cap;
    memcpy(v, script.spans + script.first, (size_t)n * sizeof *v);
    return n;
}

static void script_took(struct body *b, size_t n)
{
    ck_assert_ptr_eq(b, &script.body);
    script.taken += n;
    while (n > 0) {
        struct span *s = &script.spans[script.first];
        size_t part = n < s->len ? n : s->len;
        ck_assert_int_lt(script.first, script.count);
        *s = span_from(*s, part);
        n -= part;
        script.first += s->len == 0;
    }
}

static void script_close(struct body *b)
{
    ck_assert_ptr_eq(b, &script.body);
    script.closed++;
}

static struct body *new_script(int then)
{
    static const struct body_ops ops = {script_lend, script_took, script_close};
    script = (struct script){.body = {.ops = &ops, .left = -1}, .then = then, .cap = SCRIPT_MAX};
    return &script.body;
}

static void add_text(const char *text)
{
    script.spans[script.count++] = span_of_memory(text, strlen(text));
}

static void add_file(off_t at, size_t n)
{
    script.spans[script.count++] = span_of_file(file, at, n);
}

/* --- streams --- */

START_TEST(an_ended_stream_is_closed_and_its_answer_is_finished)
{
    copy("head ");
    out_stream(o, new_script(BODY_END));
    add_text("one ");
    add_text("two");
    out_mark(o, &pins[0]);
    ck_assert(!out_has_room(o, 0)); /* nothing goes behind a stream */
    ck_assert(!out_is_empty(o));
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "ss");
    ck_assert_int_eq(pieces, 2);
    arrived("head one two");
    ck_assert_uint_eq(script.closed, 1);
    ck_assert_uint_eq(dropped, 1);
    ck_assert_uint_eq(dropped_at[0], 12);
    ck_assert_uint_eq(o->queued, 12);
    ck_assert(out_has_room(o, 0));
}
END_TEST

START_TEST(a_stream_that_has_nothing_yet_waits_with_everything_before_it_pushed)
{
    copy("head ");
    out_stream(o, new_script(BODY_WAIT));
    out_mark(o, &pins[0]);
    ck_assert_int_eq(flush(), OUT_WAIT);
    ck_assert_str_eq(calls, "s");
    arrived("head ");
    ck_assert_ptr_null(o->heads); /* a waiting stream holds no buffer */
    ck_assert_int_eq(flush(), OUT_WAIT);
    add_text("later");
    script.then = BODY_END;
    ck_assert_int_eq(flush(), OUT_DONE);
    arrived("head later");
}
END_TEST

START_TEST(a_failed_stream_breaks_and_is_closed_once)
{
    out_stream(o, new_script(BODY_FAIL));
    out_mark(o, &pins[0]);
    add_text("some");
    ck_assert_int_eq(flush(), OUT_BROKEN);
    ck_assert_uint_eq(script.closed, 0);
    out_drop(&pool, o);
    ck_assert_uint_eq(script.closed, 1);
    ck_assert_uint_eq(dropped, 1);
}
END_TEST

START_TEST(a_blocked_stream_is_not_pulled_again_before_there_is_room)
{
    out_stream(o, new_script(BODY_END));
    add_text("one two");
    open_room(3);
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    ck_assert_str_eq(calls, "s");
    ck_assert_uint_eq(script.taken, 3);
    open_room(ROOM_ALL);
    ck_assert_int_eq(flush(), OUT_DONE);
    arrived("one two");
}
END_TEST

START_TEST(a_streams_memory_is_corked_only_for_the_file_lent_with_it)
{
    out_stream(o, new_script(BODY_END));
    add_text("part ");
    add_file(0, 3);
    add_text(" part");
    script.cap = 2;
    ck_assert_int_eq(flush(), OUT_DONE);
    ck_assert_str_eq(calls, "mfs");
    arrived("part 012 part");
}
END_TEST

START_TEST(a_streams_short_file_breaks_and_says_so)
{
    out_stream(o, new_script(BODY_END));
    add_text("part ");
    add_file(8, 5);
    ck_assert_int_eq(flush(), OUT_SHORT);
    arrived("part 89");
    ck_assert_uint_eq(script.taken, 7);
}
END_TEST

START_TEST(a_stream_has_the_same_budget)
{
    out_stream(o, new_script(BODY_END));
    script.spans[script.count++] = span_of_memory(large, sizeof large);
    add_text("tail");
    script.cap = 1;
    ck_assert_int_eq(flush(), OUT_BUDGETED);
    ck_assert_uint_eq(got_n, OUT_BUDGET);
    ck_assert_int_eq(flush(), OUT_DONE);
}
END_TEST

/* --- short writes --- */

static const char expected[] = "h1 b1 |h2 lent2 |h3 0123|h4 s4a s4b 456 s4c|";
enum { ALL = sizeof expected - 1, ANSWERS = 4 };
static const size_t ends[ANSWERS] = {7, 17, 25, ALL}; /* where each answer is complete */

/* Three answers (copied, lent, file) and a stream that mixes both. */
static void queue_everything(void)
{
    copy("h1 ");
    copy("b1 |");
    out_mark(o, &pins[0]);
    copy("h2 ");
    lend("lent2 |");
    out_mark(o, &pins[1]);
    copy("h3 ");
    out_lend(o, span_of_file(file, 0, 4));
    lend("|");
    out_mark(o, &pins[2]);
    copy("h4 ");
    out_stream(o, new_script(BODY_END));
    add_text("s4a ");
    add_text("s4b ");
    add_file(4, 3);
    add_text(" s4c|");
    out_mark(o, &pins[3]);
}

/* What must be true after every flush. */
static void check_progress(enum out_result r)
{
    unsigned complete = 0;
    while (complete < ANSWERS && ends[complete] <= got_n)
        complete++;
    ck_assert_int_eq(memcmp(got, expected, got_n), 0);
    ck_assert_uint_eq(o->sent, got_n);
    ck_assert_int_eq(r == OUT_DONE, got_n == ALL && !o->stream);
    ck_assert_int_eq(r == OUT_DONE, dropped == ANSWERS);
    if (dropped < ANSWERS) /* the stream's end is met by the next pull */
        ck_assert_uint_eq(dropped, complete < ANSWERS ? complete : ANSWERS - 1);
}

/* Plays the queue over windows: the two given ones, then equal ones. */
static void play(size_t window1, size_t window2, size_t rest)
{
    got_n = called = dropped = 0;
    ck_assert(out_is_empty(o));
    out_put(&pool, o);
    o = out_get(&pool);
    for (int i = 0; i < ANSWERS; i++)
        pin_init(&pins[i], drop);
    queue_everything();
    enum out_result r = OUT_BLOCKED;
    for (int turn = 0; r != OUT_DONE; turn++) {
        ck_assert_int_lt(turn, 3 * ALL);
        open_room(turn == 0 ? window1 : turn == 1 ? window2 : rest);
        r = flush();
        check_progress(r);
    }
    ck_assert_uint_eq(got_n, ALL);
    ck_assert_uint_eq(o->queued, ALL);
    ck_assert_uint_eq(script.closed, 1);
    ck_assert_uint_eq(script.taken, ALL - 28);
}

START_TEST(every_combination_of_short_writes_gives_the_same_bytes)
{
    for (size_t window1 = 0; window1 <= ALL; window1++)
        for (size_t window2 = 0; window2 <= ALL; window2++)
            play(window1, window2, ALL);
    for (size_t window = 1; window <= ALL; window++)
        play(window, window, window);
}
END_TEST

START_TEST(without_send_file_every_combination_gives_the_same_bytes_too)
{
    fake.send_file = NULL;
    for (size_t window1 = 0; window1 <= ALL; window1++)
        play(window1, 1, 5);
}
END_TEST

START_TEST(dropping_lets_go_of_every_answer_in_order)
{
    queue_everything();
    open_room(4);
    ck_assert_int_eq(flush(), OUT_BLOCKED);
    out_drop(&pool, o);
    ck_assert_uint_eq(dropped, ANSWERS);
    ck_assert_uint_eq(script.closed, 1);
    ck_assert_ptr_null(o->heads);
    ck_assert(out_is_empty(o));
    out_drop(&pool, o);
    ck_assert_uint_eq(dropped, ANSWERS);
}
END_TEST

UNIT_MAIN_WITH("io/out_stream", setup, teardown,
               an_ended_stream_is_closed_and_its_answer_is_finished,
               a_stream_that_has_nothing_yet_waits_with_everything_before_it_pushed,
               a_failed_stream_breaks_and_is_closed_once,
               a_blocked_stream_is_not_pulled_again_before_there_is_room,
               a_streams_memory_is_corked_only_for_the_file_lent_with_it,
               a_streams_short_file_breaks_and_says_so, a_stream_has_the_same_budget,
               every_combination_of_short_writes_gives_the_same_bytes,
               without_send_file_every_combination_gives_the_same_bytes_too,
               dropping_lets_go_of_every_answer_in_order)
