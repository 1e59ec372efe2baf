/* import: nnc import, the command line and its files. */
#include "commands/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "import/import.h"
#include "lower/lower.h"
#include "output.h"
#include "syntax/format.h"
#include "syntax/parse.h"

static bool add_setting(arena *a, import_settings *to, const char *given) {
    const char *equals = strrchr(given, '=');
    if (!equals || equals == given || !equals[1]) return false;
    import_setting s = {arena_strndup(a, given, (size_t)(equals - given)), equals + 1, false};
    ARENA_PUSH(a, to->items, to->count, to->capacity, s);
    return true;
}

/* A defect of the import, or something that the language cannot say: shown as what it is, with nnc's own words. What
 * compiles gets its canonical form. */
static bool compiles(arena *a, const char *path, import_result *r, const diag_settings *settings, diag_list *diags) {
    source *s = source_from_text(a, path, r->text, strlen(r->text));
    diag_list *own = diag_list_new(a, s);
    diag_set(own, settings);
    lower_file(a, parse_file(a, s, own), own);
    if (!diag_error_count(own)) {
        text formatted = text_new(a);
        format_source(a, s, &formatted);
        r->text = text_string(&formatted);
        return true;
    }
    diag_print(own, stderr);
    diag_error_file(diags, path,
                    "what the model says can't be written as a .nn file that compiles (above); nothing is written");
    return false;
}

static int write_files(arena *a, const char *nn, const char *weights, const import_result *r,
                       diag_list *diags) {
    place at[2] = {{0}};
    output model = {0}, tensors = {0}, *all[2] = {&model, &tensors};
    size_t opened = 0;
    if (!output_find(a, nn, &at[0], diags) || (r->tensor_count && !output_find(a, weights, &at[1], diags)))
        return STATUS_INPUT;
    if (!output_distinct(at, 2, r->inputs, r->input_count, diags)) return STATUS_USAGE;
    bool good = output_open(a, &model, &at[0], diags) && ++opened &&
                (!r->tensor_count || (output_open(a, &tensors, &at[1], diags) && ++opened));
    if (good) {
        good = fputs(r->text, model.file) >= 0 &&
               (!r->tensor_count || safetensors_write(tensors.file, r->tensors, r->tensor_count));
        if (!good) diag_error_file(diags, nn, "%s", strerror(errno));
    }
    if (good) return output_commit(all, opened, diags) ? STATUS_DONE : STATUS_INPUT;
    output_discard(all, opened);
    return STATUS_INPUT;
}

enum { OUTPUT, DIM, SHAPE, SET, STATE, GRU };
static const command_option options[] = {
    [OUTPUT] = {'o', "output", "FILE", "the .nn file"},
    [DIM] = {0, "dim", "NAME=A..B",
             "bounds of a size that has a name in the model, to be chosen at run time;\nNAME=N: the same size fixed"},
    [SHAPE] = {0, "shape", "INPUT=SIZES", "the sizes of an input, like T,1,40, where the model has none"},
    [SET] = {0, "set", "INPUT=VALUE", "makes an input a constant"},
    [STATE] = {0, "state", "INPUT=OUT", "carries an output from one run to the next: the input becomes a state"},
    [GRU] = {0, "gru-reset-after", NULL,
             "reads every GRU as if linear_before_reset were 1: PyTorch's exporter wrote 0\nfor some of its own GRUs"},
};

static int read_options(command_line *line, import_options *o, const char **nn) {
    import_settings *const settings[] = {
        [DIM] = &o->sizes, [SHAPE] = &o->shapes, [SET] = &o->values, [STATE] = &o->states};
    for (int option; (option = command_next(line)) >= 0;) {
        if (option == OUTPUT) *nn = line->value;
        else if (option == GRU) o->reset_after = true;
        else if (!add_setting(line->arena, settings[option], line->value))
            return command_usage(line, "NAME=VALUE is needed, found %s", line->value);
    }
    size_t length = *nn ? strlen(*nn) : 0;
    if (line->status >= 0) return line->status;
    if (line->word_count != 1) return command_usage(line, "one ONNX file is needed");
    if (!*nn) return command_usage(line, "where to? add -o MODEL.nn");
    if (length < 4 || strcmp(*nn + length - 3, ".nn") != 0)
        return command_usage(line, "the output's name must end in .nn: %s", *nn);
    return -1;
}

static int run(command_line *line) {
    arena *a = line->arena;
    import_options o = {0};
    const char *nn = NULL;
    int status = read_options(line, &o, &nn);
    if (status < 0) {
        const char *input = line->words[0], *weights = arena_printf(a, "%.*s.safetensors", (int)(strlen(nn) - 3), nn);
        diag_list *diags = diag_list_new(a, NULL);
        diag_set(diags, &line->settings);
        import_result *r = import_onnx(a, input, nn, weights, &o, diags);
        status = r && compiles(a, nn, r, &line->settings, diags) ? write_files(a, nn, weights, r, diags)
                                                                 : STATUS_INPUT;
        diag_print(diags, stderr);
    }
    return status;
}

const command command_import = {
    .name = "import",
    .arguments = "MODEL.onnx -o MODEL.nn [options]",
    .summary = "writes an ONNX model as a .nn file and its weights",
    .about = "Writes an ONNX model as a .nn file, and its weights beside it (MODEL.safetensors).",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
