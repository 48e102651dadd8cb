/* Hosts and paths to routes. */
#include "config/diag.h"
#include "server/route.h"
#include "support/unit.h"

static const char text[] = "version: 1\n"
                           "listen: [\"127.0.0.1:1\"]\n"
                           "vhosts:\n"
                           "  - names: [example.org, \"*.example.org\"]\n"
                           "    root: /a\n"
                           "    routes:\n"
                           "      - {match: {path: [/one, /two]}, respond: {status: 204}}\n"
                           "      - {match: {prefix: /p}, respond: {status: 204}}\n"
                           "      - {match: {prefix: /q/}, respond: {status: 204}}\n"
                           "  - names: [\"*.b.example.org\"]\n"
                           "    root: /b\n";

static struct config *config;

static void setup(void)
{
    struct diag d;
    diag_init(&d);
    config = settings_load_text(str_of(text), "(test)", "/", &d);
    diag_print(&d, stderr);
    diag_done(&d);
    ck_assert_ptr_nonnull(config);
}

static void teardown(void)
{
    settings_free(config);
}

static int vhost(const char *host)
{
    const struct vhost *v = route_vhost(config, str_of(host));
    return v ? (int)(v - config->vhosts) : -1;
}

START_TEST(exact_names_win_then_the_longest_wildcard)
{
    ck_assert_int_eq(vhost("example.org"), 0);
    ck_assert_int_eq(vhost("x.example.org"), 0);
    ck_assert_int_eq(vhost("x.y.example.org"), 0);
    ck_assert_int_eq(vhost("x.b.example.org"), 1);
    ck_assert_int_eq(vhost("b.example.org"), 0);
    ck_assert_int_eq(vhost("org"), -1);
    ck_assert_int_eq(vhost("notexample.org"), -1);
    ck_assert_int_eq(vhost(""), -1);
}
END_TEST

static int route(const char *path)
{
    return (int)(route_find(&config->vhosts[0], str_of(path)) - config->vhosts[0].routes);
}

START_TEST(the_first_match_wins_and_prefixes_are_whole_segments)
{
    ck_assert_int_eq(route("/one"), 0);
    ck_assert_int_eq(route("/two"), 0);
    ck_assert_int_eq(route("/one/"), 3);
    ck_assert_int_eq(route("/p"), 1);
    ck_assert_int_eq(route("/p/"), 1);
    ck_assert_int_eq(route("/p/x"), 1);
    ck_assert_int_eq(route("/px"), 3);
    ck_assert_int_eq(route("/q"), 3);
    ck_assert_int_eq(route("/q/"), 2);
    ck_assert_int_eq(route("/q/x/y"), 2);
    ck_assert_int_eq(route("/"), 3);
    ck_assert(route_prefix_matches(STR("/"), STR("/anything")));
}
END_TEST

UNIT_MAIN_WITH("server/route", setup, teardown, exact_names_win_then_the_longest_wildcard,
               the_first_match_wins_and_prefixes_are_whole_segments)
