/* scratch: a folder of its own for a test that needs real files, one a process.
 *
 * Tests that start the server have a folder with it (support/launcher.h). What fails here fails the
 * Check test. */
#ifndef SKIFF_TESTS_SCRATCH_H
#define SKIFF_TESTS_SCRATCH_H

/* A new folder below /tmp, mode 0700; its absolute path, which stays valid. */
const char *scratch_make(void);
/* Removes it with all that is in it. */
void scratch_remove(void);
/* The absolute path of a name in the folder; valid for three more calls. */
const char *in(const char *name);
/* Writes a file in the folder, in place where there is one. */
void scratch_put(const char *name, const char *text);

#endif
