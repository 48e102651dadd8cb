/* registry: every handler and every filter, in order. A feature is one file and one line here. */
#include "server/module.h"

extern const struct handler_type handler_static;
extern const struct handler_type handler_redirect;
extern const struct handler_type handler_respond;
extern const struct filter_type filter_headers;

const struct handler_type *const handlers[] = {
    &handler_static,
    &handler_redirect,
    &handler_respond,
    NULL,
};

const struct filter_type *const filters[] = {
    &filter_headers,
    NULL,
};
