/* check_hints: a hint is for one mistake only. tests/diagnostics holds the messages as they are; here stand inputs that
 * look like a known mistake and are another: the hint must keep away. */
#define _POSIX_C_SOURCE 200809L

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lower/lower.h"
#include "syntax/parse.h"

static const struct {
    const char *statements, *words; /* the words must be in the messages, or, after a '!', must not be */
} cases[] = {
    /* 2 * hidden_size features are a bidirectional layer's only as they come from it */
    {"input x: float32[5, 2, 3]\nlayer l = LSTM(3, 4, bidirectional=True)\nlayer f = Linear(4, 2)\n"
     "y, _ = l(x)\noutput o = f(y)", "with bidirectional=True the features are 2 * hidden_size"},
    {"input x: float32[5, 2, 3]\nlayer l = LSTM(3, 4, bidirectional=True)\nlayer f = Linear(4, 2)\n"
     "y, _ = l(x)\noutput o = f(tanh(y))", "with bidirectional=True"},
    {"input x: float32[5, 2, 3]\nlayer l = LSTM(3, 4, bidirectional=True)\nlayer f = Linear(4, 2)\n"
     "y, _ = l(x)\noutput o = f(sum(y, dim=0))", "!with bidirectional=True"},
    {"input x: float32[5, 2, 3]\nlayer l = LSTM(3, 4, bidirectional=True)\nlayer f = Linear(4, 2)\n"
     "y, _ = l(x)\noutput o = f(y + y)", "!with bidirectional=True"},
    {"input x: float32[5, 8]\nlayer f = Linear(4, 2)\noutput o = f(x)", "!with bidirectional=True"},
    {"input x: float32[5, 2, 3]\nlayer a = LSTM(3, 4)\nlayer b = LSTM(3, 4)\nlayer f = Linear(4, 2)\n"
     "y, _ = a(x)\nz, _ = b(x)\noutput o = f(cat([y, tanh(z)], dim=2))", "!with bidirectional=True"},
    /* swapped sizes: only where swapping mends it */
    {"input x: float32[5, 2]\nlayer f = Linear(3, 2)\noutput o = f(x)", "in_features come first"},
    {"input x: float32[5, 7]\nlayer f = Linear(3, 2)\noutput o = f(x)", "!in_features come first"},
    {"input x: float32[3, 5]\nlayer f = Linear(3, 2)\noutput o = f(x)", "transpose(…, -1, -2)"},
    {"input x: float32[4, 5]\nlayer f = Linear(3, 2)\noutput o = f(x)", "!transpose(…, -1, -2)"},
    {"input x: float32[5, 2, 9]\nlayer c = Conv1d(9, 2, 1)\noutput o = c(x)", "the channels come before the steps"},
    {"input x: float32[5, 2, 8]\nlayer c = Conv1d(9, 2, 1)\noutput o = c(x)", "!the channels come before the steps"},
    {"input x: float32[5, 2, 9]\nlayer b = BatchNorm1d(9)\noutput o = b(x)", "the channels come before the steps"},
    {"input x: float32[5, 2, 8]\nlayer b = BatchNorm1d(9)\noutput o = b(x)", "!the channels come before the steps"},
    /* states */
    {"input x: float32[5, 2, 3]\ninput h: float32[1, 5, 4]\nlayer g = GRU(3, 4)\ny, _ = g(x, h)\noutput y",
     "batch_first=True"},
    {"input x: float32[5, 2, 3]\ninput h: float32[1, 6, 4]\nlayer g = GRU(3, 4)\ny, _ = g(x, h)\noutput y",
     "!batch_first=True"},
    {"input x: float32[5, 3]\ninput h: float32[1, 5, 4]\nlayer g = GRU(3, 4)\ny, _ = g(x, h)\noutput y",
     "!batch_first=True"},
    {"input x: float32[5, 3]\ninput h: float32[1, 1, 4]\nlayer g = GRU(3, 4)\ny, _ = g(x, h)\noutput y",
     "the input has no batch dim"},
    {"input x: float32[5, 2, 3]\ninput h: float32[1, 4]\nlayer g = GRU(3, 4)\ny, _ = g(x, h)\noutput y",
     "the input has a batch dim"},
    /* a layer that is wrong in itself is told once, and what is made with it is not */
    {"input x: float32[5, 2, 3]\nlayer l = LSTM(3, 0)\ny, _ = l(x)\noutput y", "hidden_size"},
    {"input x: float32[5, 2, 3]\nlayer l = LSTM(3, 2, activation=\"tan\")\ny, _ = l(x)\noutput y", "did you mean \"tanh\""},
    {"input x: float32[2, 3]\nlayer l = GRUCell(3, 0)\ny = l(x)\noutput y", "hidden_size"},
    /* the dim that does not fit is named; one of size 1 fits */
    {"input x: float32[4, 1]\ninput y: float32[3, 5]\noutput o = x + y", "in dim -2"},
    {"input x: float32[3, 5]\ninput y: float32[4, 1]\noutput o = x * y", "in dim -2"},
    {"input x: float32[2, 3, 5]\ninput y: float32[4]\noutput o = x - y", "in dim -1"},
    /* always, or for some sizes only */
    {"dim T = 1..2\ninput x: float32[T, 3]\noutput y = x[1:]", "this slice may be empty"},
    {"dim T = 1..2\ninput x: float32[T, 3]\noutput y = x[T:]", "this slice is empty"},
    {"dim T = 2..3\ninput x: float32[T, 3]\noutput y = x[:-4]", "this slice is empty"},
    /* names */
    {"input x: float32[5, 3]\noutput o = nn.Linear(x)", "layer NAME = Linear(…)"},
    {"input x: float32[5, 3]\nlayer l = Quxquxquxqux(3)\noutput o = l(x)", "Sequential, ReLU"},
};

START_TEST(hints_fit)
{
    arena *a = arena_new();
    const char *text = arena_printf(a, "model m {\n%s\n}\n", cases[_i].statements);
    source *s = source_from_text(a, "model.nn", text, strlen(text));
    diag_list *diags = diag_list_new(a, s);
    lower_file(a, parse_file(a, s, diags), diags);
    ck_assert_msg(diag_error_count(diags) == 1, "%zu errors in\n%s", diag_error_count(diags), text);

    char *shown = NULL;
    size_t size;
    FILE *to = open_memstream(&shown, &size);
    ck_assert_ptr_nonnull(to);
    diag_print(diags, to);
    fclose(to);
    const char *words = cases[_i].words;
    bool unwanted = *words == '!', found = strstr(shown, words + unwanted) != NULL;
    ck_assert_msg(found != unwanted, "%s'%s' in\n%s", unwanted ? "" : "no ", words + unwanted, shown);
    free(shown);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hints");
    TCase *t = tcase_create("hints");
    tcase_add_loop_test(t, hints_fit, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
