/* yaml_text: checks bytes and finds lines. */
#include "config/yaml_text.h"

size_t utf8_decode(struct str s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (s.n == 0)
        return 0;
    unsigned char first = (unsigned char)s.p[0];
    size_t n = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (n == 0 || n > s.n || first > 0xF4)
        return 0;
    uint32_t v = n == 1 ? first : first & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char next = (unsigned char)s.p[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        v = v << 6 | (next & 0x3F);
    }
    if (v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
        return 0;
    *code = v;
    return n;
}

struct str yaml_text_line(struct str text, uint32_t line)
{
    struct str rest = text;
    struct str found = {"", 0};
    for (uint32_t n = 0; n < line; n++) {
        if (!rest.p)
            return STR("");
        found = str_cut(&rest, '\n');
    }
    if (found.n && found.p[found.n - 1] == '\r')
        found.n--;
    return found;
}

/* What libyaml would take for a line end, unlike editors. */
static bool is_odd_break(struct str at, uint32_t code)
{
    return (code == '\r' && !(at.n > 1 && at.p[1] == '\n')) || code == 0x85 || code == 0x2028 ||
           code == 0x2029;
}

static bool is_allowed(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return code < 0x7F || (code >= 0xA0 && code != 0xFEFF && code != 0xFFFE && code != 0xFFFF);
}

static const char *has_mark(struct str text)
{
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        return "the file begins with a byte order mark\nsave it as UTF-8 without BOM";
    if (str_starts(text, STR("\xFF\xFE")) || str_starts(text, STR("\xFE\xFF")))
        return "the file is UTF-16\nsave it as UTF-8";
    return NULL;
}

static bool refuse_at(const struct yaml_source *s, struct diag *d, const struct diag_place *where,
                      const char *text)
{
    struct diag_place place = yaml_place_at(s, where->line, where->column, 1);
    diag_add(d, DIAG_ERROR, &place, str_of(text));
    return false;
}

bool yaml_text_check(const struct yaml_source *s, struct diag *d)
{
    struct diag_place at = {.line = 1, .column = 1};
    const char *mark = has_mark(s->text);
    if (mark)
        return refuse_at(s, d, &at, mark);
    size_t n;
    for (struct str rest = s->text; rest.n; rest = str_from(rest, n)) {
        uint32_t code = 0;
        n = utf8_decode(rest, &code);
        if (n == 0)
            return refuse_at(s, d, &at, "this byte is not UTF-8\nsave the file as UTF-8");
        if (is_odd_break(rest, code))
            return refuse_at(s, d, &at, "an unusual line end\nend lines with LF or CR LF");
        if (!is_allowed(code))
            return refuse_at(s, d, &at, "a control character\nwrite it as \"\\xHH\" in quotes");
        at.column++;
        if (code == '\n') {
            at.line++;
            at.column = 1;
        }
    }
    return true;
}
