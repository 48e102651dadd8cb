/* emit: the effective configuration. */
#include "config/emit.h"

#include "config/yaml_text.h"

enum { COMMENT_COLUMN = 44 };

/* --- text --- */

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = ascii_lower(s.p[i]);
        bool is_word = (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '/' || c == '_';
        if (!is_word && (i == 0 || !strchr(".+-", c) || !c))
            return false;
    }
    return s.n > 0;
}

/* What YAML does not allow, takes for a line end or drops at the ends of lines. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || code >= 0xFFFE;
}

static int put_escaped(FILE *out, uint32_t code)
{
    if (code == '\n')
        return fprintf(out, "\\n");
    return code > 0xFFFF ? fprintf(out, "\\U%08X", code) : fprintf(out, "\\u%04X", code);
}

/* One text, in quotes unless it is a simple word; returns the bytes written. A dollar sign is
 * doubled in values: they are expanded when they are read. */
static int put_text(FILE *out, struct str s, bool is_value)
{
    if (is_plain(s))
        return fprintf(out, "%.*s", (int)s.n, s.p);
    int written = fprintf(out, "\"");
    size_t n;
    for (uint32_t code; s.n; s = str_from(s, n)) {
        n = utf8_decode(s, &code);
        if (n == 0) { /* does not happen: what is read is UTF-8 */
            n = 1;
            code = 0xFFFD;
        }
        if (needs_escape(code))
            written += put_escaped(out, code);
        else if (code == '"' || code == '\\')
            written += fprintf(out, "\\%c", (char)code);
        else if (code == '$' && is_value)
            written += fprintf(out, "$$");
        else
            written += fprintf(out, "%.*s", (int)n, s.p);
    }
    return written + fprintf(out, "\"");
}

/* --- lines --- */

static int begin_line(struct emit *e, struct str key)
{
    unsigned before = e->dash ? e->indent - 2 : e->indent;
    int written = fprintf(e->out, "%*s%s", (int)before, "", e->dash ? "- " : "");
    e->dash = false;
    return written + put_text(e->out, key, false) + fprintf(e->out, ":");
}

/* A comment must stay one line whatever a file is called. */
static void put_name(FILE *out, const char *name)
{
    for (; *name; name++)
        fputc(*name >= 0x20 && *name < 0x7F ? *name : '?', out);
}

static void end_line(struct emit *e, int column, const struct origin *from, bool inherited)
{
    int pad = column < COMMENT_COLUMN ? COMMENT_COLUMN - column : 1;
    fprintf(e->out, "%*s# ", pad, "");
    if (!from) {
        fputs("default\n", e->out);
        return;
    }
    fputs(inherited || from->inherited ? "inherited from " : "", e->out);
    put_name(e->out, from->file);
    fprintf(e->out, ":%u\n", from->line);
}

void emit_key(struct emit *e, const char *key)
{
    begin_line(e, str_of(key));
    fputc('\n', e->out);
}

static void put_texts(struct emit *e, const char *key, const struct str_list *list, bool inherited)
{
    int column = begin_line(e, str_of(key)) + fprintf(e->out, " [");
    for (uint32_t i = 0; i < list->count; i++)
        column += fprintf(e->out, "%s", i ? ", " : "") + put_text(e->out, list->items[i], true);
    column += fprintf(e->out, "]");
    end_line(e, column, origins_get(e->origins, list), inherited);
}

void emit_texts(struct emit *e, const char *key, const struct str_list *list)
{
    put_texts(e, key, list, false);
}

static bool has_pair(const struct pair_list *list, const char *name)
{
    for (uint32_t i = 0; list && i < list->count; i++)
        if (list->items[i].name.p == name)
            return true;
    return false;
}

static void put_pairs(struct emit *e, const char *key, const struct pair_list *list,
                      const struct pair_list *parent)
{
    if (list->count == 0) {
        int column = begin_line(e, str_of(key)) + fprintf(e->out, " {}");
        end_line(e, column, NULL, false);
        return;
    }
    emit_key(e, key);
    e->indent += 2;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct pair *p = &list->items[i];
        int column = begin_line(e, p->name) + fprintf(e->out, " ");
        column += put_text(e->out, p->value, true);
        end_line(e, column, origins_get(e->origins, p->name.p), has_pair(parent, p->name.p));
    }
    e->indent -= 2;
}

static void put_scalar(struct emit *e, const struct opt *row, const void *conf, bool inherited)
{
    char number[OPT_TEXT_MAX];
    int column = begin_line(e, str_of(row->key)) + fprintf(e->out, " ");
    if (row->kind == K_TEXT || row->kind == K_PATH) {
        struct str text = *(const struct str *)opt_value(row, conf);
        bool is_word = text.n == 0 && row->zero;
        column += put_text(e->out, is_word ? str_of(row->zero) : text, true);
    } else {
        opt_print(row, conf, number);
        column += fprintf(e->out, "%s", number);
    }
    end_line(e, column, origins_get(e->origins, opt_value(row, conf)), inherited);
}

static void put_items(struct emit *e, const struct opt *row, const struct item_list *list)
{
    emit_key(e, row->key);
    e->indent += 4;
    for (uint32_t i = 0; i < list->count; i++) {
        e->dash = true;
        emit_rows(e, row->table, (const char *)list->items + (size_t)i * row->item_size, NULL,
                  NULL);
    }
    e->indent -= 4;
}

void emit_row(struct emit *e, const struct opt *row, const void *conf, const void *parent)
{
    bool inherited = conf == parent;
    const void *above = parent ? opt_value(row, parent) : NULL;
    switch (row->kind) {
    case K_CUSTOM:
        break;
    case K_GROUP:
        emit_key(e, row->key);
        e->indent += 2;
        emit_rows(e, row->table, opt_value(row, conf), above, NULL);
        e->indent -= 2;
        break;
    case K_LIST:
        put_items(e, row, opt_value(row, conf));
        break;
    case K_PAIRS:
        put_pairs(e, row->key, opt_value(row, conf), above);
        break;
    case K_TEXTS:
        put_texts(e, row->key, opt_value(row, conf), inherited);
        break;
    default:
        put_scalar(e, row, conf, inherited);
    }
}

void emit_rows(struct emit *e, const struct opt *table, const void *conf, const void *parent,
               const char *except)
{
    for (const struct opt *row = table; row->key; row++)
        if (!except || !str_eq(str_of(except), str_of(row->key)))
            emit_row(e, row, conf, parent);
}
