/* target: what the request line asks for, decoded once and normalised (RFC 9112 section 3.2,
 * RFC 3986 section 6.2.2).
 *
 * A path is taken apart here and nowhere else: percent-decoded once, "." and ".." resolved, empty
 * segments merged. Refused with 400: a path that climbs above the root, bad percent-encoding,
 * control characters and NUL (plain or encoded), '#', spaces. An encoded slash names no file: 404.
 * Bytes from 0x80 up and the other printable ASCII characters are served as they are. */
#ifndef SKIFF_HTTP_TARGET_H
#define SKIFF_HTTP_TARGET_H

#include "http/head.h"

enum target_form {
    TARGET_ORIGIN,
    TARGET_ABSOLUTE, /* both have a path */
    TARGET_AUTHORITY,
    TARGET_ASTERISK
};

struct target {
    enum target_form form;
    struct str path;      /* as sent, without the query; "/" for an empty absolute-form path */
    struct str query;     /* behind '?', as sent; .p NULL when there is none */
    struct str authority; /* absolute and authority form: as sent; else .p NULL */
    bool is_plain;        /* the path is decoded and normalised as it is: nothing to do */
};

/* Splits a request target by form; there is HTTP_SLACK behind it. 0, or the status to answer (400).
 * CONNECT alone takes the authority form, OPTIONS alone the asterisk. Only the schemes http and
 * https are ours. */
int target_parse(struct str raw, enum http_method method, struct target *out);

/* Decodes and normalises into dst, which has room for path.n bytes. The length, or minus the
 * status to answer (-400, -404). The result begins with '/' and keeps a trailing slash. */
int target_normalise(struct str path, char *dst);

/* Is it the path of a file as routes and handlers see one: decoded, normalised, no slash at its
 * end?
 */
bool target_names_file(struct str path);

/* Percent-encodes a decoded path for a Location field: everything but unreserved characters,
 * sub-delims, ':', '@' and '/'; never begins with "//". Returns the length; dst has room for
 * 3 * path.n + 1 bytes. */
size_t target_encode(struct str path, char *dst);
/* The same for a query as it was sent: what is encoded already stays so, bytes that no URI may have
 * are encoded, and so is a '%' that encodes none. dst has room for 3 * query.n bytes. */
size_t target_encode_query(struct str query, char *dst);

/* Checks a Host value or authority (RFC 9110 section 7.2, RFC 3986 section 3.2.2): registered
 * name, IPv4 or bracketed IPv6 literal, an optional port; no userinfo. Writes the name lower-cased,
 * without port and one trailing dot, to dst (room for value.n bytes). The length, or -400. Empty
 * is valid: 0. */
int target_host(struct str value, char *dst);

#endif
