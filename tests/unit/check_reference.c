/* check_reference: what the interpreter says of bad input, its float32 mode, its states, the margin of an argmax. That
 * its numbers are PyTorch's is the matter of tests/reference. Expected values are worked out by hand. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "lower/lower.h"
#include "reference/reference.h"
#include "syntax/parse.h"

static arena *a;

static void set_up(void) { a = arena_new(); }
static void tear_down(void) { arena_free(a); }

/* Params get the numbers 1, 2, 3 … */
static ir_model *model_of(const char *statements) {
    const char *bytes = arena_printf(a, "model m {\n%s\n}\n", statements);
    source *s = source_from_text(a, "model.nn", bytes, strlen(bytes));
    diag_list *diags = diag_list_new(a, s);
    lowered_file f = lower_file(a, parse_file(a, s, diags), diags);
    diag_print(diags, stderr);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    ir_model *m = f.models[0];
    for (size_t i = 0; i < m->param_count; i++) {
        size_t elements = ir_elements_at(m, &m->params[i].type, NULL);
        float *data = ARENA_ARRAY(a, float, elements);
        for (size_t k = 0; k < elements; k++) data[k] = (float)(k + 1);
        m->params[i].data = data;
    }
    return m;
}

static reference_status run(const ir_model *m, reference_precision precision, int64_t dim, const double *input,
                            const double *const *states, reference_result *result) {
    const double *inputs[] = {input};
    return reference_run(a, m, precision, &dim, inputs, states, result);
}

START_TEST(dims_out_of_bounds) {
    const ir_model *m = model_of("dim T = 2..3\ninput x: float32[T]\noutput y = x");
    const double x[4] = {1, 2, 3, 4};
    reference_result r = {NULL, NULL, NULL, -1};
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 1, x, NULL, &r), REFERENCE_DIM);
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 4, x, NULL, &r), REFERENCE_DIM);
    ck_assert_ptr_null(r.outputs); /* left alone */
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 3, x, NULL, &r), REFERENCE_OK);
    ck_assert_double_eq(r.outputs[0][2], 3);
}
END_TEST

START_TEST(tokens_out_of_range) {
    const char *const models[] = {
        "dim T = 1..3\ninput x: int32[T]\nlayer e = Embedding(3, 2)\noutput y = e(x)",
        "dim T = 1..3\ninput x: int32[T]\noutput y = one_hot(x, 3)",
    };
    for (int i = 0; i < 2; i++) {
        const ir_model *m = model_of(models[i]);
        reference_result r = {NULL, NULL, NULL, -1};
        ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 2, (const double[]){0, 3}, NULL, &r), REFERENCE_TOKEN);
        ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 2, (const double[]){-1, 2}, NULL, &r), REFERENCE_TOKEN);
        ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 2, (const double[]){0, 2}, NULL, &r), REFERENCE_OK);
        ck_assert_double_eq(r.outputs[0][0], 1); /* row 0 begins with 1, in both */
        if (i == 0) ck_assert_double_eq(r.outputs[0][3], 6);
    }
}
END_TEST

START_TEST(lengths_out_of_range) {
    const ir_model *m = model_of(
        "dim B = 2..3\ninput n: int32[B]\nlayer r = RNN(1, 1, bias=false, nonlinearity=\"relu\")\n"
        "x = one_hot(0 * n, 1)\ny, h = r(stack((x, x, x)), lengths=n)\n"
        "output y\noutput h");
    reference_result r = {NULL, NULL, NULL, -1};
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 2, (const double[]){0, 3}, NULL, &r), REFERENCE_LENGTH);
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 2, (const double[]){1, 4}, NULL, &r), REFERENCE_LENGTH);
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 2, (const double[]){1, 3}, NULL, &r), REFERENCE_OK);
    /* h' = relu(1 * 1 + 1 * h): 1, 2, 3; the first sequence stops after one step */
    const double y[] = {1, 1, 0, 2, 0, 3}, h[] = {1, 3};
    for (int i = 0; i < 6; i++) ck_assert_double_eq(r.outputs[0][i], y[i]);
    for (int i = 0; i < 2; i++) ck_assert_double_eq(r.outputs[1][i], h[i]);
}
END_TEST

/* 1 + 2^-30 is 1 in float32; constants are rounded, too. */
START_TEST(float32_mode_rounds) {
    const ir_model *m =
        model_of("dim T = 1..1\ninput x: float32[T]\noutput y = x + 9.313225746154785e-10\noutput z = 0.1 * x");
    const double x = 1;
    reference_result exact, single;
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 1, &x, NULL, &exact), REFERENCE_OK);
    ck_assert_int_eq(run(m, REFERENCE_FLOAT32, 1, &x, NULL, &single), REFERENCE_OK);
    ck_assert_double_eq(exact.outputs[0][0], 1 + 0x1p-30);
    ck_assert_double_eq(single.outputs[0][0], 1);
    ck_assert_double_eq(exact.outputs[1][0], 0.1);
    ck_assert_double_eq(single.outputs[1][0], (double)0.1f);
}
END_TEST

START_TEST(states_go_on) {
    const ir_model *m = model_of(
        "dim T = 1..1\ninput x: float32[T]\nparam p: float32[2]\nstate s: float32[2] = p * 2\n"
        "state kept: float32[1]\noutput before = s\ns = s + x[0]\noutput after = s");
    double **states = reference_reset(a, m, REFERENCE_FLOAT64);
    ck_assert_double_eq(states[0][1], 4);
    ck_assert_double_eq(states[1][0], 0);
    const double x = 10;
    for (int i = 0; i < 3; i++) {
        reference_result r;
        ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 1, &x, (const double *const *)states, &r), REFERENCE_OK);
        ck_assert_double_eq(r.outputs[0][0], 2 + 10 * i);
        ck_assert_double_eq(r.outputs[1][0], 12 + 10 * i);
        ck_assert_double_eq(r.states[0][1], 14 + 10 * i);
        ck_assert_double_eq(r.states[1][0], 0);
        states = r.states;
    }
}
END_TEST

START_TEST(margin_of_argmax) {
    const ir_model *m = model_of("dim T = 3..4\ninput x: float32[T]\noutput i = argmax(x)");
    reference_result r;
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 3, (const double[]){1, 3, 2.5}, NULL, &r), REFERENCE_OK);
    ck_assert_double_eq(r.outputs[0][0], 1);
    ck_assert_double_eq(r.argmax_margin, 0.5 / 4);
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 3, (const double[]){3, 3, 3}, NULL, &r), REFERENCE_OK);
    ck_assert_double_eq(r.outputs[0][0], 0); /* equal ones: the first, and that is clear */
    ck_assert_msg(isinf(r.argmax_margin), "%g", r.argmax_margin);
    ck_assert_int_eq(run(m, REFERENCE_FLOAT64, 4, (const double[]){3, NAN, 9, NAN}, NULL, &r), REFERENCE_OK);
    ck_assert_double_eq(r.outputs[0][0], 1);
}
END_TEST

static Suite *suite(void) {
    Suite *s = suite_create("reference");
    TCase *t = tcase_create("reference");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, dims_out_of_bounds);
    tcase_add_test(t, tokens_out_of_range);
    tcase_add_test(t, lengths_out_of_range);
    tcase_add_test(t, float32_mode_rounds);
    tcase_add_test(t, states_go_on);
    tcase_add_test(t, margin_of_argmax);
    suite_add_tcase(s, t);
    return s;
}

int main(void) {
    SRunner *r = srunner_create(suite());
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
