/* mime: a text of lines to a map, once; a lookup by the last extension of a path. */
#include "http/mime.h"

#include "http/head.h"

enum { EXTENSION_MAX = 32 };

static const char builtin[] =
#include "gen/mime_types.inc"
    ;

struct str mime_builtin(void)
{
    return str_make(builtin, sizeof builtin - 1);
}

/* The next word of a line, which loses it; empty at its end. */
static struct str next_word(struct str *line)
{
    *line = str_trim(*line);
    size_t n = 0;
    while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
        n++;
    struct str word = {line->p, n};
    *line = str_from(*line, n);
    return word;
}

static struct str lower(struct arena *a, struct str s)
{
    struct str copy = arena_str(a, s);
    for (size_t i = 0; copy.p && i < copy.n; i++)
        ((char *)(uintptr_t)copy.p)[i] = ascii_lower(s.p[i]);
    return copy;
}

/* "type/subtype" (RFC 9110 section 8.3.1): it goes on the wire, so nothing else may be in it. */
static bool is_type(struct str s)
{
    struct str type = str_cut(&s, '/');
    return http_is_token(type) && s.p && http_is_token(s);
}

enum line_result { LINE_OK, LINE_BAD, LINE_NO_MEMORY };

static enum line_result read_line(struct mime *m, struct arena *a, struct str line)
{
    line = str_cut(&line, '#');
    struct str type = next_word(&line);
    if (type.n == 0)
        return LINE_OK;
    if (!is_type(type))
        return LINE_BAD;
    struct str value = arena_str(a, type);
    if (!value.p)
        return LINE_NO_MEMORY;
    for (struct str word = next_word(&line); word.n > 0; word = next_word(&line)) {
        if (word.n > EXTENSION_MAX)
            return LINE_BAD;
        struct str extension = lower(a, word);
        if (!extension.p || !map_set(&m->by_extension, extension, (void *)(uintptr_t)value.p))
            return LINE_NO_MEMORY;
    }
    return LINE_OK;
}

bool mime_load(struct mime *m, struct arena *a, struct str text, unsigned *bad_line)
{
    unsigned number = 0;
    while (text.p) {
        struct str line = str_cut(&text, '\n');
        number++;
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        enum line_result r = read_line(m, a, line);
        if (r == LINE_OK)
            continue;
        *bad_line = r == LINE_BAD ? number : 0;
        return false;
    }
    return true;
}

struct str mime_extension(struct str path)
{
    struct str name = str_from(path, (size_t)(str_find_last(path, '/') + 1));
    ptrdiff_t dot = str_find_last(name, '.');
    return dot < 0 ? STR("") : str_from(name, (size_t)(dot + 1));
}

struct str mime_of(const struct mime *m, struct str path)
{
    char lower[EXTENSION_MAX];
    struct str extension = mime_extension(path);
    if (extension.n == 0 || extension.n > sizeof lower)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < extension.n; i++)
        lower[i] = ascii_lower(extension.p[i]);
    const char *value = map_get(&m->by_extension, str_make(lower, extension.n));
    return value ? str_of(value) : (struct str){NULL, 0};
}

/* XML says it itself (RFC 7303), JSON is UTF-8 (RFC 8259); HTML could, but often does not. */
bool mime_takes_charset(struct str type)
{
    bool is_text = str_starts(type, STR("text/")) && !str_eq(type, STR("text/xml"));
    return (is_text || str_eq(type, STR("application/javascript"))) && str_find(type, ';') < 0;
}

bool mime_is_type(struct str value)
{
    return is_type(str_trim(str_cut(&value, ';')));
}
