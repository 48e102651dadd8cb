/* Fields of the operator's: which may be added, which may be taken away. */
#include "unit/config/settings_text.h"

static const struct {
    const char *keys, *said; /* NULL: it is right */
} levels[] = {
    {"headers: {X-A: b}", NULL},
    {"headers: {Cache-Control: no-store}", NULL},
    {"headers: {content-type: text/html}",
     "headers has Content-Type, which belongs to the content\n"},
    {"headers: {ETag: \"x\"}", "headers has ETag, which belongs to the content\n"},
    {"headers: {Location: /x}", "headers has Location"},
    {"headers: {Content-Length: \"1\"}", "is set by the server itself"},
    {"headers: {Server: x}", "is set by the server itself"},
    {"remove_headers: Server", NULL},
    {"remove_headers: [server, ETag, X-Powered-By]", NULL},
    {"remove_headers: [Date]", "remove_headers: \"Date\" is set by the server itself"},
    {"remove_headers: [Content-Length]", "remove_headers: \"Content-Length\" is set by"},
    {"remove_headers: [Transfer-Encoding]", "is set by the server itself"},
    {"remove_headers: [Allow]",
     "\"Allow\" cannot be left out: what the answer means depends on it"},
    {"remove_headers: [content-encoding]", "\"content-encoding\" cannot be left out"},
    {"remove_headers: [Content-Range, Location]", "\"Location\" cannot be left out"},
    {"remove_headers: [\"a b\"]", "remove_headers: \"a b\" is not a field name"},
};

START_TEST(what_frames_or_describes_the_content_stays_as_it_is)
{
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        char text[300];
        snprintf(text, sizeof text, MINIMAL "vhosts:\n  - root: /a\n    %s\n", levels[i].keys);
        if (levels[i].said)
            settings_wrong(text, levels[i].said);
        else
            settings_free(settings_right(text));
    }
}
END_TEST

UNIT_MAIN("filters/headers", what_frames_or_describes_the_content_stays_as_it_is)
