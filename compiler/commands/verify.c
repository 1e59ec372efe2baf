/* verify: nnc verify, the code that the C compiler makes against the float64 interpreter. */
#include "commands/verify.h"

#include <stdlib.h>

#include "commands/model_options.h"
#include "commands/progress.h"
#include "commands/verify_compare.h"
#include "format/format.h"

typedef struct {
    model_options model;
    const char **given; /* of -i, as they stand there */
    size_t given_count, given_capacity;
    const char **expected; /* of -e */
    size_t expected_count, expected_capacity;
    int64_t steps; /* 0: not said */
    uint64_t seed;
    double max_error; /* below 0: not said */
    bool json;
} verify_options;

/* The contract of generated code: docs/generated-code.md. */
static const double TIMES_PLAIN = 4, BESIDE = 1e-6;

/* --- models: as they are, with watched outputs, and with them as lowering made it --- */

/* The file's model once more, with the first one's weights, and without what is only there for
 * training; what is wrong with it was said already. */
static pipeline *lower_again(const pipeline *p, ast_file *ast, const ir_model *first) {
    pipeline *again = ARENA_NEW(p->arena, pipeline);
    options *o = arena_copy(p->arena, p->options, sizeof *o);
    o->inference = true;
    *again = *p;
    again->options = o;
    again->diags = diag_list_new(p->arena, p->source);
    size_t i = 0;
    if (!pipeline_lower(again, ast)) ice("model %s is not lowered again", first->name);
    while (i < again->file.count && strcmp(again->file.models[i]->name, first->name) != 0) i++;
    if (i == again->file.count) ice("model %s is not there again", first->name);
    ir_model *m = again->file.models[i];
    for (size_t k = 0; k < m->param_count; k++) m->params[k].data = first->params[k].data;
    again->file.models += i;
    again->file.count = 1;
    return again;
}

/* Every matrix as the file has it. */
static void widen(ir_graph *g) {
    for (ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) widen(&n->block->body);
        n->attrs.weights = IR_WEIGHTS_DEFAULT;
    }
}

/* The model with the file's own weights; NULL if it has those anyway. */
static ir_model *own_of(const pipeline *p, ast_file *ast) {
    ir_model *own = lower_again(p, ast, p->file.models[0])->file.models[0];
    bool changed = format_is_used(own, FORMAT_INT8) || format_is_used(own, FORMAT_INT16);
    widen(&own->run);
    widen(&own->reset);
    return changed ? own : NULL;
}

static bool plan_watched(pipeline *p) {
    p->apis = emit_apis(p->arena, p->file.models, 1, false);
    return pipeline_passes(p) && pipeline_plan(p);
}

/* --- what is wanted --- */

static bool expect(pipeline *p, const given_array *g, const verify_runs *runs, int64_t steps,
                   verified *to) {
    const ir_model *m = to->model;
    size_t i = 0;
    while (i < m->output_count && strcmp(m->outputs[i].name, g->name) != 0) i++;
    if (i == m->output_count) {
        diag_error(p->diags, m->where, "model %s has no output %s", m->name, g->name);
        return false;
    }
    const ir_type *type = &m->outputs[i].value->type;
    int64_t sizes[TENSOR_MAX_RANK + 1];
    unsigned rank = 0;
    if (steps) sizes[rank++] = steps;
    for (unsigned k = 0; k < type->rank; k++)
        sizes[rank++] = ir_dim_at(m, type->dims[k], runs->dims[0]);
    bool fits = g->in_a_row || g->rank == rank;
    for (unsigned k = 0; k < rank && fits && !g->in_a_row; k++) fits = g->sizes[k] == sizes[k];
    fits = fits && g->elements == ir_elements_at(m, type, runs->dims[0]) * runs->count;
    if (!fits)
        diag_error(p->diags, m->outputs[i].where, "output %s is %s, here %s; %s", g->name,
                   ir_type_string(p->arena, type), tensor_shape_string(p->arena, sizes, rank),
                   given_array_string(p->arena, g));
    to->outputs[i].expected = g->numbers;
    to->outputs[i].expected_is_stepped = true;
    return fits;
}

/* --- all of it --- */

static bool write_runs(native *n, const verify_runs *runs) {
    for (size_t i = 0; i < runs->count; i++) {
        arena *a = arena_new();
        bool good =
            native_add_run(n, i == 0 || runs->resets, runs->dims[i], verify_inputs(runs, a, i));
        arena_free(a);
        if (!good) return false;
    }
    return true;
}

static bool start_code(native *n, verified *to) {
    if (!native_start(n, 0)) return false;
    to->bodies = native_bodies(n);
    for (int b = 1; b < to->bodies; b++)
        if (!native_start(n, b)) return false;
    for (int b = 0; b < to->bodies; b++) to->body_names[b] = native_body_name(n, b);
    return true;
}

static void allow(verified *v) {
    for (size_t i = 0; i < v->model->output_count; i++) {
        verified_output *o = &v->outputs[i];
        bool exact = o->type->dtype != IR_F32 && o->plain.largest == 0;
        o->allowed = v->max_error >= 0 ? v->max_error
                     : exact           ? 0
                                       : TIMES_PLAIN * o->plain.largest + BESIDE;
    }
}

static bool measure(pipeline *p, ir_model *reference, ir_model *own, pipeline *watched, const verify_runs *runs,
                    verified *to) {
    const char *target = options_target(p->options);
    verify_sides sides = {.reference = reference, .own = own};
    to->is_narrow = own != NULL;
    progress_say("compiling the C");
    sides.code = native_build(p->arena, p->plans[0], p->apis[0], target, p->diags);
    bool good = sides.code && write_runs(sides.code, runs) && start_code(sides.code, to);
    sides.body = to->bodies - 1;
    if (good && to->value_count) {
        sides.watched =
            native_build(p->arena, watched->plans[0], watched->apis[0], target, p->diags);
        good = sides.watched && write_runs(sides.watched, runs) &&
               native_start(sides.watched, sides.body);
    }
    progress_say("comparing");
    good = good && verify_compare(&sides, runs, to, p->diags);
    native_close(sides.watched);
    native_close(sides.code);
    if (good) allow(to);
    return good;
}

static verified verified_new(pipeline *p, const verify_runs *runs, const watched_values *w,
                             const verify_options *o) {
    const ir_model *m = p->file.models[0];
    verified v = {.model = m,
                  .runs = runs,
                  .target = options_target(p->options),
                  .seed = o->seed,
                  .same_bits = true,
                  .max_error = o->max_error,
                  .value_count = w->count};
    v.outputs = ARENA_ARRAY(p->arena, verified_output, m->output_count);
    v.values = ARENA_ARRAY(p->arena, verified_value, w->count);
    for (size_t i = 0; i < m->output_count; i++) {
        v.outputs[i].name = m->outputs[i].name;
        v.outputs[i].type = &m->outputs[i].value->type;
    }
    for (size_t i = 0; i < w->count; i++) v.values[i].of = w->items[i];
    return v;
}

/* Which runs there are: on what is given, or on random inputs. */
static bool find_runs(pipeline *p, verify_options *o, const ir_model *layers, feed *f,
                      verify_runs *runs) {
    ir_model *m = p->file.models[0];
    given_arrays arrays = {0};
    for (size_t i = 0; i < o->given_count; i++)
        given_arrays_add(p->arena, &arrays, o->given[i], p->diags);
    feed_wishes wishes = {&arrays, &o->model.dims, o->steps, true, o->seed};
    bool good = true;
    if (arrays.count || !m->input_count) {
        good = feed_find(p->arena, m, &wishes, p->diags, f);
        if (good) *runs = verify_runs_fed(p->arena, f);
    } else {
        int64_t *fixed = ARENA_ARRAY(p->arena, int64_t, m->symbol_count);
        given_dims_set(&o->model.dims, m, fixed, p->diags);
        if (!diag_error_count(p->diags))
            *runs = verify_runs_random(p->arena, m, layers, fixed, o->seed, o->steps);
    }
    given_dims_unused(&o->model.dims, p->options->input, p->diags);
    return good && !diag_failed(p->diags);
}

static int verify(pipeline *p, void *context) {
    verify_options *o = context;
    feed f;
    verify_runs runs;
    given_arrays expected = {0};
    ast_file *ast = pipeline_parse(p);
    if (!pipeline_lower(p, ast) || !model_options_choose(p, &o->model) || !model_options_bind(p))
        return STATUS_INPUT;
    pipeline *watched = lower_again(p, ast, p->file.models[0]);
    ir_model *reference = lower_again(p, ast, p->file.models[0])->file.models[0];
    ir_model *own = own_of(p, ast);
    watched_values values = watch_model(p->arena, reference, p->source);
    watch_model(p->arena, watched->file.models[0], p->source);
    if (!pipeline_passes(p) || !find_runs(p, o, reference, &f, &runs) || !pipeline_plan(p))
        return STATUS_INPUT;
    if (!plan_watched(watched)) values.count = 0;
    verified v = verified_new(p, &runs, &values, o);
    for (size_t i = 0; i < o->expected_count; i++)
        given_arrays_add(p->arena, &expected, o->expected[i], p->diags);
    for (size_t i = 0; i < expected.count; i++) expect(p, &expected.items[i], &runs, o->steps, &v);
    if (diag_error_count(p->diags) || !measure(p, reference, own, watched, &runs, &v))
        return STATUS_INPUT;
    text t = text_new(p->arena);
    if (o->json) verify_print_json(&v, p->arena, &t);
    else verify_print(&v, p->source, p->arena, &t);
    return command_print(text_string(&t), p->diags) && verified_is_good(&v) ? STATUS_DONE
                                                                            : STATUS_INPUT;
}

/* --- the command line --- */

enum { INPUT, EXPECT, STEPS, RANDOM, MAX_ERROR, JSON, OWN };
static const command_option rows[] = {
    [INPUT] = {'i', "input", "NAME=WHAT",
               "an input, as nnc run takes it; those that are not given are random"},
    [EXPECT] = {'e', "expect", "NAME=WHAT",
                "what an output should be, in the same forms, instead of what the interpreter\n"
                "computes; with --steps with an axis of the runs in front"},
    [STEPS] = {0, "steps", "N", "so many runs, the states kept from one to the next"},
    [RANDOM] = {0, "random", "SEED", "other random inputs (default: 1)"},
    [MAX_ERROR] = {0, "max-error", "X",
                   "the largest error that is good, instead of what nnc promises"},
    [JSON] = {0, "json", NULL, "as JSON"},
    MODEL_OPTION_ROWS,
};

static bool read_error(const char *s, double *to) {
    char *end;
    *to = strtod(s, &end);
    return end != s && !*end && *to >= 0;
}

static int read_options(command_line *line, verify_options *o) {
    for (int option; (option = command_next(line)) >= 0;) {
        int status = option >= OWN ? model_options_take(line, &o->model, option - OWN) : -1;
        if (option == INPUT)
            ARENA_PUSH(line->arena, o->given, o->given_count, o->given_capacity, line->value);
        if (option == EXPECT)
            ARENA_PUSH(line->arena, o->expected, o->expected_count, o->expected_capacity, line->value);
        if (option == JSON) o->json = true;
        if (option == STEPS) status = model_options_steps(line, &o->steps);
        if (option == RANDOM) status = model_options_seed(line, &o->seed);
        if (option == MAX_ERROR && !read_error(line->value, &o->max_error))
            return command_usage(line, "--max-error takes a number from 0 up, not %s", line->value);
        if (status >= 0) return status;
    }
    if (line->status >= 0) return line->status;
    if (o->expected_count && !o->given_count)
        return command_usage(line,
                             "--expect says what comes of certain inputs: give them, with -i");
    return model_options_finish(line, &o->model);
}

static int run(command_line *line) {
    verify_options o = {.model = {.compiling = options_default()}, .seed = 1, .max_error = -1};
    int status = read_options(line, &o);
    return status < 0 ? pipeline_do(&o.model.compiling, verify, &o) : status;
}

const command command_verify = {
    .name = "verify",
    .arguments = "MODEL.nn [options]",
    .summary = "how exact the generated code is, and where it is not",
    .about =
        "Compiles a model with $CC (cc) and $CFLAGS, runs every variant of the code that this "
        "machine can run, and compares\n"
        "outputs, and values that the file names, with an interpreter that computes in float64 "
        "what the file says. Without\n"
        "-i inputs are random, at the smallest, the largest and other run-time sizes; a model with "
        "states runs 1000 times\n"
        "in a row. Status 1 if an error is larger than four times that of plain float32 arithmetic "
        "and 1e-6.",
    .options = rows,
    .option_count = sizeof rows / sizeof *rows,
    .run = run,
};
