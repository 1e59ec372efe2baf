/* gradient_driver: a program in C that holds what nnc generated for models with a loss against the interpreter.
 *
 * usage: gradient_driver FILE.nn SEED DIM... > driver.c      with the dims of all models of the file, one after another
 *
 * The parameters are those of --random-weights SEED, the inputs are random. The driver includes m.h, calls NAME_grad of
 * each model once and compares the loss, every gradient and every output of training with what the float64 interpreter
 * makes of the same graph; the exit status says whether they fit. The interpreter's gradients, in turn, are compared here
 * with the tangent, along a random direction, of the graph as it was before it had any (reference/dual.h). Exit status here:
 * 0 done, 1 the file is at fault, 2 reverse mode is not forward mode.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lower/lower.h"
#include "passes/passes.h"
#include "reference/reference.h"
#include "syntax/parse.h"
#include "weights/bind.h"

static uint32_t state = 777;

/* In (-1, 1), a float32; each model begins anew. */
static double draw(void) {
    state = state * 1664525u + 1013904223u;
    return (double)(float)((double)(state >> 8) / (1 << 23) - 1);
}

static lowered_file read_models(arena *a, const char *path, uint64_t seed) {
    const char *error;
    source *s = source_read(a, path, 1 << 20, &error);
    diag_list *diags = s ? diag_list_new(a, s) : NULL;
    lowered_file f = {NULL, 0};
    if (s) f = lower_file(a, parse_file(a, s, diags), diags);
    bool fine = s && !diag_error_count(diags) && f.count;
    for (size_t i = 0; fine && i < f.count; i++) fine = pass_modes(f.models[i], diags);
    if (fine) bind_random_weights(f.models, f.count, seed);
    if (fine) return f;
    if (s) diag_print(diags, stderr);
    exit(1);
}

static void run_passes(arena *a, ir_model *m) {
    diag_list *diags = diag_list_new(a, source_from_text(a, "m.nn", "", 0));
    if (passes_run(m, diags)) return;
    diag_print(diags, stderr);
    exit(1);
}

/* Integers are 0 to 2; those called lengths 1 to 3. */
static double *random_input(arena *a, const ir_model *m, const ir_input *input, const int64_t *dims) {
    size_t count = ir_elements_at(m, &input->value->type, dims);
    double *x = ARENA_ARRAY(a, double, count);
    for (size_t i = 0; i < count; i++) {
        x[i] = draw();
        if (input->value->type.dtype == IR_I32) x[i] = floor((x[i] + 1) * 1.4999);
        if (strcmp(input->name, "lengths") == 0) x[i]++;
    }
    return x;
}

/* --- reverse mode against forward mode ------------------------------------------------------------------------------- */

/* The loss's tangent along a direction of all trained params. Passes drop params: they are known by their keys. */
typedef struct {
    double forward;
    const ir_param *params;
    double **direction; /* of each; NULL: it is not trained */
    size_t count;
} tangent;

/* Statistics of a batch are there behind the passes alone. */
static bool has_batch_norm(const ir_model *m) {
    for (size_t i = 0; i < m->param_count; i++)
        if (strstr(m->params[i].key, "running_var")) return true;
    return false;
}

static tangent tangent_of(arena *a, ir_model *m, const int64_t *dims, const double *const *inputs) {
    const ir_model *train = m->training->train;
    tangent t = {.params = m->params, .count = m->param_count};
    double **states = reference_reset(a, m, REFERENCE_FLOAT64), **still = ARENA_ARRAY(a, double *, train->input_count + 1);
    double **tangents = ARENA_ARRAY(a, double *, train->output_count + 1);
    t.direction = ARENA_ARRAY(a, double *, t.count + 1);
    for (size_t i = 0; i < t.count; i++) {
        if (!m->params[i].trained) continue;
        size_t elements = ir_elements_at(m, &m->params[i].type, dims);
        t.direction[i] = ARENA_ARRAY(a, double, elements);
        for (size_t k = 0; k < elements; k++) t.direction[i][k] = draw();
    }
    if (reference_tangent(a, train, dims, inputs, (const double *const *)states, (const double *const *)t.direction,
                          (const double *const *)still, tangents) != REFERENCE_OK)
        exit(1);
    t.forward = tangents[0][0];
    return t;
}

/* Does <gradient, direction> give the tangent? */
static void compare_tangent(const ir_model *m, const tangent *t, const int64_t *dims, double *const *gradients) {
    double backward = 0, size = 1;
    for (size_t i = 0; i < m->param_count; i++) {
        if (!m->params[i].trained || !gradients[i]) continue;
        size_t at = 0, elements = ir_elements_at(m, &m->params[i].type, dims);
        while (at < t->count && strcmp(t->params[at].key, m->params[i].key) != 0) at++;
        for (size_t k = 0; at < t->count && k < elements; k++) {
            backward += gradients[i][k] * t->direction[at][k];
            size += fabs(gradients[i][k] * t->direction[at][k]);
        }
    }
    if (fabs(t->forward - backward) <= 3e-7 * size) return;
    fprintf(stderr, "%s: duals %.12g, reverse mode %.12g\n", m->name, t->forward, backward);
    exit(2);
}

/* --- the driver ------------------------------------------------------------------------------------------------------ */

/* Arrays are numbered within their model. */
static void print_array(const ir_model *m, const char *type, const char *name, size_t number, const double *x, size_t count) {
    printf("static const %s %s_%s_%zu[] = {", type, m->name, name, number);
    for (size_t i = 0; i < count; i++) printf("%s%.9g", i ? ", " : "", x[i]);
    printf("};\n");
}

static const char HEAD[] =
    "#include \"m.h\"\n#include <math.h>\n#include <stdio.h>\n"
    "static int failed;\n"
    "static void compare(const char *what, const float *got, const double *want, size_t count, double least) {\n"
    "    double size = least, worst = 0;\n"
    "    for (size_t i = 0; i < count; i++) size = fmax(size, fabs(want[i]));\n"
    "    for (size_t i = 0; i < count; i++) {\n"
    "        double error = fabs((double)got[i] - want[i]);\n"
    "        if (!(error <= worst)) worst = error;\n"
    "    }\n"
    "    if (worst <= 1e-4 * size + 1e-7) return;\n"
    "    printf(\"%s: an error of %g where values go up to %g\\n\", what, worst, size);\n"
    "    failed = 1;\n}\n";

/* The function check_NAME, after its data. Returns false where the interpreter does not run the model. */
static bool print_check(arena *a, ir_model *m, const int64_t *dims) {
    const ir_model *train = m->training->train;
    const char *name = m->name;
    state = 777;
    printf("static %s self_%s;\n", name, name);
    const double **inputs = ARENA_ARRAY(a, const double *, train->input_count + 1);
    for (size_t i = 0; i < train->input_count; i++) {
        const ir_type *type = &train->inputs[i].value->type;
        inputs[i] = random_input(a, train, &train->inputs[i], dims);
        print_array(m, type->dtype == IR_F32 ? "float" : "int32_t", "in", i, inputs[i],
                    ir_elements_at(train, type, dims));
    }
    bool batch_norm = has_batch_norm(m);
    tangent along = {0};
    if (!batch_norm) along = tangent_of(a, m, dims, inputs);
    run_passes(a, m);
    reference_result r;
    double **states = reference_reset(a, m, REFERENCE_FLOAT64);
    if (reference_run(a, train, REFERENCE_FLOAT64, dims, inputs, (const double *const *)states, &r) != REFERENCE_OK)
        return false;
    if (!batch_norm) compare_tangent(train, &along, dims, r.gradients);
    for (size_t i = 0; i < train->output_count; i++) {
        size_t count = ir_elements_at(train, &train->outputs[i].value->type, dims);
        print_array(m, "double", "want", i, r.outputs[i], count);
        printf("static float %s_out_%zu[%zu];\n", name, i, count);
    }
    size_t params, floats = 0;
    const ir_param **living = ir_living_params(a, m, &params);
    double largest = 0;
    for (size_t i = 0; i < params; i++) {
        size_t count = ir_elements_at(m, &living[i]->type, dims);
        const double *g = r.gradients[living[i] - m->params];
        print_array(m, "double", "gradient", i, g ? g : ARENA_ARRAY(a, double, count), count);
        for (size_t k = 0; g && k < count; k++) largest = fmax(largest, fabs(g[k]));
        floats += count;
    }
    printf("static float %s_gradients[%zu];\n", name, floats);
    printf("static int check_%s(void) {\n    %s_reset(&self_%s);\n    if (%s_grad(&self_%s", name, name, name, name, name);
    for (size_t i = 0; i < m->symbol_count; i++) printf(", %lld", (long long)dims[i]);
    for (size_t i = 0; i < train->input_count; i++) printf(", %s_in_%zu", name, i);
    for (size_t i = 0; i < train->output_count; i++) printf(", %s_out_%zu", name, i);
    printf(") != NNC_OK) return 2;\n    %s_get_grads(&self_%s, %s_gradients);\n", name, name, name);
    for (size_t i = 0; i < train->output_count; i++)
        printf("    compare(\"%s: %s\", %s_out_%zu, %s_want_%zu, %zu, 0);\n", name, train->outputs[i].name, name, i, name, i,
               ir_elements_at(train, &train->outputs[i].value->type, dims));
    for (size_t i = 0, at = 0; i < params; i++) {
        size_t count = ir_elements_at(m, &living[i]->type, dims);
        printf("    compare(\"%s: %s\", %s_gradients + %zu, %s_gradient_%zu, %zu, %g);\n", name, living[i]->key, name, at,
               name, i, count, 1e-4 * largest);
        at += count;
    }
    printf("    return 0;\n}\n");
    return true;
}

int main(int argc, char **argv) {
    if (argc < 3) return 1;
    arena *a = arena_new();
    lowered_file f = read_models(a, argv[1], strtoull(argv[2], NULL, 10));
    printf("%s", HEAD);
    int given = 3;
    for (size_t k = 0; k < f.count; k++) {
        ir_model *m = f.models[k];
        int64_t *dims = ARENA_ARRAY(a, int64_t, m->symbol_count + 1);
        for (size_t i = 0; i < m->symbol_count; i++) {
            if (given == argc) return 1;
            dims[i] = strtoll(argv[given++], NULL, 10);
        }
        if (!print_check(a, m, dims)) return 1;
    }
    if (given != argc) return 1;
    printf("int main(void) {\n");
    for (size_t k = 0; k < f.count; k++)
        printf("    if (check_%s()) { printf(\"%s_grad fails\\n\"); failed = 1; }\n", f.models[k]->name, f.models[k]->name);
    printf("    return failed;\n}\n");
    arena_free(a);
    return 0;
}
