/* check_names_of_torch: every public name of torch, its modules, Tensor and Module (names_of_torch.txt, made by
 * tools/names_of_torch.py) is a function or a layer, or has an answer of its own; and only what there is not has one. What
 * an answer says to write is what the name computes in torch: a case holds it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/hints.h"
#include "lower/lowering.h"

static bool is_there(const char *name) { return function_find(name) || layer_kind_find(name); }

START_TEST(every_name_has_an_answer)
{
    FILE *names = fopen(NNC_TESTS_DIR "/unit/names_of_torch.txt", "r");
    ck_assert_ptr_nonnull(names);
    char name[128];
    size_t count = 0, silent = 0;
    while (fgets(name, sizeof name, names)) {
        name[strcspn(name, "\n")] = 0;
        count++;
        if (is_there(name) || hint_for(name)) continue;
        fprintf(stderr, "no answer: %s\n", name);
        silent++;
    }
    fclose(names);
    ck_assert_msg(count > 1100, "only %zu names", count);
    ck_assert_msg(!silent, "%zu names of torch have no answer in syntax/hints.def", silent);
}
END_TEST

START_TEST(what_is_there_needs_none)
{
    arena *a = arena_new();
    size_t count, wrong = 0;
    const char *const *names = hint_names(a, &count);
    for (size_t i = 0; i < count; i++) {
        bool twice = false;
        for (size_t k = 0; k < i && !twice; k++) twice = strcmp(names[i], names[k]) == 0;
        if (is_there(names[i])) fprintf(stderr, "there is %s now: take it out of syntax/hints.def\n", names[i]);
        if (twice) fprintf(stderr, "two answers in syntax/hints.def: %s\n", names[i]);
        if (!hint_for(names[i])) fprintf(stderr, "not found: %s\n", names[i]);
        wrong += is_there(names[i]) || twice || !hint_for(names[i]);
    }
    ck_assert_msg(!wrong, "%zu names in syntax/hints.def are wrong", wrong);
    arena_free(a);
}
END_TEST

/* The answer is never another function's name alone: that would be wrong results, if it is taken. */
START_TEST(an_answer_is_the_names_own)
{
    static const char *const wrong[][2] = {{"prelu", "mean relu"}, {"selu", "mean relu"}, {"sin", "mean min"},
                                           {"nn.PReLU", "mean"},   {"F.celu", "mean elu"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (hint_for(wrong[i][0])) ck_assert_ptr_null(strstr(hint_for(wrong[i][0]), wrong[i][1]));
    ck_assert_ptr_nonnull(strstr(hint_for("x.add_"), "in place"));
    ck_assert_ptr_null(hint_for("no_such_word"));
    ck_assert_ptr_null(hint_for(""));
    ck_assert_ptr_null(hint_for("_"));
    ck_assert_ptr_null(hint_for("cpu cuda"));
}
END_TEST

/* Answers that leave too much open to be computed, or are statements: how they begin. */
static const char *const in_words[] = {
    "grad(LOSS",        "arange(n): repeat", "~m",             "param NAME",      "weights \"",        "sum(x, dim, keepdim",
    "zeros(d",          "a param",           "tensor(((0, 1",  "the number",      "& | ~",             "view(x, …)",
    "slices",           "x[0], x[1]",        "expand(x, d",    "unsqueeze, or",   "where(mask, source", "cat of zeros",
    "scatter_add(x",    "views and",         "stack of slices", "min and max",    "a repeat",          "matmul, permute",
    "the products",     "the sizes",         "an Embedding",   "layer NAME = ",   "view, cat",         "the sum of relu",
    "detach(x)",        "Conv1d(…, groups", "a statement",      "target, loss",      "LSTM(…",
    "values, indices = topk(x, n, largest=False), and mix"};

static bool says_in_words(const char *what) {
    for (size_t i = 0; i < sizeof in_words / sizeof *in_words; i++)
        if (strncmp(what, in_words[i], strlen(in_words[i])) == 0) return true;
    return false;
}

START_TEST(an_answer_computes_the_same)
{
    static const char *const parts[] = {"elements", "functions", "moves", "sums", "losses"};
    arena *a = arena_new();
    const char *cases = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        FILE *f = fopen(arena_printf(a, NNC_TESTS_DIR "/cases/fn_hints_%s/case.nn", parts[i]), "r");
        ck_assert_ptr_nonnull(f);
        char line[512];
        while (fgets(line, sizeof line, f))
            if (strstr(line, "# write ")) cases = arena_printf(a, "%s%s", cases, line);
        fclose(f);
    }
    size_t count, held = 0, silent = 0;
    const char *const *names = hint_names(a, &count);
    for (size_t i = 0; i < count; i++) {
        const char *hint = hint_for(names[i]);
        if (strncmp(hint, "write ", 6) != 0 || says_in_words(hint + 6)) continue;
        bool found = strstr(cases, arena_printf(a, "# %s\n", hint)) != NULL;
        held += found;
        silent += !found;
        if (!found) fprintf(stderr, "in no case of tools/casegen/hints.py: %s\n", hint);
    }
    ck_assert_msg(held > 130 && !silent, "of %zu answers to compute no case holds %zu", held + silent, silent);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("names of torch");
    TCase *t = tcase_create("names");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, every_name_has_an_answer);
    tcase_add_test(t, what_is_there_needs_none);
    tcase_add_test(t, an_answer_is_the_names_own);
    tcase_add_test(t, an_answer_computes_the_same);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
