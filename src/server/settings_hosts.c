/* settings_hosts: which vhost a host name belongs to. */
#include "http/target.h"
#include "server/settings_load.h"

enum {
    HOST_MAX = 253, /* RFC 1035 section 2.3.4, as text */
    LABEL_MAX = 63,
};

static bool is_host_byte(char c)
{
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '-' || c == '_';
}

/* NULL when it is a name that a Host field can have; else what is wrong. */
static const char *check_labels(struct str name)
{
    if (name.n > HOST_MAX)
        return "is too long\na host name has at most 253 bytes";
    for (struct str rest = name; rest.p;) {
        struct str label = str_cut(&rest, '.');
        if (label.n == 0)
            return "has an empty part\nwrite it without leading, trailing or double dots";
        if (label.n > LABEL_MAX)
            return "has a part that is too long\nbetween dots are at most 63 bytes";
        for (size_t i = 0; i < label.n; i++)
            if ((unsigned char)label.p[i] >= 0x80)
                return "is not ASCII\nwrite it as DNS has it: xn--...";
            else if (!is_host_byte(label.p[i]))
                return "is not a host name\nletters, digits, \"-\", \"_\" and dots";
    }
    return NULL;
}

/* The same for anything that a user may have written. */
static const char *check_name(struct str name)
{
    if (str_eq(name, STR("*")))
        return "is not a host name\nto answer every host, leave names out";
    if (str_starts(name, STR("http:")) || str_starts(name, STR("https:")))
        return "is not a host name\nwrite it without scheme and path";
    if (str_starts(name, STR("*.")))
        name = str_from(name, 2);
    if (str_find(name, '*') >= 0)
        return "has a \"*\" in it\nonly a leading \"*.\" stands for any name";
    if (str_find(name, ':') >= 0)
        return "has a port\nnames are without ports: \"listen\" has them";
    return check_labels(name);
}

/* Lower-cased, in the arena; .p NULL after an error. "[::1]" is a host too. */
static struct str normalise(struct load *l, struct str name, const struct yaml_node *where)
{
    char *lower = load_alloc(l, name.n + 1);
    if (!lower)
        return (struct str){0};
    const char *wrong = NULL;
    size_t n = name.n;
    if (name.n && name.p[0] == '[') {
        int length = name.p[name.n - 1] == ']' ? target_host(name, lower) : -1;
        wrong = length > 0 ? NULL : "is not an IPv6 address\nwrite it like \"[::1]\"";
        n = length > 0 ? (size_t)length : 0;
    } else {
        wrong = check_name(name);
        for (size_t i = 0; i < n; i++)
            lower[i] = ascii_lower(name.p[i]);
    }
    if (!wrong)
        return str_make(lower, n);
    load_error(l, where, "host \"%.*s\" %s", (int)(name.n < 255 ? name.n : 255), name.p, wrong);
    return (struct str){0};
}

static bool refuse_twin(struct settings_load *s, struct str name, bool is_own,
                        const struct yaml_node *first, const struct yaml_node *where)
{
    load_error(&s->load, where, "host \"%.*s\" already belongs to %s vhost\nfirst used at %s",
               (int)name.n, name.p, is_own ? "this" : "another", load_place(&s->load, first));
    return false;
}

static bool add_host(struct settings_load *s, struct vhost *v, struct str *name,
                     const struct yaml_node *where)
{
    if (!name->p) /* it could not be read, which was said */
        return false;
    *name = normalise(&s->load, *name, where);
    if (!name->p)
        return false;
    bool is_wild = name->p[0] == '*';
    struct map *map = is_wild ? &s->config->wildcards : &s->config->hosts;
    struct str key = is_wild ? str_from(*name, 1) : *name;
    const struct yaml_node *first = map_get(&s->host_nodes, *name);
    if (first)
        return refuse_twin(s, *name, map_get(map, key) == v, first, where);
    if (map_set(map, key, v) && map_set(&s->host_nodes, *name, (void *)(uintptr_t)where))
        return true;
    diag_environment(s->load.diag, "out of memory");
    return false;
}

static bool add_any(struct settings_load *s, struct vhost *v, const struct yaml_node *where)
{
    struct load *l = &s->load;
    if (s->any_node) {
        load_error(l, where, "%s has no names, and it is not the only one\nfirst at %s",
                   load_path(l), load_place(l, s->any_node));
        return false;
    }
    s->any_node = where;
    s->config->any = v;
    return true;
}

bool settings_add_hosts(struct settings_load *s, struct vhost *v, const struct yaml_node *names,
                        const struct yaml_node *where)
{
    if (!names)
        return add_any(s, v, where);
    if (v->names.count == 0) {
        load_error(&s->load, names, "%s.names is empty\nto answer every host, leave names out",
                   load_path(&s->load));
        return false;
    }
    bool is_right = true;
    const struct yaml_item *at = NULL;
    for (uint32_t i = 0; i < v->names.count; i++)
        is_right &= add_host(s, v, &v->names.items[i], settings_next(names, &at));
    return is_right;
}
