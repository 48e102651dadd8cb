/* status: status codes, their reason phrases and the small pages that go with errors. */
#ifndef SKIFF_HTTP_STATUS_H
#define SKIFF_HTTP_STATUS_H

#include "base/str.h"

/* "HTTP/1.1 404 Not Found\r\n"; an unknown code from 100 to 999 gets a line with an empty phrase,
 * built into `scratch`. */
enum { STATUS_LINE_MAX = 64 };
struct str status_line(uint16_t code, char scratch[STATUS_LINE_MAX]);
/* A small well-formed HTML page for an error or redirect, constant, empty for codes without one
 * (1xx, 204, 304). */
struct str status_page(uint16_t code);
/* May an answer with this status have content at all? (RFC 9110 section 6.4.1) */
bool status_has_content(uint16_t code);

#endif
