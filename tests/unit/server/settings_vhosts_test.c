/* settings_vhosts: hosts, routes, inheritance, and the messages when they do not fit. */
#include "server/settings.h"

#include "server/settings_load.h"
#include "unit/config/settings_text.h"

#define SUMMARY "1 error, 0 warnings; nothing was loaded\n"

static struct str root_of(const struct route *r)
{
    ck_assert_str_eq(r->handler->name, "static");
    return *(const struct str *)opt_value(opt_find(r->handler->options, STR("root")), r->conf);
}

static const struct str_list *index_of(const struct route *r)
{
    return opt_value(opt_find(r->handler->options, STR("index")), r->conf);
}

static uint32_t status_of(const struct route *r)
{
    ck_assert_str_eq(r->handler->name, "respond");
    return *(const uint32_t *)opt_value(opt_find(r->handler->options, STR("status")), r->conf);
}

/* The fields that the headers filter adds on a route; NULL when it is not on. */
static const struct pair_list *headers_of(const struct route *r)
{
    for (size_t i = 0; filters[i]; i++)
        if (strcmp(filters[i]->name, "headers") == 0 && r->filter_conf[i])
            return opt_value(opt_find(filters[i]->options, STR("headers")), r->filter_conf[i]);
    return NULL;
}

START_TEST(a_root_may_be_written_long)
{
    struct config *c = settings_right(MINIMAL "vhosts:\n"
                                              "  - root: {path: /long}\n"
                                              "    routes:\n"
                                              "      - {match: {path: /s}, root: short}\n"
                                              "      - {match: {path: /l}, index: [x]}\n");
    ck_assert(str_eq(root_of(&c->vhosts[0].routes[0]), STR("/etc/skiff/short")));
    ck_assert(str_eq(root_of(&c->vhosts[0].routes[1]), STR("/long")));
    ck_assert(str_eq(root_of(&c->vhosts[0].routes[2]), STR("/long")));
    settings_free(c);
    settings_wrong(MINIMAL "vhosts: [{root: {pth: /a}}]\n",
                   "skiff.yaml:3:18: error: unknown key \"pth\" in vhosts[0].root\n");
}
END_TEST

START_TEST(a_switch_is_not_a_path)
{
    settings_wrong(MINIMAL "vhosts: [{root: /}]\nlog: {access: true}\n",
                   "skiff.yaml:4:15: error: log.access is \"true\", which is no path\n");
    settings_wrong(MINIMAL "vhosts: [{root: /}]\nlog: {error: off}\n",
                   "skiff.yaml:4:14: error: log.error is \"off\", which is no path\n");
    settings_free(settings_right(MINIMAL "vhosts: [{root: ./on}]\nlog: {access: off}\n"));
}
END_TEST

START_TEST(a_key_in_the_wrong_place_is_told_its_own)
{
    settings_wrong(MINIMAL "vhosts: [{root: /, listen: 80}]\n",
                   "it belongs at the top level of the main file\n");
    settings_wrong(MINIMAL "vhosts: [{root: /, listin: html}]\n", "did you mean \"listing\"?\n");
    settings_wrong(MINIMAL "vhosts: [{root: /}]\nlisting: html\n",
                   "it belongs in a vhost or a route\n");
    settings_wrong(MINIMAL "vhosts: [{root: {path: /, headers: {}}}]\n",
                   "it belongs in a vhost or a route\n");
    settings_wrong(MINIMAL "vhosts: [{root: /}]\nautoindex: on\n",
                   "that is the nginx name; here it is \"listing\", in a vhost or a route\n");
}
END_TEST

START_TEST(each_wrong_field_is_told_at_its_name)
{
    char *said = settings_said(MINIMAL "vhosts: [{root: /, headers: {X A: b, X-B: ok, Y C: d}}]\n");
    ck_assert_ptr_nonnull(strstr(said, "skiff.yaml:3:30: error: field \"X A\""));
    ck_assert_ptr_nonnull(strstr(said, "skiff.yaml:3:47: error: field \"Y C\""));
    free(said);
}
END_TEST

/* --- hosts --- */

START_TEST(hosts_are_lower_case_and_found_by_name)
{
    struct config *c = settings_right(MINIMAL "vhosts:\n"
                                              "  - {names: [WWW.Example.com, a], root: /a}\n"
                                              "  - {names: [\"*.Shop.example\"], root: /b}\n"
                                              "  - {names: \"[::1]\", root: /c}\n"
                                              "  - {root: /d}\n");
    ck_assert_ptr_eq(map_get(&c->hosts, STR("www.example.com")), &c->vhosts[0]);
    ck_assert_ptr_eq(map_get(&c->hosts, STR("a")), &c->vhosts[0]);
    ck_assert_ptr_eq(map_get(&c->wildcards, STR(".shop.example")), &c->vhosts[1]);
    ck_assert_ptr_eq(map_get(&c->hosts, STR("[::1]")), &c->vhosts[2]);
    ck_assert_ptr_eq(c->any, &c->vhosts[3]);
    ck_assert_uint_eq(status_of(c->unknown_host), 421);
    settings_free(c);
}
END_TEST

START_TEST(a_host_belongs_to_one_vhost)
{
    settings_wrong(MINIMAL "vhosts:\n"
                           "  - {names: [a.b], root: /a}\n"
                           "  - {names: [c, A.b], root: /b}\n",
                   "skiff.yaml:5:17: error: host \"a.b\" already belongs to another vhost\n"
                   "    5 |   - {names: [c, A.b], root: /b}\n"
                   "      |                 ^~~ first used at skiff.yaml:4:14\n" SUMMARY);
    settings_wrong(MINIMAL "vhosts: [{names: [\"*.a\", \"*.a\"], root: /a}]\n",
                   "host \"*.a\" already belongs to this vhost\n");
}
END_TEST

START_TEST(only_one_vhost_is_without_names)
{
    settings_wrong(MINIMAL "vhosts:\n  - root: /a\n  - root: /b\n",
                   "skiff.yaml:5:5: error: vhosts[1] has no names, and it is not the only one\n"
                   "    5 |   - root: /b\n"
                   "      |     ^ first at skiff.yaml:4:5\n" SUMMARY);
}
END_TEST

START_TEST(a_name_that_no_host_field_can_have_is_refused)
{
    char label[80], host[400];
    memset(label, 'a', 64);
    label[64] = '\0';
    host[0] = '\0';
    for (int i = 0; i < 64; i++)
        strcat(host, "abc.");
    struct {
        const char *name, *said;
    } cases[] = {
        {"*", "to answer every host, leave names out"},
        {"http://a/", "write it without scheme and path"},
        {"a.*.b", "only a leading \"*.\" stands for any name"},
        {"*a.b", "only a leading \"*.\" stands for any name"},
        {"a:80", "has a port"},
        {"a..b", "has an empty part"},
        {".a", "has an empty part"},
        {"a.", "has an empty part"},
        {"*.", "has an empty part"},
        {"a b", "is not a host name"},
        {"a/b", "is not a host name"},
        {"d\xC3\xA9", "write it as DNS has it"},
        {"[::1", "is not an IPv6 address"},
        {"[x]", "is not an IPv6 address"},
        {label, "has a part that is too long"},
        {host, "is too long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[600];
        snprintf(text, sizeof text, MINIMAL "vhosts: [{names: [\"%s\"], root: /a}]\n",
                 cases[i].name);
        settings_wrong(text, cases[i].said);
    }
    settings_wrong(MINIMAL "vhosts: [{names: [], root: /a}]\n", "vhosts[0].names is empty\n");
    settings_wrong(MINIMAL "vhosts: [{names: [\"\"], root: /a}]\n", "has an empty part\n");
}
END_TEST

/* --- routes --- */

START_TEST(what_no_route_takes_is_served_from_the_root)
{
    struct config *c = settings_right(MINIMAL "vhosts:\n"
                                              "  - root: www\n"
                                              "    routes: [{match: {path: /a}, root: /b}]\n");
    const struct vhost *v = &c->vhosts[0];
    ck_assert_uint_eq(v->route_count, 2);
    ck_str(v->routes[0].paths.items[0], "/a");
    ck_str(root_of(&v->routes[0]), "/b");
    ck_str(root_of(&v->routes[1]), "/etc/skiff/www");
    ck_assert_uint_eq(v->routes[1].paths.count + v->routes[1].prefixes.count, 0);
    settings_free(c);
}
END_TEST

START_TEST(without_a_root_what_no_route_takes_is_not_found)
{
    struct config *c = settings_right(
        MINIMAL "vhosts: [{headers: {A: b}, routes: [{match: {path: /a}, respond: {}}]}]\n");
    const struct route *last = &c->vhosts[0].routes[1];
    ck_assert_uint_eq(status_of(&c->vhosts[0].routes[0]), 200);
    ck_assert_uint_eq(status_of(last), 404);
    ck_assert_uint_eq(headers_of(last)->count, 1);
    settings_free(c);
}
END_TEST

START_TEST(levels_inherit_key_by_key)
{
    struct config *c = settings_right(MINIMAL "files: {index: [files.html]}\n"
                                              "vhosts:\n"
                                              "  - root: /a\n"
                                              "    routes:\n"
                                              "      - {match: {prefix: /x}, index: x.html}\n"
                                              "      - {match: {prefix: /y}, root: /y}\n"
                                              "      - {match: {prefix: /z}}\n");
    const struct route *r = c->vhosts[0].routes;
    ck_str(root_of(&r[0]), "/a");
    ck_str(index_of(&r[0])->items[0], "x.html");
    ck_str(root_of(&r[1]), "/y");
    ck_str(index_of(&r[1])->items[0], "files.html");
    /* One root is opened once: what changes nothing shares its parent's struct. */
    ck_assert_ptr_eq(r[2].conf, r[3].conf);
    settings_free(c);
}
END_TEST

START_TEST(headers_add_up_and_replace_by_name)
{
    struct config *c =
        settings_right(MINIMAL "vhosts:\n"
                               "  - root: /a\n"
                               "    headers: {X-A: one, X-B: two}\n"
                               "    routes:\n"
                               "      - {match: {prefix: /x}, headers: {x-a: three, X-C: four}}\n"
                               "      - {match: {prefix: /y}}\n"
                               "  - {names: [b], root: /b}\n");
    const struct route *r = c->vhosts[0].routes;
    ck_assert_uint_eq(headers_of(&r[0])->count, 3);
    ck_str(headers_of(&r[0])->items[0].value, "two");
    ck_str(headers_of(&r[0])->items[1].value, "three");
    ck_assert_ptr_eq(headers_of(&r[1]), headers_of(&r[2]));
    ck_assert_ptr_null(headers_of(c->vhosts[1].routes));
    settings_free(c);
}
END_TEST

START_TEST(a_wrong_header_is_told_once_not_at_every_level)
{
    settings_wrong(MINIMAL "vhosts:\n"
                           "  - root: /a\n"
                           "    headers: {Content-Length: 3}\n"
                           "    routes: [{match: {path: /x}, headers: {A: b}}]\n",
                   SUMMARY);
}
END_TEST

START_TEST(files_without_a_root_are_an_error_that_names_the_level)
{
    settings_wrong(MINIMAL "vhosts: [{names: [a]}]\n",
                   "skiff.yaml:3:10: error: vhosts[0] serves nothing\n"
                   "    3 | vhosts: [{names: [a]}]\n"
                   "      |          ^~~~~~~~~~~~ give it a root, or routes\n" SUMMARY);
    settings_wrong(MINIMAL "vhosts:\n  - routes:\n      - match: {prefix: /x}\n",
                   "skiff.yaml:5:9: error: vhosts[0].routes[0] serves files but has no root\n"
                   "    5 |       - match: {prefix: /x}\n"
                   "      |         ^ give it or its vhost a root\n" SUMMARY);
    settings_wrong(MINIMAL "files: {root: /a}\nvhosts: [{root: /a}]\n",
                   "error: unknown key \"root\" in files\n");
    /* A root that could not be read is not missing too. */
    settings_wrong(MINIMAL "vhosts: [{root: [a]}]\n", SUMMARY);
}
END_TEST

START_TEST(a_route_has_one_handler)
{
    settings_wrong(
        MINIMAL "vhosts: [{routes: [{respond: {}, redirect: {to: /}}]}]\n",
        "error: vhosts[0].routes[0].redirect is a second handler of this route\n"
        "    3 | vhosts: [{routes: [{respond: {}, redirect: {to: /}}]}]\n"
        "      |                                            ^~~~~~~ the first is \"respond\", at "
        "skiff.yaml:3:30\n");
    settings_wrong(
        MINIMAL "vhosts: [{root: /a, routes: [{respond: {}, index: x}]}]\n",
        "error: vhosts[0].routes[0].index has no effect: the route's handler is \"respond\"\n"
        "    3 | vhosts: [{root: /a, routes: [{respond: {}, index: x}]}]\n"
        "      |                                            ^~~~~ leave one of them out\n");
    settings_wrong(MINIMAL "vhosts: [{routes: [{respond: {headers: {etag: x}}}]}]\n",
                   ":3:41: error: vhosts[0].routes[0].respond.headers has ETag, which is not "
                   "compared with anything\n");
    settings_wrong(MINIMAL "vhosts: [{routes: [{redirect: {}}]}]\n",
                   "error: vhosts[0].routes[0].redirect needs \"to\"\n");
    settings_wrong(MINIMAL "vhosts: [{routes: {a: b}}]\n",
                   "error: vhosts[0].routes must be a list\n");
}
END_TEST

START_TEST(patterns_that_can_never_match_are_refused)
{
    struct {
        const char *match, *said;
    } cases[] = {
        {"{path: a}", "match.path must begin with \"/\""},
        {"{prefix: \"\"}", "match.prefix must begin with \"/\""},
        {"{path: /a//b}", "match.path can never match"},
        {"{path: /a/../b}", "match.path can never match"},
        {"{prefix: /a/.}", "match.prefix can never match"},
        {"{path: \"/a\\n\"}", "match.path has a control character"},
        {"{path: []}", "match.path is empty"},
        {"{}", "match is empty"},
        {"{pth: /a}", "did you mean \"path\"?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 MINIMAL "vhosts: [{root: /a, routes: [{match: %s, index: x}]}]\n", cases[i].match);
        settings_wrong(text, cases[i].said);
    }
}
END_TEST

START_TEST(patterns_that_look_encoded_get_a_warning)
{
    char *said = settings_said(MINIMAL "vhosts: [{root: /a, routes: [{match: {path: /a%20b}}, "
                                       "{match: {path: \"/x?y\"}}]}]\n");
    ck_assert_ptr_nonnull(strstr(said, "warning: vhosts[0].routes[0].match.path has a \"%\"\n"));
    ck_assert_ptr_nonnull(strstr(said, "write \"/a b\", not \"/a%20b\"\n"));
    ck_assert_ptr_nonnull(strstr(said, "warning: vhosts[0].routes[1].match.path has a \"?\"\n"));
    ck_assert_ptr_null(strstr(said, "error"));
    free(said);
}
END_TEST

/* --- reach --- */

/* Routes by their matches; the last one must be out of reach because of `said`, or not. */
static void last_is(const char *matches, const char *said)
{
    char text[512];
    snprintf(text, sizeof text, MINIMAL "vhosts: [{root: /r, routes: [%s]}]\n", matches);
    if (said)
        settings_wrong(text, said);
    else
        settings_free(settings_right(text));
}

START_TEST(a_route_behind_one_that_takes_all_its_paths_is_an_error)
{
    settings_wrong(
        MINIMAL "vhosts:\n"
                "  - root: /r\n"
                "    routes:\n"
                "      - match: {prefix: /}\n"
                "      - match: {path: /a}\n",
        "skiff.yaml:7:9: error: this route can never match: vhosts[0].routes[0] (prefix \"/\", "
        "skiff.yaml:6) takes every path\n"
        "    7 |       - match: {path: /a}\n"
        "      |         ^\n" SUMMARY);
    last_is("{index: x}, {match: {path: /a}}", "routes[0] (skiff.yaml:3) takes every path\n");
    last_is("{index: x}, {index: y}", "routes[0] (skiff.yaml:3) takes every path\n");
    last_is("{match: {path: /a}}, {match: {path: /a}}",
            "routes[0] (path \"/a\", skiff.yaml:3) takes \"/a\" before it\n");
    last_is("{match: {prefix: /a}}, {match: {path: /a}}", "(prefix \"/a\"");
    last_is("{match: {prefix: /a}}, {match: {path: /a/b}}", "takes \"/a/b\" before it\n");
    last_is("{match: {prefix: /a/}}, {match: {prefix: /a/b}}", "(prefix \"/a/\"");
    last_is("{match: {prefix: /a}}, {match: {prefix: /a/}}", "takes \"/a/\" before it\n");
    last_is("{match: {path: /a}}, {match: {prefix: /b}}, {match: {path: [/a, /b/c]}}",
            "routes[0] (path \"/a\"");
}
END_TEST

START_TEST(a_route_that_something_is_left_for_is_fine)
{
    last_is("{match: {prefix: /a}}, {match: {path: /ab}}", NULL);
    last_is("{match: {prefix: /a/}}, {match: {path: /a}}", NULL);
    last_is("{match: {prefix: /a/}}, {match: {prefix: /a}}", NULL);
    last_is("{match: {path: /a}}, {match: {prefix: /a}}", NULL);
    last_is("{match: {prefix: /a/b}}, {match: {prefix: /a}}", NULL);
    last_is("{match: {path: /a}}, {match: {path: [/a, /b]}}", NULL);
    last_is("{match: {path: /a}}, {match: {path: /b}}, {match: {prefix: /}}", NULL);
    last_is("{match: {path: /a}}, {index: x}", NULL);
}
END_TEST

/* --- unknown hosts and the whole --- */

START_TEST(unknown_hosts_can_be_answered_otherwise)
{
    struct config *c = settings_right(MINIMAL "vhosts: [{names: [a], root: /a}]\n"
                                              "unknown_host: {redirect: {to: \"http://a/\"}}\n");
    ck_assert_str_eq(c->unknown_host->handler->name, "redirect");
    settings_free(c);
    settings_wrong(MINIMAL "vhosts: [{names: [a], root: /a}]\nunknown_host: {}\n",
                   "error: unknown_host has no handler\n");
    settings_wrong(MINIMAL "vhosts: [{names: [a], root: /a}]\nunknown_host: {root: /x}\n",
                   "error: unknown key \"root\" in unknown_host\n");
    char *said =
        settings_said(MINIMAL "vhosts: [{root: /a}]\nunknown_host: {respond: {status: 404}}\n");
    ck_assert_ptr_nonnull(strstr(said, "warning: unknown_host is never used"));
    free(said);
}
END_TEST

START_TEST(what_must_be_there_is_asked_for)
{
    settings_wrong("listen: a:1\nvhosts: [{root: /a}]\n", "error: version is missing\n");
    settings_wrong("version: 1\nvhosts: [{root: /a}]\n", "error: listen is missing\n");
    settings_wrong(MINIMAL, "error: there are no vhosts, so nothing would be served\n");
    settings_wrong(MINIMAL "vhosts: []\n", "error: there are no vhosts");
    settings_wrong(MINIMAL "vhosts: {a: b}\n", "error: vhosts must be a list\n");
    settings_wrong("version: 2\nlisten: \"127.0.0.1:1\"\nvhosts: [{root: /a}]\n",
                   "skiff.yaml:1:10: error: version must be 1\n");
}
END_TEST

START_TEST(rules_between_keys_are_checked)
{
    settings_wrong(MINIMAL "vhosts: [{root: /a}]\nlimits: {line_max: 32KiB}\n",
                   "error: limits.line_max is larger than limits.head_max\n");
    settings_wrong(MINIMAL "vhosts: [{root: /a}]\nlimits: {head_max: 4KiB}\n",
                   "error: limits.line_max is larger than limits.head_max\n");
    settings_wrong(MINIMAL "vhosts: [{root: /a}]\nlog: {access: {format: json}}\n",
                   "error: log.access needs \"to\"\n");
    settings_wrong("version: 1\nlisten: [\"127.0.0.1:80\", {address: \"127.0.0.1:80\"}]\n"
                   "vhosts: [{root: /a}]\n",
                   "error: listen[1] has the address of listen[0]\n");
    settings_wrong("version: 1\nlisten: []\nvhosts: [{root: /a}]\n",
                   "error: listen has 0 addresses\n");
    settings_wrong("version: 1\nlisten: nonsense\nvhosts: [{root: /a}]\n",
                   "error: listen[0] is not an address\n");
}
END_TEST

START_TEST(a_file_of_many_mistakes_tells_all_in_order)
{
    char *said = settings_said("version: 1\n"
                               "process:\n"
                               "  worker_processes: 4\n"
                               "listen: [\"127.0.0.1:80\"]\n"
                               "limits:\n"
                               "  keepalive: {idle: 75}\n"
                               "vhosts:\n"
                               "  - names: [www.example.com]\n"
                               "    rot: /srv\n"
                               "  - names: [www.example.com]\n"
                               "    root: /srv\n");
    ck_assert_str_eq(
        said, "skiff.yaml:3:3: error: unknown key \"worker_processes\" in process\n"
              "    3 |   worker_processes: 4\n"
              "      |   ^~~~~~~~~~~~~~~~ that is the nginx name; here it is \"workers\"\n"
              "skiff.yaml:6:21: error: limits.keepalive.idle needs a unit\n"
              "    6 |   keepalive: {idle: 75}\n"
              "      |                     ^~ write 75s or 75m\n"
              "skiff.yaml:9:5: error: unknown key \"rot\" in vhosts[0]\n"
              "    9 |     rot: /srv\n"
              "      |     ^~~ did you mean \"root\"?\n"
              "skiff.yaml:10:13: error: host \"www.example.com\" already belongs to another vhost\n"
              "   10 |   - names: [www.example.com]\n"
              "      |             ^~~~~~~~~~~~~~~ first used at skiff.yaml:8:13\n"
              "4 errors, 0 warnings; nothing was loaded\n");
    free(said);
}
END_TEST

START_TEST(each_mistake_in_a_map_or_a_list_is_told_at_its_entry)
{
    static const char *const all[] = {
        "skiff.yaml:5:21: error: vhosts[0].content_types has \".html\"",
        "skiff.yaml:5:39: error: vhosts[0].content_types.js is not a content type",
        "skiff.yaml:6:19: error: vhosts[0].error_pages has \"399\"",
        "skiff.yaml:6:28: error: vhosts[0].error_pages.404 is not the path of a file",
        "skiff.yaml:7:15: error: vhosts[0].headers has ETag",
        "skiff.yaml:7:24: error: vhosts[0].headers has Location",
        "skiff.yaml:8:22: error: vhosts[0].remove_headers: \"a b\"",
        "skiff.yaml:8:29: error: vhosts[0].remove_headers: \"Date\"",
        "skiff.yaml:9:21: error: vhosts[0].precompressed holds \"lz4\"",
        "skiff.yaml:9:26: error: vhosts[0].precompressed holds \"xz\"",
        "10 errors",
    };
    char *said = settings_said(MINIMAL "vhosts:\n"
                                       "  - root: /a\n"
                                       "    content_types: {.html: text/html, js: javascript}\n"
                                       "    error_pages: {399: /x, 404: y}\n"
                                       "    headers: {ETag: x, Location: /y}\n"
                                       "    remove_headers: [\"a b\", Date]\n"
                                       "    precompressed: [lz4, xz]\n");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ck_assert_msg(strstr(said, all[i]) != NULL, "expected\n%s\ngot\n%s", all[i], said);
    free(said);
}
END_TEST

UNIT_MAIN("server/settings_vhosts", a_root_may_be_written_long, a_switch_is_not_a_path,
          a_key_in_the_wrong_place_is_told_its_own, each_wrong_field_is_told_at_its_name,
          hosts_are_lower_case_and_found_by_name, a_host_belongs_to_one_vhost,
          only_one_vhost_is_without_names, a_name_that_no_host_field_can_have_is_refused,
          what_no_route_takes_is_served_from_the_root,
          without_a_root_what_no_route_takes_is_not_found, levels_inherit_key_by_key,
          headers_add_up_and_replace_by_name, a_wrong_header_is_told_once_not_at_every_level,
          files_without_a_root_are_an_error_that_names_the_level, a_route_has_one_handler,
          patterns_that_can_never_match_are_refused, patterns_that_look_encoded_get_a_warning,
          a_route_behind_one_that_takes_all_its_paths_is_an_error,
          a_route_that_something_is_left_for_is_fine, unknown_hosts_can_be_answered_otherwise,
          what_must_be_there_is_asked_for, rules_between_keys_are_checked,
          a_file_of_many_mistakes_tells_all_in_order,
          each_mistake_in_a_map_or_a_list_is_told_at_its_entry)
