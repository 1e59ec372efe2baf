/* pipeline: see pipeline.h. */
#include "commands/pipeline.h"

#include <string.h>

#include "commands/command.h"
#include "commands/progress.h"
#include "emit/target.h"
#include "format/format.h"
#include "passes/passes.h"
#include "place.h"
#include "syntax/parse.h"
#include "weights/bind.h"
#include "weights/over.h"

bool pipeline_open(pipeline *p, const options *o) {
    const char *error = NULL;
    progress_say("reading the model");
    *p = (pipeline){.options = o, .arena = arena_new()};
    p->source = o->input ? source_read(p->arena, o->input, SOURCE_MAX_BYTES, &error) : NULL;
    p->diags = diag_list_new(p->arena, p->source);
    diag_set(p->diags, &o->diagnostics);
    if (error) diag_error_file(p->diags, o->input, "%s", error);
    return !error;
}

void pipeline_open_text(pipeline *p, const options *o, const char *bytes, size_t size) {
    *p = (pipeline){.options = o, .arena = arena_new()};
    p->source = source_from_text(p->arena, o->input, bytes, size);
    p->diags = diag_list_new(p->arena, p->source);
    diag_set(p->diags, &o->diagnostics);
}

ast_file *pipeline_parse(pipeline *p) { return parse_file(p->arena, p->source, p->diags); }

/* Fewer bits are for what has been learnt. */
static void refuse_formats(pipeline *p, const ir_model *m) {
    const ir_node *n = format_asked(m);
    if (!n) return;
    diag *d = diag_error(p->diags, n->where, "%s would be kept as %s, and model %s is trained, in float32",
                         n->label ? n->label : ir_op_name(n->op), ir_weights_name(n->attrs.weights), m->name);
    diag_hint(d, "nnc --inference compiles what was learnt, and with --weights-type in fewer bits");
}

/* --inference: as if there were no targets, loss and train. */
static void divide(pipeline *p, ir_model *m) {
    if (p->options->weights_type) ir_weights_default(m, p->options->weights_type);
    if (m->training && !p->options->inference) refuse_formats(p, m);
    if (!pass_modes(m, p->diags) || !m->training) return;
    if (p->options->inference) {
        m->training = NULL;
        for (size_t i = 0; i < m->param_count; i++) m->params[i].trained = m->params[i].moving = false;
        return;
    }
    if (p->options->weights_beside) {
        diag *d = diag_error(p->diags, m->where,
                             "model %s is trained: its parameters live in its struct, not beside the code", m->name);
        diag_hint(d, "with --inference it is compiled without its loss; --weights-only makes a file of what was saved");
    }
    ir_training *t = m->training;
    t->tape = p->options->tape;
    t->train_only = t->train_only || p->options->train_only;
    t->at_once = t->train_only && t->optimizer_count;
    for (size_t i = 0; i < t->clip_count; i++) t->at_once = t->at_once && t->clips[i].by_value;
    if (!t->train_only || t->optimizer_count) return;
    diag *e = diag_error(p->diags, t->loss_where, "--train-api=train leaves %s_train alone, and no optimizer makes one",
                         m->name);
    diag_hint(e, "train SGD(lr=0.1), for example");
}

/* What did parse is lowered even so: all errors of a file are shown in one run. */
bool pipeline_lower(pipeline *p, ast_file *ast) {
    p->file = lower_file_noting(p->arena, ast, p->diags, p->notes);
    if (diag_error_count(p->diags)) return false;
    for (size_t i = 0; i < p->file.count; i++)
        p->file.models[i]->name = arena_printf(p->arena, "%s%s", p->options->name_prefix, p->file.models[i]->name);
    for (size_t i = 0; i < p->file.count; i++) divide(p, p->file.models[i]);
    if (diag_error_count(p->diags)) return false;
    p->apis = emit_apis(p->arena, p->file.models, p->file.count, p->options->weights_beside);
    emit_api_check(p->arena, p->file.models, p->apis, p->file.count, p->diags);
    return true;
}

/* --- weights --- */

const char *pipeline_weights(const pipeline *p, const ir_model *m) {
    if (p->options->random_weights) return NULL;
    if (p->options->weights) return p->options->weights;
    return m->weights ? path_beside(p->arena, p->options->input, m->weights) : NULL;
}

const char **pipeline_inputs(const pipeline *p, size_t *count) {
    size_t capacity = 1;
    const char **inputs = ARENA_ARRAY(p->arena, const char *, capacity);
    inputs[0] = p->options->input;
    *count = 1;
    for (size_t i = 0; i < p->file.count; i++) {
        const ir_model *m = p->file.models[i];
        const char *weights = pipeline_weights(p, m);
        bool overlaid = weights && !p->options->weights && m->weights_over;
        ARENA_PUSH(p->arena, inputs, *count, capacity, weights);
        for (size_t k = 0; overlaid && m->weights_over[k]; k++)
            ARENA_PUSH(p->arena, inputs, *count, capacity,
                       path_beside(p->arena, p->options->input, m->weights_over[k]));
    }
    return inputs;
}

static void need_weights(const ir_model *m, diag_list *diags) {
    diag *d = diag_error(diags, m->where, "model %s has parameters, but no weights", m->name);
    diag_hint(d,
              "add a line like: weights \"%s.pt\", or pass --weights FILE; to try shapes without a file, nnc, nnc run "
              "and nnc verify take --random-weights 1",
              m->name);
}

/* Without a file there are the parameters that NAME_init draws, and no others. */
static void check_drawn(const ir_model *m, diag_list *diags) {
    if (!m->training) {
        if (m->param_count) need_weights(m, diags);
        return;
    }
    for (size_t i = 0; i < m->param_count; i++) {
        const ir_param *p = &m->params[i];
        if (ir_param_lives(p) && p->init.kind != IR_INIT_NONE) continue;
        diag *d = diag_error(diags, p->where, "%s needs a weights file: \"%.80s\" is %s", p->wanted_by, p->key,
                             ir_param_lives(p) ? "a param, which has no values of its own" : "not trained");
        diag_hint(d, "weights \"%s.safetensors\"", m->name);
        return;
    }
}

static tensor_file *open_weights(pipeline *p, const char *path, span where) {
    tensor_file *f = tensor_file_open(p->arena, path, p->diags, where);
    if (f) ARENA_PUSH(p->arena, p->weights, p->weights_count, p->weights_capacity, f);
    return f;
}

static void bind_files(pipeline *p) {
    const options *o = p->options;
    ir_model *const *models = p->file.models;
    size_t models_count = p->file.count;
    bool *bound = ARENA_ARRAY(p->arena, bool, models_count);
    for (size_t i = 0; i < models_count; i++) {
        ir_model *m = models[i];
        const char *path = pipeline_weights(p, m);
        if (bound[i]) continue;
        if (!path) {
            check_drawn(m, p->diags);
            continue;
        }
        ir_model **same = ARENA_ARRAY(p->arena, ir_model *, models_count);
        size_t count = 0;
        for (size_t k = i; k < models_count; k++) {
            const char *other = pipeline_weights(p, models[k]);
            bool alone = k != i && (m->weights_over || models[k]->weights_over);
            if (!other || strcmp(other, path) != 0 || alone) continue;
            same[count++] = models[k];
            bound[k] = true;
        }
        span where = o->weights ? (span){0, 0} : m->weights_where;
        tensor_file *f = open_weights(p, path, where);
        for (size_t k = 0; f && !o->weights && m->weights_over && m->weights_over[k]; k++) {
            tensor_file *over = open_weights(p, path_beside(p->arena, o->input, m->weights_over[k]), where);
            f = over ? tensor_file_over(p->arena, f, over, p->diags, where) : NULL;
        }
        if (!f) continue;
        bind_weights(same, count, f, o->weights_key, p->diags, where);
    }
}

bool pipeline_bind(pipeline *p) {
    const options *o = p->options;
    progress_say("reading weights");
    if (o->random_weights) bind_random_weights(p->file.models, p->file.count, o->seed);
    else bind_files(p);
    if (diag_error_count(p->diags)) return true; /* of the passes and the plan, too */
    for (size_t i = 0; i < p->file.count; i++) format_warn(p->file.models[i], p->diags);
    return true;
}

/* --- passes and plans --- */

bool pipeline_passes(pipeline *p) {
    progress_say("simplifying");
    p->passed = ARENA_ARRAY(p->arena, bool, p->file.count);
    for (size_t i = 0; i < p->file.count; i++) p->passed[i] = passes_run(p->file.models[i], p->diags);
    return !diag_failed(p->diags);
}

bool pipeline_plan(pipeline *p) {
    progress_say("planning");
    plan_options planning = {.unroll = p->options->unroll};
    target_bodies(options_target(p->options), &planning);
    p->plans = ARENA_ARRAY(p->arena, const plan *, p->file.count);
    for (size_t i = 0; i < p->file.count; i++)
        if (p->passed[i]) p->plans[i] = plan_model(p->arena, p->file.models[i], &planning, p->diags);
    return !diag_failed(p->diags);
}

void pipeline_release(pipeline *p) {
    progress_end();
    for (size_t i = 0; i < p->weights_count; i++) tensor_file_close(p->weights[i]);
    p->weights_count = 0;
}

void pipeline_close(pipeline *p) {
    progress_end();
    diag_print(p->diags, stderr);
    pipeline_release(p);
    arena_free(p->arena);
}

int pipeline_do(const options *o, pipeline_use *use, void *context) {
    pipeline p;
    int status = pipeline_open(&p, o) ? use(&p, context) : STATUS_INPUT;
    pipeline_close(&p);
    return status;
}
