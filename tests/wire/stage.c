/* stage: what the steps of a case share. */
#include "wire/stage.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TALK_SHOWN_MAX = 3000 }; /* half from its beginning; Check refuses messages over 4 KiB */

void stage_open(struct stage *st, const struct server *s, const struct play *p)
{
    *st = (struct stage){.server = s, .play = p};
    (void)snprintf(st->port, sizeof st->port, "%u", s->port);
    st->values[STAGE_EACH] = (struct text_value){"@EACH@", p->each};
    st->values[STAGE_VALUE] = (struct text_value){"@VALUE@", p->value};
    st->values[STAGE_ROUND] = (struct text_value){"@N@", STR("")};
    st->values[STAGE_DIR] = (struct text_value){"@DIR@", str_of(s->dir)};
    st->values[STAGE_PORT] = (struct text_value){"@PORT@", str_of(st->port)};
}

void stage_close(struct stage *st)
{
    for (unsigned i = 0; i < st->count; i++)
        line_close(&st->lines[i]);
    text_done(&st->talk);
}

struct line *stage_line(struct stage *st, struct str name)
{
    for (unsigned i = 0; i < st->count; i++)
        if (str_eq(st->lines[i].name, name))
            return &st->lines[i];
    ck_assert_uint_lt(st->count, STAGE_LINES_MAX);
    struct line *l = &st->lines[st->count++];
    *l = (struct line){.name = name};
    line_open(l, st->server);
    return l;
}

struct text stage_fill(const struct stage *st, const struct yaml_node *n)
{
    struct text t = {0};
    text_fill(&t, node_text(n), st->values);
    return t;
}

uint64_t stage_count(struct stage *st, const struct yaml_node *n)
{
    uint64_t count = 0;
    struct text t = stage_fill(st, n);
    if (!str_to_u64(text_str(&t), UINT32_MAX, &count))
        stage_fail(st, "line %u: here must be a number", n->line);
    text_done(&t);
    return count;
}

void stage_fail(struct stage *st, const char *format, ...)
{
    const struct yaml_node *test = st->play->test;
    struct str talk = text_str(&st->talk), end = talk, each = st->play->each;
    bool is_long = talk.n > TALK_SHOWN_MAX;
    char *what = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&what, format, args) < 0)
        what = NULL;
    va_end(args);
    talk.n = is_long ? TALK_SHOWN_MAX / 2 : talk.n;
    end = str_from(end, is_long ? end.n - TALK_SHOWN_MAX / 2 : end.n);
    ck_abort_msg("%s:%u: \"%s\"%s%.*s, step %u: %.500s\n%.*s%s%.*s", test->source->name, test->line,
                 play_name(st->play), each.p ? " with " : "", (int)(each.n < 100 ? each.n : 100),
                 each.p ? each.p : "", st->step, what ? what : "", (int)talk.n, talk.p,
                 is_long ? "\n...\n" : "", (int)end.n, end.p);
    abort(); /* not reached: Check has ended the test */
}
