/* yaml_hint: a syntax error in the words of who wrote the line.
 *
 * A parser says "did not find expected ',' or ']'"; the cause is nearly always one of a few: a tab,
 * an address or a wildcard without quotes, a forgotten colon. */
#ifndef SKIFF_CONFIG_YAML_HINT_H
#define SKIFF_CONFIG_YAML_HINT_H

#include "config/yaml.h"

struct yaml_trouble {
    uint32_t line, column;
    uint32_t context_line, context_column; /* line 0: no context */
    const char *problem, *context;         /* libyaml's words; may be NULL */
};

/* Adds one error to *d. */
void yaml_hint(const struct yaml_source *s, const struct yaml_trouble *t, struct diag *d);
/* Where an IPv6 address without quotes begins in a line ("[::]:80"), or -1. */
ptrdiff_t yaml_hint_ipv6(struct str line);

#endif
