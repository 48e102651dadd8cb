/* Pins: the last holder releases. */
#include "base/pin.h"
#include "support/unit.h"

struct thing {
    int before; /* so that the pin is not the first member */
    struct pin pin;
    int released;
};

static void release(struct pin *p)
{
    container_of(p, struct thing, pin)->released++;
}

START_TEST(the_last_holder_releases_once)
{
    struct thing t = {0};
    pin_init(&t.pin, release);
    pin_hold(&t.pin);
    pin_hold(&t.pin);
    pin_drop(&t.pin);
    pin_drop(&t.pin);
    ck_assert_int_eq(t.released, 0);
    pin_drop(&t.pin);
    ck_assert_int_eq(t.released, 1);
}
END_TEST

UNIT_MAIN("base/pin", the_last_holder_releases_once)
