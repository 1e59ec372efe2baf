/* check_differentiate: the gradients of reverse mode against forward mode (reference/dual.h), which shares no rule with it;
 * and forward mode against central differences. Plans are made of them, and their text reads again. Every operator that has a gradient is in one of the models. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "lower/lower.h"
#include "passes/passes.h"
#include "plan/plan.h"
#include "reference/reference.h"
#include "syntax/parse.h"

static arena *a;
static uint32_t seed;

static void set_up(void) {
    a = arena_new();
    seed = 777;
}

static void tear_down(void) { arena_free(a); }

/* In (-1, 1), a float32. */
static double draw(void) {
    seed = seed * 1664525u + 1013904223u;
    return (double)(float)((double)(seed >> 8) / (1 << 23) - 1);
}

static double *random_array(size_t count) {
    double *x = ARENA_ARRAY(a, double, count);
    for (size_t i = 0; i < count; i++) x[i] = draw();
    return x;
}

/* (A run function must have an output.) */
static ir_model *model_of(const char *statements) {
    const char *bytes = arena_printf(a, "model m {\n%s\noutput of_run = zeros(1)\n}\n", statements);
    source *s = source_from_text(a, "model.nn", bytes, strlen(bytes));
    diag_list *diags = diag_list_new(a, s);
    lowered_file f = lower_file(a, parse_file(a, s, diags), diags);
    bool fine = diag_error_count(diags) == 0 && pass_modes(f.models[0], diags);
    diag_print(diags, stderr);
    ck_assert_msg(fine, "%s", statements);
    ir_model *m = f.models[0];
    for (size_t i = 0; i < m->param_count; i++) {
        size_t elements = ir_elements_at(m, &m->params[i].type, NULL);
        float *data = ARENA_ARRAY(a, float, elements);
        bool positive = strstr(m->params[i].key, "running_var") != NULL;
        for (size_t k = 0; k < elements; k++) data[k] = (float)(positive ? 1.5 + draw() : 0.7 * draw());
        m->params[i].data = data;
    }
    return m;
}

/* Integers are 0 to 2; those called lengths 1 to the largest. */
static double **random_inputs(const ir_model *m, const int64_t *dims) {
    double **inputs = ARENA_ARRAY(a, double *, m->input_count);
    for (size_t i = 0; i < m->input_count; i++) {
        const ir_type *type = &m->inputs[i].value->type;
        size_t elements = ir_elements_at(m, type, dims);
        inputs[i] = random_array(elements);
        for (size_t k = 0; k < elements && type->dtype == IR_I32; k++) inputs[i][k] = floor((inputs[i][k] + 1) * 1.4999);
        for (size_t k = 0; k < elements && strcmp(m->inputs[i].name, "lengths") == 0; k++) inputs[i][k]++;
    }
    return inputs;
}

static double dot(const double *x, const double *y, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
}

/* The loss of the training model when params and inputs are moved along the directions. */
static double loss_at(ir_model *m, const int64_t *dims, double **inputs, double **states, double *const *params,
                      double *const *moved, double step) {
    ir_param *saved = m->params;
    ir_param *copies = ARENA_ARRAY(a, ir_param, m->param_count);
    double **shifted = ARENA_ARRAY(a, double *, m->input_count);
    for (size_t i = 0; i < m->param_count; i++) {
        size_t elements = ir_elements_at(m, &m->params[i].type, dims);
        float *data = ARENA_ARRAY(a, float, elements);
        copies[i] = m->params[i];
        for (size_t k = 0; k < elements; k++)
            data[k] = m->params[i].data[k] + (params[i] ? (float)(step * params[i][k]) : 0);
        copies[i].data = data;
    }
    for (size_t i = 0; i < m->input_count; i++) {
        size_t elements = ir_elements_at(m, &m->inputs[i].value->type, dims);
        shifted[i] = ARENA_ARRAY(a, double, elements);
        for (size_t k = 0; k < elements; k++) shifted[i][k] = inputs[i][k] + (moved[i] ? step * moved[i][k] : 0);
    }
    m->params = copies;
    reference_result r;
    ck_assert_int_eq(reference_run(a, m, REFERENCE_FLOAT64, dims, (const double *const *)shifted,
                                   (const double *const *)states, &r),
                     REFERENCE_OK);
    m->params = saved;
    return r.outputs[0][0];
}

static bool is_input_output(const ir_model *m, size_t output, size_t *input) {
    for (size_t i = 0; i < m->input_count; i++)
        if (strcmp(m->outputs[output].name, arena_printf(a, "d%s", m->inputs[i].name)) == 0) return *input = i, true;
    return false;
}

static void run_passes(ir_model *m, const char *statements) {
    diag_list *diags = diag_list_new(a, source_from_text(a, "model.nn", "", 0));
    bool fine = passes_run(m, diags);
    diag_print(diags, stderr);
    ck_assert_msg(fine, "%s", statements);
}

/* Gradients of all trained params and of the inputs whose gradient is an output called d and the input's name. */
static void check_model(const char *statements, const int64_t *dims) {
    ir_model *m = model_of(statements), *train = m->training->train;
    double **inputs = random_inputs(train, dims);
    double **states = reference_reset(a, m, REFERENCE_FLOAT64);
    double **params = ARENA_ARRAY(a, double *, m->param_count + 1), **moved = ARENA_ARRAY(a, double *, train->input_count + 1);
    for (size_t i = 0; i < m->param_count; i++)
        if (m->params[i].trained) params[i] = random_array(ir_elements_at(m, &m->params[i].type, dims));
    size_t input;
    for (size_t i = 1; i < train->output_count; i++)
        if (is_input_output(train, i, &input))
            moved[input] = random_array(ir_elements_at(train, &train->inputs[input].value->type, dims));
    double *tangents[16];
    /* dce takes params away, and moves the others */
    const ir_param *before = m->params;
    size_t count = m->param_count;
    bool by_batch = strstr(statements, "BatchNorm") != NULL; /* the batch's statistics are there behind the passes alone */
    if (by_batch) run_passes(m, statements);
    ck_assert_int_eq(reference_tangent(a, train, dims, (const double *const *)inputs, (const double *const *)states,
                                       (const double *const *)params, (const double *const *)moved, tangents),
                     REFERENCE_OK);
    double forward = tangents[0][0];

    double step = 0x1p-10;
    double difference = (loss_at(train, dims, inputs, states, params, moved, step) -
                         loss_at(train, dims, inputs, states, params, moved, -step)) / (2 * step);
    bool derivative = !strstr(statements, "detach(");
    ck_assert_msg(!derivative || fabs(forward - difference) < 2e-4 * (1 + fabs(difference)), "%s\nduals %.9g, differences %.9g", statements,
                  forward, difference);

    if (!by_batch) run_passes(m, statements);
    reference_result r;
    ck_assert_int_eq(reference_run(a, train, REFERENCE_FLOAT64, dims, (const double *const *)inputs,
                                   (const double *const *)states, &r),
                     REFERENCE_OK);
    double backward = 0, size = 0;
    for (size_t i = 0; i < train->param_count; i++) {
        if (!train->params[i].trained) continue;
        size_t at = 0;
        while (at < count && strcmp(before[at].key, train->params[i].key) != 0) at++;
        size_t elements = ir_elements_at(train, &train->params[i].type, dims);
        backward += dot(r.gradients[i], params[at], elements);
        size += sqrt(dot(r.gradients[i], r.gradients[i], elements) * dot(params[at], params[at], elements));
    }
    for (size_t i = 1; i < train->output_count; i++) {
        if (!is_input_output(train, i, &input)) continue;
        size_t elements = ir_elements_at(train, &train->outputs[i].value->type, dims);
        backward += dot(r.outputs[i], moved[input], elements);
        size += sqrt(dot(r.outputs[i], r.outputs[i], elements) * dot(moved[input], moved[input], elements));
    }
    ck_assert_msg(size > 1e-6, "%s\nno gradient", statements);
    ck_assert_msg(fabs(forward - backward) <= 3e-7 * (1 + size), "%s\nduals %.12g, reverse mode %.12g", statements, forward,
                  backward);
}

#include "check_differentiate_models.h"

/* The planner takes every backward part, and all memory is found. */
static void check_plan(const char *statements) {
    ir_model *m = model_of(statements);
    run_passes(m, statements);
    diag_list *diags = diag_list_new(a, source_from_text(a, "model.nn", "", 0));
    plan_options o = {.unroll = 64, .body_count = 2, .bodies = {&cost_bodies[0], &cost_bodies[1]}};
    text t = text_new(a);
    plan_print(plan_model(a, m->training->train, &o, diags), &t);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    ck_assert_ptr_nonnull(strstr(text_string(&t), "gradient \""));
}

START_TEST(plans) { check_plan(models[_i].statements); }
END_TEST

START_TEST(reverse_is_forward) { check_model(models[_i].statements, models[_i].dims); }
END_TEST

/* What is printed of a backward part, whole or in pieces, reads as the same, and prints the same. */
static void check_text(const char *statements, int64_t tape) {
    ir_model *m = model_of(statements);
    m->training->tape = tape;
    run_passes(m, statements);
    text once = text_new(a), twice = text_new(a);
    ir_print(m->training->train, &once);
    const char *error = NULL;
    ir_model *again = ir_read(a, text_string(&once), once.length, &error);
    ck_assert_msg(again, "%s\n%s\n%s", statements, error, text_string(&once));
    ir_print(again, &twice);
    ck_assert_str_eq(text_string(&once), text_string(&twice));
    const char *wrong = ir_check(a, again);
    ck_assert_msg(!wrong, "%s\n%s\n%s", statements, wrong, text_string(&once));
}

START_TEST(text_reads_again) {
    check_text(models[_i].statements, 0);
    check_text(models[_i].statements, 2);
}
END_TEST

int main(void) {
    Suite *s = suite_create("differentiate");
    TCase *c = tcase_create("differentiate");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, reverse_is_forward, 0, sizeof models / sizeof *models);
    tcase_add_loop_test(c, plans, 0, sizeof models / sizeof *models);
    tcase_add_loop_test(c, text_reads_again, 0, sizeof models / sizeof *models);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
