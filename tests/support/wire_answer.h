/* wire_answer: one HTTP/1.1 response, read to the letter.
 *
 * A server is judged by what it sends, so nothing is forgiven here: line ends, names, values, a
 * field that may stand once, the length. What cannot be read is a complaint, never a guess. */
#ifndef SKIFF_TESTS_WIRE_ANSWER_H
#define SKIFF_TESTS_WIRE_ANSWER_H

#include "base/str.h"

#include <time.h>

enum { ANSWER_FIELDS_MAX = 64, ANSWER_HEAD_MAX = 64 * 1024 };

struct answer_field {
    struct str name, value;
};

/* Points into the bytes that were read. */
struct wire_answer {
    unsigned status;
    struct str reason;
    struct answer_field fields[ANSWER_FIELDS_MAX];
    unsigned count;
    uint64_t length; /* of the content that follows; 0 for HEAD, 1xx, 204 and 304, or in chunks */
    bool chunked;
    struct str body; /* without the chunks' framing: then valid until the next answer is read */
    size_t used;     /* bytes of the whole */
};

enum answer_result {
    ANSWER_OK,
    ANSWER_MORE, /* not complete; a->length is set once the head is (then a->status is too) */
    ANSWER_BAD,
};

/* `bodiless`: it answers HEAD. `now` is what Date is compared with. *complaint says what is bad. */
enum answer_result answer_parse(struct wire_answer *a, struct str bytes, bool bodiless, time_t now,
                                const char **complaint);
/* The value of a field; .p is NULL when there is none. */
struct str answer_value(const struct wire_answer *a, struct str name);
/* Does it say that the connection ends? */
bool answer_closes(const struct wire_answer *a);

#endif
