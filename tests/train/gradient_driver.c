/* gradient_driver: a program in C that holds what nnc generated for a model with a loss against the interpreter.
 *
 * usage: gradient_driver FILE.nn SEED DIM... > driver.c
 *
 * The parameters are those of --random-weights SEED, the inputs are random. The driver calls NAME_grad once and compares
 * the loss, every gradient and every output of training with what the float64 interpreter makes of the same graph; the
 * exit status says whether they fit. Exit status here: 0 done, 1 the file is at fault.
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

/* In (-1, 1), a float32. */
static double draw(void) {
    state = state * 1664525u + 1013904223u;
    return (double)(float)((double)(state >> 8) / (1 << 23) - 1);
}

static ir_model *read_model(arena *a, const char *path, uint64_t seed) {
    const char *error;
    source *s = source_read(a, path, 1 << 20, &error);
    diag_list *diags = s ? diag_list_new(a, s) : NULL;
    lowered_file f = {NULL, 0};
    if (s) f = lower_file(a, parse_file(a, s, diags), diags);
    bool fine = s && !diag_error_count(diags) && f.count == 1 && pass_modes(f.models[0], diags);
    if (fine) bind_random_weights(f.models, 1, seed);
    if (fine) fine = passes_run(f.models[0], diags);
    if (fine) return f.models[0];
    if (s) diag_print(diags, stderr);
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

static void print_array(const char *type, const char *name, size_t number, const double *x, size_t count) {
    printf("static const %s %s_%zu[] = {", type, name, number);
    for (size_t i = 0; i < count; i++) printf("%s%.9g", i ? ", " : "", x[i]);
    printf("};\n");
}

int main(int argc, char **argv) {
    if (argc < 3) return 1;
    arena *a = arena_new();
    ir_model *m = read_model(a, argv[1], strtoull(argv[2], NULL, 10)), *train = m->training->train;
    int64_t *dims = ARENA_ARRAY(a, int64_t, m->symbol_count + 1);
    if ((size_t)argc != 3 + m->symbol_count) return 1;
    for (size_t i = 0; i < m->symbol_count; i++) dims[i] = strtoll(argv[3 + i], NULL, 10);
    printf("#include \"m.h\"\n#include <math.h>\n#include <stdio.h>\nstatic m self;\n");
    const double **inputs = ARENA_ARRAY(a, const double *, train->input_count + 1);
    for (size_t i = 0; i < train->input_count; i++) {
        const ir_type *type = &train->inputs[i].value->type;
        inputs[i] = random_input(a, train, &train->inputs[i], dims);
        print_array(type->dtype == IR_F32 ? "float" : "int32_t", "in", i, inputs[i], ir_elements_at(train, type, dims));
    }
    reference_result r;
    double **states = reference_reset(a, m, REFERENCE_FLOAT64);
    if (reference_run(a, train, REFERENCE_FLOAT64, dims, inputs, (const double *const *)states, &r) != REFERENCE_OK) return 1;
    for (size_t i = 0; i < train->output_count; i++) {
        size_t count = ir_elements_at(train, &train->outputs[i].value->type, dims);
        print_array("double", "want", i, r.outputs[i], count);
        printf("static float out_%zu[%zu];\n", i, count);
    }
    size_t params, at = 0;
    const ir_param **living = ir_living_params(a, m, &params);
    double largest = 0;
    for (size_t i = 0; i < params; i++) {
        size_t count = ir_elements_at(m, &living[i]->type, dims);
        const double *g = r.gradients[living[i] - m->params];
        print_array("double", "gradient", i, g ? g : ARENA_ARRAY(a, double, count), count);
        for (size_t k = 0; g && k < count; k++) largest = fmax(largest, fabs(g[k]));
    }
    printf("static float gradients[%s_PARAM_FLOATS];\nstatic int failed;\n", "M");
    printf("static void compare(const char *what, const float *got, const double *want, size_t count, double least) {\n"
           "    double size = least, worst = 0;\n"
           "    for (size_t i = 0; i < count; i++) size = fmax(size, fabs(want[i]));\n"
           "    for (size_t i = 0; i < count; i++) {\n"
           "        double error = fabs((double)got[i] - want[i]);\n"
           "        if (!(error <= worst)) worst = error;\n"
           "    }\n"
           "    if (worst <= 1e-4 * size + 1e-7) return;\n"
           "    printf(\"%%s: an error of %%g where values go up to %%g\\n\", what, worst, size);\n"
           "    failed = 1;\n}\n");
    printf("int main(void) {\n    m_reset(&self);\n    if (m_grad(&self");
    for (size_t i = 0; i < m->symbol_count; i++) printf(", %lld", (long long)dims[i]);
    for (size_t i = 0; i < train->input_count; i++) printf(", in_%zu", i);
    for (size_t i = 0; i < train->output_count; i++) printf(", out_%zu", i);
    printf(") != NNC_OK) return 2;\n    m_get_grads(&self, gradients);\n");
    for (size_t i = 0; i < train->output_count; i++)
        printf("    compare(\"%s\", out_%zu, want_%zu, %zu, 0);\n", train->outputs[i].name, i, i,
               ir_elements_at(train, &train->outputs[i].value->type, dims));
    for (size_t i = 0; i < params; i++) {
        size_t count = ir_elements_at(m, &living[i]->type, dims);
        printf("    compare(\"%s\", gradients + %zu, gradient_%zu, %zu, %g);\n", living[i]->key, at, i, count, 1e-4 * largest);
        at += count;
    }
    printf("    return failed;\n}\n");
    arena_free(a);
    return 0;
}
