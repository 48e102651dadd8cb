/* errorpages: a table of statuses, and one question when an error goes out. */
#include "server/errorpages.h"

#include "config/load.h"
#include "http/status.h"

enum { FIRST = 400, LAST = 599, PAGES_MAX = 200 };

/* The first status of a class, "4xx" or "5xx"; 0: it is none. */
static unsigned class_of(struct str name)
{
    if (str_eq_nocase(name, STR("4xx")))
        return 400;
    return str_eq_nocase(name, STR("5xx")) ? 500 : 0;
}

/* Notes one entry. false: the name is neither a status nor a class. A status wins over its class,
 * wherever it stands. */
static bool note(struct error_pages *p, const struct pair_list *all, uint32_t i)
{
    uint64_t status;
    unsigned first = class_of(all->items[i].name);
    if (first == 0) {
        if (!str_to_u64(all->items[i].name, LAST, &status) || status < FIRST)
            return false;
        p->of[status - FIRST] = (uint8_t)(i + 1);
        return true;
    }
    for (unsigned s = first - FIRST; s < first - FIRST + 100; s++)
        if (p->of[s] == 0 || class_of(all->items[p->of[s] - 1].name))
            p->of[s] = (uint8_t)(i + 1);
    return true;
}

static bool read_pages(struct load *l, const struct yaml_node *n, void *conf)
{
    struct vhost *v = conf;
    const struct pair_list *all = &v->error_pages;
    v->pages = load_alloc(l, sizeof *v->pages);
    if (!v->pages)
        return false;
    if (all->count > PAGES_MAX) {
        load_error(l, n, "%s has more than %d entries", load_path(l), PAGES_MAX);
        return false;
    }
    bool is_right = true;
    for (uint32_t i = 0; i < all->count; i++) {
        struct str name = all->items[i].name;
        bool is_status = note(v->pages, all, i);
        bool is_file = target_names_file(all->items[i].value);
        if (!is_status)
            load_error(l, load_pair_key(n, name),
                       "%s has \"%.*s\", which is not an error's status\nwrite one from 400 to "
                       "599, or 4xx, or 5xx",
                       load_path(l), (int)name.n, name.p);
        if (!is_file)
            load_error(l, load_pair_key(n, name),
                       "%s.%.*s is not the path of a file\nwrite one like /404.html", load_path(l),
                       (int)name.n, name.p);
        is_right &= is_status && is_file;
    }
    return is_right;
}

const struct opt errorpages_rows[] = {
    {.key = "error_pages",
     .kind = K_PAIRS,
     .at = AT(struct vhost, error_pages, struct pair_list),
     .max = 4095,
     .read = read_pages,
     .doc = "Files below the root that are the content of errors, by status (404) or class (5xx).",
     .was = "error_page"},
    {0},
};

void errorpages_apply(struct request *r)
{
    const struct vhost *v = r->vhost;
    const struct response *resp = &r->resp;
    if (resp->status < FIRST || resp->status > LAST || !v || !v->pages)
        return;
    unsigned page = v->pages->of[resp->status - FIRST];
    const struct span *whole = &resp->whole;
    bool is_stock = !span_is_file(whole) && whole->mem == status_page(resp->status).p;
    bool has_own = resp->stream || (whole->len && !is_stock);
    if (page == 0 || has_own)
        return;
    const struct route *files = v->pages->files;
    (void)files->handler->put_page(r, files->conf, v->error_pages.items[page - 1].value);
}
