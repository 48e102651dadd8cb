/* Field lines from the configuration. */
#include "http/lines.h"
#include "support/unit.h"

static char out[64];

START_TEST(configured_lines_must_be_field_lines_and_leave_framing_alone)
{
    ck_assert_ptr_null(line_refused(STR("X-A"), STR("b\tc \xc3\xa9")));
    ck_assert_ptr_null(line_refused(STR("X-A"), STR("")));
    ck_assert_ptr_nonnull(line_refused(STR(""), STR("b")));
    ck_assert_ptr_nonnull(line_refused(STR("X A"), STR("b")));
    ck_assert_ptr_nonnull(line_refused(STR("X"), STR("b\r\nSet-Cookie: c")));
    ck_assert_ptr_nonnull(line_refused(STR("X"), STR("b\x7f")));
    ck_assert_ptr_nonnull(line_refused(STR("content-length"), STR("1")));
    ck_assert_ptr_nonnull(line_refused(STR("Transfer-Encoding"), STR("chunked")));
    ck_str(str_make(out, line_write(STR("A"), STR("b"), out)), "A: b\r\n");
    ck_assert(lines_have(STR("A: b\r\nContent-Type: c\r\n"), STR("content-type")));
    ck_assert(!lines_have(STR("A: Content-Type\r\n"), STR("content-type")));
    ck_assert(!lines_have(STR(""), STR("a")));
}
END_TEST

UNIT_MAIN("http/lines", configured_lines_must_be_field_lines_and_leave_framing_alone)
