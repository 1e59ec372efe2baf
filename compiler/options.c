/* options: the command line, by getopt_long. */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit/target.h"
#include "place.h"

enum { DEFAULT_UNROLL = 64 };

static options_result usage(const char *format, const char *what) {
    fprintf(stderr, "nnc: ");
    fprintf(stderr, format, what);
    fprintf(stderr, "\nTry 'nnc --help'.\n");
    return OPTIONS_USAGE;
}

bool options_number(const char *s, uint64_t max, uint64_t *value) {
    char *end;
    errno = 0;
    if (*s < '0' || *s > '9') return false;
    unsigned long long v = strtoull(s, &end, 10);
    if (errno || *end || v > max) return false;
    *value = v;
    return true;
}

/* A number and maybe K, M or G, each `step` times what is before it. */
static bool parse_size(const char *s, int64_t step, int64_t *value) {
    char *end;
    errno = 0;
    if (*s < '0' || *s > '9') return false;
    *value = strtoll(s, &end, 10);
    static const char letters[] = "KMG";
    const char *letter = *end ? strchr(letters, *end) : NULL;
    if (errno || (*end && (!letter || end[1]))) return false;
    for (ptrdiff_t i = 0; letter && i <= letter - letters; i++)
        if (__builtin_mul_overflow(*value, step, value)) return false;
    return true;
}

bool options_api(const char *s, bool *train_only) {
    *train_only = strcmp(s, "train") == 0;
    return *train_only || strcmp(s, "all") == 0;
}

bool options_tape(const char *s, int64_t *steps) {
    if (strcmp(s, "FULL") == 0) {
        *steps = 0;
        return true;
    }
    return parse_size(s, 1, steps) && *steps >= 1 && *steps <= INT32_MAX;
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static bool is_identifier(const char *s) {
    return *s && !(*s >= '0' && *s <= '9') && !s[strspn(s, NAME_CHARACTERS)];
}

/* What assemblers take for a section's name without quotes; Mach-O has "segment,section". */
static bool is_section(const char *s) { return *s && !s[strspn(s, NAME_CHARACTERS ".,$-")]; }

static bool parse_dump(const char *s, dump_stage *stage) {
    static const char *const names[] = {"", "ast", "ir", "plan"};
    for (int i = DUMP_AST; i <= DUMP_PLAN; i++)
        if (strcmp(s, names[i]) == 0) {
            *stage = (dump_stage)i;
            return true;
        }
    return false;
}

/* --- -W --- */

typedef enum { UNSAID, YES, NO } answer;

/* What -W said; a kind's own answer counts more than that for all, wherever it stands. */
typedef struct {
    bool off[WARNING_COUNT];
    answer error[WARNING_COUNT];
    bool all_errors;
} warnings;

static bool find_warning(const char *name, size_t *found) {
    for (*found = 0; *found < WARNING_COUNT; ++*found)
        if (strcmp(name, warning_names[*found]) == 0) return true;
    return false;
}

static options_result unknown_warning(const char *argument, const char *name) {
    const char *nearest = diag_nearest(name, warning_names, WARNING_COUNT);
    fprintf(stderr, "nnc: there is no warning %s: -W%s", *name ? name : "without a name", argument);
    if (nearest) fprintf(stderr, "; did you mean -W%.*s%s?", (int)(name - argument), argument, nearest);
    for (size_t i = 0; !nearest && i < WARNING_COUNT; i++)
        fprintf(stderr, "%s%s", i == 0 ? "; there are " : i + 1 < WARNING_COUNT ? ", " : " and ", warning_names[i]);
    fprintf(stderr, "\nTry 'nnc --help'.\n");
    return OPTIONS_USAGE;
}

/* The argument of -W: NAME, no-NAME, error, error=NAME, no-error, no-error=NAME. */
static options_result parse_warning(const char *argument, warnings *w) {
    bool no = strncmp(argument, "no-", 3) == 0;
    const char *name = argument + (no ? 3 : 0);
    size_t i;
    if (strcmp(name, "error") == 0) {
        w->all_errors = !no;
        return OPTIONS_RUN;
    }
    bool error = strncmp(name, "error=", 6) == 0;
    if (error) name += 6;
    if (!find_warning(name, &i)) return unknown_warning(argument, name);
    if (error) w->error[i] = no ? NO : YES;
    if (!error || !no) w->off[i] = no;
    return OPTIONS_RUN;
}

static void set_levels(const warnings *w, diag_settings *s) {
    for (size_t i = 0; i < WARNING_COUNT; i++) {
        bool error = w->error[i] == YES || (w->error[i] == UNSAID && w->all_errors);
        s->levels[i] = w->off[i] ? WARNING_OFF : error ? WARNING_IS_ERROR : WARNING_SHOWN;
    }
}

/* --- --color --- */

/* On a terminal that has colours, unless https://no-color.org says no. */
static bool color_is_welcome(void) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no_color && *no_color) return false;
    return term && *term && strcmp(term, "dumb") != 0 && isatty(STDERR_FILENO);
}

static bool parse_color(const char *s, bool *color) {
    *color = strcmp(s, "always") == 0 || (strcmp(s, "auto") == 0 && color_is_welcome());
    return *color || strcmp(s, "auto") == 0 || strcmp(s, "never") == 0;
}

static bool parse_format(const char *s, diag_format *format) {
    *format = strcmp(s, "json") == 0 ? DIAG_JSON : DIAG_TEXT;
    return *format == DIAG_JSON || strcmp(s, "text") == 0;
}

/* --- the files' names --- */

/* With another ending instead of that of C or C++. */
static const char *beside_code(arena *a, const char *code, const char *ending) {
    static const char *const endings[] = {".c", ".cc", ".cpp", ".cxx", ".c++"};
    const char *dot = strrchr(path_base(code), '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i]) == 0) return arena_printf(a, "%.*s%s", (int)(dot - code), code, ending);
    return NULL;
}

const char *options_header(arena *a, const options *o) {
    return o->header || !o->output ? o->header : beside_code(a, o->output, ".h");
}

const char *options_weights(arena *a, const options *o) {
    const char *dot = strrchr(path_base(o->output), '.');
    return dot && strcmp(dot, ".weights") == 0 ? o->output : beside_code(a, o->output, ".weights");
}

/* --- what fits together --- */

/* A name that #include "NAME" can hold. */
static bool can_be_included(const char *name) {
    for (; *name; name++)
        if (*name == '"' || *name == '\\' || (unsigned char)*name < ' ') return false;
    return true;
}

static options_result check_header(const options *o) {
    arena *a = arena_new();
    const char *header = options_header(a, o);
    const char *included = path_base(header ? header : o->input);
    options_result result = OPTIONS_RUN;
    if (!header && strcmp(o->output, "-") != 0)
        result = usage("the output %s does not end in .c, .cc, .cpp or .cxx: name the header too, with --header FILE",
                       o->output);
    else if (!can_be_included(included))
        result = usage("no #include can name %s: --header FILE gives the header another name", included);
    arena_free(a);
    return result;
}

const char *options_target(const options *o) { return o->target ? o->target : "all"; }

static bool has_weights_name(const options *o) {
    arena *a = arena_new();
    bool has = options_weights(a, o) != NULL;
    arena_free(a);
    return has;
}

/* What fits together, once everything is known. */
static options_result check(const options *o) {
    if (!o->input) {
        if (!o->runtime) return usage("%s", "no model given");
        if (o->output || o->header || o->depfile || o->dump)
            return usage("%s", "-o, --header, --depfile and --dump need a model");
        return OPTIONS_RUN;
    }
    if (o->weights && o->random_weights) return usage("%s", "--weights and --random-weights exclude each other");
    if (o->weights_key && o->random_weights)
        return usage("%s", "--random-weights reads no file: it goes without --weights-key");
    if (o->dump) {
        if (o->output || o->header || o->depfile)
            return usage("%s", "--dump writes to standard output: it goes without -o, --header and --depfile");
        return OPTIONS_RUN;
    }
    if (!o->output) return usage("%s", "say where the C goes: -o FILE (- is standard output)");
    if (o->big_endian && !o->weights_beside)
        return usage("%s", "--big-endian is for --weights-as file: C is for any machine");
    if (o->weights_beside && strcmp(o->output, "-") == 0)
        return usage("%s", "the file of weights stands beside the C file, and standard output has no name: -o FILE");
    if (o->weights_only && (o->header || o->depfile || o->runtime))
        return usage("%s", "--weights-only writes one file: it goes without --header, --depfile and --runtime");
    if (o->weights_beside && !has_weights_name(o))
        return usage("the file of weights is named after the C file, and %s does not end in .c, .cc, .cpp or .cxx",
                     o->output);
    if (o->weights_only) return OPTIONS_RUN;
    if (o->depfile && strcmp(o->output, "-") == 0)
        return usage("%s", "--depfile names the C file, and standard output has no name: -o FILE");
    return check_header(o);
}

/* --- one row an option --- */

static bool take_weights_as(const char *s, options *o) {
    o->weights_beside = strcmp(s, "file") == 0;
    return o->weights_beside || strcmp(s, "c") == 0;
}

static bool take_weights_only(const char *s, options *o) {
    (void)s;
    return o->weights_only = o->weights_beside = true;
}

static bool take_weights_type(const char *s, options *o) { return ir_weights_find(s, &o->weights_type); }

static bool take_seed(const char *s, options *o) {
    return o->random_weights = options_number(s, UINT64_MAX, &o->seed);
}

static bool take_unroll(const char *s, options *o) {
    uint64_t number = 0;
    o->unroll_given = options_number(s, OPTIONS_MAX_UNROLL, &number);
    o->unroll = (int64_t)number;
    return o->unroll_given;
}

static bool take_target(const char *s, options *o) { return target_exists(o->target = s); }

static bool take_name_prefix(const char *s, options *o) { return is_identifier(o->name_prefix = s); }

static bool take_section(const char *s, options *o) { return is_section(o->section = s); }

static bool take_max_ram(const char *s, options *o) { return parse_size(s, 1024, &o->max_ram); }

static bool take_max_flash(const char *s, options *o) { return parse_size(s, 1024, &o->max_flash); }

static bool take_max_macs(const char *s, options *o) { return parse_size(s, 1000, &o->max_macs); }

static bool take_train_api(const char *s, options *o) { return options_api(s, &o->train_only); }

static bool take_train_tape(const char *s, options *o) { return options_tape(s, &o->tape); }

static bool take_dump(const char *s, options *o) { return parse_dump(s, &o->dump); }

static bool take_format(const char *s, options *o) { return parse_format(s, &o->diagnostics.format); }

static bool take_color(const char *s, options *o) { return parse_color(s, &o->diagnostics.color); }

/* An option: what it says becomes a text of the options, sets a flag of theirs, is taken by a function, or ends it
 * all. */
typedef struct {
    command_option shown;
    size_t text, flag; /* where in `options`, whose first member is no option's; or 0 */
    bool (*take)(const char *s, options *o);
    const char *wrong; /* what is said where `take` says no */
    options_result ends;
} option_row;

#define TEXT(member) .text = offsetof(options, member)
#define FLAG(member) .flag = offsetof(options, member)

static const option_row rows[] = {
    {{'o', "output", "FILE",
      "the C file; its header (model.h) and the runtime (nnc_runtime.h) go beside it;\n"
      "- writes the C to standard output, and no header unless --header is given"},
     TEXT(output)},
    {{0, "header", "FILE", "the header; the C file includes it by its base name"}, TEXT(header)},
    {{0, "standalone", NULL, "put what is used of the runtime into the C file"}, FLAG(standalone)},
    {{0, "no-runtime", NULL, "no nnc_runtime.h beside the C file"}, FLAG(no_runtime)},
    {{0, "runtime", "DIR",
      "write nnc_runtime.h into a folder, not beside the C file"},
     TEXT(runtime)},
    {{0, "depfile", "FILE",
      "a rule for make and ninja: the C and its header depend on every file that was read"},
     TEXT(depfile)},
    {{0, "weights", "FILE",
      "parameters, instead of the model's weights statement: .safetensors, .npz, or what\n"
      "torch.save wrote (.pt, .pth, .ckpt)"},
     TEXT(weights)},
    {{0, "weights-key", "KEY",
      "which dict of a weights file that holds several, like model or state_dict.ema"},
     TEXT(weights_key)},
    {{0, "weights-as", "HOW",
      "c (default: tables in the C file), or file: MODEL.weights beside it, which the program\n"
      "maps, reads or has in flash, and gives to each call"},
     .take = take_weights_as, .wrong = "--weights-as takes c or file, not %s"},
    {{0, "weights-only", NULL,
      "write MODEL.weights alone, of another training of the same model"},
     .take = take_weights_only},
    {{0, "big-endian", NULL,
      "MODEL.weights is for a machine with that byte order"},
     FLAG(big_endian)},
    {{0, "random-weights", "N",
      "parameters made from a seed, for trying shapes without a file"},
     .take = take_seed, .wrong = "not a seed: %s"},
    {{0, "weights-type", "NAME",
      "how layers that do not say it (layer NAME = Kind(…) as NAME) keep their matrices:\n"
      "float32 (default), int16, int8, or stored: 16-bit tensors as the file has them"},
     .take = take_weights_type,
     .wrong = "--weights-type takes " IR_WEIGHTS_LIST ", not %s"},
    {{0, "unroll", "N",
      "unroll loops of constant bounds while their bodies stay within N statements\n"
      "(default 64; 0: only gates and register tiles)"},
     .take = take_unroll, .wrong = "--unroll takes 0 to 4096, not %s"},
    {{0, "target", "NAME",
      "which processors the code is for: all (default: SSE2, NEON or plain C, and on\n"
      "x86-64 also AVX2 and AVX-512, chosen at run time), baseline (the first of these\n"
      "alone; also x86-64, aarch64), scalar (no vectors, for microcontrollers; also c,\n"
      "cortex-m), wasm, x86-64-v3 (AVX2 alone), x86-64-v4 (AVX-512 alone)"},
     .take = take_target, .wrong = "--target takes " TARGET_NAMES ", not %s"},
    {{0, "name-prefix", "P",
      "P in front of every C name: the model net is P_net with --name-prefix P_"},
     .take = take_name_prefix, .wrong = "--name-prefix takes the beginning of a C name, not %s"},
    {{0, "const-section", "S",
      "puts the tables of weights into the linker's section S (gcc, clang)"},
     .take = take_section, .wrong = "--const-section takes a section's name, not %s"},
    {{0, "max-ram", "N",
      "an error when a model's struct and the arrays of its inputs and outputs take more than\n"
      "N bytes of RAM; 8K is 8192"},
     .take = take_max_ram, .wrong = "--max-ram takes bytes, like 8192 or 8K, not %s"},
    {{0, "max-flash", "N",
      "an error when all tables of the C take more than N bytes"},
     .take = take_max_flash, .wrong = "--max-flash takes bytes, like 65536 or 64K, not %s"},
    {{0, "max-macs", "N",
      "an error when a run takes more than N multiply-adds; 2M is 2000000"},
     .take = take_max_macs, .wrong = "--max-macs takes a number, like 2000000 or 2M, not %s"},
    {{0, "inference", NULL,
      "without target, loss and train: what the model does when it runs"},
     FLAG(inference)},
    {{0, "train-api", "NAME",
      "which functions train: all (default), or train: without grad, step and get_grads"},
     .take = take_train_api, .wrong = "--train-api takes all or train, not %s"},
    {{0, "train-tape", "K",
      "keep the state of every K-th step of recurrent layers for the gradient, and compute the\n"
      "steps between again: less memory; default FULL, every step"},
     .take = take_train_tape,
     .wrong = "--train-tape takes FULL, or a number of steps from 1 on, not %s"},
    {{0, "dump", "STAGE",
      "print ast, ir or plan to standard output, and stop there"},
     .take = take_dump, .wrong = "--dump takes ast, ir or plan, not %s"},
    {{0, "diagnostics", "HOW",
      "errors and warnings as text (default), or as json: an object to a line, for editors"},
     .take = take_format, .wrong = "--diagnostics takes text or json, not %s"},
    {{0, "color", "WHEN",
      "of that text: auto (default: on a terminal, unless NO_COLOR is set), always, never"},
     .take = take_color, .wrong = "--color takes auto, always or never, not %s"},
    {{'h', "help", NULL, NULL}, .ends = OPTIONS_HELP},
    {{0, "version", NULL, NULL}, .ends = OPTIONS_VERSION},
    {.ends = OPTIONS_RUN}, /* the last */
};

const command_option *options_row(size_t i) { return rows[i].shown.meaning ? &rows[i].shown : NULL; }

void options_help(text *to) {
    text_add(to, "usage: nnc MODEL.nn -o MODEL.c [options]\n"
                 "       nnc --runtime DIR\n"
                 "       nnc COMMAND …\n"
                 "\n"
                 "Compiles a sequence model to one C file and its header.\n"
                 "\n");
    for (const option_row *row = rows; row->shown.meaning; row++) command_option_help(&row->shown, to);
    text_add(to, "  -Wno-NAME, -WNAME       without this kind of warning, or with it again\n"
                 "  -Werror[=NAME], -Wno-error[=NAME]\n"
                 "                          warnings, or this kind of them, are errors, or are not\n"
                 "      --help, --version\n"
                 "\n"
                 "warnings, all of them on:\n");
    for (int i = 0; i < WARNING_COUNT; i++) text_printf(to, "  %-24s%s\n", warning_names[i], warning_meanings[i]);
}

/* --- reading --- */

options options_default(void) {
    return (options){.unroll = DEFAULT_UNROLL, .name_prefix = "", .max_ram = -1, .max_flash = -1, .max_macs = -1};
}

static options_result take(const option_row *row, const char *s, options *o) {
    if (command_option_lacks_name(&row->shown, s)) return usage("--%s: a file's name is empty", row->shown.name);
    if (row->text) *(const char **)((char *)o + row->text) = s;
    if (row->flag) *(bool *)((char *)o + row->flag) = true;
    if (row->take && !row->take(s, o)) return usage(row->wrong, s);
    return row->ends;
}

options_result options_parse(int argc, char **argv, options *o) {
    enum { ROWS = sizeof rows / sizeof *rows, FIRST = 256 }; /* beyond the letters */
    struct option longs[ROWS] = {{0}}, *to = longs;
    char letters[2 * ROWS] = "W:";
    for (int i = 0; rows[i].shown.name; i++) command_option_getopt(&rows[i].shown, FIRST + i, &to, letters);
    *o = options_default();
    o->diagnostics.color = color_is_welcome();
    warnings w = {0};
    options_result result = OPTIONS_RUN;
    for (int c; result == OPTIONS_RUN && (c = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        const option_row *row = c >= FIRST ? &rows[c - FIRST] : rows;
        if (c == '?') fprintf(stderr, "Try 'nnc --help'.\n");
        while (c < FIRST && row->shown.name && row->shown.letter != c) row++;
        result = c == '?'   ? OPTIONS_USAGE
                 : c == 'W' ? parse_warning(optarg, &w)
                            : take(row, optarg, o);
    }
    if (result != OPTIONS_RUN) return result;
    if (optind < argc) o->input = argv[optind++];
    if (o->input && !*o->input) return usage("%s", "the model file's name is empty");
    if (optind < argc) return usage("one model at a time: what is %s?", argv[optind]);
    set_levels(&w, &o->diagnostics);
    return check(o);
}
