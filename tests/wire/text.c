/* text: memory that is out ends the test run; nothing here has a way to go on without. */
#include "wire/text.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void text_done(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

char *text_reserve(struct text *t, size_t n)
{
    if (t->room - t->n < n + 1) {
        t->room = (t->n + n + 1) * 2;
        t->p = realloc(t->p, t->room);
        CHECK(t->p != NULL);
    }
    return t->p + t->n;
}

void text_add(struct text *t, struct str s)
{
    char *end = text_reserve(t, s.n);
    if (s.n > 0)
        memcpy(end, s.p, s.n);
    t->n += s.n;
    t->p[t->n] = '\0';
}

void text_printf(struct text *t, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&line, format, args);
    va_end(args);
    CHECK(n >= 0);
    text_add(t, str_make(line, (size_t)n));
    free(line);
}

struct str text_str(const struct text *t)
{
    return str_make(t->p ? t->p : "", t->n);
}

static const struct text_value *name_at(struct str s, const struct text_value *values)
{
    while (values->name && !str_starts(s, str_of(values->name)))
        values++;
    return values->name ? values : NULL;
}

void text_fill(struct text *t, struct str s, const struct text_value *values)
{
    while (s.n > 0) {
        const struct text_value *found = s.p[0] == '@' ? name_at(s, values) : NULL;
        text_add(t, found ? found->value : str_make(s.p, 1));
        s = str_from(s, found ? strlen(found->name) : 1);
    }
}

static void show_byte(struct text *t, unsigned char c)
{
    if (c == '\r')
        text_add(t, STR("\\r"));
    else if (c == '\n')
        text_add(t, STR("\\n"));
    else if (c < 0x20 || c >= 0x7F)
        text_printf(t, "\\x%02x", c);
    else
        text_add(t, str_make((const char *)&c, 1));
}

void text_show(struct text *t, const char *prefix, struct str bytes, size_t max)
{
    size_t shown = bytes.n < max ? bytes.n : max;
    for (size_t i = 0; i < shown; i++) {
        if (i == 0 || bytes.p[i - 1] == '\n')
            text_printf(t, "%s%s", i ? "\n" : "", prefix);
        show_byte(t, (unsigned char)bytes.p[i]);
    }
    if (shown < bytes.n)
        text_printf(t, " ... (%zu bytes in all)", bytes.n);
    text_add(t, STR("\n"));
}
