/* check_repeat: the IR's REPEAT: its text, what the verifier refuses, what the interpreter and the passes make of it.
 * Expected values are worked out by hand. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "passes/passes.h"
#include "reference/reference.h"

static arena *a;

static void set_up(void) { a = arena_new(); }
static void tear_down(void) { arena_free(a); }

/* sum = 1; over the rows x_t of x: sum = sum * 2 + x_t, collected; and in it two rounds that add 1 to a number. */
static const char nested[] =
    "model nested\n"
    "dim T = 1..5\n"
    "input x\n"
    "run:\n"
    "  %0 x = input() index=0 : int32[T, 2]\n"
    "  %1 = const() number=1 : int32[2]\n"
    "  %2 = const() number=2 : int32[]\n"
    "  %3 sum, %4 ups, %5 sums = repeat(%0, %1, %2) rounds=T rows=1 : int32[2], int32[], int32[T, 2]\n"
    "    %6 x_t = row() index=0 : int32[2]\n"
    "    %7 = carried() index=0 : int32[2]\n"
    "    %8 = mul(%7, %2) : int32[2]\n"
    "    %9 = add(%8, %6) : int32[2]\n"
    "    %10 = carried() index=1 : int32[]\n"
    "    %11 up = repeat(%10) rounds=2 rows=0 : int32[]  # up\n"
    "      %12 = carried() index=0 : int32[]\n"
    "      %13 = const() number=1 : int32[]\n"
    "      %14 = add(%12, %13) : int32[]\n"
    "      next %14\n"
    "    end\n"
    "    next %9\n"
    "    next %11\n"
    "    collect %9\n"
    "  end\n"
    "output sum = %3\n"
    "output ups = %4\n"
    "output sums = %5\n";

static ir_model *read_text(const char *s) {
    const char *error = NULL;
    ir_model *m = ir_read(a, s, strlen(s), &error);
    ck_assert_msg(m != NULL, "%s", error);
    return m;
}

static const char *printed(const ir_model *m) {
    text t = text_new(a);
    ir_print(m, &t);
    return text_string(&t);
}

static char *edited(const char *s, const char *from, const char *to) {
    const char *at = strstr(s, from);
    ck_assert_msg(at != NULL, "no %s in the text", from);
    return arena_printf(a, "%.*s%s%s", (int)(at - s), s, to, at + strlen(from));
}

START_TEST(blocks_read_and_print) {
    ir_model *m = read_text(nested);
    const char *wrong = ir_check(a, m);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    ck_assert_str_eq(printed(m), nested);
}
END_TEST

START_TEST(broken_text_is_refused) {
    static const struct {
        const char *from, *to, *message;
    } edits[] = {
        {"    next %9\n", "", "a block that does not say"},
        {"    collect %9\n", "", "a block that does not say"},
        {"    collect %9\n", "    collect %9\n    collect %9\n", "more is collected"},
        {"    next %9\n", "    next %9\n    next %9\n", "more is carried"},
        {"  end\noutput", "output", "expected 'until'"},
        {"row() index=0", "row() index=1", "an index past the block's"},
        {"%7 = carried() index=0", "%7 = carried() index=1", "there twice"},
        {"  %1 = const() number=1", "  %1 = carried() index=0", "outside of a block"},
        {"rows=1", "rows=4", "a wrong number of results"},
        {"%3 sum, %4 ups, %5 sums =", "%3 sum =", "a wrong number of results"},
        {"output sum = %3", "output sum = %9", "%9 is not defined here"},
        {"repeat(%0, %1, %2)", "repeat(%0, -, %2)", "an operand is missing"},
        {"    %8 = mul(%7, %2)", "    %8 = mul(%7, %3)", "%3 is not defined here"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        const char *s = edited(nested, edits[i].from, edits[i].to), *error = NULL;
        ck_assert_msg(ir_read(a, s, strlen(s), &error) == NULL, "accepted: %s", s);
        ck_assert_msg(strstr(error, edits[i].message), "got: %s, expected: %s", error, edits[i].message);
    }
}
END_TEST

/* Cut anywhere: refused, or read, and then it can be verified. */
START_TEST(cut_text_never_crashes) {
    for (size_t length = 0; length < sizeof nested; length++) {
        const char *error = NULL;
        ir_model *m = ir_read(a, nested, length, &error);
        if (m) ir_check(a, m);
        else ck_assert_ptr_nonnull(error);
    }
}
END_TEST

START_TEST(unsound_blocks_are_found) {
    static const struct {
        const char *from, *to, *message;
    } edits[] = {
        {"rounds=T", "rounds=T + 1", "input 0 has no row a round"},
        {"rounds=T", "rounds=T - 2", "a number of rounds that is none"},
        {"%6 x_t = row() index=0 : int32[2]", "%6 x_t = row() index=0 : int32[]", "row 0 is int32[], expected int32[2]"},
        {"    next %9\n", "    next %2\n", "next 0 is int32[], expected int32[2]"},
        {"    collect %9\n", "    collect %10\n", "result 2 is int32[T, 2], expected int32[T]"},
        {"%3 sum, %4 ups, %5 sums = repeat(%0, %1, %2) rounds=T rows=1 : int32[2]",
         "%3 sum, %4 ups, %5 sums = repeat(%0, %1, %2) rounds=T rows=1 : float32[2]",
         "result 0 is float32[2], expected int32[2]"},
        {"    next %9\n", "    next %9\n    until %9\n", "until is int32[2]"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        const char *wrong = ir_check(a, read_text(edited(nested, edits[i].from, edits[i].to)));
        ck_assert_msg(wrong != NULL, "not found: %s", edits[i].message);
        ck_assert_msg(strstr(wrong, edits[i].message), "got: %s, expected: %s", wrong, edits[i].message);
    }
    ir_model *m = read_text(edited(edited(nested, "input x\n", "input x\ninput y\n"), "    %8 = mul(%7, %2)",
                                   "    %15 = input() index=1 : int32[]\n    %8 = mul(%7, %2)"));
    ck_assert_str_eq(ir_check(a, m), "run: %3, %4, %5 = repeat: body: %15 = input: the body of a block has no inputs, "
                                     "states and params of its own");
}
END_TEST

static reference_result run(const ir_model *m, int64_t t, const double *x) {
    reference_result r = {NULL, NULL, NULL, -1};
    ck_assert_int_eq(reference_run(a, m, REFERENCE_FLOAT64, &t, &x, NULL, &r), REFERENCE_OK);
    return r;
}

static void computes_nested(const ir_model *m) {
    const double x[] = {1, 10, 2, 20, 3, 30};
    reference_result r = run(m, 3, x);
    const double sums[] = {3, 12, 8, 44, 19, 118};
    for (int i = 0; i < 6; i++) ck_assert_double_eq(r.outputs[2][i], sums[i]);
    ck_assert_double_eq(r.outputs[0][0], 19);
    ck_assert_double_eq(r.outputs[0][1], 118);
    ck_assert_double_eq(r.outputs[1][0], 2 + 3 * 2);
}

START_TEST(rounds_are_evaluated) { computes_nested(read_text(nested)); }
END_TEST

/* 5, 5 + 5, …, until it is 15: the fourth and fifth round do not run, their rows are 0. */
START_TEST(until_ends_the_rounds) {
    ir_model *m = read_text("model early\n"
                            "dim T = 1..5\n"
                            "input x\n"
                            "run:\n"
                            "  %0 x = input() index=0 : int32[]\n"
                            "  %1 = const() number=0 : int32[]\n"
                            "  %2, %3 = repeat(%1) rounds=T rows=0 : int32[], int32[T]\n"
                            "    %4 = carried() index=0 : int32[]\n"
                            "    %5 = add(%4, %0) : int32[]\n"
                            "    %6 = const() number=14 : int32[]\n"
                            "    %7 = sub(%5, %6) : int32[]\n"
                            "    %8 = relu(%7) : int32[]\n"
                            "    next %5\n"
                            "    collect %4\n"
                            "    until %8\n"
                            "  end\n"
                            "output last = %2\n"
                            "output before = %3\n");
    ck_assert_ptr_null(ir_check(a, m));
    reference_result r = run(m, 5, (const double[]){5});
    const double before[] = {0, 5, 10, 0, 0};
    for (int i = 0; i < 5; i++) ck_assert_double_eq(r.outputs[1][i], before[i]);
    ck_assert_double_eq(r.outputs[0][0], 15);
    ck_assert_double_eq(run(m, 1, (const double[]){50}).outputs[0][0], 50); /* not asked before the first */
}
END_TEST

START_TEST(dce_drops_what_no_round_needs) {
    ir_model *m = read_text(edited(nested, "output ups = %4\n", ""));
    pass_dce(m, diag_list_new(a, NULL));
    ck_assert_ptr_null(ir_check(a, m));
    const ir_node *n = m->outputs[0].value->producer;
    ck_assert_uint_eq(ir_carried_of(n), 1);
    ck_assert_uint_eq(ir_collected_of(n), 1);
    for (const ir_node *k = n->block->body.first; k; k = k->next) ck_assert(k->op != IR_REPEAT);

    m = read_text(edited(edited(nested, "output sum = %3\n", ""), "output sums = %5\n", ""));
    pass_dce(m, diag_list_new(a, NULL));
    ck_assert_ptr_null(ir_check(a, m));
    n = m->outputs[0].value->producer;
    ck_assert_uint_eq(n->attrs.rows, 0); /* x is read by nobody */
    ck_assert_uint_eq(ir_carried_of(n), 1);
    ck_assert_double_eq(run(m, 3, (const double[6]){0}).outputs[0][0], 8);
}
END_TEST

START_TEST(passes_keep_the_meaning) {
    ir_model *m = read_text(nested);
    pass_fold(m);
    pass_hoist(m);
    ck_assert_ptr_null(ir_check(a, m));
    pass_last_step(m);
    pass_dce(m, diag_list_new(a, NULL));
    ck_assert_ptr_null(ir_check(a, m));
    computes_nested(m);
}
END_TEST

/* Of 3 * x_t + y, summed up: 3 and y leave the inner block and the outer one, the product is one for all rows, and what
 * is collected of it needs no round. */
START_TEST(rows_are_done_at_once) {
    ir_model *m = read_text("model rows\n"
                            "dim T = 1..5\n"
                            "input x\n"
                            "run:\n"
                            "  %0 x = input() index=0 : int32[T, 2]\n"
                            "  %1 = const() number=0 : int32[2]\n"
                            "  %2, %3, %4 = repeat(%0, %1, %1) rounds=T rows=1 : int32[2], int32[2], int32[T, 2]\n"
                            "    %5 x_t = row() index=0 : int32[2]\n"
                            "    %6 = carried() index=0 : int32[2]\n"
                            "    %7 = carried() index=1 : int32[2]\n"
                            "    %8 = const() number=3 : int32[2]\n"
                            "    %9 = mul(%5, %8) : int32[2]\n"
                            "    %10 = sum(%9) axes=(0) keepdim=true : int32[1]\n"
                            "    %11 = repeat(%6) rounds=1 rows=0 : int32[2]\n"
                            "      %12 = carried() index=0 : int32[2]\n"
                            "      %13 = neg(%9) : int32[2]\n"
                            "      %14 = sub(%12, %13) : int32[2]\n"
                            "      %15 = add(%14, %10) : int32[2]\n"
                            "      next %15\n"
                            "    end\n"
                            "    next %11\n"
                            "    next %7\n"
                            "    collect %9\n"
                            "  end\n"
                            "output last = %2\n"
                            "output zero = %3\n"
                            "output threes = %4\n");
    ck_assert_ptr_null(ir_check(a, m));
    pass_hoist(m);
    ck_assert_ptr_null(ir_check(a, m));
    pass_dce(m, diag_list_new(a, NULL));
    ck_assert_ptr_null(ir_check(a, m));
    const double x[] = {1, 10, 2, 20};
    reference_result r = run(m, 2, x);
    const double want[][4] = {{3 * 3 + 99, 90 + 99}, {0, 0}, {3, 30, 6, 60}};
    for (int i = 0; i < 2; i++) ck_assert_double_eq(r.outputs[0][i], want[0][i]);
    for (int i = 0; i < 2; i++) ck_assert_double_eq(r.outputs[1][i], 0);
    for (int i = 0; i < 4; i++) ck_assert_double_eq(r.outputs[2][i], want[2][i]);
    ck_assert(m->outputs[1].value->producer->op == IR_CONST);
    ck_assert(m->outputs[2].value->producer->op == IR_MUL);
    const ir_node *n = m->outputs[0].value->producer;
    ck_assert_uint_eq(ir_carried_of(n), 1);
    ck_assert_uint_eq(ir_collected_of(n), 0);
    ck_assert_uint_eq(ir_rows_of(n), 2); /* the sum, and what the inner block takes away */
    for (const ir_node *k = n->block->body.first; k; k = k->next)
        ck_assert(k->op == IR_ROW || k->op == IR_CARRIED || k->op == IR_REPEAT);
}
END_TEST

/* A value of rounds that may not run stays a row of the block. */
START_TEST(rounds_that_may_not_run_stay) {
    ir_model *m = read_text(edited(edited(nested, "    collect %9\n", "    collect %6\n    until %16\n"), "    next %9\n",
                                   "    %16 = less(%2, %10) : bool[]\n    next %9\n"));
    pass_hoist(m);
    ck_assert_ptr_null(ir_check(a, m));
    const double x[] = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50};
    reference_result r = run(m, 5, x);
    const double rows[] = {1, 10, 2, 20, 0, 0, 0, 0, 0, 0};
    for (int i = 0; i < 10; i++) ck_assert_double_eq(r.outputs[2][i], rows[i]);
}
END_TEST

int main(void) {
    Suite *s = suite_create("repeat");
    TCase *c = tcase_create("repeat");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, blocks_read_and_print);
    tcase_add_test(c, broken_text_is_refused);
    tcase_add_test(c, cut_text_never_crashes);
    tcase_add_test(c, unsound_blocks_are_found);
    tcase_add_test(c, rounds_are_evaluated);
    tcase_add_test(c, until_ends_the_rounds);
    tcase_add_test(c, dce_drops_what_no_round_needs);
    tcase_add_test(c, passes_keep_the_meaning);
    tcase_add_test(c, rows_are_done_at_once);
    tcase_add_test(c, rounds_that_may_not_run_stay);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
