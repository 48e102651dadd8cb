/* expand: replaces variables, once, from left to right. */
#include "config/expand.h"

#include "config/yaml_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_BYTES_MAX = 128 };

/* A value under construction: it is as long as the text when nothing is replaced. */
struct output {
    char *p;
    size_t n;
};

static bool append(struct output *o, struct str s)
{
    if (s.n > EXPAND_MAX - o->n)
        return false;
    if (s.n)
        memcpy(o->p + o->n, s.p, s.n);
    o->n += s.n;
    return true;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = ascii_lower(s.p[i]);
        bool is_letter = (c >= 'a' && c <= 'z') || c == '_';
        if (!is_letter && !(i > 0 && ascii_is_digit(c)))
            return false;
    }
    return s.n > 0 && s.n < NAME_BYTES_MAX;
}

static bool is_utf8(struct str s)
{
    size_t n;
    for (uint32_t code; s.n; s = str_from(s, n)) {
        n = utf8_decode(s, &code);
        if (n == 0)
            return false;
    }
    return true;
}

/* The value of what stands between the braces. */
static bool value_of(struct str inside, struct str *value, struct expand_fault *f)
{
    struct str name = inside;
    ptrdiff_t colon = str_find(inside, ':');
    bool has_default = colon >= 0 && str_starts(str_from(inside, (size_t)colon), STR(":-"));
    char terminated[NAME_BYTES_MAX];
    if (has_default)
        name.n = (size_t)colon;
    if (!is_name(name)) {
        snprintf(f->what, sizeof f->what,
                 "is not a variable\nwrite ${NAME} or ${NAME:-default}, or $$ for a dollar sign");
        return false;
    }
    memcpy(terminated, name.p, name.n);
    terminated[name.n] = '\0';
    const char *set = getenv(terminated);
    if (set && (*set || !has_default)) {
        *value = str_of(set);
        if (is_utf8(*value))
            return true;
        snprintf(f->what, sizeof f->what, "is a variable whose value is not UTF-8");
        return false;
    }
    *value = str_from(inside, (size_t)colon + 2);
    if (!has_default)
        snprintf(f->what, sizeof f->what,
                 "needs the environment variable %.64s, which is not set\n"
                 "set it, or write ${%.32s:-default}",
                 terminated, terminated);
    return has_default;
}

/* One step at a '$': what it stands for, and how many bytes it took. */
static bool step(struct str at, struct str *value, size_t *took, struct expand_fault *f)
{
    *took = 1;
    *value = STR("$");
    if (str_starts(at, STR("$$"))) {
        *took = 2;
        return true;
    }
    if (!str_starts(at, STR("${")))
        return true;
    ptrdiff_t end = str_find(at, '}');
    *took = end < 0 ? at.n : (size_t)end + 1;
    if (end >= 0)
        return value_of(str_make(at.p + 2, *took - 3), value, f);
    snprintf(f->what, sizeof f->what, "has \"${\" without \"}\"\nwrite $$ for a dollar sign");
    return false;
}

static bool run(struct str text, struct output *o, struct expand_fault *f)
{
    for (size_t took; text.n; text = str_from(text, took), f->at += took) {
        struct str value;
        ptrdiff_t dollar = str_find(text, '$');
        took = dollar < 0 ? text.n : (size_t)dollar;
        value = str_make(text.p, took);
        f->len = 1;
        if (dollar == 0) {
            bool is_right = step(text, &value, &took, f);
            f->len = took;
            if (!is_right)
                return false;
        }
        if (!append(o, value)) {
            snprintf(f->what, sizeof f->what, "is longer than %d bytes with its variables",
                     EXPAND_MAX);
            return false;
        }
    }
    return true;
}

bool expand(struct str text, struct arena *a, struct str *out, struct expand_fault *f)
{
    *f = (struct expand_fault){0};
    if (str_find(text, '$') < 0) {
        *out = arena_str(a, text);
        f->no_memory = !out->p;
        return !f->no_memory;
    }
    struct output o = {.p = malloc(EXPAND_MAX)};
    if (!o.p) {
        f->no_memory = true;
        return false;
    }
    bool is_right = run(text, &o, f);
    *out = is_right ? arena_str(a, str_make(o.p, o.n)) : STR("");
    free(o.p);
    f->no_memory = is_right && !out->p;
    return is_right && !f->no_memory;
}
