/* nnc: a .nn file and its weights -> one C file and its header. The pipeline as straight calls; nothing else decides
 * the order, and nothing else exits. */
#include <errno.h>
#include <string.h>

#include "command_import.h"
#include "command_weights.h"
#include "emit/target.h"
#include "generated.h"
#include "lower/lower.h"
#include "options.h"
#include "output.h"
#include "passes/passes.h"
#include "plan/plan.h"
#include "syntax/parse.h"
#include "weights/bind.h"

enum { STATUS_DONE = 0, STATUS_INPUT = 1, STATUS_USAGE = 2 }; /* 3 is ice()'s */
enum { MAX_SOURCE_BYTES = 64 << 20 };

/* --- weights: each file is opened once, and bound to all models that name it --- */

typedef struct {
    tensor_file **files;
    size_t count;
} open_weights;

static const char *weights_path(arena *a, const options *o, const ir_model *m) {
    if (o->weights) return o->weights;
    return m->weights ? path_beside(a, o->input, m->weights) : NULL;
}

static void need_weights(const ir_model *m, diag_list *diags) {
    diag *d = diag_error(diags, m->where, "model %s has parameters, but no weights", m->name);
    diag_hint(d,
              "add a line like: weights \"%s.pt\", or pass --weights FILE; --random-weights 1 tries shapes "
              "without a file",
              m->name);
}

static void bind_all(arena *a, const options *o, const lowered_file *file, open_weights *open, diag_list *diags) {
    if (o->random_weights) {
        bind_random_weights(file->models, file->count, o->seed);
        return;
    }
    bool *bound = ARENA_ARRAY(a, bool, file->count);
    open->files = ARENA_ARRAY(a, tensor_file *, file->count);
    for (size_t i = 0; i < file->count; i++) {
        ir_model *m = file->models[i];
        const char *path = weights_path(a, o, m);
        if (bound[i]) continue;
        if (!path) {
            if (m->param_count) need_weights(m, diags);
            continue;
        }
        ir_model **same = ARENA_ARRAY(a, ir_model *, file->count);
        size_t count = 0;
        for (size_t k = i; k < file->count; k++) {
            const char *other = weights_path(a, o, file->models[k]);
            if (!other || strcmp(other, path) != 0) continue;
            same[count++] = file->models[k];
            bound[k] = true;
        }
        span where = o->weights ? (span){0, 0} : m->weights_where;
        tensor_file *f = tensor_file_open(a, path, diags, where);
        if (!f) continue;
        open->files[open->count++] = f;
        bind_weights(same, count, f, o->weights_key, diags, where);
    }
}

/* --- output --- */

/* An output that would take the place of a file that is read, or of another, is refused before anything is written. */
static int write_outputs(arena *a, const options *o, const lowered_file *file, const plan *const *plans,
                         emit_api *const *apis, diag_list *diags) {
    generated g;
    const char **inputs = ARENA_ARRAY(a, const char *, file->count + 1);
    for (size_t i = 0; i < file->count; i++)
        if (!o->random_weights) inputs[i] = weights_path(a, o, file->models[i]);
    inputs[file->count] = o->input;
    if (!generated_find(a, o, &g, diags)) return STATUS_INPUT;
    if (!output_distinct(g.places, GENERATED_FILES, inputs, file->count + 1, diags)) return STATUS_USAGE;
    return generated_write(a, o, &g, plans, apis, file->count, diags) ? STATUS_DONE : STATUS_INPUT;
}

static int write_runtime(arena *a, const options *o, diag_list *diags) {
    generated g;
    bool good = generated_find(a, o, &g, diags) && generated_write(a, o, &g, NULL, NULL, 0, diags);
    return good ? STATUS_DONE : STATUS_INPUT;
}

static int print_dump(const text *t, diag_list *diags) {
    if (fputs(text_string(t), stdout) >= 0 && fflush(stdout) == 0) return STATUS_DONE;
    diag_error_file(diags, "standard output", "%s", strerror(errno));
    return STATUS_INPUT;
}

/* --- the pipeline --- */

static int compile(arena *a, const options *o, const source *s, open_weights *open, diag_list *diags) {
    text dump = text_new(a);
    ast_file *ast = parse_file(a, s, diags);
    if (o->dump == DUMP_AST) {
        if (diag_error_count(diags)) return STATUS_INPUT;
        ast_dump(ast, &dump);
        return print_dump(&dump, diags);
    }
    /* what did parse is lowered even so: all errors of a file are shown in one run */
    lowered_file lowered = lower_file(a, ast, diags);
    if (diag_error_count(diags)) return STATUS_INPUT;
    emit_api *const *apis = emit_apis(a, lowered.models, lowered.count);
    emit_api_check(a, lowered.models, apis, lowered.count, diags);
    /* a dump of the IR or the plan shows shapes: it needs no weights */
    if (!o->dump) bind_all(a, o, &lowered, open, diags);
    plan_options planning = {.unroll = o->unroll};
    target_bodies(options_target(o), &planning);
    const plan **plans = ARENA_ARRAY(a, const plan *, lowered.count);
    for (size_t i = 0; i < lowered.count; i++) {
        bool good = passes_run(lowered.models[i], diags);
        if (o->dump == DUMP_IR) ir_print(lowered.models[i], &dump);
        if (!good || o->dump == DUMP_IR) continue;
        plans[i] = plan_model(a, lowered.models[i], &planning, diags);
        if (o->dump == DUMP_PLAN) plan_print(plans[i], &dump);
    }
    if (diag_failed(diags)) return STATUS_INPUT;
    if (o->dump) return print_dump(&dump, diags);
    return write_outputs(a, o, &lowered, plans, apis, diags);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "import") == 0) return command_import(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "weights") == 0) return command_weights(argc - 1, argv + 1);
    options o;
    options_result parsed = options_parse(argc, argv, &o);
    if (parsed != OPTIONS_RUN) return parsed == OPTIONS_DONE ? STATUS_DONE : STATUS_USAGE;

    arena *a = arena_new();
    const char *error = NULL;
    source *s = o.input ? source_read(a, o.input, MAX_SOURCE_BYTES, &error) : NULL;
    diag_list *diags = diag_list_new(a, s);
    diag_set(diags, &o.diagnostics);
    open_weights open = {NULL, 0};
    int status = o.input ? STATUS_DONE : write_runtime(a, &o, diags);
    if (error) diag_error_file(diags, o.input, "%s", error);
    if (error) status = STATUS_INPUT;
    if (s && status == STATUS_DONE) status = compile(a, &o, s, &open, diags);
    diag_print(diags, stderr);
    for (size_t i = 0; i < open.count; i++) tensor_file_close(open.files[i]);
    arena_free(a);
    return status;
}
