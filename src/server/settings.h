/* settings: what the configuration says, as the server uses it.
 *
 * The tables in settings.c are the only description of these keys. The whole tree lives in one
 * arena, is frozen before fork and read without locks: a worker holds `const struct config *`. */
#ifndef SKIFF_SERVER_SETTINGS_H
#define SKIFF_SERVER_SETTINGS_H

#include "base/arena.h"
#include "base/map.h"
#include "config/opt.h"
#include "http/mime.h"
#include "http/parse.h"
#include "io/sock.h"
#include "server/module.h"

#include <stdio.h>

struct process_conf {
    struct str user, group;   /* empty: see docs */
    uint32_t workers;         /* 0: auto */
    bool pin_cpus;            /* worker n stays on the n-th CPU of the mask */
    uint32_t max_connections; /* of the whole server; 0: auto */
    struct str pid_file;      /* empty: none */
};

struct listen_conf {
    struct str address_text;
    struct address address; /* parsed by the loader */
    uint32_t mode;          /* of a unix socket */
    uint32_t backlog;
    uint32_t defer_accept_ms; /* 0: off */
    uint32_t fastopen;        /* 0: off */
    struct str congestion;    /* terminated; empty: the system's */
    bool ipv6_only;
};

struct send_conf {
    uint32_t stall_ms;
    uint64_t min_rate; /* bytes a second; 0: off */
};

struct keepalive_conf {
    uint32_t idle_ms;
    uint32_t requests; /* 0: unlimited */
};

struct limits_conf {
    uint32_t header_timeout_ms;
    uint32_t body_timeout_ms;
    uint64_t line_max, head_max;
    uint32_t fields_max;
    uint64_t body_max;
    struct send_conf send;
    struct keepalive_conf keepalive;
};

struct error_log_conf {
    struct str to;  /* "stderr", "stdout" or a path */
    uint32_t level; /* enum log_level */
};

enum access_format { ACCESS_COMBINED, ACCESS_JSON };

struct log_buffer_conf {
    uint64_t size;
    uint32_t flush_ms;
};

struct access_log_conf {
    struct str to;   /* "stderr", "stdout" or a path; empty: off */
    uint32_t format; /* enum access_format */
    struct log_buffer_conf buffer;
};

struct log_conf {
    struct error_log_conf error;
    struct access_log_conf access;
};

#define OPEN_FILES_AUTO UINT32_MAX

struct cache_conf {
    uint64_t small_files;    /* bytes of contents kept in memory, a worker */
    uint64_t small_file_max; /* contents up to this are kept */
    uint32_t open_files;     /* of all workers together, or OPEN_FILES_AUTO */
    uint32_t check_ms;       /* 0: auto, by events */
};

/* A route, resolved: handler and configuration are never NULL. */
struct route {
    struct str_list paths;    /* exact */
    struct str_list prefixes; /* segment-wise; both empty: takes everything */
    const struct handler_type *handler;
    const void *conf;
    const void *filter_conf[FILTERS_MAX]; /* by index in filters[]; NULL: not configured */
    bool is_filtered;                     /* one of them is */
};

struct vhost {
    struct str_list names; /* lower case; empty: every host */
    struct route *routes;  /* first match wins; the last one takes every path */
    uint32_t route_count;
    struct pair_list error_pages; /* by status or class, as they stand in the file ... */
    struct error_pages *pages;    /* ... and to be looked up; NULL: none */
};

struct config {
    struct arena *arena;
    struct str file; /* absolute path of the main file, or "(serve)" */
    struct process_conf process;
    struct item_list listen; /* of struct listen_conf */
    struct limits_conf limits;
    struct log_conf log;
    struct str types; /* path of a MIME table; empty: the built-in one */
    struct cache_conf cache;
    struct mime mime;
    const void *files; /* the static handler's options as `files` sets them */
    struct vhost *vhosts;
    uint32_t vhost_count;
    struct map hosts;                 /* exact name -> struct vhost */
    struct map wildcards;             /* ".shop.example.com" -> struct vhost */
    const struct vhost *any;          /* the vhost without names, or NULL */
    const struct route *unknown_host; /* answers when no vhost does */
};

/* The root table, for the manual and for tests. */
extern const struct opt settings_root[];

struct diag; /* config/diag.h: collected errors */

/* Reads a file and all it includes. NULL when there are errors (in *d); the caller owns the result
 * (settings_free). Reads files only: no other side effects, no privileges. */
struct config *settings_load(const char *path, struct diag *d);
/* The same, with warnings of roots that cannot be served here and now. */
struct config *settings_check(const char *path, struct diag *d);
/* settings_load() from text at hand, named `name` in messages; relative paths are relative to
 * `dir`. */
struct config *settings_load_text(struct str text, const char *name, const char *dir,
                                  struct diag *d);
void settings_free(struct config *c);

/* The effective configuration as YAML that loads again, each line with a comment that says where
 * its value comes from. false when there are errors (in *d). */
bool settings_dump(const char *path, FILE *out, struct diag *d);
bool settings_dump_text(struct str text, const char *name, const char *dir, FILE *out,
                        struct diag *d);
/* docs/manual.md. */
void settings_manual(FILE *out);

#endif
