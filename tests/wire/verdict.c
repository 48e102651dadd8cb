/* verdict: status, fields, content, in this order: the first difference is the one told. */
#include "wire/verdict.h"

#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGE_MAX = 1024 }; /* an error's page is small */

static bool matches(struct stage *st, struct str value, const struct yaml_node *pattern)
{
    regex_t regex;
    struct text whole = {0}, subject = {0};
    text_add(&whole, STR("^("));
    text_fill(&whole, node_text(pattern), st->values);
    text_add(&whole, STR(")$"));
    text_add(&subject, value);
    if (regcomp(&regex, whole.p, REG_EXTENDED | REG_NOSUB) != 0)
        stage_fail(st, "line %u: not a regular expression", pattern->line);
    bool is_match = regexec(&regex, subject.p, 0, NULL, 0) == 0;
    regfree(&regex);
    text_done(&whole);
    text_done(&subject);
    return is_match;
}

static void check_status(struct stage *st, const struct wire_answer *a, const struct yaml_node *n)
{
    const struct yaml_node *pattern = yaml_get(n, "matches");
    struct text expected = stage_fill(st, pattern ? pattern : n), got = {0};
    text_printf(&got, "%u", a->status);
    bool is_right = pattern ? matches(st, text_str(&got), pattern)
                            : str_eq(text_str(&got), text_str(&expected));
    if (!is_right)
        stage_fail(st, "the status is %s, expected %s", got.p, expected.p);
    text_done(&expected);
    text_done(&got);
}

static void check_field(struct stage *st, const struct wire_answer *a, const struct yaml_item *i)
{
    const struct yaml_node *pattern = yaml_get(i->value, "matches");
    struct text expected = stage_fill(st, pattern ? pattern : i->value);
    struct str value = answer_value(a, i->key->text);
    if (!value.p)
        stage_fail(st, "no field %s", i->key->text.p);
    bool is_right = pattern ? matches(st, value, pattern) : str_eq(value, text_str(&expected));
    if (!is_right)
        stage_fail(st, "%s is \"%.*s\", expected \"%s\"", i->key->text.p, (int)value.n, value.p,
                   expected.p ? expected.p : "");
    text_done(&expected);
}

static void check_bytes(struct stage *st, struct str body, struct str expected)
{
    size_t at = 0;
    if (str_eq(body, expected))
        return;
    while (at < body.n && at < expected.n && body.p[at] == expected.p[at])
        at++;
    if (at < body.n || at < expected.n)
        stage_fail(st, "the content (%zu bytes) differs from the expected (%zu bytes) at %zu",
                   body.n, expected.n, at);
}

static void check_file(struct stage *st, struct str body, const struct yaml_node *n)
{
    struct text name = {0};
    size_t size = 0;
    text_add(&name, STR("www/"));
    text_fill(&name, node_text(n), st->values);
    char *path = server_path(st->server, name.p);
    if (access(path, R_OK) != 0)
        stage_fail(st, "line %u: there is no file %s", n->line, name.p);
    char *bytes = server_get(st->server, name.p, &size);
    check_bytes(st, body, str_make(bytes, size));
    free(bytes);
    free(path);
    text_done(&name);
}

/* What an error says to a person; small, and of the length that was announced. */
static void check_page(struct stage *st, const struct wire_answer *a)
{
    if (!str_starts(answer_value(a, STR("Content-Type")), STR("text/html")))
        stage_fail(st, "an error answer without an HTML page");
    if (a->body.n == 0 || a->body.n > PAGE_MAX)
        stage_fail(st, "an error answer with a page of %zu bytes", a->body.n);
}

static void check_content(struct stage *st, const struct wire_answer *a,
                          const struct yaml_node *expect)
{
    const struct yaml_node *body = yaml_get(expect, "body"), *size = yaml_get(expect, "size");
    const struct yaml_node *contains = yaml_get(expect, "contains");
    const struct yaml_node *same = yaml_get(expect, "same_as");
    struct text expected =
        body || contains ? stage_fill(st, body ? body : contains) : (struct text){0};
    if (body)
        check_bytes(st, a->body, text_str(&expected));
    if (contains && !memmem(a->body.p, a->body.n, text_str(&expected).p, expected.n))
        stage_fail(st, "the content lacks \"%s\"", expected.p);
    if (size && a->body.n != node_size(size))
        stage_fail(st, "the content has %zu bytes", a->body.n);
    if (same)
        check_file(st, a->body, same);
    text_done(&expected);
    if (!body && !contains && !size && !same && a->status >= 400)
        check_page(st, a);
}

void verdict_check(struct stage *st, const struct wire_answer *a, const struct yaml_node *expect,
                   bool bodiless)
{
    bool is_map = expect->kind == YAML_MAP;
    check_status(st, a, is_map ? yaml_get(expect, "status") : expect);
    const struct yaml_node *fields = yaml_get(expect, "fields"), *absent, *reason;
    for (const struct yaml_item *i = fields ? fields->items : NULL; i; i = i->next)
        check_field(st, a, i);
    absent = yaml_get(expect, "absent");
    for (const struct yaml_item *i = absent ? absent->items : NULL; i; i = i->next)
        if (answer_value(a, i->value->text).p)
            stage_fail(st, "there is a field %s", i->value->text.p);
    reason = yaml_get(expect, "reason");
    if (reason && !str_eq(a->reason, node_text(reason)))
        stage_fail(st, "the reason is \"%.*s\"", (int)a->reason.n, a->reason.p);
    if (!bodiless && !yaml_get(expect, "cut"))
        check_content(st, a, expect);
}
