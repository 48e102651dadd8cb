/* settings_manual: docs/manual.md: the chapters of docs/manual.in, then every key from its row. */
#include "config/emit.h"
#include "server/errorpages.h"
#include "server/settings_load.h"

static const char chapters[] =
#include "gen/manual_intro.inc"
    ;

static void section(FILE *out, const char *title, const char *doc)
{
    fprintf(out, "\n### %s\n\n%s\n\n", title, doc);
    emit_manual_head(out);
}

static void manual_files(FILE *out, const struct opt *row)
{
    section(out, "files", row->doc);
    emit_manual_rows(out, handler_find(STR("static"))->options, "", "root");
    emit_manual_rows(out, settings_files_rows, "", NULL);
}

static void manual_vhosts(FILE *out, const struct opt *row)
{
    section(out, "vhosts[]", row->doc);
    emit_manual_rows(out, settings_vhost_rows, "", NULL);
    emit_manual_rows(out, errorpages_rows, "", NULL);
    emit_manual_rows(out, handler_find(STR("static"))->options, "", NULL);
    for (size_t i = 0; filters[i]; i++)
        emit_manual_rows(out, filters[i]->options, "", NULL);
    section(out, "vhosts[].routes[]",
            "What a route matches, and one handler; without a handler it serves files, and every "
            "key of a vhost but `names`, `error_pages` and `routes` may stand in it.");
    emit_manual_rows(out, settings_route_rows, "", NULL);
    for (size_t i = 0; handlers[i]; i++)
        if (!str_eq(str_of(handlers[i]->name), STR("static")))
            fprintf(out, "| `%s` | handler, below | none | %s |\n", handlers[i]->name,
                    handlers[i]->doc);
}

static void manual_handlers(FILE *out)
{
    for (size_t i = 0; handlers[i]; i++) {
        if (str_eq(str_of(handlers[i]->name), STR("static")))
            continue;
        fprintf(out, "\n### %s (handler)\n\n%s", handlers[i]->name, handlers[i]->doc);
        if (handlers[i]->short_key)
            fprintf(out, " A value alone stands for `%s`.", handlers[i]->short_key);
        fputs("\n\n", out);
        emit_manual_head(out);
        emit_manual_rows(out, handlers[i]->options, "", NULL);
    }
}

void settings_manual(FILE *out)
{
    fputs(chapters, out);
    fputs("\n## Every key\n\nThe outermost keys:\n\n", out);
    fputs("| Key | Meaning |\n| --- | --- |\n", out);
    for (const struct opt *row = settings_root; row->key; row++)
        fprintf(out, "| `%s` | %s |\n", row->key, row->doc);
    for (const struct opt *row = settings_root; row->key; row++) {
        if (str_eq(str_of(row->key), STR("files"))) {
            manual_files(out, row);
        } else if (str_eq(str_of(row->key), STR("vhosts"))) {
            manual_vhosts(out, row);
        } else if (row->table) {
            char title[64];
            snprintf(title, sizeof title, "%s%s", row->key, row->kind == K_LIST ? "[]" : "");
            section(out, title, row->doc);
            emit_manual_rows(out, row->table, "", NULL);
        }
    }
    manual_handlers(out);
}
