/* check_bind: params matched with a file's tensors; random weights. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>

#include "weights/bind.h"
#include "weights_folder.h"

/* --- binding ----------------------------------------------------------------------------------------------------------- */

static const char text_of_model[] = "model m {\n    layer lstm = …\n    layer out = …\n}\n";

static ir_model *new_model(void)
{
    diags = diag_list_new(a, source_from_text(a, "m.nn", text_of_model, sizeof text_of_model - 1));
    return ir_model_new(a, dim_table_new(a), "m", (span){0, 0});
}

static ir_param *add_param(ir_model *m, const char *wanted_by, size_t place, const char *key, unsigned rank, int64_t rows,
                           int64_t columns)
{
    ir_param p = {.key = key, .wanted_by = wanted_by, .where = {place, place + 5}};
    p.type.dtype = IR_F32;
    p.type.rank = rank;
    if (rank > 0) p.type.dims[0] = dim_const(m->dims, rows);
    if (rank > 1) p.type.dims[1] = dim_const(m->dims, columns);
    ARENA_PUSH(a, m->params, m->param_count, m->param_capacity, p);
    return &m->params[m->param_count - 1];
}

/* An LSTM's four params as a .nn file's `layer PREFIX = LSTM(inputs, hidden)` wants them. */
static void add_lstm(ir_model *m, const char *prefix, int64_t inputs, int64_t hidden)
{
    const char *wanted_by = arena_printf(a, "layer %s = LSTM(%d, %d)", prefix, (int)inputs, (int)hidden);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.weight_ih_l0", prefix), 2, 4 * hidden, inputs);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.weight_hh_l0", prefix), 2, 4 * hidden, hidden);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.bias_ih_l0", prefix), 1, 4 * hidden, 0);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.bias_hh_l0", prefix), 1, 4 * hidden, 0);
}

static void add_linear(ir_model *m, int64_t inputs, int64_t outputs)
{
    const char *wanted_by = arena_printf(a, "layer out = Linear(%d, %d)", (int)inputs, (int)outputs);
    add_param(m, wanted_by, 35, "out.weight", 2, outputs, inputs);
    add_param(m, wanted_by, 35, "out.bias", 1, outputs, 0);
}

typedef struct {
    const char *name, *dtype;
    unsigned rank;
    int64_t rows, columns;
} file_tensor;

/* A file of these tensors; the k-th float32 in it is k. `bytes` an element as the dtype has. */
static tensor_file *file_of(const file_tensor *tensors, size_t count)
{
    char *header = arena_alloc(a, 200 * count + 3), *at = header;
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const file_tensor *t = &tensors[i];
        size_t bytes = t->dtype[0] == 'I' || !strcmp(t->dtype, "F64") ? 8 : !strcmp(t->dtype, "F32") ? 4 : 2;
        size_t elements = (t->rank > 0 ? (size_t)t->rows : 1) * (t->rank > 1 ? (size_t)t->columns : 1);
        int64_t shape[] = {t->rows, t->columns};
        at += sprintf(at, "%c\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", i ? ',' : '{', t->name,
                      t->dtype, tensor_shape_string(a, shape, t->rank), end, end + bytes * elements);
        end += bytes * elements;
    }
    at += sprintf(at, "%s", count ? "}" : "{}");
    while ((at - header) % 4) *at++ = ' ';
    float *data = arena_alloc(a, end + 4);
    for (size_t i = 0; i < end / 4; i++) data[i] = (float)i;
    write_safetensors(header, data, end);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    ck_assert_msg(f != NULL, "%s", reported());
    return f;
}

#define FILE_OF(...) file_of((const file_tensor[]){__VA_ARGS__}, sizeof((file_tensor[]){__VA_ARGS__}) / sizeof(file_tensor))
#define LSTM_TENSORS(prefix, ending, rows, inputs, hidden)                                                            \
    {prefix "weight_ih" ending, "F32", 2, rows, inputs}, {prefix "weight_hh" ending, "F32", 2, rows, hidden},          \
        {prefix "bias_ih" ending, "F32", 1, rows, 0}, {prefix "bias_hh" ending, "F32", 1, rows, 0}

/* Binds and gives what was reported. */
static const char *bound(ir_model *m, tensor_file *f)
{
    bind_weights(&m, 1, f, NULL, diags, (span){0, 0});
    const char *shown = reported();
    tensor_file_close(f);
    return shown;
}

#define PLACE(line, column, source_line, carets, message)                                                             \
    "m.nn:" line ":" column ": error: " message "\n  " line " | " source_line "\n    | " carets "\n"
#define AT_LSTM(message) PLACE("2", "5", "    layer lstm = …", "    ^~~~~", message)
#define AT_OUT(message) PLACE("3", "5", "    layer out = …", "    ^~~~~", message)

START_TEST(test_binds)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 3, 2);
    add_param(m, "param s: float32[]", 33, "s", 0, 0, 0);
    tensor_file *f = FILE_OF(LSTM_TENSORS("lstm.", "_l0", 8, 3, 2), {"s", "F32", 0, 0, 0},
                             {"bn.num_batches_tracked", "I64", 0, 0, 0});
    bind_weights(&m, 1, f, NULL, diags, (span){0, 0});
    ck_assert_str_eq(reported(), "");
    ck_assert_float_eq(m->params[0].data[23], 23);
    ck_assert_float_eq(m->params[1].data[0], 24);
    ck_assert_float_eq(m->params[3].data[7], 55);
    ck_assert_float_eq(m->params[4].data[0], 56);
    ck_assert_ptr_eq(m->params[0].data, f->dicts[0].tensors[0].storage->bytes + tensor_find(&f->dicts[0], "lstm.weight_ih_l0")->offset); /* in place */
    tensor_file_close(f);
}
END_TEST

/* Two models: what either uses is used; a converted tensor is converted once. */
START_TEST(test_two_models)
{
    ir_model *first = new_model(), *second = ir_model_new(a, first->dims, "n", (span){0, 0});
    ir_param *h = add_param(first, "param h", 14, "h", 1, 2, 0), *other = add_param(second, "param h", 33, "h", 1, 2, 0);
    ir_param *d = add_param(second, "param d", 33, "d", 1, 1, 0);
    other = &second->params[0];
    tensor_file *f = FILE_OF({"d", "F64", 1, 1, 0}, {"h", "F16", 1, 2, 0});
    bind_weights((ir_model *[]){first, second}, 2, f, NULL, diags, (span){0, 0});
    ck_assert_str_eq(reported(), "");
    ck_assert_ptr_eq(h->data, other->data);
    ck_assert(h->data[1] == 2.0f); /* 2.0f's upper half, 0x4000, as float16 */
    ck_assert_ptr_nonnull(d->data);
    tensor_file_close(f);
}
END_TEST

START_TEST(test_missing)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"lstm.weight_ih_l0", "F32", 2, 20, 6}, {"lstm.weight_hh_l0", "F32", 2, 20, 5},
                                      {"lstm.bias_hh_l0", "F32", 1, 20, 0}, {"lstm.b_ih_l0", "F32", 1, 20, 0},
                                      {"lstm.bias_ih_10", "F32", 1, 20, 0}, {"something.else", "F32", 1, 20, 0})),
                     AT_LSTM("layer lstm = LSTM(6, 5): \"lstm.bias_ih_l0\" [20] is not in weights.safetensors")
                     "  hint: did you mean \"lstm.bias_ih_10\", \"lstm.b_ih_l0\"?\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.b_ih_l0\" F32 [20] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.bias_ih_10\" F32 [20] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"something.else\" F32 [20] [-Wunused-tensor]\n");
    m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"out.weight", "F32", 2, 5, 6})),
                     AT_OUT("layer out = Linear(6, 5): \"out.bias\" [5] is not in weights.safetensors")
                     "  hint: the tensors under \"out\" in weights.safetensors are those of Linear(6, 5, bias=False)\n");
    m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"kernel", "F32", 2, 6, 5})),
                     AT_OUT("layer out = Linear(6, 5): none of its 2 tensors is in weights.safetensors")
                     "  note: \"out.weight\" [5, 6] is not in weights.safetensors\n"
                     "  note: \"out.bias\" [5] is not in weights.safetensors\n"
                     "weights.safetensors: warning: nothing uses the tensor \"kernel\" F32 [6, 5] [-Wunused-tensor]\n");
    m = new_model();
    add_param(m, "param w: float32[5]", 14, "w", 1, 5, 0);
    ck_assert_str_eq(bound(m, file_of(NULL, 0)),
                     AT_LSTM("param w: float32[5]: \"w\" [5] is not in weights.safetensors")
                     "  hint: weights.safetensors holds no tensors\n");
}
END_TEST

START_TEST(test_other_prefix)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF(LSTM_TENSORS("model.lstm.", "_l0", 20, 6, 5),
                                      {"model.out.weight_ih_l0", "F32", 2, 20, 6})),
                     AT_LSTM("layer lstm = LSTM(6, 5): none of its 4 tensors is in weights.safetensors")
                     "  note: \"lstm.weight_ih_l0\" [20, 6] is not in weights.safetensors\n"
                     "  note: \"lstm.weight_hh_l0\" [20, 5] is not in weights.safetensors\n"
                     "  note: \"lstm.bias_ih_l0\" [20] is not in weights.safetensors\n"
                     "  note: \"lstm.bias_hh_l0\" [20] is not in weights.safetensors\n"
                     "  hint: weights.safetensors has them under \"model.lstm\": add from \"model.lstm\" to the layer\n"
                     "weights.safetensors: warning: nothing uses the tensor \"model.out.weight_ih_l0\" F32 [20, 6] [-Wunused-tensor]\n");
    m = new_model();
    add_param(m, "layer e = Embedding(9, 6)", 14, "e.weight", 2, 9, 6);
    ck_assert_str_eq(bound(m, FILE_OF({"decoder.e.weight", "F32", 2, 9, 6}, {"encoder.e.weight", "F32", 2, 9, 6},
                                      {"encoder.f.weight", "F32", 2, 9, 6})),
                     AT_LSTM("layer e = Embedding(9, 6): \"e.weight\" [9, 6] is not in weights.safetensors")
                     "  hint: weights.safetensors has such tensors under \"decoder.e\", \"encoder.e\": say which with "
                     "from \"…\"\n"
                     "weights.safetensors: warning: nothing uses the tensor \"decoder.e.weight\" F32 [9, 6] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"encoder.e.weight\" F32 [9, 6] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"encoder.f.weight\" F32 [9, 6] [-Wunused-tensor]\n");
}
END_TEST

/* The hint about a recurrent layer whose tensors in the file are others than the model says. */
static void check_described(const char *described, tensor_file *f)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    const char *shown = bound(m, f);
    const char *hint = arena_printf(a, "  hint: the tensors under \"lstm\" in weights.safetensors are those of %s\n",
                                    described);
    ck_assert_msg(strstr(shown, hint) != NULL, "no\n%sin\n%s", hint, shown);
}

START_TEST(test_wrong_shapes)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF(LSTM_TENSORS("lstm.", "_l0", 80, 10, 20))),
                     AT_LSTM("layer lstm = LSTM(6, 5): 4 of its 4 tensors do not fit weights.safetensors")
                     "  note: \"lstm.weight_ih_l0\" should be [20, 6], but in weights.safetensors it is [80, 10]\n"
                     "  note: \"lstm.weight_hh_l0\" should be [20, 5], but in weights.safetensors it is [80, 20]\n"
                     "  note: \"lstm.bias_ih_l0\" should be [20], but in weights.safetensors it is [80]\n"
                     "  note: \"lstm.bias_hh_l0\" should be [20], but in weights.safetensors it is [80]\n"
                     "  hint: the tensors under \"lstm\" in weights.safetensors are those of LSTM(10, 20)\n");
    check_described("GRU(6, 5)", FILE_OF(LSTM_TENSORS("lstm.", "_l0", 15, 6, 5)));
    check_described("RNN(6, 5)", FILE_OF(LSTM_TENSORS("lstm.", "_l0", 5, 6, 5)));
    check_described("LSTMCell(6, 5)", FILE_OF(LSTM_TENSORS("lstm.", "", 20, 6, 5)));
    check_described("LSTM(6, 5, bias=False)", FILE_OF({"lstm.weight_ih_l0", "F32", 2, 20, 6},
                                                      {"lstm.weight_hh_l0", "F32", 2, 20, 5}));
    check_described("LSTM(6, 4, num_layers=2, bidirectional=True)",
                    FILE_OF(LSTM_TENSORS("lstm.", "_l0", 16, 6, 4), LSTM_TENSORS("lstm.", "_l0_reverse", 16, 6, 4),
                            LSTM_TENSORS("lstm.", "_l1", 16, 8, 4), LSTM_TENSORS("lstm.", "_l1_reverse", 16, 8, 4)));
    check_described("LSTM(6, 5, bias=False, proj_size=3)",
                    FILE_OF({"lstm.weight_ih_l0", "F32", 2, 20, 6}, {"lstm.weight_hh_l0", "F32", 2, 20, 3},
                            {"lstm.weight_hr_l0", "F32", 2, 3, 5}));
}
END_TEST

START_TEST(test_transposed)
{
    ir_model *m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"out.weight", "F32", 2, 6, 5}, {"out.bias", "F32", 1, 5, 0})),
                     AT_OUT("layer out = Linear(6, 5): \"out.weight\" should be [5, 6], but in weights.safetensors it is "
                            "[6, 5]")
                     "  hint: it is transposed there (Keras keeps it so): PyTorch's weight is [5, 6]\n");
    m = new_model();
    add_linear(m, 6, 5);
    ck_assert_ptr_nonnull(strstr(bound(m, FILE_OF({"out.weight", "F32", 2, 6, 5}, {"out.bias", "F32", 1, 6, 0})),
                                 "  hint: the tensors under \"out\" in weights.safetensors are those of Linear(5, 6)\n"));
}
END_TEST

START_TEST(test_element_types)
{
    ir_model *m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"out.weight", "I64", 2, 5, 6}, {"out.bias", "F32", 1, 5, 0})),
                     AT_OUT("layer out = Linear(6, 5): \"out.weight\" has elements of type I64 in weights.safetensors; "
                            "nnc reads F32, F64, F16 and BF16")
                     "  hint: save it as float32: torch.save({key: value.float() for key, value in "
                     "model.state_dict().items()}, \"model.pt\")\n");
    m = new_model();
    add_param(m, "param w: float32[2]", 14, "w", 1, 2, 0);
    const double numbers[] = {1, 1e39};
    write_safetensors("{\"w\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", numbers, sizeof numbers);
    ck_assert_str_eq(bound(m, tensor_file_open(a, path, diags, (span){0, 0})),
                     AT_LSTM("param w: float32[2]: \"w\" has a number that is too large for float32, its "
                             "element 1, in weights.safetensors"));
}
END_TEST

START_TEST(test_unused)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF(LSTM_TENSORS("lstm.", "_l0", 20, 6, 5), LSTM_TENSORS("lstm.", "_l1", 20, 5, 5),
                                      {"step", "I64", 0, 0, 0})),
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.bias_hh_l1\" F32 [20] [-Wunused-tensor]\n"
                     "  hint: the tensors under \"lstm\" are those of LSTM(6, 5, num_layers=2), but the model has layer "
                     "lstm = LSTM(6, 5)\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.bias_ih_l1\" F32 [20] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.weight_hh_l1\" F32 [20, 5] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.weight_ih_l1\" F32 [20, 5] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"step\" I64 [] [-Wunused-tensor]\n");
    m = new_model();
    file_tensor many[25];
    for (int i = 0; i < 25; i++) many[i] = (file_tensor){arena_printf(a, "t%02d", i), "F32", 1, 1, 0};
    const char *shown = bound(m, file_of(many, 25));
    ck_assert_uint_eq(diag_warning_count(diags), 11);
    ck_assert_ptr_nonnull(strstr(shown, "\"t09\""));
    ck_assert_ptr_null(strstr(shown, "\"t10\""));
    ck_assert_ptr_nonnull(strstr(shown, "weights.safetensors: warning: nothing uses 15 more of its tensors [-Wunused-tensor]\n"));
}
END_TEST

/* --- random weights ------------------------------------------------------------------------------------------------------ */

START_TEST(test_random)
{
    ir_model *m = new_model(), *again = ir_model_new(a, m->dims, "again", (span){0, 0});
    add_param(m, "", 0, "big", 2, 100, 25);
    add_param(m, "", 0, "bn.running_var", 1, 1000, 0);
    add_param(m, "", 0, "scalar", 0, 0, 0);
    add_param(again, "", 0, "other", 2, 100, 25);
    add_param(again, "", 0, "big", 2, 100, 25);
    bind_random_weights((ir_model *[]){m, again}, 2, 7);
    const float *big = m->params[0].data;
    ck_assert_mem_eq(big, again->params[1].data, 2500 * sizeof *big); /* by key, not by place */
    ck_assert(memcmp(big, again->params[0].data, 2500 * sizeof *big) != 0);
    double sum = 0, least = 1, most = -1;
    for (int i = 0; i < 2500; i++) {
        double value = (double)big[i];
        sum += value;
        least = fmin(least, value);
        most = fmax(most, value);
    }
    ck_assert(least >= -0.2 && least < -0.19 && most <= 0.2 && most > 0.19 && fabs(sum / 2500) < 0.01);
    for (int i = 0; i < 1000; i++) ck_assert(m->params[1].data[i] > 0);
    ck_assert(fabsf(m->params[2].data[0]) <= 1);
    bind_random_weights(&again, 1, 8);
    ck_assert(memcmp(big, again->params[1].data, 2500 * sizeof *big) != 0); /* by seed */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bind");
    TCase *t = tcase_create("bind");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, test_binds);
    tcase_add_test(t, test_two_models);
    tcase_add_test(t, test_missing);
    tcase_add_test(t, test_other_prefix);
    tcase_add_test(t, test_wrong_shapes);
    tcase_add_test(t, test_transposed);
    tcase_add_test(t, test_element_types);
    tcase_add_test(t, test_unused);
    tcase_add_test(t, test_random);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
