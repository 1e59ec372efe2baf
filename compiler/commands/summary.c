/* summary: nnc summary, what a model has, does and takes, as a table or as JSON. */
#include "commands/command.h"
#include "commands/progress.h"
#include "commands/summarize.h"
#include "emit/target.h"
#include "native/native.h"

typedef struct {
    given_dims dims;
    bool json, stack;
} summary_wishes;

enum { DIM, JSON, STACK, TARGET, TRAIN_API, TRAIN_TAPE, WEIGHTS, WEIGHTS_KEY, WEIGHTS_TYPE };
static const command_option rows[] = {
    [DIM] = {0, "dim", "NAME=N",
             "multiply-adds and arrays at this size of a run-time dim, not its largest"},
    [JSON] = {0, "json", NULL, "as JSON"},
    [STACK] =
        {0, "stack", NULL,
         "compiles the C with $CC (cc), $CFLAGS and -fstack-usage, and shows the largest frame"},
    [TARGET] = {0, "target", "NAME", "what the C would be compiled with (default: all)"},
    [TRAIN_API] = {0, "train-api", "NAME", "which functions train, as when compiling: all (default) or train"},
    [TRAIN_TAPE] = {0, "train-tape", "K", "of recurrent layers every K-th step is kept, as when compiling"},
    [WEIGHTS] = {0, "weights", "FILE", "parameters, instead of the model's weights statement"},
    [WEIGHTS_KEY] = {0, "weights-key", "KEY", "which dict of that file"},
    [WEIGHTS_TYPE] = {0, "weights-type", "NAME",
                      "how matrices are kept, as when compiling: float32, int16, int8, stored"},
};

/* Sizes do not depend on the numbers: without a file, any will do. A model that draws its own has no
 * tables of them. */
static bool without_weights(const lowered_file *f) {
    for (size_t i = 0; i < f->count; i++)
        if (f->models[i]->weights || f->models[i]->training) return false;
    return true;
}

static bool measure_stack(pipeline *p, summary *all) {
    progress_say("compiling the C");
    for (size_t i = 0; i < p->file.count; i++)
        if (!native_stack(p->arena, p->plans[i], p->apis[i], options_target(p->options), p->diags,
                          &all[i].stack, &all[i].stack_function))
            return false;
    return true;
}

static bool summarize(pipeline *p, options *o, summary_wishes *asked, text *to) {
    summary *all = summarize_counts(p, &asked->dims);
    if (!all) return false;
    if (!o->weights && without_weights(&p->file)) o->random_weights = true;
    pipeline_bind(p);
    summarize_kept(p, all);
    pipeline_passes(p);
    if (!pipeline_plan(p)) return false;
    summarize_bytes(p, all);
    if (asked->stack && !measure_stack(p, all)) return false;
    size_t count = p->file.count,
           tables = emit_table_bytes(options_target(o), p->plans, p->apis, count);
    if (asked->json) {
        summary_print_json(all, count, tables, p->arena, to);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (i) text_add(to, "\n");
        summary_print(&all[i], p->arena, to);
    }
    if (count > 1)
        text_printf(to, "\nall models\n  %zu  weights: tables that are alike are there once\n",
                    tables);
    return true;
}

static int show(options *o, summary_wishes *asked) {
    pipeline p;
    bool good = pipeline_open(&p, o) && pipeline_lower(&p, pipeline_parse(&p));
    text t = text_new(p.arena);
    good = good && summarize(&p, o, asked, &t) && command_print(text_string(&t), p.diags);
    pipeline_close(&p);
    return good ? STATUS_DONE : STATUS_INPUT;
}

static int run(command_line *line) {
    options o = options_default();
    summary_wishes asked = {0};
    for (int option; (option = command_next(line)) >= 0;) {
        if (option == DIM && !given_dims_add(line->arena, &asked.dims, line->value))
            return command_usage(line, "--dim takes NAME=N, not %s", line->value);
        if (option == JSON) asked.json = true;
        if (option == STACK) asked.stack = true;
        if (option == TARGET) o.target = line->value;
        if (option == TRAIN_API && !options_api(line->value, &o.train_only))
            return command_usage(line, "--train-api takes all or train, not %s", line->value);
        if (option == TRAIN_TAPE && !options_tape(line->value, &o.tape))
            return command_usage(line, "--train-tape takes FULL, or a number of steps from 1 on, not %s", line->value);
        if (option == WEIGHTS) o.weights = line->value;
        if (option == WEIGHTS_KEY) o.weights_key = line->value;
        if (option == WEIGHTS_TYPE && !ir_weights_find(line->value, &o.weights_type))
            return command_usage(line, "--weights-type takes %s, not %s", IR_WEIGHTS_LIST, line->value);
    }
    if (line->status >= 0) return line->status;
    o.inference = o.weights_type != IR_WEIGHTS_DEFAULT; /* what is trained has float32 */
    if (o.target && !target_exists(o.target))
        return command_usage(line, "--target takes " TARGET_NAMES ", not %s", o.target);
    if (line->word_count != 1)
        return command_usage(line, "%s",
                             line->word_count ? "one model at a time" : "no model given");
    o.input = line->words[0];
    o.diagnostics = line->settings;
    return show(&o, &asked);
}

const command command_summary = {
    .name = "summary",
    .arguments = "MODEL.nn [options]",
    .summary = "layers, shapes, parameters, multiply-adds, and bytes of everything",
    .about =
        "Shows each layer with its output's shape, parameters and multiply-adds, then bytes: the "
        "weights as the C has\n"
        "them, the struct by part, the caller's arrays, a stack frame. Parameters count once, "
        "where they are used first; running\n"
        "means and variances are buffers. Multiply-adds are terms of products (Linear, matmul, "
        "convolutions,\n"
        "recurrent layers), without biases, activations and whatever is elementwise. Where a layer "
        "keeps its weights in\n"
        "fewer bits, all matrices are shown as they are kept.",
    .options = rows,
    .option_count = sizeof rows / sizeof *rows,
    .run = run,
};
