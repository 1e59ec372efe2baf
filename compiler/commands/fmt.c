/* fmt: nnc fmt, the canonical form of .nn files, in place or checked. */
#include "commands/command.h"

#include <stdio.h>
#include <string.h>

#include "output.h"
#include "syntax/format.h"
#include "syntax/parse.h"

typedef struct {
    arena *arena;
    const diag_settings *settings;
    bool check;
} job;

static bool write_text(const job *j, const place *at, const text *made, diag_list *diags) {
    output o;
    if (!output_open(j->arena, &o, at, diags)) return false;
    if (fputs(text_string(made), o.file) < 0) {
        output_complain(&o, diags);
        output_discard((output *const[]){&o}, 1);
        return false;
    }
    return output_commit((output *const[]){&o}, 1, diags);
}

static bool replace(const job *j, const char *path, const text *made, diag_list *diags) {
    place at;
    return output_find(j->arena, path, &at, diags) && write_text(j, &at, made, diags);
}

static bool same(const source *s, const text *made) {
    return !s->dropped && s->size == made->length &&
           memcmp(s->text, text_string(made), s->size) == 0;
}

static bool format_one(const job *j, const char *path) {
    const char *error = NULL;
    bool is_input = strcmp(path, "-") == 0;
    source *s =
        is_input ? source_read_stream(j->arena, "standard input", stdin, SOURCE_MAX_BYTES, &error)
                 : source_read(j->arena, path, SOURCE_MAX_BYTES, &error);
    diag_list *diags = diag_list_new(j->arena, s);
    diag_set(diags, j->settings);
    text made = text_new(j->arena);
    if (error) diag_error_file(diags, path, "%s", error);
    else parse_file(j->arena, s, diags);
    bool good = !diag_error_count(diags);
    if (good) {
        format_source(j->arena, s, &made);
        if (j->check && !same(s, &made)) {
            diag_error_file(diags, s->path,
                            "is not in the canonical form; nnc fmt would change it");
            good = false;
        } else if (!j->check && is_input) {
            good = command_print(text_string(&made), diags);
        } else if (!j->check && !same(s, &made)) {
            good = replace(j, path, &made, diags);
        }
    }
    diag_print(diags, stderr);
    return good;
}

enum { CHECK };
static const command_option options[] = {
    [CHECK] = {0, "check", NULL,
               "change nothing; status 1, and the names, where a file would change"},
};

static int run(command_line *line) {
    bool check = false, good = true;
    while (command_next(line) >= 0) check = true;
    if (line->status >= 0) return line->status;
    if (!line->word_count) return command_usage(line, "which files? - reads standard input");
    for (int i = 0; i < line->word_count; i++) {
        job j = {arena_new(), &line->settings, check};
        good = format_one(&j, line->words[i]) && good;
        arena_free(j.arena);
    }
    return good ? STATUS_DONE : STATUS_INPUT;
}

const command command_fmt = {
    .name = "fmt",
    .arguments = "FILE… [options]",
    .summary = "one canonical form for .nn files; comments stay",
    .about =
        "Writes .nn files in their canonical form, each in its place; - reads standard input and "
        "writes standard output.\n"
        "What a file says, and its comments, stay as they are. A file with syntax errors is not "
        "touched.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
