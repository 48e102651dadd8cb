/* set: which transcripts are played, and with what configuration. */
#ifndef SKIFF_TESTS_WIRE_SET_H
#define SKIFF_TESTS_WIRE_SET_H

#include "wire/text.h"
#include "wire/transcript.h"

enum { SET_FILES_MAX = 256 };

/* The transcripts among and below the paths (NULL at the end; none: all of tests/wire), for free();
 * how many. */
int set_collect(char *const *paths, char **files);
/* Puts before and behind a transcript's configuration (NULL: it has none) what it does not say. */
void set_config(struct text *t, const struct yaml_node *config);

#endif
