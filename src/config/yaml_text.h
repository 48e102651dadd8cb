/* yaml_text: what a configuration's bytes must be before a parser sees them.
 *
 * UTF-8 without a byte order mark, and only characters that every tool shows alike: then a line
 * and a column mean the same to us, to libyaml and to an editor. */
#ifndef SKIFF_CONFIG_YAML_TEXT_H
#define SKIFF_CONFIG_YAML_TEXT_H

#include "config/diag.h"
#include "config/yaml.h"

/* false after an error, which is in *d. */
bool yaml_text_check(const struct yaml_source *s, struct diag *d);
/* One line without its end, counted from 1; empty beyond the last. */
struct str yaml_text_line(struct str text, uint32_t line);
/* One character of UTF-8 at s.p: its length in bytes, or 0 when it is not well formed. */
size_t utf8_decode(struct str s, uint32_t *code);

#endif
