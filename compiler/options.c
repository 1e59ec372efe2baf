/* options: the command line, by getopt_long. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "emit/emit.h"
#include "emit/target.h"

enum { DEFAULT_UNROLL = 64, MAX_UNROLL = 4096 };

static const char help[] =
    "usage: nnc MODEL.nn -o MODEL.c [options]\n"
    "       nnc --runtime DIR\n"
    "\n"
    "Compiles a sequence model to one C file and its header.\n"
    "\n"
    "  -o, --output FILE       the C file; the header goes beside it (model.c, model.h);\n"
    "                          - writes the C to standard output, and no header unless --header is given\n"
    "      --header FILE       the header; the C file includes it by its base name\n"
    "      --standalone        put the runtime into the C file\n"
    "      --runtime DIR       write the runtime's files into a folder\n"
    "      --weights FILE      parameters, instead of the model's weights statement\n"
    "      --random-weights N  parameters made from a seed, for trying shapes without a file\n"
    "      --unroll N          unroll loops of constant bounds while their bodies stay within N statements\n"
    "                          (default 64; 0: only gates and register tiles)\n"
    "      --target NAME       which processors the code is for: baseline (default: SSE2, NEON or plain C; also c,\n"
    "                          x86-64, aarch64), all (beside it AVX2 and AVX-512, chosen at run time), x86-64-v3,\n"
    "                          x86-64-v4\n"
    "      --dump STAGE        print ast, ir or plan to standard output, and stop there\n"
    "      --help, --version\n"
    "\n"
    "exit status: 0 done, 1 the input is at fault, 2 usage, 3 a defect of nnc itself\n";

static options_result usage(const char *format, const char *what) {
    fprintf(stderr, "nnc: ");
    fprintf(stderr, format, what);
    fprintf(stderr, "\nTry 'nnc --help'.\n");
    return OPTIONS_USAGE;
}

static bool parse_number(const char *s, uint64_t max, uint64_t *value) {
    char *end;
    errno = 0;
    if (*s < '0' || *s > '9') return false;
    unsigned long long v = strtoull(s, &end, 10);
    if (errno || *end || v > max) return false;
    *value = v;
    return true;
}

static bool parse_dump(const char *s, dump_stage *stage) {
    static const char *const names[] = {"", "ast", "ir", "plan"};
    for (int i = DUMP_AST; i <= DUMP_PLAN; i++)
        if (strcmp(s, names[i]) == 0) {
            *stage = (dump_stage)i;
            return true;
        }
    return false;
}

/* What fits together, once everything is known. */
static options_result check(const options *o) {
    if (!o->input) {
        if (!o->runtime) return usage("%s", "no model given");
        if (o->output || o->header || o->dump) return usage("%s", "-o, --header and --dump need a model");
        return OPTIONS_RUN;
    }
    if (o->weights && o->random_weights) return usage("%s", "--weights and --random-weights exclude each other");
    if (o->dump) {
        if (o->output || o->header)
            return usage("%s", "--dump writes to standard output: it goes without -o and --header");
        return OPTIONS_RUN;
    }
    if (!o->output) return usage("%s", "say where the C goes: -o FILE (- is standard output)");
    if (!*o->output || (o->header && !*o->header)) return usage("%s", "a file's name is empty");
    if (o->header && strcmp(o->header, o->output) == 0)
        return usage("the C and the header cannot both be %s",
                     strcmp(o->output, "-") == 0 ? "standard output" : o->output);
    size_t n = strlen(o->output);
    if (strcmp(o->output, "-") != 0 && (n < 3 || strcmp(o->output + n - 2, ".c") != 0) && !o->header)
        return usage("the output %s does not end in .c: name the header too, with --header FILE", o->output);
    return OPTIONS_RUN;
}

options_result options_parse(int argc, char **argv, options *o) {
    enum { HEADER = 256, STANDALONE, RUNTIME, WEIGHTS, RANDOM, UNROLL, TARGET, DUMP, HELP, VERSION };
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'},      {"header", required_argument, NULL, HEADER},
        {"standalone", no_argument, NULL, STANDALONE}, {"runtime", required_argument, NULL, RUNTIME},
        {"weights", required_argument, NULL, WEIGHTS}, {"random-weights", required_argument, NULL, RANDOM},
        {"unroll", required_argument, NULL, UNROLL},   {"dump", required_argument, NULL, DUMP},
        {"target", required_argument, NULL, TARGET},   {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},       {NULL, 0, NULL, 0}};
    *o = (options){.unroll = DEFAULT_UNROLL};
    uint64_t number;
    for (int c; (c = getopt_long(argc, argv, "o:h", longs, NULL)) != -1;) {
        switch (c) {
        case 'o': o->output = optarg; break;
        case HEADER: o->header = optarg; break;
        case STANDALONE: o->standalone = true; break;
        case RUNTIME: o->runtime = optarg; break;
        case WEIGHTS: o->weights = optarg; break;
        case RANDOM:
            if (!parse_number(optarg, UINT64_MAX, &o->seed)) return usage("not a seed: %s", optarg);
            o->random_weights = true;
            break;
        case UNROLL:
            if (!parse_number(optarg, MAX_UNROLL, &number)) return usage("--unroll takes 0 to 4096, not %s", optarg);
            o->unroll = (int64_t)number;
            o->unroll_given = true;
            break;
        case TARGET:
            if (!target_exists(optarg)) return usage("--target does not know %s", optarg);
            o->target = optarg;
            break;
        case DUMP:
            if (!parse_dump(optarg, &o->dump)) return usage("--dump takes ast, ir or plan, not %s", optarg);
            break;
        case 'h':
        case HELP: fputs(help, stdout); return OPTIONS_DONE;
        case VERSION: printf("nnc %s\n", NNC_VERSION); return OPTIONS_DONE;
        default: fprintf(stderr, "Try 'nnc --help'.\n"); return OPTIONS_USAGE;
        }
    }
    if (optind < argc) o->input = argv[optind++];
    if (optind < argc) return usage("one model at a time: what is %s?", argv[optind]);
    return check(o);
}
