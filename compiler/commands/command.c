/* command: see command.h. */
#include "commands/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands/progress.h"
#include "options.h"
#include "support/text.h"

enum { SHARED = 256, MOST_OPTIONS = 32 };

const command *const commands[] = {&command_fmt,     &command_graph,  &command_help,    &command_import,
                                   &command_lsp,     &command_new,    &command_package, &command_run_model,
                                   &command_summary, &command_verify, &command_weights, NULL};

static const command_option shared[] = {
    {0, "diagnostics", "HOW", "errors as text (default), or as json: an object to a line"},
    {'h', "help", NULL, "this text"},
};
enum { DIAGNOSTICS, HELP, SHARED_COUNT };

const command *command_find(const char *name) {
    for (const command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

bool command_is_meant(const char *word) {
    return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz")] && access(word, F_OK) != 0;
}

int command_unknown(const char *name) {
    const char *names[MOST_OPTIONS];
    size_t count = 0;
    while (commands[count]) {
        names[count] = commands[count]->name;
        count++;
    }
    const char *nearest = diag_nearest(name, names, count);
    fprintf(stderr, "nnc: there is no command %s", name);
    if (nearest) fprintf(stderr, "; did you mean %s?", nearest);
    else if (strcmp(name, "compile") == 0 || strcmp(name, "build") == 0)
        fputs("; to compile: nnc MODEL.nn -o MODEL.c", stderr);
    fputs("\nTry 'nnc --help'.\n", stderr);
    return STATUS_USAGE;
}

/* --- help --- */

void command_options_help(const command *c, text *to) {
    for (size_t i = 0; i < c->option_count; i++) command_option_help(&c->options[i], to);
    for (size_t i = 0; i < SHARED_COUNT; i++) command_option_help(&shared[i], to);
}

void command_help_all(text *to) {
    options_help(to);
    text_add(to, "\ncommands; nnc help COMMAND says more:\n");
    for (const command *const *c = commands; *c; c++) text_printf(to, "  %-24s%s\n", (*c)->name, (*c)->summary);
    text_add(to, "\nexit status: 0 done, 1 the input is at fault, 2 usage, 3 a defect of nnc itself\n");
}

int command_show_help(const command *c) {
    arena *a = arena_new();
    text t = text_new(a);
    text_printf(&t, "usage: nnc %s %s\n\n%s\n\n", c->name, c->arguments, c->about);
    command_options_help(c, &t);
    fputs(text_string(&t), stdout);
    arena_free(a);
    return STATUS_DONE;
}

/* --- reading --- */

int command_usage(const command_line *line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "nnc %s: ", line->command->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nTry 'nnc %s --help'.\n", line->command->name);
    va_end(args);
    return STATUS_USAGE;
}

static int row_of(const command *c, int found) {
    if (found >= SHARED) return found - SHARED;
    for (size_t i = 0; i < c->option_count; i++)
        if (c->options[i].letter == found) return (int)i;
    return (int)c->option_count + HELP;
}

int command_next(command_line *line) {
    const command *c = line->command;
    struct option longs[MOST_OPTIONS] = {{0}}, *to = longs;
    char letters[2 * MOST_OPTIONS + 2] = ":";
    if (c->option_count + SHARED_COUNT >= MOST_OPTIONS) ice("too many options of %s", c->name);
    for (size_t i = 0; i < c->option_count; i++)
        command_option_getopt(&c->options[i], SHARED + (int)i, &to, letters);
    for (size_t i = 0; i < SHARED_COUNT; i++)
        command_option_getopt(&shared[i], SHARED + (int)(c->option_count + i), &to, letters);
    opterr = 0;
    for (;;) {
        int found = getopt_long(line->argc, line->argv, letters, longs, NULL);
        line->value = optarg;
        if (found == -1) {
            line->words = line->argv + optind;
            line->word_count = line->argc - optind;
            for (int i = 0; i < line->word_count && line->status < 0; i++)
                if (!*line->words[i]) line->status = command_usage(line, "%s", "an argument is empty");
            return -1;
        }
        if (found == '?' || found == ':') {
            line->status =
                command_usage(line, "%s: %s", found == ':' ? "this option needs an argument" : "unknown option",
                              line->argv[optind - 1]);
            return -1;
        }
        int row = row_of(c, found);
        if (row < (int)c->option_count && !command_option_lacks_name(&c->options[row], line->value)) return row;
        if (row < (int)c->option_count) {
            line->status = command_usage(line, "--%s: a file's name is empty", c->options[row].name);
            return -1;
        }
        if (row == (int)c->option_count + HELP) {
            line->status = command_show_help(c);
            return -1;
        }
        line->settings.format = strcmp(optarg, "json") == 0 ? DIAG_JSON : DIAG_TEXT;
        if (line->settings.format == DIAG_TEXT && strcmp(optarg, "text") != 0) {
            line->status = command_usage(line, "--diagnostics takes text or json, not %s", optarg);
            return -1;
        }
    }
}

int command_run(const command *c, int argc, char **argv) {
    command_line line = {.command = c, .argc = argc, .argv = argv, .arena = arena_new(), .status = -1};
    int status = c->run(&line);
    arena_free(line.arena);
    return status;
}

bool command_print(const char *shown, diag_list *diags) {
    progress_end();
    if (fputs(shown, stdout) >= 0 && fflush(stdout) == 0) return true;
    diag_error_file(diags, "standard output", "%s", strerror(errno));
    return false;
}

int command_print_text(void (*add)(text *)) {
    arena *a = arena_new();
    diag_list *diags = diag_list_new(a, NULL);
    text t = text_new(a);
    add(&t);
    bool good = command_print(text_string(&t), diags);
    diag_print(diags, stderr);
    arena_free(a);
    return good ? STATUS_DONE : STATUS_INPUT;
}
