/* command_import: the command line of nnc import, and its files. */
#include "command_import.h"

#include <getopt.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "import/import.h"
#include "lower/lower.h"
#include "output.h"
#include "syntax/parse.h"

enum { STATUS_DONE = 0, STATUS_INPUT = 1, STATUS_USAGE = 2 };

static const char help[] =
    "usage: nnc import MODEL.onnx -o MODEL.nn [options]\n"
    "\n"
    "Writes an ONNX model as a .nn file, and its weights beside it (MODEL.safetensors).\n"
    "\n"
    "  -o, --output FILE       the .nn file\n"
    "      --dim NAME=A..B     bounds of a size that has a name in the model, to be chosen at run time\n"
    "      --dim NAME=N        the same size fixed\n"
    "      --shape INPUT=S,…   the sizes of an input, numbers or names, where the model has none\n"
    "      --set INPUT=VALUE   makes an input a constant\n"
    "      --state INPUT=OUT   carries an output from one run to the next: the input becomes a state\n"
    "      --gru-reset-after   reads every GRU as if linear_before_reset were 1: PyTorch's exporter wrote 0\n"
    "                          for some of its own GRUs\n"
    "      --help\n";

enum { OPTION_DIM = 256, OPTION_SHAPE, OPTION_SET, OPTION_STATE, OPTION_GRU, OPTION_HELP };

static int usage(const char *format, const char *what) {
    fputs("nnc import: ", stderr);
    fprintf(stderr, format, what);
    fputs("\nTry 'nnc import --help'.\n", stderr);
    return STATUS_USAGE;
}

static bool add_setting(arena *a, import_settings *to, const char *given) {
    const char *equals = strrchr(given, '=');
    if (!equals || equals == given || !equals[1]) return false;
    import_setting s = {arena_strndup(a, given, (size_t)(equals - given)), equals + 1, false};
    ARENA_PUSH(a, to->items, to->count, to->capacity, s);
    return true;
}

/* A defect of the import, or something that the language cannot say: shown as what it is, with nnc's own words. */
static bool compiles(arena *a, const char *path, const import_result *r, diag_list *diags) {
    source *s = source_from_text(a, path, r->text, strlen(r->text));
    diag_list *own = diag_list_new(a, s);
    lower_file(a, parse_file(a, s, own), own);
    if (!diag_error_count(own)) return true;
    diag_print(own, stderr);
    diag_error_file(diags, path, "what the model says can't be written as a .nn file that compiles (above); nothing is written");
    return false;
}

static int write_files(arena *a, const char *input, const char *nn, const char *weights, const import_result *r, diag_list *diags) {
    place at[2] = {{0}};
    output model = {0}, tensors = {0}, *all[2] = {&model, &tensors};
    size_t opened = 0;
    if (!output_find(a, nn, &at[0], diags) || (r->tensor_count && !output_find(a, weights, &at[1], diags))) return STATUS_INPUT;
    if (!output_distinct(at, 2, &input, 1, diags)) return STATUS_USAGE;
    bool good = output_open(a, &model, &at[0], diags) && ++opened &&
                (!r->tensor_count || (output_open(a, &tensors, &at[1], diags) && ++opened));
    if (good) {
        good = fputs(r->text, model.file) >= 0 && (!r->tensor_count || safetensors_write(tensors.file, r->tensors, r->tensor_count));
        if (!good) diag_error_file(diags, nn, "%s", strerror(errno));
    }
    if (good) return output_commit(all, opened, diags) ? STATUS_DONE : STATUS_INPUT;
    output_discard(all, opened);
    return STATUS_INPUT;
}

int command_import(int argc, char **argv) {
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'},      {"dim", required_argument, NULL, OPTION_DIM},
        {"shape", required_argument, NULL, OPTION_SHAPE}, {"set", required_argument, NULL, OPTION_SET},
        {"state", required_argument, NULL, OPTION_STATE}, {"gru-reset-after", no_argument, NULL, OPTION_GRU},
        {"help", no_argument, NULL, OPTION_HELP},      {NULL, 0, NULL, 0},
    };
    arena *a = arena_new();
    import_options o = {0};
    const char *nn = NULL, *input = NULL;
    int status = -1, option;
    opterr = 0;
    while (status < 0 && (option = getopt_long(argc, argv, "o:", longs, NULL)) != -1) {
        import_settings *to = NULL;
        switch (option) {
        case 'o': nn = optarg; break;
        case OPTION_DIM: to = &o.sizes; break;
        case OPTION_SHAPE: to = &o.shapes; break;
        case OPTION_SET: to = &o.values; break;
        case OPTION_STATE: to = &o.states; break;
        case OPTION_GRU: o.reset_after = true; break;
        case OPTION_HELP:
            fputs(help, stdout);
            status = STATUS_DONE;
            break;
        default: status = usage("unknown option or missing argument: %s", argv[optind - 1]); break;
        }
        if (to && !add_setting(a, to, optarg)) status = usage("NAME=VALUE is needed, found %s", optarg);
    }
    if (status < 0 && optind + 1 != argc) status = usage("one ONNX file is needed%s", "");
    if (status < 0 && !nn) status = usage("where to? add -o %s", "MODEL.nn");
    size_t length = nn ? strlen(nn) : 0;
    if (status < 0 && (length < 4 || strcmp(nn + length - 3, ".nn") != 0)) status = usage("the output's name must end in .nn: %s", nn);
    if (status < 0) {
        input = argv[optind];
        const char *weights = arena_printf(a, "%.*s.safetensors", (int)(length - 3), nn);
        diag_list *diags = diag_list_new(a, NULL);
        import_result *r = import_onnx(a, input, nn, weights, &o, diags);
        status = r && compiles(a, nn, r, diags) ? write_files(a, input, nn, weights, r, diags) : STATUS_INPUT;
        diag_print(diags, stderr);
    }
    arena_free(a);
    return status;
}
