/* wire_answer: RFC 9112 sections 4 to 6 as checks, and what our server promises of every answer. */
#include "support/wire_answer.h"

#include "http/head.h"

#include <stdlib.h>

enum { DATE_SKEW_MAX_S = 5 };

/* Fields that may stand once. */
static const char *const single[] = {
    "Age",          "Allow", "Cache-Control", "Connection", "Content-Length", "Date",
    "Content-Type", "ETag",  "Last-Modified", "Location",   "Server",         "Transfer-Encoding"};

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

/* VCHAR, obs-text, SP and HTAB: what values and reason phrases consist of. */
static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

/* "HTTP/1.1 200 OK": the one space behind the code stands even without a phrase. */
static const char *parse_status_line(struct wire_answer *a, struct str line)
{
    if (line.n < 13 || !str_starts(line, STR("HTTP/1.1 ")) || line.p[12] != ' ')
        return "malformed status line";
    struct str code = str_make(line.p + 9, 3);
    if (!is_digits(code) || code.p[0] < '1' || code.p[0] > '5')
        return "malformed status code";
    a->status = (unsigned)(code.p[0] - '0') * 100 + (unsigned)(code.p[1] - '0') * 10 +
                (unsigned)(code.p[2] - '0');
    a->reason = str_from(line, 13);
    return is_text(a->reason) ? NULL : "control character in the reason phrase";
}

static const char *parse_field(struct wire_answer *a, struct str line)
{
    struct str rest = line, name = str_cut(&rest, ':');
    if (!rest.p || !http_is_token(name))
        return "malformed field line";
    if (rest.n == 0 || rest.p[0] != ' ' || (rest.n > 1 && str_trim(rest).n != rest.n - 1))
        return "a field value is not preceded by exactly one space";
    if (!is_text(rest))
        return "control character in a field value";
    if (a->count == ANSWER_FIELDS_MAX)
        return "too many fields";
    a->fields[a->count++] = (struct answer_field){name, str_trim(rest)};
    return NULL;
}

struct str answer_value(const struct wire_answer *a, struct str name)
{
    for (unsigned i = 0; i < a->count; i++)
        if (str_eq_nocase(a->fields[i].name, name))
            return a->fields[i].value;
    return (struct str){0};
}

bool answer_closes(const struct wire_answer *a)
{
    return str_eq(answer_value(a, STR("Connection")), STR("close"));
}

static bool has_twice(const struct wire_answer *a, struct str name)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < a->count; i++)
        seen += str_eq_nocase(a->fields[i].name, name);
    return seen > 1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", and nothing else: it must print back the same. */
static bool parse_date(struct str s, time_t *out)
{
    char text[30] = "", again[30] = "";
    struct tm tm = {0};
    if (s.n != 29)
        return false;
    memcpy(text, s.p, s.n);
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    if (!end || *end)
        return false;
    *out = timegm(&tm);
    return gmtime_r(out, &tm) &&
           strftime(again, sizeof again, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 29 &&
           strcmp(text, again) == 0;
}

/* What every final answer of ours must say. */
static const char *check_promises(const struct wire_answer *a, time_t now)
{
    time_t date = 0, modified = 0;
    struct str last_modified = answer_value(a, STR("Last-Modified"));
    struct str server = answer_value(a, STR("Server"));
    if (server.p && !str_eq(server, STR("skiff"))) /* a site may hide it */
        return "Server is not \"skiff\"";
    if (!parse_date(answer_value(a, STR("Date")), &date))
        return "Date is missing or malformed";
    if (labs((long)(date - now)) > DATE_SKEW_MAX_S)
        return "Date is not now";
    if (last_modified.p && !parse_date(last_modified, &modified))
        return "malformed Last-Modified";
    return last_modified.p && modified > date ? "Last-Modified is in the future" : NULL;
}

static const char *check_etag(struct str etag)
{
    if (str_starts(etag, STR("W/")))
        etag = str_from(etag, 2);
    if (etag.n < 2 || etag.p[0] != '"' || etag.p[etag.n - 1] != '"')
        return "ETag is not quoted";
    for (size_t i = 1; i < etag.n - 1; i++)
        if (etag.p[i] == '"' || etag.p[i] == ' ')
            return "malformed ETag";
    return NULL;
}

/* Sets the length of what follows the head. */
static const char *frame(struct wire_answer *a, bool bodiless)
{
    struct str length = answer_value(a, STR("Content-Length"));
    bool never = a->status < 200 || a->status == 204;
    a->length = 0;
    struct str coding = answer_value(a, STR("Transfer-Encoding"));
    if (coding.p) {
        a->chunked = !bodiless;
        if (!str_eq(coding, STR("chunked")) || length.p || never || a->status == 304)
            return "Transfer-Encoding where it may not stand, or is not \"chunked\"";
        return NULL;
    }
    if (never)
        return length.p ? "Content-Length where no content may be" : NULL;
    if (a->status == 304)
        return NULL;
    if (!length.p)
        return bodiless ? NULL : "no Content-Length";
    if (!is_digits(length) || !str_to_u64(length, INT64_MAX, &a->length))
        return "malformed Content-Length";
    if (bodiless)
        a->length = 0;
    return NULL;
}

static const char *check_fields(struct wire_answer *a, bool bodiless, time_t now)
{
    struct str etag = answer_value(a, STR("ETag"));
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        if (has_twice(a, str_of(single[i])))
            return "a field that may stand once stands twice";
    const char *wrong = etag.p ? check_etag(etag) : NULL;
    if (!wrong && a->status >= 200)
        wrong = check_promises(a, now);
    return wrong ? wrong : frame(a, bodiless);
}

/* The lines of a complete head, without its empty line. */
static const char *parse_head(struct wire_answer *a, struct str head)
{
    const char *wrong = NULL;
    for (bool is_first = true; !wrong && head.n > 0; is_first = false) {
        const char *end = memmem(head.p, head.n, "\r\n", 2);
        struct str line = str_make(head.p, end ? (size_t)(end - head.p) : head.n);
        if (str_find(line, '\r') >= 0 || str_find(line, '\n') >= 0)
            return "a CR or LF alone in the head";
        wrong = is_first ? parse_status_line(a, line) : parse_field(a, line);
        head = str_from(head, line.n + 2);
    }
    return wrong;
}

/* The size line of a chunk: what we send has no extensions and no leading zeros. */
static const char *parse_chunk_size(struct str line, uint64_t *size)
{
    *size = 0;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        bool is_digit = ascii_is_digit(c) || (c >= 'a' && c <= 'f');
        if (!is_digit || *size > UINT32_MAX)
            return "malformed chunk size";
        *size = *size * 16 + (uint64_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    bool is_plain = line.n == 1 || (line.n > 1 && line.p[0] != '0');
    return is_plain ? NULL : "malformed chunk size";
}

/* Puts the chunks' data together (RFC 9112 section 7.1). */
static enum answer_result join_chunks(struct wire_answer *a, struct str rest, const char **wrong)
{
    static char *joined; /* one answer is looked at at a time */
    size_t n = 0;
    char *larger = realloc(joined, rest.n + 1);
    *wrong = "no memory";
    if (!larger)
        return ANSWER_BAD;
    joined = larger;
    for (const char *begin = rest.p;;) {
        uint64_t size;
        const char *end = memmem(rest.p, rest.n, "\r\n", 2);
        *wrong = "a chunk's size does not end";
        if (!end)
            return rest.n > 16 ? ANSWER_BAD : ANSWER_MORE;
        *wrong = parse_chunk_size(str_make(rest.p, (size_t)(end - rest.p)), &size);
        if (*wrong)
            return ANSWER_BAD;
        rest = str_from(rest, (size_t)(end + 2 - rest.p));
        if (rest.n < size + 2)
            return ANSWER_MORE;
        *wrong = "a chunk does not end in CRLF";
        if (memcmp(rest.p + size, "\r\n", 2) != 0)
            return ANSWER_BAD;
        memcpy(joined + n, rest.p, size);
        n += size;
        rest = str_from(rest, size + 2);
        if (size > 0)
            continue;
        a->body = str_make(joined, n);
        a->used += (size_t)(rest.p - begin);
        *wrong = NULL;
        return ANSWER_OK;
    }
}

enum answer_result answer_parse(struct wire_answer *a, struct str bytes, bool bodiless, time_t now,
                                const char **complaint)
{
    *a = (struct wire_answer){0};
    size_t start = bytes.n < 9 ? bytes.n : 9;
    *complaint = "the answer does not begin with HTTP/1.1";
    if (memcmp(bytes.p, "HTTP/1.1 ", start) != 0)
        return ANSWER_BAD;
    const char *end = memmem(bytes.p, bytes.n, "\r\n\r\n", 4);
    *complaint = "the answer's head does not end";
    if (!end)
        return bytes.n > ANSWER_HEAD_MAX ? ANSWER_BAD : ANSWER_MORE;
    size_t head = (size_t)(end - bytes.p);
    *complaint = parse_head(a, str_make(bytes.p, head));
    if (!*complaint)
        *complaint = check_fields(a, bodiless, now);
    if (*complaint)
        return ANSWER_BAD;
    a->used = head + 4;
    if (a->chunked)
        return join_chunks(a, str_from(bytes, a->used), complaint);
    if (bytes.n - head - 4 < a->length)
        return ANSWER_MORE;
    a->body = str_make(end + 4, (size_t)a->length);
    a->used = head + 4 + (size_t)a->length;
    return ANSWER_OK;
}
