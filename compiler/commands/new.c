/* new: nnc new, a starter project around a small model. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "commands/compile.h"
#include "folder.h"

typedef struct {
    const char *name;
    const char *set;      /* of templates, beside those that all have */
    const char *language; /* another such set, or NULL */
    const char *target;   /* of the C that is there from the start; NULL: the build makes it */
    const char *commands; /* that build it and run it */
} project;

#define CMAKE_COMMANDS "cmake -S . -B build\ncmake --build build\nbuild/tagger\n"

static const project projects[] = {
    {"cmake", "new/cmake", "new/c", NULL, CMAKE_COMMANDS},
    {"make", "new/make", "new/c", NULL, "make\n./tagger\n"},
    {"cpp", "new/cpp", NULL, NULL, CMAKE_COMMANDS},
    {"arduino", "new/arduino", NULL, "scalar",
     "arduino-cli compile --fqbn arduino:mbed_nano:nano33ble .\n"},
};
enum { PROJECTS = sizeof projects / sizeof *projects };

static const project *find_project(const char *name) {
    for (size_t i = 0; i < PROJECTS; i++)
        if (strcmp(projects[i].name, name) == 0) return &projects[i];
    return NULL;
}

/* The folder's name, as a target, a program and a sketch can be called. */
static const char *name_of(arena *a, const char *path) {
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/') end--;
    for (begin = end; begin && path[begin - 1] != '/'; begin--) {
    }
    char *name = arena_strndup(a, path + begin, end - begin);
    return *name && name[strspn(name, "./")] ? name : "";
}

static bool is_name(const char *name) {
    if (!isalnum((unsigned char)*name) && *name != '_') return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_-", *name)) return false;
    return true;
}

/* nnc tagger.nn -o src/tagger.c --target scalar, there */
static bool compile_there(arena *a, const char *path, const char *target) {
    char *arguments[] = {"nnc",      arena_printf(a, "%s/tagger.nn", path),
                         "-o",       arena_printf(a, "%s/src/tagger.c", path),
                         "--target", arena_strdup(a, target),
                         NULL};
    optind = 1; /* getopt's: this command's own line is read */
    return compile(6, arguments) == STATUS_DONE;
}

static int make(arena *a, const char *path, const project *p, const char *name,
                const diag_settings *settings) {
    diag_list *diags = diag_list_new(a, NULL);
    diag_set(diags, settings);
    const template_variable variables[] = {{"name", name}, {"commands", p->commands}, {NULL, NULL}};
    folder f = folder_new(a, path, diags);
    bool good = folder_is_empty(path);
    if (!good) diag_error_file(diags, path, "is not empty");
    good = good && folder_add_set(&f, "new/common", variables) &&
           folder_add_set(&f, p->set, variables) &&
           (!p->language || folder_add_set(&f, p->language, variables)) &&
           (!p->target || folder_make_way(&f, "src/tagger.c")) && folder_commit(&f);
    if (!good) folder_discard(&f);
    if (good && p->target) good = compile_there(a, path, p->target);
    if (good) good = command_print(arena_printf(a, "cd %s\n%s", path, p->commands), diags);
    diag_print(diags, stderr);
    return good ? STATUS_DONE : STATUS_INPUT;
}

enum { PROJECT };
static const command_option options[] = {
    [PROJECT] =
        {0, "project", "cmake|make|cpp|arduino",
         "what builds it: CMake (default), make, CMake with C++ alone, or Arduino (a sketch)"},
};

static int run(command_line *line) {
    const project *p = &projects[0];
    while (command_next(line) >= 0)
        if (!(p = find_project(line->value)))
            return command_usage(line, "--project takes cmake, make, cpp or arduino, not %s",
                                 line->value);
    if (line->status >= 0) return line->status;
    if (line->word_count != 1) return command_usage(line, "one folder is needed");
    const char *path = line->words[0], *name = name_of(line->arena, path);
    if (!is_name(name))
        return command_usage(line, "the folder's name becomes the project's: letters, digits, _ and -, not %s", path);
    return make(line->arena, path, p, name, &line->settings);
}

const command command_new = {
    .name = "new",
    .arguments = "DIR [options]",
    .summary = "a starter project around a small model",
    .about =
        "Makes a folder with a small model, its weights, the script that trained them, and a "
        "program around it, and prints\n"
        "the commands that build and run it.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
