/* static_conf: how files are served, as a level of the configuration says it. */
#ifndef SKIFF_HANDLERS_STATIC_CONF_H
#define SKIFF_HANDLERS_STATIC_CONF_H

#include "handlers/static_listing.h"
#include "server/filecache.h"
#include "server/module.h"

enum { HIDDEN_DENY, HIDDEN_SERVE };
enum { ETAG_MTIME, ETAG_OFF };

struct root_conf {
    struct str path;
};

struct static_conf {
    struct root_conf root;
    struct str_list index;
    uint32_t symlinks; /* enum disk_links */
    uint32_t hidden;
    uint32_t etag;
    struct str charset; /* empty: none */
    struct pair_list content_types;
    struct str_list precompressed; /* "off", or keys of codings */
    struct str cache_control;      /* empty: none */
    struct str fallback;           /* a path; empty: none */
    struct listing_conf listing;
    /* Made of these by prepare(): */
    uint8_t order[CODING_COUNT]; /* codings to look for, the preferred first */
    unsigned order_count;
    struct root_folder folder; /* opened by open(), in the master; a worker may open it again */
    struct filecache_root files, pages; /* how files, and the fallback, are presented */
};

extern const struct opt static_options[];

/* The handler's prepare, open and close; see server/module.h. */
bool static_prepare(void *conf, struct load *l, const struct yaml_node *where);
bool static_open(void *conf, struct str *what);
int static_root(const void *conf, struct str *path);
void static_close(void *conf);

#endif
