/* lines: field lines from the configuration, checked and put together once.
 *
 * What an operator writes goes on the wire as it is, so it must be a field line (RFC 9110 section
 * 5.5) and must not touch what frames the message. */
#ifndef SKIFF_HTTP_LINES_H
#define SKIFF_HTTP_LINES_H

#include "base/arena.h"

/* NULL when "name: value" may be sent; else why not, as a sentence part that names the mend. */
const char *line_refused(struct str name, struct str value);
/* Writes "name: value\r\n"; dst has room for name.n + value.n + 4 bytes. The length. */
size_t line_write(struct str name, struct str value, char *dst);
/* The first line of that name (any case) among complete lines, with its CRLF; .p NULL: none. */
struct str lines_find(struct str lines, struct str name);
static inline bool lines_have(struct str lines, struct str name)
{
    return lines_find(lines, name).p != NULL;
}

#endif
