/* module: the only header a handler or filter needs.
 *
 * A handler answers requests; a filter edits answers on their way out. Each is one file and one
 * line in registry.c; its name is its key in the configuration, its option table brings parsing,
 * checks and documentation. */
#ifndef SKIFF_SERVER_MODULE_H
#define SKIFF_SERVER_MODULE_H

#include "config/opt.h"
#include "server/request.h"

struct worker;
struct load;
struct yaml_node;

enum verdict {
    V_READY, /* the response is filled in */
    V_WAIT,  /* request_resume() will be called; handle() then runs again */
};

struct handler_type {
    const char *name; /* the key in a route */
    const char *doc;
    const struct opt *options;
    size_t conf_size;
    const char *short_key; /* the option that a bare scalar stands for; NULL: none */
    /* Once per configured use, in the master: checks what one row cannot. Says what is wrong with
     * load_error() and returns false. NULL: nothing to check. */
    bool (*prepare)(void *conf, struct load *l, const struct yaml_node *where);
    /* Once per configured use, in the master, with its privileges: opens what workers need. false
     * with errno: *what names what could not be opened. NULL: nothing to open. */
    bool (*open)(void *conf, struct str *what);
    /* What open() opened, a folder that workers must be able to enter: its descriptor, and its path
     * for messages. NULL: there is none. */
    int (*root)(const void *conf, struct str *path);
    /* Gives back what open() took. NULL: nothing to close. */
    void (*close)(void *conf);
    enum verdict (*handle)(struct request *r, const void *conf);
    /* The client left while we said V_WAIT. NULL: the handler never waits. */
    void (*abandon)(struct request *r);
    /* Makes a file below this handler's root the content of an error, whose status stays; `path` is
     * decoded and begins with '/'. false: it is not there. NULL: the handler has no files. */
    bool (*put_page)(struct request *r, const void *conf, struct str path);
};

struct filter_type {
    const char *name;
    const char *doc;
    const struct opt *options;
    size_t conf_size;
    bool (*prepare)(void *conf, struct load *l, const struct yaml_node *where);
    /* Edits the response's fields; may wrap its body. */
    void (*apply)(struct request *r, const void *conf);
};

/* registry.c; NULL at the end. The order of filters is the order in which they apply. */
extern const struct handler_type *const handlers[];
extern const struct filter_type *const filters[];
enum { FILTERS_MAX = 8 };

#endif
