/* yaml_hint: finds the likely cause in the line that a syntax error names. */
#include "config/yaml_hint.h"

#include "config/yaml_text.h"

#include <stdio.h>
#include <string.h>

static bool is_hex_or_colon(char c)
{
    c = ascii_lower(c);
    return ascii_is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
}

ptrdiff_t yaml_hint_ipv6(struct str line)
{
    for (size_t i = 0; i < line.n && line.p[i] != '"' && line.p[i] != '\'' && line.p[i] != '#';
         i++) {
        size_t end = i + 1;
        bool has_colon = false;
        if (line.p[i] != '[')
            continue;
        for (; end < line.n && is_hex_or_colon(line.p[end]); end++)
            has_colon |= line.p[end] == ':';
        if (has_colon && end < line.n && line.p[end] == ']')
            return (ptrdiff_t)i;
    }
    return -1;
}

/* The column of the first tab in a line's indentation, from 1; 0 when there is none. */
static uint32_t tab_column(struct str line)
{
    for (uint32_t i = 0; i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
        if (line.p[i] == '\t')
            return i + 1;
    return 0;
}

/* The word from a column on, up to a blank or something that ends a value. */
static struct str word_at(struct str line, uint32_t column)
{
    struct str rest = str_from(line, column ? column - 1 : 0);
    size_t n = 0;
    while (n < rest.n && !strchr(" \t,]}#\"'", rest.p[n]))
        n++;
    return str_make(rest.p, n);
}

static void add(const struct yaml_source *s, struct diag *d, const struct diag_place *at,
                const char *text)
{
    struct diag_place place = yaml_place_at(s, at->line, at->column, at->width);
    diag_add(d, DIAG_ERROR, &place, str_of(text));
}

static bool hint_tab(const struct yaml_source *s, uint32_t line, struct diag *d)
{
    uint32_t column = tab_column(yaml_text_line(s->text, line));
    if (column == 0)
        return false;
    add(s, d, &(struct diag_place){.line = line, .column = column, .width = 1},
        "a tab in the indentation\nindent with spaces");
    return true;
}

static bool hint_ipv6(const struct yaml_source *s, uint32_t line, struct diag *d)
{
    struct str text = yaml_text_line(s->text, line);
    ptrdiff_t at = yaml_hint_ipv6(text);
    if (at < 0)
        return false;
    char message[160];
    struct str word = str_from(text, (size_t)at);
    size_t n = (size_t)str_find(word, ']') + 1;
    while (n < word.n && (word.p[n] == ':' || ascii_is_digit(word.p[n])))
        n++;
    snprintf(message, sizeof message,
             "an IPv6 address needs quotes: \"[\" begins a list in YAML\nwrite \"%.*s\"",
             (int)(n < 64 ? n : 64), word.p);
    add(s, d, &(struct diag_place){.line = line, .column = (uint32_t)at + 1, .width = (uint32_t)n},
        message);
    return true;
}

/* A value that begins with a character that means something else in YAML. */
static bool hint_quotes(const struct yaml_source *s, uint32_t line, uint32_t column, struct diag *d)
{
    struct str word = word_at(yaml_text_line(s->text, line), column);
    if (word.n == 0 || !strchr("*&%@`!|>", word.p[0]))
        return false;
    char message[160];
    snprintf(message, sizeof message, "a value that begins with '%c' needs quotes\nwrite \"%.*s\"",
             word.p[0], (int)(word.n < 64 ? word.n : 64), word.p);
    add(s, d, &(struct diag_place){.line = line, .column = column, .width = (uint32_t)word.n},
        message);
    return true;
}

/* "{level: ${LEVEL}}": the variable's brace opens a map there. */
static bool hint_variable(const struct yaml_source *s, uint32_t line, struct diag *d)
{
    struct str text = yaml_text_line(s->text, line);
    for (uint32_t i = 0; i + 1 < text.n && text.p[i] != '#'; i++) {
        if (text.p[i] != '$' || text.p[i + 1] != '{' || (i > 0 && strchr("\"'", text.p[i - 1])))
            continue;
        add(s, d, &(struct diag_place){.line = line, .column = i + 1, .width = 2},
            "a variable inside { } or [ ] needs quotes\nwrite \"${NAME}\"");
        return true;
    }
    return false;
}

static bool hint_value(const struct yaml_source *s, const struct yaml_trouble *t, struct diag *d)
{
    if (!t->problem || !strstr(t->problem, "mapping values are not allowed"))
        return false;
    add(s, d, &(struct diag_place){.line = t->line, .column = t->column, .width = 1},
        "a \":\" that cannot be here\n"
        "is one missing above, or the indentation wrong? a value with \": \" needs quotes");
    return true;
}

/* A list or map in brackets that runs on into the next lines. */
static bool hint_open_bracket(const struct yaml_source *s, const struct yaml_trouble *t,
                              struct diag *d)
{
    if (!t->problem || !strstr(t->problem, "expected ','") || t->context_line == 0 ||
        t->context_line == t->line)
        return false;
    add(s, d,
        &(struct diag_place){.line = t->context_line, .column = t->context_column, .width = 1},
        "this bracket is never closed, or a comma is missing behind it");
    return true;
}

static bool hint_open_quote(const struct yaml_source *s, const struct yaml_trouble *t,
                            struct diag *d)
{
    if (!t->context_line || !t->context || !strstr(t->context, "quoted scalar") ||
        !strstr(t->problem, "end of"))
        return false;
    add(s, d,
        &(struct diag_place){.line = t->context_line, .column = t->context_column, .width = 1},
        "this quote is never closed");
    return true;
}

void yaml_hint(const struct yaml_source *s, const struct yaml_trouble *t, struct diag *d)
{
    if (hint_tab(s, t->line, d) || (t->context_line && hint_tab(s, t->context_line, d)))
        return;
    if (hint_ipv6(s, t->line, d) || (t->context_line && hint_ipv6(s, t->context_line, d)))
        return;
    if (hint_quotes(s, t->line, t->column, d) ||
        (t->context_line && hint_quotes(s, t->context_line, t->context_column, d)))
        return;
    if (hint_variable(s, t->line, d) || hint_value(s, t, d) || hint_open_quote(s, t, d) ||
        hint_open_bracket(s, t, d))
        return;
    char message[256];
    snprintf(message, sizeof message, "this is not YAML: %s%s%s",
             t->problem ? t->problem : "it cannot be read", t->context ? " " : "",
             t->context ? t->context : "");
    add(s, d, &(struct diag_place){.line = t->line, .column = t->column, .width = 1}, message);
}
