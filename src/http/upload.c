/* upload: a countdown for bodies of known length, a small machine for chunked ones.
 *
 * The machine reads a byte at a time except within chunk data, so it does not care how the input
 * is cut. */
#include "http/upload.h"

enum {
    CHUNK_OVERHEAD_MAX = 16 * 1024, /* bytes of chunk lines and trailers of one body */
    CHUNK_DIGITS_MAX = 15,          /* of a chunk's size: no overflow of 63 bits */
};

enum chunk_state {
    SIZE_FIRST,  /* the first digit of a chunk's size */
    SIZE_MORE,   /* further digits */
    SIZE_BLANK,  /* bad white space before an extension (RFC 9112 section 7.1.1) */
    EXTENSION,   /* behind ';', ignored */
    QUOTED,      /* in a quoted string there */
    QUOTED_PAIR, /* behind a backslash there */
    SIZE_LF,     /* the CR of the size line was seen */
    DATA,        /* chunk data */
    DATA_CR,     /* the CRLF behind chunk data */
    DATA_LF,
    TRAILER_FIRST, /* the beginning of a trailer line, or of the last, empty one */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF, /* the CR of the empty line was seen */
};

enum upload_result upload_begin(struct upload *u, const struct http_head *h, uint64_t max)
{
    *u = (struct upload){.max = max, .framing = h->framing};
    if (h->framing == BODY_NONE)
        return UPLOAD_DONE;
    if (h->framing == BODY_CHUNKED)
        return UPLOAD_MORE;
    u->left = h->content_length;
    if (u->left > max)
        return UPLOAD_TOO_LARGE;
    return u->left == 0 ? UPLOAD_DONE : UPLOAD_MORE;
}

static int hex_value(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* HTAB, SP, VCHAR, obs-text: what a field value or an extension may hold. */
static bool is_text(char c)
{
    unsigned char u = (unsigned char)c;
    return u == '\t' || (u >= ' ' && u != 0x7f);
}

static int next_if(bool ok, enum chunk_state next)
{
    return ok ? (int)next : -1;
}

/* A digit of the size. left counts the value, `digits` of it are limited through its magnitude. */
static int size_digit(struct upload *u, char c)
{
    int value = hex_value(c);
    if (value < 0 || u->left >> (4 * CHUNK_DIGITS_MAX - 4))
        return -1;
    u->left = u->left * 16 + (uint64_t)value;
    return SIZE_MORE;
}

static int behind_size(enum chunk_state state, char c)
{
    switch (c) {
    case '\r':
        return next_if(state == SIZE_MORE, SIZE_LF);
    case ';':
        return EXTENSION;
    case ' ':
    case '\t':
        return SIZE_BLANK;
    default:
        return -1;
    }
}

/* A line cannot end within a quoted string. */
static int extension_byte(enum chunk_state state, char c)
{
    if (state == EXTENSION && c == '\r')
        return SIZE_LF;
    if (!is_text(c))
        return -1;
    if (state == QUOTED_PAIR)
        return QUOTED;
    if (state == QUOTED)
        return c == '"' ? EXTENSION : c == '\\' ? QUOTED_PAIR : QUOTED;
    return c == '"' ? QUOTED : EXTENSION;
}

static int trailer_byte(enum chunk_state state, char c)
{
    if (c == '\r')
        return state == TRAILER_FIRST ? LAST_LF : next_if(state == TRAILER_VALUE, TRAILER_LF);
    if (state == TRAILER_VALUE)
        return next_if(is_text(c), TRAILER_VALUE);
    if (c == ':')
        return next_if(state == TRAILER_NAME, TRAILER_VALUE);
    return next_if(http_is_tchar(c), TRAILER_NAME);
}

/* The state behind one byte of framing, or -1 when it may not be there. */
static int framing_byte(struct upload *u, char c)
{
    enum chunk_state state = (enum chunk_state)u->state;
    switch (state) {
    case SIZE_FIRST:
        u->left = 0;
        return size_digit(u, c);
    case SIZE_MORE:
        return hex_value(c) >= 0 ? size_digit(u, c) : behind_size(state, c);
    case SIZE_BLANK:
        return behind_size(state, c);
    case EXTENSION:
    case QUOTED:
    case QUOTED_PAIR:
        return extension_byte(state, c);
    case SIZE_LF:
        return next_if(c == '\n', u->left ? DATA : TRAILER_FIRST);
    case DATA_CR:
        return next_if(c == '\r', DATA_LF);
    case DATA_LF:
        return next_if(c == '\n', SIZE_FIRST);
    case TRAILER_LF:
        return next_if(c == '\n', TRAILER_FIRST);
    default:
        return trailer_byte(state, c);
    }
}

static enum upload_result take_content(struct upload *u, const char *p, size_t n, size_t *used,
                                       struct str *content)
{
    size_t part = n - *used < u->left ? n - *used : (size_t)u->left;
    *content = str_make(p + *used, part);
    *used += part;
    u->left -= part;
    u->content += part;
    return u->content > u->max ? UPLOAD_TOO_LARGE : UPLOAD_CONTENT;
}

static enum upload_result feed_chunked(struct upload *u, const char *p, size_t n, size_t *used,
                                       struct str *content)
{
    while (*used < n) {
        if (u->state == DATA) {
            enum upload_result r = take_content(u, p, n, used, content);
            if (u->left == 0)
                u->state = DATA_CR;
            return r;
        }
        char c = p[(*used)++];
        if (u->state == LAST_LF)
            return c == '\n' ? UPLOAD_DONE : UPLOAD_BAD;
        int next = framing_byte(u, c);
        if (next < 0)
            return UPLOAD_BAD;
        if (++u->overhead > CHUNK_OVERHEAD_MAX)
            return UPLOAD_TOO_LARGE;
        u->state = (uint8_t)next;
        if (next == DATA && u->content + u->left > u->max)
            return UPLOAD_TOO_LARGE; /* known from the size alone */
    }
    return UPLOAD_MORE;
}

enum upload_result upload_feed(struct upload *u, const char *p, size_t n, size_t *used,
                               struct str *content)
{
    *used = 0;
    *content = str_make(NULL, 0);
    if (u->framing == BODY_CHUNKED)
        return feed_chunked(u, p, n, used, content);
    if (u->left == 0)
        return UPLOAD_DONE;
    return n == 0 ? UPLOAD_MORE : take_content(u, p, n, used, content);
}
