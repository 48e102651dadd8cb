/* talk: the steps. What an answer must look like is in verdict.c. */
#include "wire/talk.h"

#include "wire/folder.h"
#include "wire/line.h"
#include "wire/stage.h"
#include "wire/verdict.h"

#include <check.h>
#include <stdlib.h>

enum { READ_MAX = 256 * 1024 };

/* --- sending --- */

static void add_hex(struct stage *st, struct text *out, const struct yaml_node *n)
{
    struct text hex = stage_fill(st, n);
    for (const char *p = hex.p; p < hex.p + hex.n;) {
        char *end;
        unsigned long byte = strtoul(p, &end, 16);
        if (end == p || byte > 0xFF)
            stage_fail(st, "line %u: hex is pairs of digits", n->line);
        text_add(out, str_make((const char[]){(char)byte}, 1));
        p = end;
    }
    text_done(&hex);
}

static void add_rounds(struct stage *st, struct text *out, const struct yaml_node *n)
{
    uint64_t times = stage_count(st, yaml_get(n, "times"));
    for (uint64_t i = 0; i < times; i++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%u", (unsigned)i);
        st->values[STAGE_ROUND].value = str_of(number);
        text_fill(out, node_text(yaml_get(n, "repeat")), st->values);
    }
    st->values[STAGE_ROUND].value = STR("");
}

/* One element of `send`. */
static void add_bytes(struct stage *st, struct text *out, const struct yaml_node *n)
{
    if (n->kind == YAML_TEXT)
        text_fill(out, n->text, st->values);
    else if (yaml_get(n, "hex"))
        add_hex(st, out, yaml_get(n, "hex"));
    else if (yaml_get(n, "repeat") && yaml_get(n, "times"))
        add_rounds(st, out, n);
    else
        stage_fail(st, "line %u: bytes are a text, hex, or repeat and times", n->line);
}

static void add_request(struct stage *st, struct text *out, const struct yaml_node *n)
{
    struct text filled = {0};
    text_fill(&filled, node_text(n), st->values);
    struct str rest = text_str(&filled);
    bool is_short = str_find(rest, '\n') < 0 && !memmem(rest.p, rest.n, " HTTP/", 6);
    if (str_ends(rest, STR("\n")))
        rest.n--;
    while (rest.p) {
        text_add(out, str_cut(&rest, '\n'));
        text_add(out, is_short ? STR(" HTTP/1.1\r\nHost: localhost\r\n") : STR("\r\n"));
    }
    text_add(out, STR("\r\n"));
    text_done(&filled);
}

static void send_step(struct stage *st, struct line *l, const struct yaml_node *step)
{
    struct text out = {0};
    const struct yaml_node *request = yaml_get(step, "request"), *send = yaml_get(step, "send");
    const struct yaml_node *pieces = yaml_get(step, "pieces"), *every = yaml_get(step, "every");
    if (request)
        add_request(st, &out, request);
    if (send && send->kind == YAML_LIST)
        for (const struct yaml_item *i = send->items; i; i = i->next)
            add_bytes(st, &out, i->value);
    else if (send)
        add_bytes(st, &out, send);
    /* A server may refuse before it has read all; what it says then is what counts. */
    if (out.n > 0 && !line_send(l, text_str(&out), pieces ? (size_t)stage_count(st, pieces) : 0,
                                every ? node_ms(every) : 0, &st->talk))
        text_add(&st->talk, STR("> (the peer is gone)\n"));
    text_done(&out);
}

/* --- receiving --- */

/* Reads one answer and checks it; `expect` may be NULL: any will do. */
static void receive_answer(struct stage *st, struct line *l, const struct yaml_node *expect,
                           bool bodiless)
{
    struct wire_answer a;
    const char *complaint;
    bool is_cut = expect && yaml_get(expect, "cut") && node_flag(yaml_get(expect, "cut"));
    uint64_t end = line_now() + LINE_WAIT_MS;
    enum answer_result result;
    bodiless = bodiless || (expect && yaml_get(expect, "bodiless"));
    while ((result = answer_parse(&a, line_rest(l), bodiless, line_wall(), &complaint)) ==
           ANSWER_MORE)
        if (!line_receive(l, READ_MAX, end, &st->talk))
            break;
    if (result == ANSWER_BAD)
        stage_fail(st, "a malformed answer: %s", complaint);
    if (result == ANSWER_MORE && !(is_cut && l->ended && a.status))
        stage_fail(st, l->ended ? "the connection ended before an answer" : "no answer in time");
    if (result == ANSWER_OK && is_cut)
        stage_fail(st, "the answer was complete");
    l->said_close = answer_closes(&a) || is_cut;
    l->over = is_cut;
    l->read += result == ANSWER_OK ? a.used : 0;
    if (expect)
        verdict_check(st, &a, expect, bodiless);
    else if (a.status < 200)
        receive_answer(st, l, NULL, bodiless);
}

static void refuse_early_close(struct stage *st, const struct line *l)
{
    if (l->said_close)
        stage_fail(st, "the answer says \"Connection: close\"");
}

/* One item of `expect`, as often as it says; all but the very last answer keep the connection. */
static void expect_item(struct stage *st, struct line *l, const struct yaml_node *expect,
                        bool asks_head)
{
    const struct yaml_node *times = yaml_get(expect, "times");
    uint64_t count = times ? stage_count(st, times) : 1;
    for (uint64_t i = 0; i < count; i++) {
        refuse_early_close(st, l);
        receive_answer(st, l, expect, asks_head);
    }
}

static void expect_answers(struct stage *st, struct line *l, const struct yaml_node *step)
{
    const struct yaml_node *expect = yaml_get(step, "expect"), *request = yaml_get(step, "request");
    struct text asked = request ? stage_fill(st, request) : (struct text){0};
    bool asks_head = str_starts(text_str(&asked), STR("HEAD "));
    text_done(&asked);
    if (expect->kind == YAML_LIST)
        for (const struct yaml_item *i = expect->items; i; i = i->next)
            expect_item(st, l, i->value, asks_head);
    else
        expect_item(st, l, expect, asks_head);
    if (!yaml_get(step, "closed") && !l->over)
        refuse_early_close(st, l);
}

/* The peer's end of file, and nothing before it. */
static void expect_end(struct stage *st, struct line *l)
{
    uint64_t end = line_now() + LINE_WAIT_MS;
    while (line_receive(l, READ_MAX, end, &st->talk))
        ;
    if (line_rest(l).n > 0)
        stage_fail(st, "bytes that nobody expected");
    if (!l->ended)
        stage_fail(st, "the connection stays open");
    if (l->broken)
        stage_fail(st, "the connection was reset");
    l->over = true;
}

static void expect_silence(struct stage *st, struct line *l, int ms)
{
    if (line_receive(l, READ_MAX, line_now() + (uint64_t)ms, &st->talk) || line_rest(l).n > 0)
        stage_fail(st, "something came where nothing should");
    if (l->ended)
        stage_fail(st, "the connection was closed");
}

static void read_ahead(struct stage *st, struct line *l, size_t size)
{
    uint64_t end = line_now() + LINE_WAIT_MS;
    while (line_rest(l).n < size)
        if (!line_receive(l, size - line_rest(l).n, end, &st->talk))
            stage_fail(st, "only %zu bytes came", line_rest(l).n);
}

/* --- steps --- */

static void check_time(struct stage *st, const struct yaml_node *step, uint64_t began)
{
    const struct yaml_node *after = yaml_get(step, "after"), *before = yaml_get(step, "before");
    uint64_t took = line_now() - began;
    if (after && took < (uint64_t)node_ms(after))
        stage_fail(st, "it took only %u ms", (unsigned)took);
    if (before && took > (uint64_t)node_ms(before))
        stage_fail(st, "it took %u ms", (unsigned)took);
}

static void receive_step(struct stage *st, struct line *l, const struct yaml_node *step)
{
    if (yaml_get(step, "read"))
        read_ahead(st, l, (size_t)node_size(yaml_get(step, "read")));
    if (yaml_get(step, "expect"))
        expect_answers(st, l, step);
    if (yaml_get(step, "silent"))
        expect_silence(st, l, node_ms(yaml_get(step, "silent")));
    if (yaml_get(step, "closed")) {
        (void)node_flag(yaml_get(step, "closed"));
        if (yaml_get(step, "expect") && !l->said_close)
            stage_fail(st, "the answer does not say \"Connection: close\"");
        expect_end(st, l);
    }
}

static void play_step(struct stage *st, const struct yaml_node *step)
{
    const struct yaml_node *on = yaml_get(step, "on");
    uint64_t began = line_now();
    struct line *l = stage_line(st, on ? node_text(on) : STR("first"));
    if (yaml_get(step, "files"))
        folder_make(st->server, yaml_get(step, "files"));
    if (yaml_get(step, "wait"))
        line_sleep(node_ms(yaml_get(step, "wait")));
    send_step(st, l, step);
    if (yaml_get(step, "half_close")) {
        l->half_closed = node_flag(yaml_get(step, "half_close"));
        line_end(l);
        text_add(&st->talk, STR("> (end)\n"));
    }
    receive_step(st, l, step);
    if (yaml_get(step, "leave"))
        l->over = node_flag(yaml_get(step, "leave"));
    check_time(st, step, began);
}

/* What was not said explicitly: it closes as announced, or it goes on. */
static void finish_line(struct stage *st, struct line *l)
{
    static const char probe[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (l->over)
        return;
    text_add(&st->talk, STR("(at the end of the case)\n"));
    if (!l->half_closed) {
        (void)line_send(l, str_of(probe), 0, 0, &st->talk); /* if not, no answer comes */
        receive_answer(st, l, NULL, false);
        if (!l->said_close)
            stage_fail(st, "an answer that nobody expected");
    }
    expect_end(st, l);
}

void talk_play(const struct server *s, const struct play *p)
{
    struct stage st;
    stage_open(&st, s, p);
    const struct yaml_node *steps = yaml_get(p->test, "steps");
    if (!steps)
        play_step(&st, p->test);
    for (const struct yaml_item *i = steps ? steps->items : NULL; i; i = i->next) {
        st.step++;
        play_step(&st, i->value);
    }
    for (unsigned i = 0; i < st.count; i++)
        finish_line(&st, &st.lines[i]);
    stage_close(&st);
}
