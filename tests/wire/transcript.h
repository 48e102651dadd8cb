/* transcript: a file of conversations, read and checked.
 *
 *     # The sentence that the file proves.
 *     config: |                  what skiff.yaml says beside the usual (see server_config)
 *     files: {a.txt: "hello"}    the docroot; see folder.h
 *     cases:
 *       - name: a file is served
 *         request: GET /a.txt
 *         expect: {status: 200, body: hello}
 *
 * A case is a list of `steps`, or one step's keys beside its name. With `each`, a list or a map, it
 * is played once for every item, with @EACH@ (and @VALUE@ in maps) in its texts; each play is a
 * test with a connection of its own. What a step may say stands in talk.h. `shows` lists what of
 * requirements.txt a case shows, for docs/conformance.md. */
#ifndef SKIFF_TESTS_WIRE_TRANSCRIPT_H
#define SKIFF_TESTS_WIRE_TRANSCRIPT_H

#include "config/yaml.h"

struct play {
    const struct yaml_node *test; /* the case */
    struct str each, value;       /* .p NULL: it has none */
};

struct transcript {
    const char *path;
    struct arena *arena;
    const struct yaml_node *root;
    struct play *plays;
    int count;
};

/* false after an error, which was printed; to be released in any case. */
bool transcript_load(struct transcript *t, const char *path);
void transcript_done(struct transcript *t);

/* The name of a play's case; terminated. */
const char *play_name(const struct play *p);

/* --- values; nonsense fails the test with its line --- */

/* A text, a word or a number as it stands. */
struct str node_text(const struct yaml_node *n);
bool node_flag(const struct yaml_node *n);
/* With units: "300ms", "64KiB". */
int node_ms(const struct yaml_node *n);
uint64_t node_size(const struct yaml_node *n);

#endif
