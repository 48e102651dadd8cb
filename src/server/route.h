/* route: from host and path to the route that answers.
 *
 * Host first: exact name, then the longest matching "*." wildcard, then the vhost without names,
 * then the answer for unknown hosts. Then the vhost's routes in order; the first match wins. A
 * prefix matches whole segments: "/a/" takes "/a/" and "/a/b", "/a" also takes "/a" itself, and
 * neither takes "/ab". */
#ifndef SKIFF_SERVER_ROUTE_H
#define SKIFF_SERVER_ROUTE_H

#include "server/settings.h"

/* `host` is lower case without port (target_host); empty for requests without one. NULL: no vhost
 * takes it. */
const struct vhost *route_vhost(const struct config *c, struct str host);
/* `path` is normalised. Never NULL: a vhost's last route takes every path. */
const struct route *route_find(const struct vhost *v, struct str path);
bool route_prefix_matches(struct str prefix, struct str path);
/* What is behind the longest prefix by which the route takes the path, without a slash in front;
 * without prefixes it is all of the path. */
struct str route_rest(const struct route *r, struct str path);

#endif
