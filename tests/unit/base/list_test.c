/* Intrusive lists. */
#include "base/list.h"
#include "support/unit.h"

static struct link head, a, b, c;

static void setup(void)
{
    link_init(&head);
    link_init(&a);
    link_init(&b);
    link_init(&c);
}

/* Do exactly these hang in `list`, in this order, both ways round? */
static bool holds(const struct link *list, const struct link *const *links, size_t count)
{
    const struct link *forth = list, *back = list;
    for (size_t i = 0; i < count; i++) {
        forth = forth->next;
        back = back->prev;
        if (forth != links[i] || back != links[count - 1 - i])
            return false;
    }
    return forth->next == list && back->prev == list;
}

#define ck_holds(list, ...)                                                                        \
    do {                                                                                           \
        const struct link *const links_[] = {__VA_ARGS__};                                         \
        ck_assert(holds(list, links_, sizeof links_ / sizeof links_[0]));                          \
    } while (0)

START_TEST(links_keep_the_order_in_which_they_were_hung)
{
    ck_assert(link_is_alone(&head));
    link_last(&head, &a);
    ck_holds(&head, &a);
    link_last(&head, &c);
    link_after(&a, &b);
    ck_holds(&head, &a, &b, &c);
    ck_assert(!link_is_alone(&head) && !link_is_alone(&b));
}
END_TEST

START_TEST(removing_twice_is_harmless)
{
    link_last(&head, &a);
    link_last(&head, &b);
    link_last(&head, &c);
    link_remove(&b);
    link_remove(&b);
    ck_assert(link_is_alone(&b));
    ck_holds(&head, &a, &c);
    link_remove(&a);
    link_remove(&c);
    ck_assert(link_is_alone(&head));
    link_last(&head, &b); /* and can be hung again */
    ck_holds(&head, &b);
}
END_TEST

START_TEST(a_list_can_be_taken_whole)
{
    struct link other;
    link_last(&head, &a);
    link_take(&other, &head);
    ck_holds(&other, &a);
    ck_assert(link_is_alone(&head));
    link_last(&other, &b);
    link_take(&head, &other);
    ck_holds(&head, &a, &b);
    ck_assert(link_is_alone(&other));
    struct link empty;
    link_take(&empty, &other);
    ck_assert(link_is_alone(&empty) && link_is_alone(&other));
}
END_TEST

UNIT_MAIN_WITH("base/list", setup, NULL, links_keep_the_order_in_which_they_were_hung,
               removing_twice_is_harmless, a_list_can_be_taken_whole)
