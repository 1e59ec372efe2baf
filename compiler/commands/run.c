/* run: nnc run, a model compiled, fed and run; its outputs shown, or written as arrays. */
#include "commands/command.h"

#include "commands/feed.h"
#include "commands/model_options.h"
#include "commands/print_array.h"
#include "commands/progress.h"
#include "native/native.h"
#include "output.h"
#include "weights/npy_write.h"

typedef struct {
    const char *name, *path;
} wanted_file;

typedef struct {
    model_options model;
    feed_wishes wishes;
    const char **given; /* of -i, as they stand there */
    size_t given_count, given_capacity;
    wanted_file *files; /* of -o */
    size_t file_count, file_capacity;
} run_options;

/* An output over all runs. */
typedef struct {
    unsigned rank;
    int64_t sizes[TENSOR_MAX_RANK + 1];
    size_t elements; /* of one run */
    double *numbers;
} result;

/* --- results --- */

static result *results_of(arena *a, const feed *f, bool stepped) {
    result *all = ARENA_ARRAY(a, result, f->model->output_count);
    for (size_t i = 0; i < f->model->output_count; i++) {
        const ir_type *type = &f->model->outputs[i].value->type;
        if (stepped) all[i].sizes[all[i].rank++] = f->steps;
        for (unsigned k = 0; k < type->rank; k++)
            all[i].sizes[all[i].rank++] = ir_dim_at(f->model, type->dims[k], f->dims);
        all[i].elements = ir_elements_at(f->model, type, f->dims);
        all[i].numbers = ARENA_ARRAY(a, double, all[i].elements *(size_t)f->steps);
    }
    return all;
}

static bool collect(native *n, int body, const feed *f, result *all, diag_list *diags) {
    const ir_model *m = f->model;
    for (int64_t step = 0; step < f->steps; step++) {
        arena *a = arena_new();
        double **outputs = ARENA_ARRAY(a, double *, m->output_count);
        int status;
        bool good = native_next(n, body, a, f->dims, outputs, &status);
        if (good && status) feed_refused(a, f, step, status, diags);
        good = good && !status;
        for (size_t i = 0; good && i < m->output_count; i++)
            memcpy(all[i].numbers + (size_t)step * all[i].elements, outputs[i],
                   all[i].elements * sizeof(double));
        arena_free(a);
        if (!good) return false;
    }
    return true;
}

static bool execute(pipeline *p, const feed *f, result *all) {
    progress_say("compiling the C");
    native *n =
        native_build(p->arena, p->plans[0], p->apis[0], options_target(p->options), p->diags);
    bool good = n != NULL;
    const double **inputs = ARENA_ARRAY(p->arena, const double *, f->model->input_count);
    for (int64_t step = 0; good && step < f->steps; step++) {
        feed_at(f, step, inputs);
        good = native_add_run(n, step == 0, f->dims, inputs);
    }
    progress_say("running");
    /* the widest body that the machine has, as reset would choose it */
    good = good && native_start(n, 0);
    int best = good ? native_bodies(n) - 1 : 0;
    good = good && (best == 0 || native_start(n, best)) && collect(n, best, f, all, p->diags);
    native_close(n);
    return good;
}

/* --- what becomes of them --- */

static const wanted_file *file_of(const run_options *o, const char *name) {
    for (size_t i = 0; i < o->file_count; i++)
        if (strcmp(o->files[i].name, name) == 0) return &o->files[i];
    return NULL;
}

static bool check_files(pipeline *p, const run_options *o) {
    const ir_model *m = p->file.models[0];
    const char **names = ARENA_ARRAY(p->arena, const char *, m->output_count);
    for (size_t i = 0; i < m->output_count; i++) names[i] = m->outputs[i].name;
    for (size_t k = 0; k < o->file_count; k++) {
        bool found = false;
        for (size_t i = 0; i < m->output_count; i++)
            found = found || strcmp(names[i], o->files[k].name) == 0;
        if (found) continue;
        const char *nearest = diag_nearest(o->files[k].name, names, m->output_count);
        diag *d =
            diag_error(p->diags, m->where, "model %s has no output %s", m->name, o->files[k].name);
        if (nearest) diag_hint(d, "did you mean %s?", nearest);
    }
    return !diag_error_count(p->diags);
}

/* Before anything is run: an output in the way of an input, or of another, is refused. */
static int find_files(pipeline *p, const run_options *o, place *places) {
    size_t of_models, count = o->wishes.arrays->count;
    const char **from_models = pipeline_inputs(p, &of_models);
    const char **inputs = ARENA_ARRAY(p->arena, const char *, count + of_models);
    for (size_t i = 0; i < count; i++) inputs[i] = o->wishes.arrays->items[i].from;
    for (size_t i = 0; i < of_models; i++) inputs[count++] = from_models[i];
    for (size_t i = 0; i < o->file_count; i++)
        if (!output_find(p->arena, o->files[i].path, &places[i], p->diags)) return STATUS_INPUT;
    return output_distinct(places, o->file_count, inputs, count, p->diags) ? STATUS_DONE
                                                                           : STATUS_USAGE;
}

static size_t output_of(const ir_model *m, const char *name) {
    for (size_t i = 0; i < m->output_count; i++)
        if (strcmp(m->outputs[i].name, name) == 0) return i;
    ice("no output %s", name);
}

/* Files that have a name first: what is written through cannot be taken back. */
static bool write_files(pipeline *p, const run_options *o, const place *places, const feed *f,
                        const result *all) {
    output *files = ARENA_ARRAY(p->arena, output, o->file_count);
    output **opened = ARENA_ARRAY(p->arena, output *, o->file_count);
    size_t count = 0;
    for (int through = 0; through < 2; through++)
        for (size_t i = 0; i < o->file_count; i++) {
            if (places[i].through != (through != 0)) continue;
            size_t k = output_of(f->model, o->files[i].name);
            bool integers = f->model->outputs[k].value->type.dtype != IR_F32;
            bool good = output_open(p->arena, &files[i], &places[i], p->diags);
            if (good) opened[count++] = &files[i];
            if (good && npy_write(files[i].file, integers, all[k].sizes, all[k].rank,
                                  all[k].numbers, all[k].elements * (size_t)f->steps))
                continue;
            if (good) output_complain(&files[i], p->diags);
            output_discard(opened, count);
            return false;
        }
    return output_commit(opened, count, p->diags);
}

static bool print_results(pipeline *p, const run_options *o, const feed *f, const result *all) {
    text t = text_new(p->arena);
    for (size_t i = 0; i < f->model->output_count; i++) {
        const ir_output *out = &f->model->outputs[i];
        if (file_of(o, out->name)) continue;
        ir_dtype dtype = out->value->type.dtype;
        text_printf(&t, "%s: %s%s\n", out->name, ir_dtype_name(dtype),
                    tensor_shape_string(p->arena, all[i].sizes, all[i].rank));
        print_array(&t, dtype != IR_F32, all[i].sizes, all[i].rank, all[i].numbers);
    }
    return command_print(text_string(&t), p->diags);
}

/* --- the command line --- */

static int run_model(pipeline *p, void *context) {
    run_options *o = context;
    feed f;
    given_arrays arrays = {0};
    o->wishes.arrays = &arrays;
    o->wishes.dims = &o->model.dims;
    if (!pipeline_lower(p, pipeline_parse(p)) || !model_options_choose(p, &o->model))
        return STATUS_INPUT;
    for (size_t i = 0; i < o->given_count; i++)
        given_arrays_add(p->arena, &arrays, o->given[i], p->diags);
    if (!check_files(p, o)) return STATUS_INPUT;
    place *places = ARENA_ARRAY(p->arena, place, o->file_count);
    int status = find_files(p, o, places);
    if (status) return status;
    if (!model_options_bind(p) || !pipeline_passes(p)) return STATUS_INPUT;
    bool good = feed_find(p->arena, p->file.models[0], &o->wishes, p->diags, &f);
    given_dims_unused(&o->model.dims, p->options->input, p->diags);
    if (!good || diag_failed(p->diags) || !pipeline_plan(p)) return STATUS_INPUT;
    result *all = results_of(p->arena, &f, o->wishes.steps != 0);
    good =
        execute(p, &f, all) && write_files(p, o, places, &f, all) && print_results(p, o, &f, all);
    return good ? STATUS_DONE : STATUS_INPUT;
}

enum { INPUT, OUTPUT, STEPS, RANDOM, OWN };
static const command_option rows[] = {
    [INPUT] = {'i', "input", "NAME=WHAT",
               "an input: numbers, 1,2,3 or [[1,2],[3,4]], or a file: .npy, .npz (its array\n"
               "NAME), or a weights file; a file alone gives all inputs that it has"},
    [OUTPUT] = {'o', "output", "NAME=FILE",
                "writes an output as a NumPy .npy file, instead of showing it"},
    [STEPS] =
        {0, "steps", "N",
         "N runs, the states kept from one to the next; arrays have an axis of them in front,\n"
         "inputs without it are the same in every run"},
    [RANDOM] = {0, "random", "SEED",
                "inputs that are not given are random: floats normal, indices within their range"},
    MODEL_OPTION_ROWS,
};

static bool add_file(arena *a, run_options *o, const char *given) {
    const char *equals = strchr(given, '=');
    if (!equals || equals == given || !equals[1]) return false;
    wanted_file f = {arena_strndup(a, given, (size_t)(equals - given)), equals + 1};
    ARENA_PUSH(a, o->files, o->file_count, o->file_capacity, f);
    return true;
}

static int read_options(command_line *line, run_options *o) {
    for (int option; (option = command_next(line)) >= 0;) {
        int status = option >= OWN ? model_options_take(line, &o->model, option - OWN) : -1;
        if (option == INPUT)
            ARENA_PUSH(line->arena, o->given, o->given_count, o->given_capacity, line->value);
        if (option == OUTPUT && !add_file(line->arena, o, line->value))
            return command_usage(line, "--output takes NAME=FILE, not %s", line->value);
        if (option == STEPS) status = model_options_steps(line, &o->wishes.steps);
        if (option == RANDOM) {
            status = model_options_seed(line, &o->wishes.seed);
            o->wishes.random = true;
        }
        if (status >= 0) return status;
    }
    return line->status >= 0 ? line->status : model_options_finish(line, &o->model);
}

static int run(command_line *line) {
    run_options o = {.model = {.compiling = options_default()}};
    int status = read_options(line, &o);
    return status < 0 ? pipeline_do(&o.model.compiling, run_model, &o) : status;
}

const command command_run_model = {
    .name = "run",
    .arguments = "MODEL.nn [options]",
    .summary = "runs a model on numbers or arrays",
    .about =
        "Compiles a model with $CC (cc) and $CFLAGS, runs it on this machine and shows its "
        "outputs. Sizes that inputs\n"
        "have are found out; --dim says the others.",
    .options = rows,
    .option_count = sizeof rows / sizeof *rows,
    .run = run,
};
