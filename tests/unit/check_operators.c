/* Every operator has its rows: in plan (plan/operators.c), in emit (kernels/operators.c), and every function of one argument
 * in ir/function.def. A row that is missing is an ice(), which ends this program. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "kernels/operators.h"
#include "ir/function.h"
#include "plan/operators.h"

/* When there is a plan. */
static bool is_gone(ir_op op) { return op == IR_GRAD || op == IR_DETACH; }

START_TEST(plan_knows_every_operator) {
    for (unsigned i = 0; i < IR_OP_COUNT; i++) {
        ir_op op = (ir_op)i;
        ir_op_class c = ir_op_class_of(op);
        if (c == IR_SOURCE || c == IR_VIEW || is_gone(op)) continue;
        const plan_operator *row = plan_operator_of(op);
        ck_assert_msg(row->choose != NULL, "%s: who chooses?", ir_op_name(op));
        if (c == IR_UNARY || c == IR_BINARY)
            ck_assert_msg(row->elementwise, "%s is elementwise by its class", ir_op_name(op));
    }
}
END_TEST

START_TEST(emit_knows_every_operator) {
    for (unsigned i = 0; i < IR_OP_COUNT; i++) {
        ir_op op = (ir_op)i;
        ir_op_class c = ir_op_class_of(op);
        if (c == IR_SOURCE || c == IR_VIEW || c == IR_LOOP || op == IR_CAT || is_gone(op)) continue;
        emit_kernel *emit = emit_operator_of(op);
        bool elementwise = plan_operator_of(op)->choose == choose_elementwise;
        if (c == IR_SINK) continue; /* emit_sink asks emit_elementwise itself */
        ck_assert_msg(elementwise == (emit == emit_elementwise), "%s: plan and emit disagree", ir_op_name(op));
    }
}
END_TEST

START_TEST(a_missing_row_is_a_defect) { plan_operator_of(IR_SLICE); }
END_TEST

START_TEST(a_missing_emitter_is_a_defect) { emit_operator_of(IR_CAT); }
END_TEST

/* Where a function is smooth, its slope is what two of its values near x say. */
static void slope_fits(const ir_function *f, const double *parameters, double x) {
    const double h = 1e-5;
    double below = f->value(x - h, parameters), above = f->value(x + h, parameters);
    double found = (above - below) / (2 * h), want = f->slope(x, parameters);
    if (isnan(found) || isnan(want)) return; /* outside of its domain */
    ck_assert_msg(fabs(found - want) <= 1e-6 * (1 + fabs(want)), "%s at %g: the slope is %g, its values say %g", f->name,
                  x, want, found);
}

START_TEST(functions_of_one_argument) {
    for (unsigned i = 0; i < IR_OP_COUNT; i++) {
        const ir_function *f = ir_function_of((ir_op)i);
        if (ir_op_class_of((ir_op)i) != IR_UNARY) ck_assert_msg(!f, "%s", ir_op_name((ir_op)i));
        else if (i != IR_CAST && i != IR_NOT) ck_assert_msg(f != NULL, "%s has no row", ir_op_name((ir_op)i));
        if (!f) continue;
        ck_assert_str_eq(f->name, ir_op_name((ir_op)i));
        ck_assert_uint_eq(ir_function_find(f->name), i);
        double parameters[IR_FUNCTION_PARAMETERS];
        for (unsigned k = 0; k < IR_FUNCTION_PARAMETERS; k++) parameters[k] = f->parameters[k].otherwise;
        for (double x = -7.013; x < 8; x += 0.371) slope_fits(f, parameters, x);
        /* torch.sign alone gives 0 */
        ck_assert_msg(isnan(f->value(NAN, parameters)) == (i != IR_SIGN), "%s of a NaN", f->name);
    }
    ck_assert_uint_eq(ir_function_find("softmax"), 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("operators");
    TCase *t = tcase_create("rows");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, plan_knows_every_operator);
    tcase_add_test(t, emit_knows_every_operator);
    tcase_add_test(t, functions_of_one_argument);
    tcase_add_exit_test(t, a_missing_row_is_a_defect, 3);
    tcase_add_exit_test(t, a_missing_emitter_is_a_defect, 3);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
