/* folder: the docroot of a transcript, and what changes in it while it is played.
 *
 *     index.html: "<p>hello</p>"          contents; folders on the way are made (for files)
 *     big.bin: {size: 3MiB}               a pattern in which every offset looks different
 *     old.txt: {text: x, mtime: 86400}    seconds since the epoch, or now; else a day in 2024
 *     secret: {text: x, mode: 000}
 *     way: {link: a.txt}                  @DIR@/www in targets is the docroot
 *     pipe: {fifo: true}                  or socket: true, folder: true, gone: true
 *     big.bin: {cut: 1KiB}                shorter, in place
 *
 * Paths are relative to the docroot; "../x" is beside it. A file that exists is replaced by rename,
 * as deployments should. */
#ifndef SKIFF_TESTS_WIRE_FOLDER_H
#define SKIFF_TESTS_WIRE_FOLDER_H

#include "config/yaml.h"
#include "support/launcher.h"

/* Makes what a map of files says; a failure fails the Check test. */
void folder_make(const struct server *s, const struct yaml_node *files);

#endif
