/* options: the command line, by getopt_long. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/command.h"
#include "emit/emit.h"
#include "generated.h"
#include "emit/target.h"

enum { DEFAULT_UNROLL = 64 };

static const char help[] =
    "usage: nnc MODEL.nn -o MODEL.c [options]\n"
    "       nnc --runtime DIR\n"
    "       nnc COMMAND …\n"
    "\n"
    "Compiles a sequence model to one C file and its header.\n"
    "\n"
    "  -o, --output FILE       the C file; its header (model.h) and the runtime (nnc_runtime.h) go beside it;\n"
    "                          - writes the C to standard output, and no header unless --header is given\n"
    "      --header FILE       the header; the C file includes it by its base name\n"
    "      --standalone        put what is used of the runtime into the C file\n"
    "      --no-runtime        no nnc_runtime.h beside the C file\n"
    "      --runtime DIR       write nnc_runtime.h into a folder, not beside the C file\n"
    "      --depfile FILE      a rule for make and ninja: the C and its header depend on every file that was read\n"
    "      --weights FILE      parameters, instead of the model's weights statement: .safetensors, .npz, or what\n"
    "                          torch.save wrote (.pt, .pth, .ckpt)\n"
    "      --weights-key KEY   which dict of a weights file that holds several, like model or state_dict.ema\n"
    "      --weights-as HOW    c (default: tables in the C file), or file: MODEL.weights beside it, which the program\n"
    "                          maps, reads or has in flash, and gives to each call\n"
    "      --weights-only      write MODEL.weights alone, of another training of the same model\n"
    "      --big-endian        MODEL.weights is for a machine with that byte order\n"
    "      --random-weights N  parameters made from a seed, for trying shapes without a file\n"
    "      --weights-type NAME how layers that do not say it (layer NAME = Kind(…) as NAME) keep their matrices:\n"
    "                          float32 (default), int16, int8, or stored: 16-bit tensors as the file has them\n"
    "      --unroll N          unroll loops of constant bounds while their bodies stay within N statements\n"
    "                          (default 64; 0: only gates and register tiles)\n"
    "      --target NAME       which processors the code is for: all (default: SSE2, NEON or plain C, and on\n"
    "                          x86-64 also AVX2 and AVX-512, chosen at run time), baseline (the first of these\n"
    "                          alone; also x86-64, aarch64), scalar (no vectors, for microcontrollers; also c,\n"
    "                          cortex-m), wasm, x86-64-v3 (AVX2 alone), x86-64-v4 (AVX-512 alone)\n"
    "      --name-prefix P     P in front of every C name: the model net is P_net with --name-prefix P_\n"
    "      --const-section S   puts the tables of weights into the linker's section S (gcc, clang)\n"
    "      --max-ram N         an error when a model's struct and the arrays of its inputs and outputs take more than\n"
    "                          N bytes of RAM; 8K is 8192\n"
    "      --max-flash N       an error when all tables of the C take more than N bytes\n"
    "      --max-macs N        an error when a run takes more than N multiply-adds; 2M is 2000000\n"
    "      --inference         without target, loss and train: what the model does when it runs\n"
    "      --train-api NAME    which functions train: all (default), or train: without grad, step and get_grads\n"
    "      --train-tape K      keep the state of every K-th step of recurrent layers for the gradient, and compute "
    "the\n"
    "                          steps between again: less memory; default FULL, every step\n"
    "      --dump STAGE        print ast, ir or plan to standard output, and stop there\n"
    "      --diagnostics HOW   errors and warnings as text (default), or as json: an object to a line, for editors\n"
    "      --color WHEN        of that text: auto (default: on a terminal, unless NO_COLOR is set), always, never\n"
    "  -Wno-NAME, -WNAME       without this kind of warning, or with it again\n"
    "  -Werror[=NAME], -Wno-error[=NAME]\n"
    "                          warnings, or this kind of them, are errors, or are not\n"
    "      --help, --version\n"
    "\n";
static const char help_end[] =
    "\n"
    "exit status: 0 done, 1 the input is at fault, 2 usage, 3 a defect of nnc itself\n";

void options_help(text *to) {
    text_printf(to, "%swarnings, all of them on:\n", help);
    for (int i = 0; i < WARNING_COUNT; i++) text_printf(to, "  %-24s%s\n", warning_names[i], warning_meanings[i]);
    text_add(to, "\ncommands; nnc help COMMAND says more:\n");
    for (const command *const *c = commands; *c; c++) text_printf(to, "  %-24s%s\n", (*c)->name, (*c)->summary);
    text_add(to, help_end);
}

static options_result print_help(void) {
    arena *a = arena_new();
    text t = text_new(a);
    options_help(&t);
    fputs(text_string(&t), stdout);
    arena_free(a);
    return OPTIONS_DONE;
}

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

/* A name that #include "NAME" can hold. */
static bool can_be_included(const char *name) {
    for (; *name; name++)
        if (*name == '"' || *name == '\\' || (unsigned char)*name < ' ') return false;
    return true;
}

static options_result check_header(const options *o) {
    arena *a = arena_new();
    const char *own = generated_header(a, o->output), *header = o->header ? o->header : own;
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
    bool has = generated_weights(a, o->output) != NULL;
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
    if (!*o->output || (o->header && !*o->header) || (o->depfile && !*o->depfile))
        return usage("%s", "a file's name is empty");
    if (o->depfile && strcmp(o->output, "-") == 0)
        return usage("%s", "--depfile names the C file, and standard output has no name: -o FILE");
    return check_header(o);
}

options options_default(void) {
    return (options){.unroll = DEFAULT_UNROLL, .name_prefix = "", .max_ram = -1, .max_flash = -1, .max_macs = -1};
}

options_result options_parse(int argc, char **argv, options *o) {
    enum {
        HEADER = 256,
        STANDALONE,
        NO_RUNTIME,
        RUNTIME,
        DEPFILE,
        WEIGHTS,
        WEIGHTS_KEY,
        WEIGHTS_AS,
        WEIGHTS_ONLY,
        BIG_ENDIAN_MACHINE,
        WEIGHTS_TYPE,
        RANDOM,
        UNROLL,
        TARGET,
        NAME_PREFIX,
        SECTION,
        MAX_RAM,
        MAX_FLASH,
        MAX_MACS,
        INFERENCE,
        TRAIN_API,
        TRAIN_TAPE,
        DUMP,
        DIAGNOSTICS,
        COLOR,
        HELP,
        VERSION
    };
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'},      {"header", required_argument, NULL, HEADER},
        {"standalone", no_argument, NULL, STANDALONE}, {"no-runtime", no_argument, NULL, NO_RUNTIME},
        {"runtime", required_argument, NULL, RUNTIME}, {"depfile", required_argument, NULL, DEPFILE},
        {"weights", required_argument, NULL, WEIGHTS}, {"random-weights", required_argument, NULL, RANDOM},
        {"unroll", required_argument, NULL, UNROLL},   {"dump", required_argument, NULL, DUMP},
        {"weights-key", required_argument, NULL, WEIGHTS_KEY},
        {"name-prefix", required_argument, NULL, NAME_PREFIX},
        {"const-section", required_argument, NULL, SECTION},
        {"max-ram", required_argument, NULL, MAX_RAM}, {"max-flash", required_argument, NULL, MAX_FLASH},
        {"max-macs", required_argument, NULL, MAX_MACS},
        {"weights-as", required_argument, NULL, WEIGHTS_AS},
        {"weights-only", no_argument, NULL, WEIGHTS_ONLY},
        {"big-endian", no_argument, NULL, BIG_ENDIAN_MACHINE},
        {"inference", no_argument, NULL, INFERENCE},   {"train-api", required_argument, NULL, TRAIN_API},
        {"train-tape", required_argument, NULL, TRAIN_TAPE},
        {"weights-type", required_argument, NULL, WEIGHTS_TYPE},
        {"target", required_argument, NULL, TARGET},   {"diagnostics", required_argument, NULL, DIAGNOSTICS},
        {"color", required_argument, NULL, COLOR},     {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},       {NULL, 0, NULL, 0}};
    *o = options_default();
    o->diagnostics.color = color_is_welcome();
    warnings w = {0};
    uint64_t number;
    for (int c; (c = getopt_long(argc, argv, "o:hW:", longs, NULL)) != -1;) {
        switch (c) {
        case 'o': o->output = optarg; break;
        case HEADER: o->header = optarg; break;
        case STANDALONE: o->standalone = true; break;
        case NO_RUNTIME: o->no_runtime = true; break;
        case RUNTIME: o->runtime = optarg; break;
        case DEPFILE: o->depfile = optarg; break;
        case WEIGHTS: o->weights = optarg; break;
        case WEIGHTS_KEY: o->weights_key = optarg; break;
        case WEIGHTS_AS:
            o->weights_beside = strcmp(optarg, "file") == 0;
            if (!o->weights_beside && strcmp(optarg, "c") != 0)
                return usage("--weights-as takes c or file, not %s", optarg);
            break;
        case WEIGHTS_ONLY: o->weights_only = o->weights_beside = true; break;
        case BIG_ENDIAN_MACHINE: o->big_endian = true; break;
        case WEIGHTS_TYPE:
            if (!ir_weights_find(optarg, &o->weights_type)) {
                fprintf(stderr, "nnc: --weights-type takes %s, not %s\nTry 'nnc --help'.\n", ir_weights_list, optarg);
                return OPTIONS_USAGE;
            }
            break;
        case RANDOM:
            if (!options_number(optarg, UINT64_MAX, &o->seed)) return usage("not a seed: %s", optarg);
            o->random_weights = true;
            break;
        case UNROLL:
            if (!options_number(optarg, OPTIONS_MAX_UNROLL, &number))
                return usage("--unroll takes 0 to 4096, not %s", optarg);
            o->unroll = (int64_t)number;
            o->unroll_given = true;
            break;
        case TARGET:
            if (!target_exists(optarg)) return usage("--target does not know %s", optarg);
            o->target = optarg;
            break;
        case NAME_PREFIX:
            if (!is_identifier(optarg)) return usage("--name-prefix takes the beginning of a C name, not %s", optarg);
            o->name_prefix = optarg;
            break;
        case SECTION:
            if (!is_section(optarg)) return usage("--const-section takes a section's name, not %s", optarg);
            o->section = optarg;
            break;
        case MAX_RAM:
            if (!parse_size(optarg, 1024, &o->max_ram))
                return usage("--max-ram takes bytes, like 8192 or 8K, not %s", optarg);
            break;
        case MAX_FLASH:
            if (!parse_size(optarg, 1024, &o->max_flash))
                return usage("--max-flash takes bytes, like 65536 or 64K, not %s", optarg);
            break;
        case MAX_MACS:
            if (!parse_size(optarg, 1000, &o->max_macs))
                return usage("--max-macs takes a number, like 2000000 or 2M, not %s", optarg);
            break;
        case INFERENCE: o->inference = true; break;
        case TRAIN_API:
            if (!options_api(optarg, &o->train_only))
                return usage("--train-api takes all or train, not %s", optarg);
            break;
        case TRAIN_TAPE:
            if (!options_tape(optarg, &o->tape))
                return usage("--train-tape takes FULL, or a number of steps from 1 on, not %s", optarg);
            break;
        case DUMP:
            if (!parse_dump(optarg, &o->dump)) return usage("--dump takes ast, ir or plan, not %s", optarg);
            break;
        case DIAGNOSTICS:
            if (!parse_format(optarg, &o->diagnostics.format))
                return usage("--diagnostics takes text or json, not %s", optarg);
            break;
        case COLOR:
            if (!parse_color(optarg, &o->diagnostics.color))
                return usage("--color takes auto, always or never, not %s", optarg);
            break;
        case 'W':
            if (parse_warning(optarg, &w) != OPTIONS_RUN) return OPTIONS_USAGE;
            break;
        case 'h':
        case HELP: return print_help();
        case VERSION: printf("nnc %s\n", NNC_VERSION); return OPTIONS_DONE;
        default: fprintf(stderr, "Try 'nnc --help'.\n"); return OPTIONS_USAGE;
        }
    }
    if (optind < argc) o->input = argv[optind++];
    if (optind < argc) return usage("one model at a time: what is %s?", argv[optind]);
    set_levels(&w, &o->diagnostics);
    return check(o);
}
