/* set: which transcripts are played, and with what configuration. */
#ifndef SKIFF_TESTS_WIRE_SET_H
#define SKIFF_TESTS_WIRE_SET_H

#include "wire/text.h"
#include "wire/transcript.h"

#include <check.h>

/* Plays the transcripts among and below the paths (NULL at the end; none: all of tests/wire), so
 * many at once, each in one of as many processes; whether there were some and all went well: the
 * exit code. */
int set_play(char *const *paths, int at_once, bool (*play_file)(const char *path));
/* Runs a file's plays, for srunner_free(). With sanitizers all are played in one process, because
 * leaks are looked for at the end of each. */
SRunner *set_run(Suite *suite);
/* Puts before and behind a transcript's configuration (NULL: it has none) what it does not say. */
void set_config(struct text *t, const struct yaml_node *config);

#endif
