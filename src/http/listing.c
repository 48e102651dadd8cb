/* listing: texts with holes. */
#include "http/listing.h"

#include "http/target.h"

#include <stdio.h>
#include <time.h>

enum { PATH_SHOWN_MAX = 1000 };

static char *put(char *p, struct str s)
{
    return s.n ? mempcpy(p, s.p, s.n) : p;
}

/* --- text that others wrote --- */

/* Bytes of the UTF-8 character at the front (RFC 3629); 0: there is none. */
static size_t utf8_length(struct str s)
{
    static const struct {
        unsigned char first_lo, first_hi, second_lo, second_hi, n;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (p[0] < forms[i].first_lo || p[0] > forms[i].first_hi || s.n < forms[i].n)
            continue;
        if (forms[i].n > 1 && (p[1] < forms[i].second_lo || p[1] > forms[i].second_hi))
            return 0;
        for (size_t k = 2; k < forms[i].n; k++)
            if (p[k] < 0x80 || p[k] > 0xbf)
                return 0;
        return forms[i].n;
    }
    return 0;
}

static char *put_html_byte(char *p, char c)
{
    switch (c) {
    case '<':
        return put(p, STR("&lt;"));
    case '>':
        return put(p, STR("&gt;"));
    case '&':
        return put(p, STR("&amp;"));
    case '"':
        return put(p, STR("&quot;"));
    case '\'':
        return put(p, STR("&#39;"));
    default:
        if ((unsigned char)c < ' ' || c == 0x7f)
            return put(p, STR("\xef\xbf\xbd")); /* a control character is no text */
        *p = c;
        return p + 1;
    }
}

static char *put_json_byte(char *p, char c)
{
    if ((unsigned char)c < ' ' || c == 0x7f)
        return p + sprintf(p, "\\u%04x", (unsigned char)c);
    if (c == '"' || c == '\\')
        *p++ = '\\';
    *p = c;
    return p + 1;
}

static char *put_text(char *p, struct str s, char *(*put_byte)(char *, char))
{
    while (s.n > 0) {
        size_t n = utf8_length(s);
        if (n == 0)
            p = put(p, STR("\xef\xbf\xbd"));
        else if (n == 1)
            p = put_byte(p, s.p[0]);
        else
            p = put(p, str_make(s.p, n));
        s = str_from(s, n ? n : 1);
    }
    return p;
}

/* "./name", percent-encoded; what that leaves of '&' and quotes is escaped for the attribute. */
static char *put_link(char *p, const struct listing_entry *e, char *(*put_byte)(char *, char))
{
    char encoded[3 * LISTING_NAME_MAX + 1];
    size_t n = target_encode(e->name, encoded);
    p = put(p, STR("./"));
    p = put_text(p, str_make(encoded, n), put_byte);
    return e->is_folder ? put(p, STR("/")) : p;
}

/* --- sizes and times --- */

static char *put_size(char *p, uint64_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    double value = (double)size;
    while (value >= 1023.95 && unit < 6) {
        value /= 1024;
        unit++;
    }
    return p +
           sprintf(p, unit && value < 9.95 ? "%.1f\u00a0%s" : "%.0f\u00a0%s", value, units[unit]);
}

/* RFC 3339, in UTC. `separator` and `end` make it one for people or one for machines. */
static char *put_time(char *p, int64_t seconds, char separator, const char *end)
{
    struct tm t;
    time_t when = (time_t)seconds;
    if (!gmtime_r(&when, &t) || t.tm_year < -1900 || t.tm_year > 8099)
        t = (struct tm){.tm_year = 70, .tm_mday = 1};
    return p + sprintf(p, "%04d-%02d-%02d%c%02d:%02d%s", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                       separator, t.tm_hour, t.tm_min, end);
}

static char *put_seconds(char *p, int64_t seconds)
{
    int64_t rest = seconds % 60;
    return p + sprintf(p, ":%02dZ", (int)(rest < 0 ? rest + 60 : rest));
}

/* --- the page --- */

static const char page_head[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>\n"
    ":root { color-scheme: light dark }\n"
    "body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem "
    "}\n"
    "h1 { font-size: 1.25rem; overflow-wrap: anywhere; margin: .5rem 0 1rem }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "th { text-align: start; font-weight: 600; font-size: .85rem; opacity: .7 }\n"
    "th, td { padding: .45rem .5rem; border-bottom: 1px solid #8884; vertical-align: baseline }\n"
    "td:first-child { overflow-wrap: anywhere }\n"
    ".s, .t { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; "
    "opacity: .75 }\n"
    "a { text-decoration: none } a:hover, a:focus { text-decoration: underline }\n"
    "tr:hover td { background: #8881 }\n"
    "p { opacity: .7; font-size: .85rem }\n"
    "@media (max-width: 36rem) {\n"
    "thead, td:empty { display: none }\n"
    "tr { display: grid; grid-template-columns: 1fr auto; border-bottom: 1px solid #8884 }\n"
    "td { border: 0; padding: .4rem .25rem }\n"
    "td:first-child { grid-column: 1 / -1 }\n"
    ".s, .t { grid-row: 2; padding-top: 0; font-size: .85rem }\n"
    ".s { grid-column: 2 } .t { text-align: start }\n"
    "}\n"
    "</style>\n";

static struct str shown_path(struct str path, bool *is_cut)
{
    *is_cut = path.n > PATH_SHOWN_MAX;
    return *is_cut ? str_from(path, path.n - PATH_SHOWN_MAX) : path;
}

static char *put_path(char *p, struct str path)
{
    bool is_cut;
    struct str shown = shown_path(path, &is_cut);
    if (is_cut)
        p = put(p, STR("\u2026"));
    return put_text(p, shown, put_html_byte);
}

static char *begin_html(char *p, struct str path, bool parent)
{
    p = put(p, STR(page_head));
    p = put(p, STR("<title>"));
    p = put_path(p, path);
    p = put(p, STR("</title>\n<h1>"));
    p = put_path(p, path);
    p = put(p, STR("</h1>\n<table>\n<thead><tr><th>Name<th class=\"s\">Size<th class=\"t\">Changed "
                   "(UTC)</thead>\n<tbody>\n"));
    if (parent)
        p = put(p, STR("<tr><td><a href=\"../\">../</a><td class=\"s\"><td class=\"t\">\n"));
    return p;
}

static char *row_html(char *p, const struct listing_entry *e)
{
    p = put(p, STR("<tr><td><a href=\""));
    p = put_link(p, e, put_html_byte);
    p = put(p, STR("\">"));
    p = put_text(p, e->name, put_html_byte);
    p = put(p, e->is_folder ? STR("/</a><td class=\"s\">") : STR("</a><td class=\"s\">"));
    if (!e->is_folder)
        p = put_size(p, e->size);
    p = put(p, STR("<td class=\"t\"><time datetime=\""));
    p = put_time(p, e->mtime_s, 'T', "");
    p = put_seconds(p, e->mtime_s);
    p = put(p, STR("\">"));
    p = put_time(p, e->mtime_s, ' ', "</time>\n");
    return p;
}

/* --- JSON (RFC 8259) --- */

static char *row_json(char *p, const struct listing_entry *e, bool is_first)
{
    p = put(p, is_first ? STR("\n{\"name\":\"") : STR(",\n{\"name\":\""));
    p = put_text(p, e->name, put_json_byte);
    p = put(p, STR("\",\"href\":\""));
    p = put_link(p, e, put_json_byte);
    p = put(p, e->is_folder ? STR("\",\"type\":\"directory\",\"mtime\":\"")
                            : STR("\",\"type\":\"file\",\"mtime\":\""));
    p = put_time(p, e->mtime_s, 'T', "");
    p = put_seconds(p, e->mtime_s);
    p = put(p, STR("\""));
    if (!e->is_folder)
        p += sprintf(p, ",\"size\":%llu", (unsigned long long)e->size);
    return put(p, STR("}"));
}

/* --- both --- */

size_t listing_begin(enum listing_format f, struct str path, bool parent, char *dst)
{
    char *end = f == LISTING_JSON ? put(dst, STR("[")) : begin_html(dst, path, parent);
    return (size_t)(end - dst);
}

size_t listing_row(enum listing_format f, const struct listing_entry *e, bool is_first, char *dst)
{
    char *end = f == LISTING_JSON ? row_json(dst, e, is_first) : row_html(dst, e);
    return (size_t)(end - dst);
}

size_t listing_end(enum listing_format f, size_t count, char *dst)
{
    if (f == LISTING_JSON)
        return (size_t)(put(dst, STR("\n]\n")) - dst);
    return (size_t)sprintf(dst, "</tbody>\n</table>\n<p>%zu %s</p>\n</html>\n", count,
                           count == 1 ? "entry" : "entries");
}

int listing_compare(const void *a, const void *b)
{
    const struct listing_entry *x = a, *y = b;
    if (x->is_folder != y->is_folder)
        return x->is_folder ? -1 : 1;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int order = memcmp(x->name.p, y->name.p, n);
    return order ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}
