/* check_regions: passes on small models written as IR text, besides check_passes: which part of an input is checked when
 * ids come from it through a reshape and a slice, and constants of operators that fold or must not. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "passes/passes.h"

static arena *memory;

static void set_up(void) { memory = arena_new(); }
static void tear_down(void) { arena_free(memory); }

static ir_model *model(const char *text)
{
    const char *error = NULL;
    ir_model *m = ir_read(memory, text, strlen(text), &error);
    ck_assert_msg(m != NULL, "%s in\n%s", error, text);
    const char *wrong = ir_check(memory, m);
    ck_assert_msg(wrong == NULL, "%s in\n%s", wrong, text);
    return m;
}

static const char *printed(const ir_model *m)
{
    const char *wrong = ir_check(memory, m);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    text t = text_new(memory);
    ir_print(m, &t);
    return text_string(&t);
}

/* --- the part that is looked up; behind a copy, since a view of an input is checked as it is --- */

static const struct {
    const char *input, *views, *shape; /* of %10, what is looked up */
    const char *expected;              /* a line of the model afterwards */
} regions[] = {
    /* an axis of size 1 more, or less: axis by axis */
    {"int32[4, 6]", "%1 = reshape(%2) : int32[4, 1, 6]\n%10 = slice(%1) axis=2 start=1 step=1 : int32[4, 1, 3]\n", "4, 1, 3",
     " = slice(%0) axis=1 start=1 step=1 : int32[4, 3]"},
    {"int32[4, 6]", "%1 = reshape(%2) : int32[1, 4, 6, 1]\n%10 = slice(%1) axis=1 start=2 step=1 : int32[1, 2, 6, 1]\n",
     "1, 2, 6, 1", " = slice(%0) axis=0 start=2 step=1 : int32[2, 6]"},
    {"int32[1, 4, 6]", "%1 = reshape(%2) : int32[4, 6]\n%10 = slice(%1) axis=0 start=2 step=1 : int32[2, 6]\n", "2, 6",
     " = slice(%0) axis=1 start=2 step=1 : int32[1, 2, 6]"},
    {"int32[4, 1, 6]", "%1 = reshape(%2) : int32[4, 6]\n%10 = slice(%1) axis=1 start=0 step=2 : int32[4, 3]\n", "4, 3",
     " = slice(%0) axis=2 start=0 step=2 : int32[4, 1, 3]"},
    /* axes that flow together: all of the input */
    {"int32[4, 6]", "%1 = reshape(%2) : int32[24]\n%10 = slice(%1) axis=0 start=3 step=1 : int32[6]\n", "6",
     "check token %0 in 0..7"},
    {"int32[24]", "%1 = reshape(%2) : int32[4, 6]\n%10 = slice(%1) axis=0 start=1 step=1 : int32[2, 6]\n", "2, 6",
     "check token %0 in 0..7"},
    /* permute moves the part */
    {"int32[4, 6, 2]", "%1 = permute(%2) perm=(2, 0, 1) : int32[2, 4, 6]\n%10 = slice(%1) axis=0 start=1 step=1 : int32[1, 4, 6]\n",
     "1, 4, 6", " = slice(%0) axis=2 start=1 step=1 : int32[4, 6, 1]"},
    /* a slice of a slice: starts add up, steps multiply */
    {"int32[24]", "%1 = slice(%2) axis=0 start=2 step=3 : int32[7]\n%10 = slice(%1) axis=0 start=1 step=2 : int32[3]\n", "3",
     " = slice(%0) axis=0 start=5 step=6 : int32[3]"},
};

START_TEST(regions_are_seen_through_views)
{
    const char *s = arena_printf(memory,
                                 "model m\ninput x\nparam \"table\": float32[8, 3]\nrun:\n%%0 x = input() index=0 : %s\n"
                                 "%%2 = copy(%%0) : %s\n%%3 = param() index=0 : float32[8, 3]\n%s"
                                 "%%11 = embedding(%%10, %%3) : float32[%s, 3]  # emb = Embedding(8, 3)\noutput y = %%11\n",
                                 regions[_i].input, regions[_i].input, regions[_i].views, regions[_i].shape);
    ir_model *m = model(s);
    diag_list *diags = diag_list_new(memory, source_from_text(memory, "m.nn", "", 0));
    pass_bound_indices(m, diags);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    ck_assert_uint_eq(m->check_count, 1);
    const char *got = printed(m);
    ck_assert_msg(strstr(got, regions[_i].expected) != NULL, "no '%s' in\n%s", regions[_i].expected, got);
}
END_TEST

/* --- ranges of two lengths that do not compare --- */

static const struct {
    const char *index; /* %10, of two argmaxes over T and B: %4 in 0..T - 1, %5 in 0..B - 1 */
    bool in_range;     /* of the table's 8 rows */
} ranges[] = {
    {"%6 = maximum(%4, %5) : int32[]\n%10 = copy(%6) : int32[]\n", true},
    {"%6 = minimum(%4, %5) : int32[]\n%10 = copy(%6) : int32[]\n", true},
    {"%6 = neg(%4) : int32[]\n%7 = neg(%5) : int32[]\n%8 = maximum(%6, %7) : int32[]\n%10 = copy(%8) : int32[]\n", false},
    {"%6 = neg(%4) : int32[]\n%7 = neg(%5) : int32[]\n%8 = minimum(%6, %7) : int32[]\n%10 = copy(%8) : int32[]\n", false},
    {"%6 = neg(%4) : int32[]\n%7 = neg(%5) : int32[]\n%8 = maximum(%6, %7) : int32[]\n%10 = neg(%8) : int32[]\n", true},
    {"%6 = add(%4, %5) : int32[]\n%10 = copy(%6) : int32[]\n", false},
    /* one more than the larger may be 8 */
    {"%6 = maximum(%4, %5) : int32[]\n%7 = const() number=1 : int32[]\n%10 = add(%6, %7) : int32[]\n", false},
};

START_TEST(ranges_of_two_lengths)
{
    ir_model *m = model(arena_printf(memory,
                                     "model m\ndim T = 1..8\ndim B = 1..7\ninput x\ninput y\nparam \"table\": float32[8, 3]\n"
                                     "state q: float32[]\n" /* what a state is in is not known before the run */
                                     "run:\n%%20 x = input() index=0 : float32[T]\n%%21 y = input() index=1 : float32[B]\n"
                                     "%%22 = state() index=0 : float32[]\n"
                                     "%%0 = add(%%20, %%22) : float32[T]\n%%1 = add(%%21, %%22) : float32[B]\n"
                                     "%%3 = param() index=0 : float32[8, 3]\n%%4 = argmax(%%0) axes=(0) : int32[]\n"
                                     "%%5 = argmax(%%1) axes=(0) : int32[]\n%s"
                                     "%%11 = embedding(%%10, %%3) : float32[3]  # emb = Embedding(8, 3)\noutput y = %%11\n",
                                     ranges[_i].index));
    diag_list *diags = diag_list_new(memory, source_from_text(memory, "m.nn", "", 0));
    pass_bound_indices(m, diags);
    ck_assert_uint_eq(diag_error_count(diags), ranges[_i].in_range ? 0 : 1);
    ck_assert_uint_eq(m->check_count, 0);
}
END_TEST

/* --- constants --- */

static const struct {
    const char *type, *x, *y, *expression, *result_type, *expected; /* a number, or NULL: it stays what it is */
} constants[] = {
    {"float32[]", "0", "0", "tanh(%0)", "float32[]", "0"},
    {"float32[]", "1", "0", "log(%0)", "float32[]", "0"},
    {"float32[]", "-1", "0", "sqrt(%0)", "float32[]", "nan"},
    {"float32[]", "3", "0.5", "mul(%0, %1)", "float32[]", "1.5"},
    {"float32[]", "nan", "0", "relu(%0)", "float32[]", "nan"},
    {"float32[]", "5", "0", "clamp(%0) low=-inf high=2", "float32[]", "2"},
    {"float32[]", "1", "0", "gelu(%0)", "float32[]", "0.8413447737693787"},
    {"float32[]", "1", "0", "softplus(%0) beta=1 threshold=20", "float32[]", "1.31326162815094"},
    {"float32[]", "2", "nan", "maximum(%0, %1)", "float32[]", "nan"},
    {"float32[]", "nan", "0", "pow(%0, %1)", "float32[]", "1"},
    {"int32[]", "-3", "0", "relu(%0)", "int32[]", "0"},
    {"int32[]", "1", "0", "relu(%0)", "int32[]", "1"},
    {"int32[]", "0", "0", "relu(%0)", "int32[]", "0"},
    {"int32[]", "-1", "0", "abs(%0)", "int32[]", "1"},
    {"int32[]", "3", "0", "abs(%0)", "int32[]", "3"},
    {"int32[]", "3", "0", "clamp(%0) low=0 high=2", "int32[]", NULL},
    {"int32[]", "4", "9", "minimum(%0, %1)", "int32[]", "4"},
    {"int32[]", "9", "4", "minimum(%0, %1)", "int32[]", "4"},
    {"int32[]", "9", "4", "maximum(%0, %1)", "int32[]", "9"},
    {"int32[]", "-2", "31", "pow(%0, %1)", "int32[]", "-2147483648"},
    {"int32[]", "-2147483648", "-2147483648", "mul(%0, %1)", "int32[]", "0"},
};

/* Expected numbers are torch's: torch.maximum, torch.relu … of scalars of that type. */
START_TEST(constants_fold_or_stay)
{
    ir_model *m = model(arena_printf(memory,
                                     "model m\nrun:\n%%0 = const() number=%s : %s\n%%1 = const() number=%s : %s\n"
                                     "%%2 = %s : %s\noutput y = %%2\n",
                                     constants[_i].x, constants[_i].type, constants[_i].y, constants[_i].type,
                                     constants[_i].expression, constants[_i].result_type));
    pass_fold(m);
    const char *expected = constants[_i].expected
                               ? arena_printf(memory, "%%2 = const() number=%s : %s\n", constants[_i].expected,
                                              constants[_i].result_type)
                               : arena_printf(memory, "%%2 = %s", constants[_i].expression);
    const char *got = printed(m);
    ck_assert_msg(strstr(got, expected) != NULL, "no '%s' in\n%s", expected, got);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("regions and constants");
    TCase *t = tcase_create("passes");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, regions_are_seen_through_views, 0, sizeof regions / sizeof *regions);
    tcase_add_loop_test(t, ranges_of_two_lengths, 0, sizeof ranges / sizeof *ranges);
    tcase_add_loop_test(t, constants_fold_or_stay, 0, sizeof constants / sizeof *constants);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
