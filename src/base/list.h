/* list: an intrusive, circular, doubly linked list.
 *
 * A struct link is both the head of a list and a member of what hangs in it; an unhung link points
 * at itself, so removing twice is harmless and "is it hung" is one comparison. */
#ifndef SKIFF_BASE_LIST_H
#define SKIFF_BASE_LIST_H

#include <stdbool.h>

struct link {
    struct link *prev, *next;
};

static inline void link_init(struct link *l)
{
    l->prev = l->next = l;
}

/* As a member: does it hang nowhere? As a head: is the list empty? */
static inline bool link_is_alone(const struct link *l)
{
    return l->next == l;
}

static inline void link_remove(struct link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    link_init(l);
}

/* Hangs `l`, which must be alone, behind `at`. */
static inline void link_after(struct link *at, struct link *l)
{
    l->prev = at;
    l->next = at->next;
    at->next->prev = l;
    at->next = l;
}

/* Hangs `l` last in the list of `head`. */
static inline void link_last(struct link *head, struct link *l)
{
    link_after(head->prev, l);
}

/* Moves everything that hangs in `from` to `to`, which must be empty. */
static inline void link_take(struct link *to, struct link *from)
{
    link_init(to);
    if (link_is_alone(from))
        return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    link_init(from);
}

#endif
