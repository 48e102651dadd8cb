/* scan: the first byte of a kind in a text, sixteen at a time where the CPU can.
 *
 * Inline, because it is most of what a head and its line in a log cost us. */
#ifndef SKIFF_HTTP_SCAN_H
#define SKIFF_HTTP_SCAN_H

#include "http/head.h"

#include <stdbool.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* The first byte from p on that is below ' ' or DEL; `end` when there is none. Bytes from `floor`
 * on may be read, so that the last ones need no loop. */
static inline const char *scan_control(const char *p, const char *end, const char *floor)
{
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
    while (p < end && end - floor >= 16) {
        const char *at = end - p >= 16 ? p : end - 16;
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes); /* bytes <= 0x1f */
        unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, del)));
        found &= ~0u << (p - at); /* what is before p was seen */
        if (found)
            return at + __builtin_ctz(found);
        p = at + 16;
    }
#endif
    (void)floor;
    while (p < end && !is_control(*p))
        p++;
    return p;
}

static inline bool is_quotable(char c)
{
    return c >= ' ' && c != 0x7f && c != '"' && c != '\\'; /* below ' ' is also what is not ASCII */
}

#ifdef __SSE2__
/* Which of sixteen bytes are not: a bit for each. */
static inline unsigned unquotable(__m128i bytes)
{
    const __m128i low = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f), quote = _mm_set1_epi8('"'),
                  backslash = _mm_set1_epi8('\\');
    __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    __m128i plain = _mm_andnot_si128(_mm_or_si128(marks, _mm_cmpeq_epi8(bytes, del)),
                                     _mm_cmpgt_epi8(bytes, low));
    return (unsigned)_mm_movemask_epi8(plain) ^ 0xffff;
}
#endif

/* Copies what may stand between quotes as it is: up to a control character, '"', '\\', or a byte
 * that is not ASCII. Where that is in the source; `end` when there is none. HTTP_SLACK bytes behind
 * `end` may be read, and as many behind the copy written. */
static inline const char *copy_quotable(char *to, const char *p, const char *end)
{
#ifdef __SSE2__
    for (; p < end; p += 16, to += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned found = unquotable(bytes);
        _mm_storeu_si128((__m128i *)(void *)to, bytes);
        if (found) {
            const char *at = p + __builtin_ctz(found);
            return at < end ? at : end;
        }
    }
    return end;
#else
    while (p < end && is_quotable(*p))
        *to++ = *p++;
    return p;
#endif
}

#endif
