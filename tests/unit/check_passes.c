/* check_passes: each pass on small models written as IR text. After a pass the verifier must have nothing to say. */
#include "ir_models.h"

#include <time.h>

static void has_not(const ir_model *m, const char *line)
{
    ck_assert_msg(strstr(printed(m), line) == NULL, "'%s' in\n%.3000s", line, printed(m));
}

/* --- fold -------------------------------------------------------------------------------------------------------- */

/* Expected numbers are C's or numpy's: np.float32(0.1) + np.float32(0.2), np.int32 with wrapping. */
START_TEST(constants_fold)
{
    static const struct {
        const char *type, *x, *y, *expression, *result_type, *expected;
    } cases[] = {
        {"float32[]", "0.1", "0.2", "add(%0, %1)", "float32[]", "0.30000001192092896"},
        {"float32[]", "0.1", "0.2", "sub(%0, %1)", "float32[]", "-0.10000000149011612"},
        {"float32[]", "1", "3", "div(%0, %1)", "float32[]", "0.3333333432674408"},
        {"float32[]", "1", "0", "div(%0, %1)", "float32[]", "inf"},
        {"float32[]", "2", "0.5", "pow(%0, %1)", "float32[]", "1.4142135381698608"},
        {"float32[]", "nan", "2", "maximum(%0, %1)", "float32[]", "nan"},
        {"float32[]", "1", "nan", "minimum(%0, %1)", "float32[]", "nan"},
        {"float32[]", "1", "2", "minimum(%0, %1)", "float32[]", "1"},
        {"float32[]", "-3", "0", "neg(%0)", "float32[]", "3"},
        {"float32[]", "-3", "0", "abs(%0)", "float32[]", "3"},
        {"float32[]", "-3", "0", "relu(%0)", "float32[]", "0"},
        {"float32[]", "-3", "0", "leaky_relu(%0) negative_slope=0.5", "float32[]", "-1.5"},
        {"float32[]", "-3", "0", "clamp(%0) low=-1 high=inf", "float32[]", "-1"},
        {"float32[]", "0", "0", "sigmoid(%0)", "float32[]", "0.5"},
        {"float32[]", "0", "0", "exp(%0)", "float32[]", "1"},
        {"int32[]", "2147483647", "1", "add(%0, %1)", "int32[]", "-2147483648"},
        {"int32[]", "-2147483648", "1", "sub(%0, %1)", "int32[]", "2147483647"},
        {"int32[]", "65537", "65537", "mul(%0, %1)", "int32[]", "131073"},
        {"int32[]", "3", "21", "pow(%0, %1)", "int32[]", "1870418611"},
        {"int32[]", "7", "0", "pow(%0, %1)", "int32[]", "1"},
        {"int32[]", "-2147483648", "0", "neg(%0)", "int32[]", "-2147483648"},
        {"int32[]", "-2147483648", "0", "abs(%0)", "int32[]", "-2147483648"},
        {"int32[]", "4", "9", "maximum(%0, %1)", "int32[]", "9"},
        {"int32[]", "16777217", "0", "cast(%0)", "float32[]", "16777216"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ir_model *m = model("", arena_printf(memory,
                                             "%%0 = const() number=%s : %s\n%%1 = const() number=%s : %s\n"
                                             "%%2 = %s : %s\noutput y = %%2\n",
                                             cases[i].x, cases[i].type, cases[i].y, cases[i].type,
                                             cases[i].expression, cases[i].result_type));
        pass_fold(m);
        sound(m);
        has(m, arena_printf(memory, "%%2 = const() number=%s : %s\n", cases[i].expected, cases[i].result_type));
    }
}
END_TEST

START_TEST(chains_of_constants_fold)
{
    ir_model *m = model("", "%0 = const() number=3 : int32[]\n%1 = mul(%0, %0) : int32[]\n%2 = cast(%1) : float32[]\n"
                            "%3 = sqrt(%2) : float32[]\noutput y = %3\n");
    pass_fold(m);
    pass_dce(m, diags);
    sound(m);
    ck_assert_str_eq(printed(m), "model m\nrun:\n  %3 = const() number=3 : float32[]\noutput y = %3\n");
}
END_TEST

START_TEST(trivial_views_disappear)
{
    ir_model *m = model("dim T = 1..9\ninput x\nstate s: float32[2, 3]",
                        "%0 x = input() index=0 : float32[T, 2, 3]\n"
                        "%1 = state() index=0 : float32[2, 3]\n"
                        "%2 = permute(%0) perm=(1, 2, 0) : float32[2, 3, T]\n"
                        "%3 = permute(%2) perm=(2, 0, 1) : float32[T, 2, 3]\n" /* together nothing */
                        "%4 = slice(%3) axis=1 start=0 step=1 : float32[T, 2, 3]\n"
                        "%5 = cat(%4) axis=0 : float32[T, 2, 3]\n"
                        "%6 = reshape(%5) : float32[T, 2, 3]\n"
                        "%7 same = tanh(%6) : float32[T, 2, 3]\n"
                        "%8 = reshape(%7) : float32[6*T]\n"
                        "%9 = reshape(%8) : float32[3*T, 2]\n" /* of %7 */
                        "%10 = permute(%7) perm=(2, 0, 1) : float32[3, T, 2]\n"
                        "%11 = permute(%10) perm=(2, 0, 1) : float32[2, 3, T]\n" /* of %7 by (1, 2, 0) */
                        "%12 last = reshape(%1) : float32[2, 3]\n"
                        "%13 = slice(%7) axis=0 start=0 step=1 : float32[1, 2, 3]\n"
                        "output a = %9\noutput b = %11\noutput c = %13\noutput d = %6\nnext s = %12\n");
    pass_fold(m);
    sound(m);
    pass_dce(m, diags);
    sound(m);
    ck_assert_str_eq(printed(m), "model m\n"
                                 "dim T = 1..9\n"
                                 "input x\n"
                                 "state s: float32[2, 3]\n"
                                 "run:\n"
                                 "  %0 x = input() index=0 : float32[T, 2, 3]\n"
                                 "  %1 last = state() index=0 : float32[2, 3]\n"
                                 "  %7 same = tanh(%0) : float32[T, 2, 3]\n"
                                 "  %9 = reshape(%7) : float32[3*T, 2]\n"
                                 "  %11 = permute(%7) perm=(1, 2, 0) : float32[2, 3, T]\n"
                                 "  %13 = slice(%7) axis=0 start=0 step=1 : float32[1, 2, 3]\n"
                                 "output a = %9\n"
                                 "output b = %11\n"
                                 "output c = %13\n"
                                 "output d = %0\n"
                                 "next s = %1\n");
}
END_TEST

/* --- dce --------------------------------------------------------------------------------------------------------- */

START_TEST(dead_code_disappears)
{
    ir_model *m = model("input x\ninput unread\n"
                        "param \"a\": float32[2]\nparam \"b\": float32[2]\nparam \"c\": float32[2]\n"
                        "state s: float32[2]\nreset:\n%0 = param() index=2 : float32[2]\n%1 = neg(%0) : float32[2]\n"
                        "%2 = exp(%1) : float32[2]",
                        "%3 x = input() index=0 : float32[2]\n%4 unread = input() index=1 : float32[2]\n"
                        "%5 = state() index=0 : float32[2]\n%6 = param() index=0 : float32[2]\n"
                        "%7 = param() index=1 : float32[2]\n%8 = add(%3, %6) : float32[2]\n"
                        "%9 = tanh(%8) : float32[2]\n%10 = mul(%3, %7) : float32[2]\n"
                        "output y = %10\ninit s = %1\n");
    pass_dce(m, diags);
    sound(m);
    ck_assert_str_eq(printed(m), "model m\n"
                                 "input x\n"
                                 "input unread\n"
                                 "param \"b\": float32[2]\n"
                                 "param \"c\": float32[2]\n"
                                 "state s: float32[2]\n"
                                 "reset:\n"
                                 "  %0 = param() index=1 : float32[2]\n"
                                 "  %1 = neg(%0) : float32[2]\n"
                                 "run:\n"
                                 "  %3 x = input() index=0 : float32[2]\n"
                                 "  %4 unread = input() index=1 : float32[2]\n"
                                 "  %5 = state() index=0 : float32[2]\n"
                                 "  %7 = param() index=0 : float32[2]\n"
                                 "  %10 = mul(%3, %7) : float32[2]\n"
                                 "output y = %10\n"
                                 "init s = %1\n");
}
END_TEST

START_TEST(unused_results_stay_with_their_node)
{
    ir_model *m = model("input x\nparam \"i\": float32[2, 3]\nparam \"h\": float32[2, 2]",
                        "%0 x = input() index=0 : float32[5, 1, 3]\n%1 = param() index=0 : float32[2, 3]\n"
                        "%2 = param() index=1 : float32[2, 2]\n"
                        "%3, %4 = recurrent(%0, -, -, -, %1, %2, -, -, -) cell=rnn activation=tanh : "
                        "float32[5, 1, 2], float32[1, 2]\noutput y = %4\n");
    pass_dce(m, diags);
    sound(m);
    has(m, "%3, %4 = recurrent(");
}
END_TEST

/* --- last_step --------------------------------------------------------------------------------------------------- */

static const char weights[] = "dim T = 1..9\ninput x\ninput n\n"
                              "param \"i\": float32[8, 3]\nparam \"h\": float32[8, 2]\n";

/* x and two layers over it, forward and (`%6`, `%7`) backward; `options` are the forward one's. */
static ir_model *two_directions(const char *lengths, const char *options, const char *rest)
{
    return model(weights,
                 arena_printf(memory,
                              "%%0 x = input() index=0 : float32[T, 4, 3]\n%%1 n = input() index=1 : int32[4]\n"
                              "%%2 = param() index=0 : float32[8, 3]\n%%3 = param() index=1 : float32[8, 2]\n"
                              "%%4 out, %%5, %%8 = recurrent(%%0, -, -, %s, %%2, %%3, -, -, -) cell=lstm "
                              "activation=tanh recurrent_activation=sigmoid%s : float32[T, 4, 2], float32[4, 2], "
                              "float32[4, 2]\n"
                              "%%6, %%7, %%9 = recurrent(%%0, -, -, -, %%2, %%3, -, -, -) cell=lstm activation=tanh "
                              "recurrent_activation=sigmoid reverse=true : float32[T, 4, 2], float32[4, 2], "
                              "float32[4, 2]\n%s",
                              lengths, options, rest));
}

static void run_last_step(ir_model *m)
{
    pass_last_step(m);
    sound(m);
    pass_fold(m);
    sound(m);
    pass_dce(m, diags);
    sound(m);
}

START_TEST(last_step_is_h_n)
{
    ir_model *m = two_directions("-", "", "%10 = slice(%4) axis=0 start=T - 1 step=1 : float32[1, 4, 2]\n"
                                          "%11 last = reshape(%10) : float32[4, 2]\noutput y = %11\n");
    run_last_step(m);
    has(m, "output y = %5\n");
    has(m, "%5 last,");
    has_not(m, "slice");
}
END_TEST

START_TEST(last_step_moves_through_views_and_directions)
{
    /* torch's out[:, -1] of a bidirectional batch_first LSTM */
    ir_model *m = two_directions("-", "",
                                 "%10 = cat(%4, %6) axis=2 : float32[T, 4, 4]\n"
                                 "%11 = permute(%10) perm=(1, 0, 2) : float32[4, T, 4]\n"
                                 "%12 = reshape(%11) : float32[1, 4, T, 2, 2]\n"
                                 "%13 = slice(%12) axis=2 start=T - 1 step=1 : float32[1, 4, 1, 2, 2]\n"
                                 "output y = %13\n");
    run_last_step(m);
    /* forward: h_n; backward: the last step of its out, which is not its h_n */
    has(m, "= reshape(%5) : float32[1, 4, 2]");
    has(m, "= slice(%6) axis=0 start=T - 1 step=1 : float32[1, 4, 2]");
    has_not(m, "(%4");
    has_not(m, "[4, T, 4]");
}
END_TEST

START_TEST(other_steps_are_not_h_n)
{
    static const char *const rests[] = {
        "%10 = slice(%4) axis=0 start=0 step=1 : float32[1, 4, 2]\noutput y = %10\n",
        "%10 = slice(%4) axis=1 start=3 step=1 : float32[T, 1, 2]\noutput y = %10\n",
        "%10 = slice(%6) axis=0 start=T - 1 step=1 : float32[1, 4, 2]\noutput y = %10\n",
        "%10 = tanh(%4) : float32[T, 4, 2]\n"
        "%11 = slice(%10) axis=0 start=T - 1 step=1 : float32[1, 4, 2]\noutput y = %11\n",
        "%10 = cat(%4, %4) axis=0 : float32[2*T, 4, 2]\n"
        "%11 = slice(%10) axis=0 start=2*T - 1 step=1 : float32[1, 4, 2]\noutput y = %11\n",
        "%10 = reshape(%4) : float32[4*T, 2]\n"
        "%11 = slice(%10) axis=0 start=4*T - 1 step=1 : float32[1, 2]\noutput y = %11\n",
    };
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        ir_model *m = two_directions("-", "", rests[i]);
        const char *before = printed(m);
        pass_last_step(m);
        ck_assert(strcmp(printed(m), before) == 0);
    }
    static const char last[] = "%10 = slice(%4) axis=0 start=T - 1 step=1 : float32[1, 4, 2]\noutput y = %10\n";
    ir_model *packed = two_directions("%1", "", last), *reversed = two_directions("-", " reverse=true", last);
    pass_last_step(packed);
    pass_last_step(reversed);
    has(packed, "output y = %10\n");
    has(reversed, "output y = %10\n");
}
END_TEST

START_TEST(last_step_of_a_tree_of_cats_ends)
{
    /* As a tree this graph would have 2^40 leaves. */
    text t = text_new(memory);
    const char *inner = "%4";
    const char *width = "2";
    int64_t size = 2;
    for (int i = 0; i < 40; i++) {
        size *= 2;
        width = arena_printf(memory, "%lld", (long long)size);
        text_printf(&t, "%%%d = cat(%s, %s) axis=2 : float32[T, 4, %s]\n", 20 + i, inner, inner, width);
        inner = arena_printf(memory, "%%%d", 20 + i);
    }
    text_printf(&t, "%%10 = slice(%s) axis=0 start=T - 1 step=1 : float32[1, 4, %s]\noutput y = %%10\n", inner, width);
    ir_model *m = two_directions("-", "", text_string(&t));
    pass_last_step(m);
    sound(m);
    ck_assert_uint_lt(m->value_count, 2000);
}
END_TEST

/* --- all of them ------------------------------------------------------------------------------------------------- */

START_TEST(all_passes_in_order)
{
    ir_model *m = two_directions("-", "", "%10 = slice(%4) axis=0 start=T - 1 step=1 : float32[1, 4, 2]\n"
                                          "%11 = reshape(%10) : float32[4, 2]\noutput y = %11\n");
    ck_assert(passes_run(m, diags));
    has(m, "output y = %5\n");
    has_not(m, "%6");
    m = model("dim T = 1..9\ninput x\nparam \"table\": float32[8, 3]\nstate q: int32[]\n",
              "%0 x = input() index=0 : int32[T]\n%1 = param() index=0 : float32[8, 3]\n"
              "%2 = state() index=0 : int32[]\n%3 = add(%0, %2) : int32[T]\n"
              "%4 = embedding(%3, %1) : float32[T, 3]\noutput y = %4\n");
    ck_assert(!passes_run(m, diags));
}
END_TEST

/* A thousand layers, each with a slice of its last step, in far less than a second; a busy machine may take longer. */
START_TEST(a_thousand_layers_are_quick)
{
    text t = text_new(memory);
    text_add(&t, "%0 x = input() index=0 : float32[T, 4, 3]\n%1 n = input() index=1 : int32[4]\n"
                 "%2 = param() index=0 : float32[8, 3]\n%3 = param() index=1 : float32[8, 2]\n");
    for (int i = 0; i < 1000; i++) {
        int id = 10 + 10 * i;
        text_printf(&t,
                    "%%%d, %%%d, %%%d = recurrent(%%0, -, -, -, %%2, %%3, -, -, -) cell=lstm activation=tanh : "
                    "float32[T, 4, 2], float32[4, 2], float32[4, 2]\n"
                    "%%%d = slice(%%%d) axis=0 start=T - 1 step=1 : float32[1, 4, 2]\n"
                    "%%%d = reshape(%%%d) : float32[4, 2]\n",
                    id, id + 1, id + 2, id + 3, id, id + 4, id + 3);
    }
    for (int i = 0; i < 1000; i++) text_printf(&t, "output y%d = %%%d\n", i, 14 + 10 * i);
    ir_model *m = model(weights, text_string(&t));
    clock_t start = clock();
    ck_assert(passes_run(m, diags));
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    has_not(m, "slice");
    ck_assert_msg(seconds < 60, "%g s", seconds); /* of processor time, under sanitizers: 5 */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("passes");
    TCase *tc = tcase_create("passes");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, constants_fold);
    tcase_add_test(tc, chains_of_constants_fold);
    tcase_add_test(tc, trivial_views_disappear);
    tcase_add_test(tc, dead_code_disappears);
    tcase_add_test(tc, unused_results_stay_with_their_node);
    tcase_add_test(tc, last_step_is_h_n);
    tcase_add_test(tc, last_step_moves_through_views_and_directions);
    tcase_add_test(tc, other_steps_are_not_h_n);
    tcase_add_test(tc, last_step_of_a_tree_of_cats_ends);
    tcase_add_test(tc, all_passes_in_order);
    tcase_add_test(tc, a_thousand_layers_are_quick);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
