/* check_bound_indices: what looks something up by an index must know that it is in the table. */
#include "ir_models.h"

static const char *shown_diags(void)
{
    FILE *f = tmpfile();
    ck_assert_ptr_nonnull(f);
    diag_print(diags, f);
    rewind(f);
    text t = text_new(memory);
    char piece[512];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) text_add_n(&t, piece, n);
    fclose(f);
    return text_string(&t);
}

static const char table[] = "dim T = 1..9\ndim B = 1..4\ninput x\ninput y\ninput z\nparam \"table\": float32[8, 3]\n";

/* x[T, B], y[B] and z[T, 8] lead to an index, %10 of this type, which an embedding of 8 rows looks up. */
static ir_model *lookup(const char *index, const char *shape)
{
    const char *dims = *shape ? arena_printf(memory, "%s, ", shape) : "";
    return model(table, arena_printf(memory,
                                     "%%0 x = input() index=0 : int32[T, B]\n%%1 y = input() index=1 : int32[B]\n"
                                     "%%2 z = input() index=2 : float32[T, 8]\n%%3 = param() index=0 : float32[8, 3]\n"
                                     "%s\n%%11 = embedding(%%10, %%3) : float32[%s3]  # emb = Embedding(8, 3)\n"
                                     "output out = %%11\n",
                                     index, dims));
}

static const char *checks_of(const ir_model *m)
{
    const char *at = strstr(printed(m), "check ");
    return at ? at : "";
}

static void checks(const char *index, const char *shape, const char *expected)
{
    ir_model *m = lookup(index, shape);
    pass_bound_indices(m, diags);
    sound(m);
    ck_assert_msg(diag_error_count(diags) == 0, "%s", shown_diags());
    ck_assert_str_eq(checks_of(m), expected);
}

START_TEST(indices_in_range_need_no_check)
{
    checks("%10 = argmax(%2) axes=(1) : int32[T]", "T", "");
    checks("%9 = argmax(%2) axes=(0) : int32[8]\n%10 = clamp(%9) low=0 high=7 : int32[8]", "8", "");
    checks("%10 = clamp(%0) low=-0 high=7 : int32[T, B]", "T, B", "");
    checks("%9 = clamp(%0) low=1 high=inf : int32[T, B]\n%10 = clamp(%9) low=-inf high=5 : int32[T, B]", "T, B", "");
    checks("%10 = const() number=7 : int32[]", "", "");
    checks("%8 = clamp(%0) low=-3 high=3 : int32[T, B]\n%9 = abs(%8) : int32[T, B]\n"
           "%10 = add(%9, %9) : int32[T, B]", "T, B", "");
    checks("%8 = clamp(%0) low=-7 high=3 : int32[T, B]\n%9 = neg(%8) : int32[T, B]\n%10 = relu(%9) : int32[T, B]",
           "T, B", "");
    checks("%7 = const() number=-7 : int32[]\n%8 = clamp(%0) low=0 high=1 : int32[T, B]\n"
           "%9 = mul(%8, %7) : int32[T, B]\n%6 = const() number=2 : int32[]\n%5 = pow(%8, %6) : int32[T, B]\n"
           "%4 = sub(%5, %9) : int32[T, B]\n%10 = minimum(%4, %6) : int32[T, B]", "T, B", ""); /* 0..8, at most 2 */
    checks("%9 = clamp(%0) low=-9 high=4 : int32[T, B]\n%8 = const() number=3 : int32[]\n"
           "%10 = maximum(%9, %8) : int32[T, B]", "T, B", "");
}
END_TEST

START_TEST(inputs_are_checked)
{
    checks("%10 = reshape(%0) : int32[B*T]", "B*T", "check token %0 in 0..7\n");
    checks("%10 = permute(%0) perm=(1, 0) : int32[B, T]", "B, T", "check token %0 in 0..7\n");
    checks("%10 = slice(%0) axis=0 start=T - 1 step=1 : int32[1, B]", "1, B", "check token %10 in 0..7\n");
    checks("%9 = slice(%0) axis=0 start=0 step=2 : int32[(T + 1)//2, B]\n"
           "%10 = permute(%9) perm=(1, 0) : int32[B, (T + 1)//2]", "B, (T + 1)//2", "check token %9 in 0..7\n");
    checks("%9 = copy(%0) : int32[T, B]\n%10 = copy(%9) : int32[T, B]", "T, B", "check token %0 in 0..7\n");
}
END_TEST

START_TEST(operands_of_cat_and_pad_are_checked)
{
    checks("%9 = reshape(%1) : int32[1, B]\n%10 = cat(%9, %0, %9) axis=0 : int32[T + 2, B]", "T + 2, B",
           "check token %0 in 0..7\ncheck token %1 in 0..7\n");
    checks("%8 = argmax(%2) axes=(1) : int32[T]\n%9 = slice(%0) axis=1 start=0 step=1 : int32[T, 1]\n"
           "%7 = reshape(%9) : int32[T]\n%10 = cat(%8, %7) axis=0 : int32[2*T]", "2*T", "check token %9 in 0..7\n");
    checks("%10 = pad(%0) axis=1 before=1 after=0 mode=constant number=7 : int32[T, B + 1]", "T, B + 1",
           "check token %0 in 0..7\n");
    checks("%10 = pad(%0) axis=1 before=1 after=1 mode=replicate : int32[T, B + 2]", "T, B + 2",
           "check token %0 in 0..7\n");
}
END_TEST

/* What a slice leaves out of a CAT or PAD is not looked up, so it may be anything. */
START_TEST(only_what_is_used_is_checked)
{
    ir_model *m = lookup("%8 = reshape(%1) : int32[1, B]\n%9 = cat(%8, %0) axis=0 : int32[T + 1, B]\n"
                         "%10 = slice(%9) axis=0 start=0 step=1 : int32[T, B]", "T, B");
    pass_bound_indices(m, diags);
    sound(m);
    ck_assert_uint_eq(m->check_count, 2);
    /* all of y; of x all but its last row cannot be said when T is 1, so all of x */
    has(m, "check token %1 in 0..7\n");

    m = lookup("%8 = reshape(%1) : int32[1, B]\n%9 = cat(%8, %0) axis=0 : int32[T + 1, B]\n"
               "%10 = slice(%9) axis=0 start=0 step=1 : int32[1, B]", "1, B");
    pass_bound_indices(m, diags);
    sound(m);
    ck_assert_str_eq(checks_of(m), "check token %1 in 0..7\n");

    m = lookup("%8 = reshape(%1) : int32[1, B]\n%9 = cat(%8, %0) axis=0 : int32[T + 1, B]\n"
               "%7 = permute(%9) perm=(1, 0) : int32[B, T + 1]\n"
               "%10 = slice(%7) axis=1 start=T step=1 : int32[B, 1]", "B, 1");
    pass_bound_indices(m, diags);
    sound(m);
    has(m, "%12 = slice(%0) axis=0 start=T - 1 step=1 : int32[1, B]  # slice\n");
    ck_assert_str_eq(checks_of(m), "check token %12 in 0..7\n");

    m = lookup("%9 = pad(%0) axis=0 before=2 after=2 mode=constant number=-1 : int32[T + 4, B]\n"
               "%10 = slice(%9) axis=0 start=2 step=1 : int32[T, B]", "T, B");
    pass_bound_indices(m, diags);
    sound(m);
    ck_assert_str_eq(checks_of(m), "check token %0 in 0..7\n");
    ck_assert_msg(diag_error_count(diags) == 0, "%s", shown_diags());
}
END_TEST

START_TEST(steps_over_a_cat)
{
    ir_model *m = model("input x\ninput y\nparam \"table\": float32[8, 3]",
                        "%0 x = input() index=0 : int32[5]\n%1 y = input() index=1 : int32[6]\n"
                        "%2 = param() index=0 : float32[8, 3]\n%3 = cat(%0, %1) axis=0 : int32[11]\n"
                        "%4 = slice(%3) axis=0 start=1 step=3 : int32[4]\n" /* 1 4 7 10: x[1], x[4], y[2], y[5] */
                        "%5 = embedding(%4, %2) : float32[4, 3]\noutput e = %5\n");
    pass_bound_indices(m, diags);
    sound(m);
    has(m, "= slice(%0) axis=0 start=1 step=3 : int32[2]  # slice\n");
    has(m, "= slice(%1) axis=0 start=2 step=3 : int32[2]  # slice\n");
    ck_assert_uint_eq(m->check_count, 2);
}
END_TEST

/* As lookup(), with a state in all that is looked up by: what it is is not known when the run begins. */
static ir_model *stateful_lookup(const char *index, const char *shape)
{
    const char *dims = *shape ? arena_printf(memory, "%s, ", shape) : "";
    return model(arena_printf(memory, "%sstate q: float32[]\n", table),
                 arena_printf(memory,
                              "%%20 x = input() index=0 : int32[T, B]\n%%21 y = input() index=1 : int32[B]\n"
                              "%%22 z = input() index=2 : float32[T, 8]\n%%23 = state() index=0 : float32[]\n"
                              "%%24 = less(%%23, %%23) : bool[]\n%%0 = where(%%24, %%20, %%20) : int32[T, B]\n"
                              "%%1 = where(%%24, %%21, %%21) : int32[B]\n%%2 = add(%%22, %%23) : float32[T, 8]\n"
                              "%%3 = param() index=0 : float32[8, 3]\n"
                              "%s\n%%11 = embedding(%%10, %%3) : float32[%s3]  # emb = Embedding(8, 3)\n"
                              "output out = %%11\n",
                              index, dims));
}

static void refuses(const char *index, const char *shape, const char *error, const char *note, const char *hint)
{
    forget_diags();
    ir_model *m = stateful_lookup(index, shape);
    pass_bound_indices(m, diags);
    const char *shown = shown_diags();
    ck_assert_uint_eq(diag_error_count(diags), 1);
    ck_assert_msg(strstr(shown, error) && strstr(shown, note) && strstr(shown, hint), "%s", shown);
}

START_TEST(unprovable_indices_are_errors)
{
    static const char hint[] = "hint: clamp(x, 0, 7) keeps them in range";
    refuses("%10 = add(%0, %1) : int32[T, B]", "T, B",
            "error: Embedding(8, 3) needs indices that are known to be in 0..7, found any int32",
            "note: add here gives any int32", hint);
    refuses("%9 = argmax(%2) axes=(1) keepdim=true : int32[T, 1]\n%10 = add(%9, %9) : int32[T, 1]", "T, 1",
            "found 0..14", "note: add here gives 0..14", hint);
    refuses("%10 = clamp(%0) low=0 high=8 : int32[T, B]", "T, B", "found 0..8", "note: clamp here gives 0..8", hint);
    refuses("%10 = const() number=8 : int32[]", "", "found 8", "note: const here gives 8", hint);
    refuses("%10 = argmax(%0) axes=(0) : int32[B]", "B", "found 0..T - 1", "argmax here gives 0..T - 1", hint);
    refuses("%10 = pad(%0) axis=0 before=0 after=1 mode=constant number=-1 : int32[T + 1, B]", "T + 1, B",
            "found -1", "note: the padding here gives -1", hint);
    refuses("%9 = neg(%1) : int32[B]\n%8 = reshape(%9) : int32[1, B]\n%10 = cat(%0, %8) axis=0 : int32[T + 1, B]",
            "T + 1, B", "found any int32", "note: neg here gives any int32", hint);
    /* 2^30 + 2^30 wraps */
    refuses("%9 = clamp(%1) low=1073741824 high=1073741824 : int32[B]\n%10 = add(%9, %9) : int32[B]", "B",
            "found any int32", "note: add here gives any int32", hint);
    refuses("%10 = max(%0) axes=(0) : int32[B]", "B", "found any int32", "note: max here gives any int32", hint);
    refuses("%9 = clamp(%0) low=0 high=7 : int32[T, B]\n%10 = sum(%9) axes=(0) : int32[B]", "B", "found 0..7*T",
            "note: sum here gives 0..7*T", hint);
}
END_TEST

START_TEST(lengths_are_from_1_to_T)
{
    static const char declarations[] = "dim T = 1..9\ninput x\ninput n\ninput z\nparam \"i\": float32[2, 3]\n"
                                       "param \"h\": float32[2, 2]\n";
    static const char *const sources[][2] = {
        {"%6 = copy(%1) : int32[4]\n", "check length %1 in 1..T\n"},
        /* argmax over T is at most T - 1 */
        {"%4 = argmax(%2) axes=(1) : int32[4]\n%5 = const() number=1 : int32[]\n%6 = add(%4, %5) : int32[4]\n", ""},
        {"%6 = argmax(%2) axes=(1) : int32[4]\n", "check length %6 in 1..T\n"},
        {"%6 = clamp(%1) low=1 high=1 : int32[4]\n", ""},
    };
    for (size_t i = 0; i < 4; i++) {
        forget_diags();
        const char *nodes = arena_printf(
            memory,
            "%%0 x = input() index=0 : float32[T, 4, 3]\n%%1 n = input() index=1 : int32[4]\n"
            "%%2 z = input() index=2 : float32[4, T]\n%%7 = param() index=0 : float32[2, 3]\n"
            "%%8 = param() index=1 : float32[2, 2]\n%s%%9, %%10 = recurrent(%%0, -, -, %%6, %%7, %%8, -, -, -) "
            "cell=rnn activation=tanh : float32[T, 4, 2], float32[4, 2]  # rnn = RNN(3, 2)\noutput y = %%9\n",
            sources[i][0]);
        ir_model *m = model(declarations, nodes);
        pass_bound_indices(m, diags);
        sound(m);
        ck_assert_msg(diag_error_count(diags) == 0, "%s", shown_diags());
        ck_assert_str_eq(checks_of(m), sources[i][1]);
    }
}
END_TEST

START_TEST(one_hot_and_repeated_checks)
{
    ir_model *m = model("dim T = 1..9\ninput x\nparam \"table\": float32[8, 3]\n",
                        "%0 x = input() index=0 : int32[T]\n%1 = param() index=0 : float32[8, 3]\n"
                        "%2 = one_hot(%0) count=5 : float32[T, 5]\n%3 = embedding(%0, %1) : float32[T, 3]\n"
                        "%4 = embedding(%0, %1) : float32[T, 3]\noutput a = %2\noutput b = %3\noutput c = %4\n");
    pass_bound_indices(m, diags);
    sound(m);
    ck_assert_str_eq(checks_of(m), "check token %0 in 0..4\ncheck token %0 in 0..7\n");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bound_indices");
    TCase *tc = tcase_create("bound_indices");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, indices_in_range_need_no_check);
    tcase_add_test(tc, inputs_are_checked);
    tcase_add_test(tc, operands_of_cat_and_pad_are_checked);
    tcase_add_test(tc, only_what_is_used_is_checked);
    tcase_add_test(tc, steps_over_a_cat);
    tcase_add_test(tc, unprovable_indices_are_errors);
    tcase_add_test(tc, lengths_are_from_1_to_T);
    tcase_add_test(tc, one_hot_and_repeated_checks);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
