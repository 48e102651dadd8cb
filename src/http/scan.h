/* scan: the first control character of a text, sixteen bytes at a time where the CPU can.
 *
 * Inline, because it is most of what a head costs us. */
#ifndef SKIFF_HTTP_SCAN_H
#define SKIFF_HTTP_SCAN_H

#include <stdbool.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* The first byte from p on that is below ' ' or DEL; `end` when there is none. */
static inline const char *scan_control(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes); /* bytes <= 0x1f */
        int found = _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, del)));
        if (found)
            return p + __builtin_ctz((unsigned)found);
    }
#endif
    while (p < end && !is_control(*p))
        p++;
    return p;
}

#endif
