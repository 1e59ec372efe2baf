/* check_growth: what nnc needs grows with the file, not with its square. Held by the processor's own count of time of this
 * process, as a ratio of two sizes: 8 x the file may take 24 x the time (n log n and noise), where a square would be 64 x. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/picture.h"
#include "emit/emit.h"
#include "emit/target.h"
#include "lower/lower.h"
#include "passes/passes.h"
#include "server/symbols.h"
#include "syntax/format.h"
#include "syntax/parse.h"
#include "weights/bind.h"

static const struct {
    const char *name;
    size_t small;
    const char *parts[5]; /* by turns once, and for each: %d is its number, as often as it stands there */
} files[] = {
    {"models", 250, {"", "model m%d {\n input x: float32[2]\n output y = relu(x)\n}\n", ""}},
    {"outputs", 500, {"model m {\n input x: float32[2]\n", " output y%d = relu(x)\n", "}\n"}},
    {"inputs", 1000, {"model m {\n", " input x%d: float32[2]\n", " output y = x0\n}\n"}},
    {"dims", 100, {"model m {\n", " dim D%d = 1..9\n input x%d: float32[D%d]\n output y%d = relu(x%d)\n", "}\n"}},
    {"operands", 1000, {"model m {\n input x: float32[2]\n output y = cat((x", ", x", "))\n}\n"}},
    {"terms", 1000, {"model m {\n input x: float32[2]\n output y = x", " + x", "\n}\n"}},
    {"terms in parentheses", 1000, {"model m {\n input x: float32[2]\n output y = (x", " + x", ")\n}\n"}},
    {"statements", 500, {"model m {\n input x: float32[2]\n", " x = relu(x) + %d\n", " output x\n}\n"}},
    {"layers", 200, {"model m {\n input x: float32[2]\n", " layer l%d = Linear(2, 2)\n x = l%d(x)\n",
     " output x\n}\n"}},
    {"tables", 100, {"model m {\n", " layer e%d = Embedding(9, 2)\n input i%d: int32[3]\n output y%d = e%d(i%d)\n",
     "}\n"}},
    {"states", 200, {"model m {\n input x: float32[2]\n", " state s%d: float32[2]\n output s%d = s%d + x\n", "}\n"}},
    {"operands of sizes of their own", 60, {"model m {\n input x: float32[4]\n",
     " dim D%d = 1..3\n dim E%d = 1..3\n input x%d: float32[4, D%d, E%d]\n x = x + x%d[:, 0, 0]\n",
     " output y = x\n}\n"}},
    {"layers that are trained", 60, {"model m {\n input x: float32[1, 2, 4]\n target t: float32[1, 2, 4]\n",
     " layer l%d = Conv1d(2, 2, 1)\n x = relu(l%d(x))\n",
     " output x\n loss e = mse_loss(x, t)\n train SGD(lr=0.1)\n}\n"}},
    {"recurrent layers that are trained", 20, {"model m {\n input x: float32[3, 1, 2]\n target t: float32[3, 1, 2]\n",
     " layer l%d = GRU(2, 2)\n x, _ = l%d(x)\n", " output x\n loss e = mse_loss(x, t)\n train SGD(lr=0.1)\n}\n"}},
    {"norms that are trained", 60, {"model m {\n input x: float32[4, 2]\n target t: float32[4, 2]\n",
     " layer l%d = BatchNorm1d(2)\n x = relu(l%d(x))\n", " output x\n loss e = mse_loss(x, t)\n train SGD(lr=0.1)\n}\n"}},
    {"values joined to joined ones", 200, {"model m {\n input x: float32[4, 2]\n", " x = cat((x, x[:1]))\n",
     " output x\n}\n"}},
    {"values padded again", 200, {"model m {\n input x: float32[4, 2]\n", " x = pad(x, (0, 0, 0, 1))\n",
     " output x\n}\n"}},
    {"views that are copied", 250, {"model m {\n input x: float32[4, 2]\n", " x = repeat_interleave(x, 2, 0)[:4]\n",
     " output x\n}\n"}},
    {"blocks", 100, {"model m {\n input x: float32[2]\n", " repeat 3 {\n  x = tanh(x + %d)\n }\n", " output x\n}\n"}},
    {"states that a block binds", 400, {"model m {\n input x: float32[2]\n", " state a%d: float32[2]\n",
     " repeat 3 {\n", "  a%d = a%d * 2 + x\n", " }\n output y = a0\n}\n"}},
    {"what a block collects", 500, {
     "model m {\n input x: float32[3, 2]\n h = x[0]\n repeat r in x {\n  h = tanh(h + r)\n",
     "  collect a%d = h * %d\n", " }\n", " output y%d = a%d\n", "}\n"}},
    {"what all rows give", 500, {"model m {\n input x: float32[3, 2]\n repeat r in x {\n", "  collect a%d = r * %d\n",
     " }\n", " output y%d = a%d\n", "}\n"}},
    {"unknown names", 200, {"model m {\n input x: float32[2]\n", " a%d = f%d(b%d)\n", " output x\n}\n"}},
};

static void write_each(text *t, const char *each, size_t count)
{
    for (size_t n = 0; n < count; n++)
        for (const char *c = each; *c; c++) {
            if (c[0] == '%' && c[1] == 'd') text_printf(t, "%zu", n), c++;
            else text_add_n(t, c, 1);
        }
}

static const char *write_file(arena *a, size_t i, size_t count)
{
    text t = text_new(a);
    for (size_t k = 0; k < sizeof files[i].parts / sizeof *files[i].parts && files[i].parts[k]; k++)
        write_each(&t, files[i].parts[k], k % 2 ? count : 1);
    return text_string(&t);
}

/* What an editor asks for, the canonical form, the C and its header, and a picture. */
static void compile(arena *a, const char *bytes)
{
    source *s = source_from_text(a, "m.nn", bytes, strlen(bytes));
    diag_list *diags = diag_list_new(a, s);
    ast_file *ast = parse_file(a, s, diags);
    text formatted = text_new(a);
    symbols_of(a, ast);
    if (!diag_error_count(diags)) format_source(a, s, &formatted);
    lowered_file f = lower_file(a, ast, diags);
    if (diag_error_count(diags)) return;
    for (size_t i = 0; i < f.count; i++) ck_assert(pass_modes(f.models[i], diags));
    Agraph_t *picture = picture_new();
    for (size_t i = 0; i < f.count; i++) picture_add(picture, a, f.models[i], i);
    agclose(picture);
    emit_api *const *apis = emit_apis(a, f.models, f.count, false);
    emit_api_check(a, f.models, apis, f.count, diags);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    bind_random_weights(f.models, f.count, 1);
    plan_options planning = {.unroll = 64};
    target_bodies("baseline", &planning);
    const plan **plans = ARENA_ARRAY(a, const plan *, f.count);
    for (size_t i = 0; i < f.count; i++) {
        ck_assert(passes_run(f.models[i], diags));
        plans[i] = plan_model(a, f.models[i], &planning, diags);
    }
    FILE *nowhere = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(nowhere);
    const emit_options o = {
        .source_name = "m.nn", .header_name = "m.h", .code_name = "m.c", .banner_options = "", .target = "baseline"};
    ck_assert(emit_header(&o, plans, apis, f.count, nowhere) && emit_source(&o, plans, apis, f.count, nowhere));
    fclose(nowhere);
}

/* Seconds of this process's own processor time. */
static double seconds_of(size_t i, size_t count)
{
    arena *a = arena_new();
    const char *bytes = write_file(a, i, count);
    clock_t begin = clock();
    compile(a, bytes);
    double taken = (double)(clock() - begin) / CLOCKS_PER_SEC;
    arena_free(a);
    return taken;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* What else the machine does adds to both: the small file is timed twice, the large one again where it seems to take too long. */
START_TEST(time_grows_with_the_file)
{
    size_t i = (size_t)_i, many = 8 * files[i].small;
    double small = least(seconds_of(i, files[i].small), seconds_of(i, files[i].small)), large = seconds_of(i, many);
    double most = 24 * small + 0.02; /* below a few milliseconds the clock counts little else than noise */
    for (int again = 0; again < 2 && large >= most; again++) large = least(large, seconds_of(i, many));
    ck_assert_msg(large < most, "%s: %.4f s for %zu, %.4f s for %zu", files[i].name, small, files[i].small, large, many);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("growth");
    TCase *t = tcase_create("files");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, time_grows_with_the_file, 0, sizeof files / sizeof *files);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
