/* same_head: do two ways of reading a head come to the same, to the last bit that others see? */
#ifndef SKIFF_TESTS_SUPPORT_SAME_HEAD_H
#define SKIFF_TESTS_SUPPORT_SAME_HEAD_H

#include "http/head.h"

static inline bool same_head(const struct http_head *a, const struct http_head *b)
{
    return a->content_length == b->content_length &&
           memcmp(&a->method_text, &b->method_text, sizeof a->method_text) == 0 &&
           memcmp(&a->target, &b->target, sizeof a->target) == 0 && a->repeated == b->repeated &&
           a->field_count == b->field_count && a->method == b->method && a->minor == b->minor &&
           a->framing == b->framing && a->keep_alive == b->keep_alive &&
           a->is_conditional == b->is_conditional && a->expects_continue == b->expects_continue &&
           a->expects_unknown == b->expects_unknown &&
           memcmp(a->first, b->first, sizeof a->first) == 0 &&
           memcmp(a->fields, b->fields, a->field_count * sizeof *a->fields) == 0;
}

#endif
