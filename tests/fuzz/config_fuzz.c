/* config_fuzz: any text as a configuration.
 *
 * What is refused is explained in printable lines with an exit code; what is accepted is whole, and
 * its dump is a configuration with the same dump. Inputs that name files are left out: the fuzzer
 * shall not read the disk. */
#include "base/check.h"
#include "config/diag.h"
#include "server/settings.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_route(const struct route *r)
{
    CHECK(r->handler != NULL);
    CHECK(r->conf != NULL);
    CHECK(r->handler->handle != NULL);
}

static void check_config(const struct config *c)
{
    CHECK(c->vhost_count > 0);
    CHECK(c->listen.count > 0);
    check_route(c->unknown_host);
    for (uint32_t i = 0; i < c->vhost_count; i++) {
        const struct vhost *v = &c->vhosts[i];
        CHECK(v->route_count > 0);
        CHECK(v->names.count > 0 || c->any == v);
        const struct route *last = &v->routes[v->route_count - 1];
        CHECK(last->paths.count + last->prefixes.count == 0);
        for (uint32_t k = 0; k < v->route_count; k++)
            check_route(&v->routes[k]);
    }
    CHECK(c->limits.line_max <= c->limits.head_max);
}

/* Every message is for a terminal: lines of text and nothing that steers it. */
static void check_messages(struct diag *d)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    CHECK(out != NULL);
    diag_print(d, out);
    CHECK(fclose(out) == 0);
    CHECK(diag_errors(d) == 0 || n > 0);
    CHECK(!d->environment);
    for (size_t i = 0; i < n; i++)
        CHECK((unsigned char)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
    free(text);
}

static char *dump(struct str text, size_t *n)
{
    struct diag d;
    char *dumped = NULL;
    FILE *out = open_memstream(&dumped, n);
    CHECK(out != NULL);
    diag_init(&d);
    CHECK(settings_dump_text(text, "fuzz.yaml", "/nonexistent", out, &d));
    diag_done(&d);
    CHECK(fclose(out) == 0);
    return dumped;
}

/* Without the comments: origins differ, values must not. */
static size_t strip(char *text, size_t n)
{
    size_t kept = 0, line = 0, cut = 0;
    for (size_t i = 0; i < n; i++) {
        text[kept++] = text[i];
        if (text[i] == '#')
            cut = kept - 1;
        if (text[i] != '\n')
            continue;
        if (cut > line) {
            kept = cut;
            text[kept++] = '\n';
        }
        line = cut = kept;
    }
    return kept;
}

static void check_dump(struct str text)
{
    size_t first_n, second_n;
    char *first = dump(text, &first_n);
    char *second = dump(str_make(first, first_n), &second_n);
    first_n = strip(first, first_n);
    second_n = strip(second, second_n);
    CHECK(str_eq(str_make(first, first_n), str_make(second, second_n)));
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct diag d;
    if (memmem(data, size, "include", 7) || memmem(data, size, "types", 5))
        return 0;
    diag_init(&d);
    struct config *c = settings_load_text(text, "fuzz.yaml", "/nonexistent", &d);
    CHECK((c == NULL) == (diag_errors(&d) > 0));
    check_messages(&d);
    if (c) {
        check_config(c);
        check_dump(text);
    }
    settings_free(c);
    diag_done(&d);
    return 0;
}
