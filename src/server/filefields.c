/* filefields: one line after the other. */
#include "server/filefields.h"

#include "base/clock.h"
#include "base/units.h"

#include <stdio.h>

enum {
    YOUNG_S = 2,
    MEANINGLESS_S = 1, /* times up to this are what image builders write: no validator is in them */
};

bool filefields_is_young(const struct disk_file *d, int64_t wall_s)
{
    return d->mtime_ns / 1000000000 > wall_s - YOUNG_S;
}

static char *put(char *p, struct str s)
{
    return s.n ? mempcpy(p, s.p, s.n) : p;
}

static char *put_line(char *p, const char *name, struct str value)
{
    p = put(p, str_of(name));
    p = put(p, value);
    return put(p, STR("\r\n"));
}

/* The operator's type for an extension, "*" among them; .p NULL: none. */
static struct str configured_type(const struct file_style *style, struct str extension)
{
    for (uint32_t i = 0; style->types && i < style->types->count; i++)
        if (str_eq_nocase(style->types->items[i].name, extension))
            return style->types->items[i].value;
    return (struct str){NULL, 0};
}

static struct str type_of(const struct file_style *style, const struct mime *mime, struct str path)
{
    struct str type = configured_type(style, mime_extension(path));
    if (!type.p)
        type = mime_of(mime, path);
    if (!type.p)
        type = configured_type(style, STR("*"));
    return type.p ? type : STR("application/octet-stream");
}

static char *put_type(char *p, const struct file_style *style, const struct mime *mime,
                      struct str path)
{
    struct str type = type_of(style, mime, path);
    p = put(p, STR("Content-Type: "));
    p = put(p, type);
    if (style->charset.n > 0 && mime_takes_charset(type)) {
        p = put(p, STR("; charset="));
        p = put(p, style->charset);
    }
    return put(p, STR("\r\n"));
}

/* The one type whose files are coded by its own definition (SVG 1.1, section 1.2): without the
 * coding no browser shows them. Not when the operator gave them another type. */
static bool is_compressed_svg(struct str type_line, struct str path)
{
    return str_starts(type_line, STR("Content-Type: image/svg+xml")) &&
           str_eq_nocase(mime_extension(path), STR("svgz"));
}

/* Time of change in nanoseconds and size: the same on every server with the same files. */
static char *put_etag(char *p, const struct file_facts *f, struct validators *v)
{
    const struct disk_file *d = f->disk;
    const char *key = codings[f->coding].key;
    p = put(p, STR("ETag: "));
    int n =
        sprintf(p, "%s\"%llx-%llx%s%s\"", filefields_is_young(d, f->wall_s) ? "W/" : "",
                (unsigned long long)d->mtime_ns, (unsigned long long)d->size, *key ? "-" : "", key);
    v->etag = str_make(p, (size_t)n);
    return put(p + n, STR("\r\n"));
}

/* A meaningless time gives no validator, one in the future no Last-Modified, one just now a weak
 * ETag (RFC 9110 section 8.8). */
static char *put_validators(char *p, const struct file_style *style, const struct file_facts *f,
                            struct validators *v)
{
    int64_t mtime_s = f->disk->mtime_ns / 1000000000;
    if (mtime_s > MEANINGLESS_S && mtime_s <= f->wall_s) {
        char date[HTTP_DATE_LEN];
        clock_http_date(mtime_s, date);
        p = put_line(p, "Last-Modified: ", str_make(date, HTTP_DATE_LEN));
        v->modified = mtime_s;
        v->date = str_make(p - STR("\r\n").n - HTTP_DATE_LEN, HTTP_DATE_LEN);
    }
    return mtime_s > MEANINGLESS_S && !style->no_etag ? put_etag(p, f, v) : p;
}

size_t filefields_write(const struct file_style *style, const struct mime *mime,
                        const struct file_facts *f, char out[FILE_FIELDS_MAX], struct validators *v)
{
    char digits[20];
    char *p = put_type(out, style, mime, f->path);
    *v = (struct validators){0};
    if (f->coding != CODING_IDENTITY)
        p = put_line(p, "Content-Encoding: ", str_of(codings[f->coding].name));
    else if (is_compressed_svg(str_make(out, (size_t)(p - out)), f->path))
        p = put(p, STR("Content-Encoding: gzip\r\n"));
    p = put(p, STR("Accept-Ranges: bytes\r\n"));
    char *lines = p;
    p = put_validators(p, style, f, v);
    p = put(p, style->lines);
    v->lines = str_make(lines, (size_t)(p - lines));
    v->fields = str_make(out, (size_t)(p - out));
    size_t n = units_print_u64(f->disk->size, digits);
    p = put_line(p, "Content-Length: ", str_make(digits, n));
    return (size_t)(p - out);
}
