/* head: one request's head, as slices of the input buffer.
 *
 * Nothing is copied: every name and value is an offset and a length from `base`, so the buffer may
 * be moved if `base` is set anew. Values are contiguous and trimmed (folded fields are refused).
 * Fields that the server itself looks at are indexed while parsing; others are found by walking. */
#ifndef SKIFF_HTTP_HEAD_H
#define SKIFF_HTTP_HEAD_H

#include "base/str.h"

/* Bytes behind what is parsed, and so behind each of its parts, that may be read with it: whoever
 * looks at sixteen bytes together need not ask first where the last one is. */
enum { HTTP_SLACK = 16 };

enum http_method { /* those of RFC 9110 section 9, PATCH (RFC 5789); others are unknown: 501 */
                   METHOD_UNKNOWN,
                   METHOD_GET,
                   METHOD_HEAD,
                   METHOD_POST,
                   METHOD_PUT,
                   METHOD_DELETE,
                   METHOD_CONNECT,
                   METHOD_OPTIONS,
                   METHOD_TRACE,
                   METHOD_PATCH,
                   METHOD_COUNT
};
extern const struct str http_method_names[METHOD_COUNT];

enum http_known { /* the fields with an index of their own */
                  KNOWN_OTHER,
                  KNOWN_HOST,
                  KNOWN_CONNECTION,
                  KNOWN_CONTENT_LENGTH,
                  KNOWN_TRANSFER_ENCODING,
                  KNOWN_EXPECT,
                  KNOWN_IF_MATCH,
                  KNOWN_IF_NONE_MATCH,
                  KNOWN_IF_MODIFIED_SINCE,
                  KNOWN_IF_UNMODIFIED_SINCE,
                  KNOWN_IF_RANGE,
                  KNOWN_RANGE,
                  KNOWN_ACCEPT,
                  KNOWN_ACCEPT_ENCODING,
                  KNOWN_USER_AGENT,
                  KNOWN_REFERER,
                  KNOWN_COUNT
};

enum http_framing { BODY_NONE, BODY_LENGTH, BODY_CHUNKED };

struct http_field {
    struct slice name, value;
};

struct http_head {
    const char *base;        /* first byte of the request line */
    uint64_t content_length; /* with BODY_LENGTH */
    struct slice method_text, target;
    uint32_t repeated; /* bit n: the known field n stands there more than once */
    uint16_t field_count;
    uint8_t method;      /* enum http_method */
    uint8_t minor;       /* 0: HTTP/1.0; 1: HTTP/1.1 (and any later minor, RFC 9110 section 2.5) */
    uint8_t framing;     /* enum http_framing */
    bool keep_alive;     /* what version and Connection say (RFC 9112 section 9.3) */
    bool is_conditional; /* has one of If-Match ... If-Unmodified-Since */
    bool expects_continue;
    bool expects_unknown;       /* an expectation that is not 100-continue: 417 */
    uint8_t first[KNOWN_COUNT]; /* 1 + index of the first field of that name; 0: absent */
    struct http_field fields[]; /* room for as many as the parser's limits allow */
};

static inline size_t http_head_size(uint16_t fields_max)
{
    return sizeof(struct http_head) + fields_max * sizeof(struct http_field);
}

static inline struct str http_text(const struct http_head *h, struct slice s)
{
    return (struct str){h->base + s.off, s.len};
}

static inline bool http_has(const struct http_head *h, enum http_known k)
{
    return h->first[k] != 0;
}

/* The value of the first field of that name; .p is NULL when absent. */
struct str http_value(const struct http_head *h, enum http_known k);

/* Walks all fields of one known name: start with at = 0, ends with false. */
bool http_next_value(const struct http_head *h, enum http_known k, uint16_t *at, struct str *value);

/* Which known field a name is (any case). */
enum http_known http_known_of(struct str name);
enum http_method http_method_of(struct str token);
/* Reads the method, if it is a known one, from the n bytes at base: of a head that was refused
 * before its lines were read. Nothing else of the head changes. */
void http_note_method(struct http_head *h, size_t n);

/* A character of a token (RFC 9110 section 5.6.2). */
bool http_is_tchar(char c);
/* Is it a token (RFC 9110 section 5.6.2), at least one byte long? */
bool http_is_token(struct str s);

#endif
