/* module_lines: what modules share that let the operator configure field lines. */
#ifndef SKIFF_SERVER_MODULE_LINES_H
#define SKIFF_SERVER_MODULE_LINES_H

#include "config/load.h"

enum { MODULE_LINES_MAX = 4096 }; /* bytes of lines that one route may add to an answer */

/* Checks each pair and puts them together as complete lines in the configuration's arena. false
 * when one is refused (said at `where`) or memory is out. */
bool module_lines(struct load *l, const struct yaml_node *where, const struct pair_list *pairs,
                  struct str *out);

#endif
