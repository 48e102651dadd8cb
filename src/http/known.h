/* known: which of the known fields a name is.
 *
 * Inline, because it is asked for every field of every head. */
#ifndef SKIFF_HTTP_KNOWN_H
#define SKIFF_HTTP_KNOWN_H

#include "http/head.h"

/* Equal but for case, a word at a time; the last word may overlap the one before. Only known names
 * come out equal: they are letters and '-', which no other token character turns into when bit 5 is
 * set. At least 4 bytes. */
static inline bool known_is(const char *lower, const char *name, size_t n)
{
    const uint64_t bit5 = UINT64_C(0x2020202020202020);
    if (n < 8)
        return str_load(lower, 4) == (str_load(name, 4) | (uint32_t)bit5) &&
               str_load(lower + n - 4, 4) == (str_load(name + n - 4, 4) | (uint32_t)bit5);
    for (size_t i = 0; i + 8 < n; i += 8)
        if (str_load(lower + i, 8) != (str_load(name + i, 8) | bit5))
            return false;
    return str_load(lower + n - 8, 8) == (str_load(name + n - 8, 8) | bit5);
}

/* By length: there is at most a pair of candidates, and for most fields none. */
static inline __attribute__((always_inline)) enum http_known known_of(const char *name, size_t n)
{
#define IS(known, id) (known_is((known), name, sizeof(known) - 1) ? (id) : KNOWN_OTHER)
    enum http_known k;
    switch (n) {
    case 4:
        return IS("host", KNOWN_HOST);
    case 5:
        return IS("range", KNOWN_RANGE);
    case 6:
        k = IS("accept", KNOWN_ACCEPT);
        return k ? k : IS("expect", KNOWN_EXPECT);
    case 7:
        return IS("referer", KNOWN_REFERER);
    case 8:
        k = IS("if-match", KNOWN_IF_MATCH);
        return k ? k : IS("if-range", KNOWN_IF_RANGE);
    case 10:
        k = IS("connection", KNOWN_CONNECTION);
        return k ? k : IS("user-agent", KNOWN_USER_AGENT);
    case 13:
        return IS("if-none-match", KNOWN_IF_NONE_MATCH);
    case 14:
        return IS("content-length", KNOWN_CONTENT_LENGTH);
    case 15:
        return IS("accept-encoding", KNOWN_ACCEPT_ENCODING);
    case 17:
        k = IS("if-modified-since", KNOWN_IF_MODIFIED_SINCE);
        return k ? k : IS("transfer-encoding", KNOWN_TRANSFER_ENCODING);
    case 19:
        return IS("if-unmodified-since", KNOWN_IF_UNMODIFIED_SINCE);
    default:
        return KNOWN_OTHER;
    }
#undef IS
}

#endif
