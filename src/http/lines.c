/* lines: see lines.h. */
#include "http/lines.h"

#include "http/head.h"

/* The server's own business: framing, the connection, and what every answer has already. */
static const char *const ours[] = {"Connection", "Content-Length", "Date",    "Keep-Alive",
                                   "Server",     "Trailer",        "Upgrade", "Transfer-Encoding"};

const char *line_refused(struct str name, struct str value)
{
    if (!http_is_token(name))
        return "is not a field name: letters, digits and '-' make one";
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (str_eq_nocase(name, str_of(ours[i])))
            return "is set by the server itself and cannot be configured";
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return "has a value with a control character, which no field may hold";
    }
    return NULL;
}

size_t line_write(struct str name, struct str value, char *dst)
{
    char *p = mempcpy(dst, name.p, name.n);
    p = mempcpy(p, ": ", 2);
    if (value.n)
        p = mempcpy(p, value.p, value.n);
    p = mempcpy(p, "\r\n", 2);
    return (size_t)(p - dst);
}

struct str lines_find(struct str lines, struct str name)
{
    while (lines.p && lines.n > 0) {
        const char *begin = lines.p;
        struct str line = str_cut(&lines, '\n');
        size_t n = line.n + 1;
        if (str_eq_nocase(str_cut(&line, ':'), name))
            return str_make(begin, n);
    }
    return (struct str){NULL, 0};
}
