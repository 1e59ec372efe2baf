/* reference_run: carries a script of runs out with the reference interpreter instead of with generated code.
 *
 * usage: reference_run [--passes] [--nudge] [--random-weights SEED] FILE.nn SCRIPT RESULTS MODEL...
 *
 * SCRIPT is what ../tools/case_driver.h reads: operation 2k resets MODEL number k, 2k + 1 runs it. The weights are
 * those that the file names, or random ones. With --passes the compiler's passes run first; --nudge changes the last two
 * bits of every weight: what that does to the results is about what rounding may do to them. RESULTS gets doubles, for
 * each run: the status (0 is good, and nothing of the run follows if it is not), the argmax margin, all outputs in
 * float64, and all outputs in float32 mode. Exit status: 0 done, 1 the file or the script is at fault.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../tools/little_endian.h"
#include "lower/lower.h"
#include "passes/passes.h"
#include "reference/reference.h"
#include "syntax/parse.h"
#include "weights/bind.h"

enum { PRECISIONS = 2 };

typedef struct {
    ir_model *model;
    arena *memory[PRECISIONS]; /* of the states */
    double **states[PRECISIONS];
} machine;

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "reference_run: %s%s\n", what, detail);
    exit(1);
}

/* --- the model --------------------------------------------------------------------------------------------------- */

static void bind(arena *a, const char *path, lowered_file file, bool random, uint64_t seed, diag_list *diags) {
    if (random) {
        bind_random_weights(file.models, file.count, seed);
        return;
    }
    for (size_t i = 0; i < file.count; i++) {
        if (!file.models[i]->weights) continue;
        const char *slash = strrchr(path, '/'), *name = file.models[i]->weights;
        if (slash) name = arena_printf(a, "%.*s/%s", (int)(slash - path), path, name);
        tensor_file *weights = tensor_file_open(a, name, diags, file.models[i]->weights_where);
        if (weights) bind_weights(&file.models[i], 1, weights, NULL, diags, file.models[i]->weights_where);
    }
}

/* By 2^-22 of itself up or down, in no regular order. */
static void nudge(arena *a, ir_model *m) {
    uint32_t random = 1;
    for (size_t k = 0; k < m->param_count; k++) {
        ir_param *p = &m->params[k];
        size_t elements = 1;
        for (unsigned i = 0; i < p->type.rank; i++) elements *= (size_t)dim_max(p->type.dims[i]);
        float *moved = ARENA_ARRAY(a, float, elements);
        for (size_t i = 0; i < elements; i++) {
            random = random * 1664525u + 1013904223u;
            moved[i] = p->data[i] * (random >> 31 ? 1 + 0x1p-22f : 1 - 0x1p-22f);
        }
        p->data = moved;
    }
}

static lowered_file read_models(arena *a, const char *path, bool passes, bool random, uint64_t seed) {
    const char *error;
    source *s = source_read(a, path, 64 << 20, &error);
    if (!s) fail(arena_printf(a, "%s: ", path), error);
    diag_list *diags = diag_list_new(a, s);
    ast_file *ast = parse_file(a, s, diags);
    lowered_file file = {NULL, 0};
    if (!diag_error_count(diags)) file = lower_file(a, ast, diags);
    if (!diag_error_count(diags)) bind(a, path, file, random, seed, diags);
    for (size_t i = 0; i < file.count && !diag_error_count(diags) && passes; i++) passes_run(file.models[i], diags);
    if (!diag_error_count(diags)) return file;
    diag_print(diags, stderr);
    exit(1);
}

static ir_model *find_model(lowered_file file, const char *name) {
    for (size_t i = 0; i < file.count; i++)
        if (strcmp(file.models[i]->name, name) == 0) return file.models[i];
    fail("there is no model ", name);
    return NULL;
}

/* --- the script -------------------------------------------------------------------------------------------------- */

static int32_t next_number(FILE *script) {
    int32_t n;
    if (fread(&n, sizeof n, 1, script) != 1) fail("the script ends early", "");
    little_endian(&n, sizeof n, 4);
    return n;
}

static double *next_tensor(arena *a, FILE *script, ir_dtype dtype, size_t elements) {
    double *data = ARENA_ARRAY(a, double, elements);
    if ((size_t)next_number(script) != 4 * elements) fail("the script has an input of a wrong size", "");
    for (size_t i = 0; i < elements; i++) {
        int32_t bits = next_number(script);
        float number;
        memcpy(&number, &bits, sizeof number);
        data[i] = dtype == IR_I32 ? (double)bits : (double)number;
    }
    return data;
}

static void reset(machine *m) {
    for (int p = 0; p < PRECISIONS; p++) {
        arena_free(m->memory[p]);
        m->memory[p] = arena_new();
        m->states[p] = reference_reset(m->memory[p], m->model, (reference_precision)p);
    }
}

/* A run's arena holds the states that it leaves, and goes when they do. */
static void run(machine *m, FILE *script, FILE *results) {
    const ir_model *model = m->model;
    arena *scratch = arena_new();
    int64_t *dims = ARENA_ARRAY(scratch, int64_t, model->symbol_count);
    for (size_t i = 0; i < model->symbol_count; i++) dims[i] = next_number(script);
    const double **inputs = ARENA_ARRAY(scratch, const double *, model->input_count);
    for (size_t i = 0; i < model->input_count; i++) {
        const ir_type *type = &model->inputs[i].value->type;
        inputs[i] = next_tensor(scratch, script, type->dtype, ir_elements_at(model, type, dims));
    }
    for (size_t i = 0; i < model->output_count; i++)
        if ((size_t)next_number(script) != 4 * ir_elements_at(model, &model->outputs[i].value->type, dims))
            fail("the script has an output of a wrong size", "");
    for (int p = 0; p < PRECISIONS; p++) {
        arena *memory = arena_new();
        reference_result result = {NULL, NULL, NULL, 0};
        const double *const *states = (const double *const *)m->states[p];
        reference_status status = reference_run(memory, model, (reference_precision)p, dims, inputs, states, &result);
        const double head[2] = {(double)status, result.argmax_margin};
        if (p == 0) fwrite(head, sizeof *head, status == REFERENCE_OK ? 2 : 1, results);
        if (status != REFERENCE_OK) {
            arena_free(memory);
            break;
        }
        for (size_t i = 0; i < model->output_count; i++)
            fwrite(result.outputs[i], sizeof(double), ir_elements_at(model, &model->outputs[i].value->type, dims),
                   results);
        arena_free(m->memory[p]);
        m->memory[p] = memory;
        m->states[p] = result.states;
    }
    arena_free(scratch);
}

int main(int argc, char **argv) {
    bool passes = false, random = false, nudges = false;
    uint64_t seed = 0;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--passes") == 0) passes = true;
        else if (strcmp(argv[at], "--nudge") == 0) nudges = true;
        else if (strcmp(argv[at], "--random-weights") == 0 && at + 1 < argc) {
            random = true;
            seed = strtoull(argv[++at], NULL, 10);
        } else fail("unknown option ", argv[at]);
    }
    if (argc - at < 4)
        fail("usage: reference_run [--passes] [--nudge] [--random-weights SEED] FILE.nn SCRIPT RESULTS MODEL...", "");
    arena *a = arena_new();
    lowered_file file = read_models(a, argv[at], passes, random, seed);
    for (size_t i = 0; i < file.count && nudges; i++) nudge(a, file.models[i]);
    FILE *script = fopen(argv[at + 1], "rb"), *results = fopen(argv[at + 2], "wb");
    if (!script || !results) fail("a file does not open", "");
    size_t count = (size_t)(argc - at - 3);
    machine *machines = ARENA_ARRAY(a, machine, count);
    for (size_t i = 0; i < count; i++) machines[i].model = find_model(file, argv[at + 3 + (int)i]);
    for (size_t operation; (operation = (size_t)next_number(script)) < 2 * count;) {
        machine *m = &machines[operation / 2];
        if (operation % 2 == 0) reset(m);
        else run(m, script, results);
    }
    fclose(script);
    if (fclose(results) != 0) fail("writing the results", "");
    for (size_t i = 0; i < count; i++)
        for (int p = 0; p < PRECISIONS; p++) arena_free(machines[i].memory[p]);
    arena_free(a);
    return 0;
}
