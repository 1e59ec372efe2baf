/* package: nnc package, a model as a folder that an ecosystem takes as it is. */
#include "commands/package.h"

#include <ctype.h>
#include <string.h>

#include "commands/command.h"
#include "emit/target.h"
#include "folder.h"
#include "generated.h"

/* What a package cannot be called: its header would stand before one of C's, in whatever case where that is ignored;
 * CMake has a target of that name, Python reads a statement. Each with a blank around it. */
#define HEADERS \
    " assert complex ctype errno fenv float inttypes iso646 limits locale math memory setjmp signal stdalign stdarg " \
    "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar wchar wctype "
#define TARGETS " all clean depend edit_cache help install package package_source preinstall rebuild_cache test "
#define KEYWORDS \
    " False None True and as assert async await break class continue def del elif else except finally for from " \
    "global if import in is lambda nonlocal not or pass raise return try while with yield "

typedef struct {
    const char *name;
    const char *target; /* where none is given */
    const char *code;   /* the folder of the C; NULL: called as the package */
    bool has_files;     /* where it runs there are files: weights may be one */
    const char *headers, *taken; /* names that it cannot have */
} package_kind;

static const package_kind kinds[] = {
    {"arduino", "scalar", "src", false, HEADERS, ""}, {"esp-idf", "scalar", "src", false, HEADERS, ""},
    {"zephyr", "scalar", "src", false, HEADERS, ""},  {"cmake", "all", "src", true, HEADERS, TARGETS},
    {"python", "all", NULL, true, "", KEYWORDS},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const package_kind *find_kind(const char *name) {
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}

typedef struct {
    const package_kind *kind;
    const char *folder, *name;
    const char *mark; /* which packages have in their README.md */
} job;

/* A name that C, CMake, Kconfig and Python take. */
static bool is_name(const char *s) {
    if (!isalpha((unsigned char)*s)) return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_') return false;
    return true;
}

/* The file's name, without what no name can have. */
static const char *name_of(arena *a, const char *path) {
    char *name = arena_strdup(a, path_base(path)), *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = '\0';
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c)) *c = '_';
    return isalpha((unsigned char)*name) ? name : arena_printf(a, "model_%s", name);
}

/* A file's name as it can stand in every file of a package: in a line, a string or a comment, whatever is in it. */
static const char *plain(arena *a, const char *name) {
    text t = text_new(a);
    for (size_t left = strlen(name), n; left; left -= n, name += n) {
        n = text_utf8_length(name, left);
        bool stays = n > 1 || isalnum((unsigned char)*name) || strchr("._-+ ", *name);
        if (!n) n = 1;
        text_add_n(&t, stays ? name : "_", stays ? n : 1);
    }
    return text_string(&t);
}

static const char *upper(arena *a, const char *name) {
    char *u = arena_strdup(a, name);
    for (char *c = u; *c; c++) *c = (char)toupper((unsigned char)*c);
    return u;
}

static const char *about(const pipeline *p) {
    text t = text_new(p->arena);
    for (size_t i = 0; i < p->file.count; i++)
        text_printf(&t, "%s%s", i ? ", " : "", p->file.models[i]->name);
    return arena_printf(p->arena, "%s %s", p->file.count == 1 ? "The model" : "The models",
                        text_string(&t));
}

/* What is there may be replaced where it is such a package. */
static bool is_ours(const pipeline *p, const job *j) {
    const char *error = NULL;
    if (folder_is_empty(j->folder)) return true;
    const source *s =
        source_read(p->arena, arena_printf(p->arena, "%s/README.md", j->folder), 1 << 20, &error);
    if (s && strstr(s->text, j->mark)) return true;
    diag *d =
        diag_error_file(p->diags, j->folder,
                        "is neither empty nor a package made by nnc package %s", j->kind->name);
    diag_hint(d, "name a new folder, or empty this one");
    return false;
}

static bool add_files(const pipeline *p, const job *j, folder *f) {
    arena *a = p->arena;
    const char *header = arena_printf(a, "%s.h", j->name),
               *source_name = plain(a, path_base(p->options->input));
    const template_variable variables[] = {
        {"name", j->name},
        {"upper", upper(a, j->name)},
        {"header", header},
        {"source", source_name},
        {"version", NNC_VERSION},
        {"about", about(p)},
        {"mark", j->mark},
        {"command", arena_printf(a, "nnc package %s %s -o %s", j->kind->name, source_name,
                                 plain(a, path_base(j->folder)))},
        {"sketch_memory", package_sketch_memory(p)},
        {"sketch_reset", package_sketch_reset(p)},
        {"sketch_run", package_sketch_run(p)},
        {"python_models", package_python_models(p)},
        {"python_sizes", package_python_sizes(p)},
        {"python_example", package_python_example(p, j->name)},
        {"python_weights", package_python_weights(p, j->name)},
        {"weights_install", package_weights_install(p, j->name)},
        {"weights_said", package_weights_said(p, j->name)},
        {NULL, NULL},
    };
    return folder_add_set(f, arena_printf(a, "package/%s", j->kind->name), variables);
}

/* The C, its header and the runtime, as nnc -o writes them. */
static bool add_code(const pipeline *p, const job *j, folder *f) {
    options o = *p->options;
    generated g;
    const char *code =
        arena_printf(p->arena, "%s/%s.c", j->kind->code ? j->kind->code : j->name, j->name);
    if (!folder_make_way(f, code)) return false;
    o.output = arena_printf(p->arena, "%s/%s", j->folder, code);
    return generated_find(p->arena, &o, &g, p->diags) &&
           folder_distinct(f, g.places, GENERATED_FILES) &&
           generated_write(p->arena, &o, &g, p->plans, p->apis, p->file.count, p->diags);
}

static int make(const options *o, const job *j) {
    pipeline p;
    bool good = pipeline_open(&p, o) && pipeline_lower(&p, pipeline_parse(&p)) && pipeline_bind(&p);
    if (good) {
        pipeline_passes(&p);
        good = pipeline_plan(&p) && is_ours(&p, j);
    }
    if (good) {
        folder f = folder_new(p.arena, j->folder, p.diags);
        f.inputs = pipeline_inputs(&p, &f.input_count);
        good = add_files(&p, j, &f) && add_code(&p, j, &f) && folder_commit(&f);
        if (!good) folder_discard(&f);
    }
    pipeline_close(&p);
    return good ? STATUS_DONE : STATUS_INPUT;
}

/* --- the command line --- */

enum { OUTPUT, NAME, TARGET, WEIGHTS, WEIGHTS_AS, WEIGHTS_KEY, WEIGHTS_TYPE };
static const command_option rows[] = {
    [OUTPUT] = {'o', "output", "DIR", "the package's folder"},
    [NAME] = {0, "name", "NAME", "the package's name (default: the model file's)"},
    [TARGET] = {0, "target", "NAME",
                "which processors the C is for (default: scalar for arduino, esp-idf and\nzephyr, "
                "all for cmake and python)"},
    [WEIGHTS] = {0, "weights", "FILE", "parameters, instead of the model's weights statement"},
    [WEIGHTS_AS] = {0, "weights-as", "HOW",
                    "c (default: tables in the C), or file: NAME.weights beside it; of cmake and\npython"},
    [WEIGHTS_KEY] = {0, "weights-key", "KEY", "which dict of that file"},
    [WEIGHTS_TYPE] = {0, "weights-type", "NAME",
                      "how layers keep their matrices that do not say it: float32, int16, int8 or\nstored"},
};

static int unknown_kind(const command_line *line, const char *name) {
    text t = text_new(arena_new());
    for (size_t i = 0; i < KINDS; i++)
        text_printf(&t, "%s%s", i == 0 ? "" : i + 1 < KINDS ? ", " : " and ", kinds[i].name);
    int status = command_usage(line, "there is no package %s; there are %s", name, text_string(&t));
    arena_free(t.arena);
    return status;
}

static int run(command_line *line) {
    arena *a = line->arena;
    options o = options_default();
    job j = {0};
    for (int option; (option = command_next(line)) >= 0;) {
        if (option == OUTPUT) j.folder = line->value;
        if (option == NAME) j.name = line->value;
        if (option == TARGET) o.target = line->value;
        if (option == WEIGHTS) o.weights = line->value;
        if (option == WEIGHTS_AS) {
            o.weights_beside = strcmp(line->value, "file") == 0;
            if (!o.weights_beside && strcmp(line->value, "c") != 0)
                return command_usage(line, "--weights-as takes c or file, not %s", line->value);
        }
        if (option == WEIGHTS_KEY) o.weights_key = line->value;
        if (option == WEIGHTS_TYPE && !ir_weights_find(line->value, &o.weights_type))
            return command_usage(line, "--weights-type takes %s, not %s", IR_WEIGHTS_LIST, line->value);
    }
    if (line->status >= 0) return line->status;
    if (line->word_count && !(j.kind = find_kind(line->words[0])))
        return unknown_kind(line, line->words[0]);
    if (line->word_count != 2)
        return command_usage(line,
                             "a kind and a model are needed: nnc package arduino MODEL.nn -o DIR");
    if (!j.folder || !*j.folder) return command_usage(line, "where to? add -o DIR");
    if (o.target && !target_exists(o.target))
        return command_usage(line, "--target takes " TARGET_NAMES ", not %s", o.target);
    if (j.name && !is_name(j.name))
        return command_usage(line, "a package's name has letters, digits and _: not %s", j.name);
    if (o.weights_beside && !j.kind->has_files)
        return command_usage(line,
                             "package %s has its weights in the C, which lie in flash: --weights-as file is for cmake "
                             "and python",
                             j.kind->name);
    o.input = line->words[1];
    o.diagnostics = line->settings;
    if (!o.target && strcmp(j.kind->target, "all") != 0) o.target = j.kind->target;
    if (!j.name) j.name = name_of(a, o.input);
    const char *word = arena_printf(a, " %s ", j.name);
    if (strcasestr(j.kind->headers, word) || strstr(j.kind->taken, word))
        return command_usage(line, "a package for %s cannot be called %s: --name NAME gives another name", j.kind->name,
                             j.name);
    j.mark = arena_printf(a, "made by nnc package %s", j.kind->name);
    return make(&o, &j);
}

const command command_package = {
    .name = "package",
    .arguments = "KIND MODEL.nn -o DIR [options]",
    .summary = "a folder for Arduino, ESP-IDF, Zephyr, CMake or Python",
    .about =
        "Compiles a model to a folder that an ecosystem takes as it is; KIND is one of\n"
        "  arduino   a library for the Arduino IDE, arduino-cli and PlatformIO\n"
        "  esp-idf   a component\n"
        "  zephyr    a module\n"
        "  cmake     a project for add_subdirectory, FetchContent, or to be installed\n"
        "  python    a module that compiles the C and calls it with NumPy arrays\n"
        "DIR is new, empty, or such a package, which is brought up to date. README.md there says "
        "how to use it.",
    .options = rows,
    .option_count = sizeof rows / sizeof *rows,
    .run = run,
    .first = "arduino esp-idf zephyr cmake python",
};
