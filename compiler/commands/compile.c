/* compile: see compile.h. */
#include "commands/compile.h"

#include <unistd.h>

#include "commands/budget.h"
#include "commands/command.h"
#include "commands/pipeline.h"
#include "commands/progress.h"
#include "format/format.h"
#include "generated.h"
#include "output.h"

/* --- output --- */

enum { LARGE = 32 << 20 };

/* How often a weight may stand in tables, and more: to count them exactly takes as long as to write the C. */
enum { MOST_PACKINGS = 8 };

static size_t parameter_bytes(const ir_model *m) {
    int64_t elements = 0;
    for (size_t i = 0; i < m->param_count; i++) elements += ir_param_elements(&m->params[i]);
    return (size_t)elements * sizeof(float);
}

/* gcc wants twelve bytes of memory, and a sixth of a microsecond, for each byte of a table. */
static void advise(const pipeline *p) {
    const options *o = p->options;
    size_t bytes = 0;
    for (size_t i = 0; i < p->file.count; i++) bytes += parameter_bytes(p->file.models[i]);
    if (o->weights_beside || bytes * MOST_PACKINGS <= LARGE) return;
    bytes = 0;
    for (size_t i = 0; i < p->file.count; i++)
        bytes += emit_table_bytes(options_target(o), &p->plans[i], &p->apis[i], 1);
    if (bytes <= LARGE) return;
    diag *d =
        diag_warning_file(p->diags, WARNING_LARGE_CODE, o->output, "there are %zu MB of weights in the C", bytes >> 20);
    diag_hint(d,
              "--weights-as file puts them into a file beside the C, which a program maps or reads: compiling takes no "
              "time then");
}

/* An output that would take the place of a file that is read, or of another, is refused before anything is written. */
static int write_outputs(pipeline *p) {
    const options *o = p->options;
    generated g;
    progress_say("writing the C");
    if (!generated_find(p->arena, o, &g, p->diags)) return STATUS_INPUT;
    g.inputs = pipeline_inputs(p, &g.input_count);
    if (!output_distinct(g.places, GENERATED_FILES, g.inputs, g.input_count, p->diags)) return STATUS_USAGE;
    return generated_write(p->arena, o, &g, p->plans, p->apis, p->file.count, p->diags) ? STATUS_DONE : STATUS_INPUT;
}

static int write_runtime(pipeline *p) {
    generated g;
    bool good = generated_find(p->arena, p->options, &g, p->diags) &&
                generated_write(p->arena, p->options, &g, NULL, NULL, 0, p->diags);
    return good ? STATUS_DONE : STATUS_INPUT;
}

static int print_dump(const text *t, diag_list *diags) {
    return command_print(text_string(t), diags) ? STATUS_DONE : STATUS_INPUT;
}

/* --- the pipeline --- */

/* Are there weights, and a layer that keeps them otherwise than as float32? */
static bool keeps_weights(const pipeline *p) {
    for (size_t i = 0; i < p->file.count; i++) {
        const char *path = pipeline_weights(p, p->file.models[i]);
        if (path && access(path, R_OK) == 0 && format_asked(p->file.models[i])) return true;
    }
    return false;
}

static int dump_stages(pipeline *p, ast_file *ast) {
    text dump = text_new(p->arena);
    dump_stage stage = p->options->dump;
    if (stage == DUMP_AST) {
        if (diag_error_count(p->diags)) return STATUS_INPUT;
        ast_dump(ast, &dump);
        return print_dump(&dump, p->diags);
    }
    /* the IR and the plan show shapes: they need no weights, but to say how well they are kept */
    bool good = pipeline_lower(p, ast);
    if (good && stage == DUMP_PLAN && keeps_weights(p)) pipeline_bind(p);
    good = good && pipeline_passes(p);
    if (good && stage == DUMP_PLAN) good = pipeline_plan(p);
    for (size_t i = 0; good && i < p->file.count; i++) {
        const ir_model *m = p->file.models[i];
        const plan *all[PLAN_MODES];
        size_t count = stage == DUMP_PLAN ? plan_modes(p->plans[i], all) : 0;
        for (size_t k = 0; k < count; k++) plan_print(all[k], &dump);
        if (stage == DUMP_IR) ir_print(m, &dump);
        if (stage == DUMP_IR && m->training) ir_print(m->training->train, &dump);
    }
    return good ? print_dump(&dump, p->diags) : STATUS_INPUT;
}

static int run(pipeline *p) {
    if (!p->options->input) return write_runtime(p);
    ast_file *ast = pipeline_parse(p);
    if (p->options->dump) return dump_stages(p, ast);
    given_dims none = {0};
    if (!pipeline_lower(p, ast)) return STATUS_INPUT;
    summary *all = budget_is_asked(p->options) ? summarize_counts(p, &none) : NULL;
    if (!pipeline_bind(p)) return STATUS_INPUT;
    pipeline_passes(p); /* what is wrong with one model does not hide what is wrong with another's plan */
    if (!pipeline_plan(p)) return STATUS_INPUT;
    if (all) summarize_bytes(p, all);
    advise(p);
    return !all || budget_hold(p, all) ? write_outputs(p) : STATUS_INPUT;
}

static void add_version(text *to) { text_printf(to, "nnc %s\n", NNC_VERSION); }

int compile(int argc, char **argv) {
    options o;
    pipeline p;
    options_result parsed = options_parse(argc, argv, &o);
    if (parsed == OPTIONS_USAGE) return STATUS_USAGE;
    if (parsed != OPTIONS_RUN) return command_print_text(parsed == OPTIONS_HELP ? command_help_all : add_version);
    int status = pipeline_open(&p, &o) ? run(&p) : STATUS_INPUT;
    output_end_folders(status == STATUS_DONE);
    pipeline_close(&p);
    return status;
}
