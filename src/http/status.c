/* status: one table; lines and pages are put together by the compiler. */
#include "http/status.h"

#include <stdio.h>

#define PAGE(code, phrase)                                                                         \
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"                              \
    "<meta name=\"viewport\" content=\"width=device-width\">\n"                                    \
    "<meta name=\"color-scheme\" content=\"light dark\">\n"                                        \
    "<title>" #code " " phrase "</title>\n<h1>" #code " " phrase "</h1>\n</html>\n"
#define LITERAL(text)                                                                              \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define ROW(code, phrase)                                                                          \
    [code - STATUS_FIRST] = {LITERAL("HTTP/1.1 " #code " " phrase "\r\n"),                         \
                             LITERAL(PAGE(code, phrase))}
#define BARE(code, phrase)                                                                         \
    [code - STATUS_FIRST] = {LITERAL("HTTP/1.1 " #code " " phrase "\r\n"), {"", 0}}

enum { STATUS_FIRST = 100, STATUS_END = 600 };

/* RFC 9110 section 15, and 425 (RFC 8470), 428, 429, 431 (RFC 6585), 451 (RFC 7725). */
static const struct row {
    struct str line, page;
} rows[STATUS_END - STATUS_FIRST] = {
    BARE(100, "Continue"),
    BARE(101, "Switching Protocols"),
    BARE(200, "OK"),
    BARE(201, "Created"),
    BARE(202, "Accepted"),
    BARE(203, "Non-Authoritative Information"),
    BARE(204, "No Content"),
    BARE(205, "Reset Content"),
    BARE(206, "Partial Content"),
    ROW(300, "Multiple Choices"),
    ROW(301, "Moved Permanently"),
    ROW(302, "Found"),
    ROW(303, "See Other"),
    BARE(304, "Not Modified"),
    ROW(305, "Use Proxy"),
    ROW(307, "Temporary Redirect"),
    ROW(308, "Permanent Redirect"),
    ROW(400, "Bad Request"),
    ROW(401, "Unauthorized"),
    ROW(402, "Payment Required"),
    ROW(403, "Forbidden"),
    ROW(404, "Not Found"),
    ROW(405, "Method Not Allowed"),
    ROW(406, "Not Acceptable"),
    ROW(407, "Proxy Authentication Required"),
    ROW(408, "Request Timeout"),
    ROW(409, "Conflict"),
    ROW(410, "Gone"),
    ROW(411, "Length Required"),
    ROW(412, "Precondition Failed"),
    ROW(413, "Content Too Large"),
    ROW(414, "URI Too Long"),
    ROW(415, "Unsupported Media Type"),
    ROW(416, "Range Not Satisfiable"),
    ROW(417, "Expectation Failed"),
    ROW(421, "Misdirected Request"),
    ROW(422, "Unprocessable Content"),
    ROW(425, "Too Early"),
    ROW(426, "Upgrade Required"),
    ROW(428, "Precondition Required"),
    ROW(429, "Too Many Requests"),
    ROW(431, "Request Header Fields Too Large"),
    ROW(451, "Unavailable For Legal Reasons"),
    ROW(500, "Internal Server Error"),
    ROW(501, "Not Implemented"),
    ROW(502, "Bad Gateway"),
    ROW(503, "Service Unavailable"),
    ROW(504, "Gateway Timeout"),
    ROW(505, "HTTP Version Not Supported"),
};

static const struct row *row_of(uint16_t code)
{
    static const struct row nothing = {{NULL, 0}, {"", 0}};
    bool known = code >= STATUS_FIRST && code < STATUS_END && rows[code - STATUS_FIRST].line.p;
    return known ? &rows[code - STATUS_FIRST] : &nothing;
}

struct str status_line(uint16_t code, char scratch[STATUS_LINE_MAX])
{
    struct str line = row_of(code)->line;
    if (line.p)
        return line;
    int n = snprintf(scratch, STATUS_LINE_MAX, "HTTP/1.1 %03u \r\n", (unsigned)code % 1000);
    return str_make(scratch, (size_t)n);
}

struct str status_page(uint16_t code)
{
    return row_of(code)->page;
}

bool status_has_content(uint16_t code)
{
    return code >= 200 && code != 204 && code != 304;
}
