/* check_ir: building models, their text. */
#include "ir_everything.h"

/* Check cannot show texts this long: show the first line that differs. */
static void same_text(const char *got, const char *expected)
{
    size_t i = 0, line = 0;
    for (; got[i] && got[i] == expected[i]; i++)
        if (got[i] == '\n') line = i + 1;
    ck_assert_msg(got[i] == expected[i], "got: %.300s\nexpected: %.300s", got + line, expected + line);
}

static const char *printed(const ir_model *m)
{
    text t = text_new(memory);
    ir_print(m, &t);
    return text_string(&t);
}

/* --- building ---------------------------------------------------------------------------------------------------- */

START_TEST(nodes_are_built_in_order)
{
    dim_table *dims = dim_table_new(memory);
    ir_model *m = ir_model_new(memory, dims, "m", (span){0, 1});
    ir_value *one = ir_add_value(m, &m->run, IR_CONST, NULL, 0, ir_type_scalar(IR_F32), (span){2, 3});
    one->producer->attrs.number = 1;
    ir_value *pair[] = {one, one};
    ir_value *two = ir_add_value(m, &m->run, IR_ADD, pair, 2, ir_type_scalar(IR_F32), (span){4, 5});
    ck_assert(m->run.first == one->producer && m->run.last == two->producer && m->value_count == 2);
    ck_assert(two->producer->inputs != pair && two->producer->inputs[1] == one && two->where.begin == 4);
    double number = 0;
    ck_assert(ir_is_const(one, &number) && number == 1);
    ck_assert(!ir_is_const(two, &number));

    ir_node *between = ir_insert(m, &m->run, one->producer, IR_NEG, &one, 1, (span){0, 0});
    between->results[0]->type = ir_type_scalar(IR_F32);
    ck_assert(m->run.first->next == between && between->next == two->producer && m->run.last == two->producer);
    ir_node *front = ir_insert(m, &m->run, NULL, IR_CONST, NULL, 0, (span){0, 0});
    front->results[0]->type = ir_type_scalar(IR_F32);
    ck_assert(m->run.first == front && front->next == one->producer);
    ck_assert_ptr_null(ir_check(memory, m));

    ir_output output = {.name = "y", .value = one};
    ARENA_PUSH(memory, m->outputs, m->output_count, m->output_capacity, output);
    ir_replacements later = {0};
    ir_replace_later(m, &later, one, front->results[0]);
    ir_replace_all(m, &later);
    ck_assert(m->outputs[0].value == front->results[0] && two->producer->inputs[0] == front->results[0]);
    ck_assert(two->producer->inputs[1] == front->results[0] &&
              between->inputs[0] == front->results[0]);
    ck_assert_ptr_null(ir_check(memory, m));
}
END_TEST

START_TEST(names_of_the_field)
{
    ck_assert_str_eq(ir_op_name(IR_LOG_SOFTMAX), "log_softmax");
    ck_assert(ir_op_class_of(IR_PERMUTE) == IR_VIEW && ir_op_class_of(IR_RECURRENT) == IR_LAYER);
    ck_assert(ir_op_min_inputs(IR_CAT) == 1 && ir_op_max_inputs(IR_CAT) == IR_MANY && ir_op_results(IR_RECURRENT) == 3);
    ck_assert_str_eq(ir_activation_name((ir_activation){.function = IR_HARD_SIGMOID}), "hard_sigmoid");
    ck_assert_str_eq(ir_cell_name(IR_GRU), "gru");
    ck_assert(ir_cell_gates(IR_RNN) == 1 && ir_cell_gates(IR_LSTM) == 4 && ir_cell_gates(IR_GRU) == 3);
    ck_assert_str_eq(ir_dtype_name(IR_I32), "int32");
}
END_TEST

START_TEST(types_and_their_text)
{
    dim_table *dims = dim_table_new(memory);
    const dim *T = dim_symbol(dims, "T", 1, 9), *six = dim_const(dims, 6);
    ir_type a = {.dtype = IR_F32, .rank = 3, .dims = {T, dim_const(dims, 1), six}}, b = a;
    ck_assert_str_eq(ir_type_string(memory, &a), "float32[T, 1, 6]");
    ck_assert_str_eq(ir_shape_string(memory, &a), "[T, 1, 6]");
    ck_assert_str_eq(dim_string(memory, ir_type_elements(dims, &a)), "6*T");
    ck_assert(ir_type_same(&a, &b) && ir_shape_same(&a, &b));
    b.dtype = IR_I32;
    ck_assert(!ir_type_same(&a, &b) && ir_shape_same(&a, &b));
    b.dims[1] = T;
    ck_assert(!ir_shape_same(&a, &b));
    b.rank = 2;
    ck_assert(!ir_shape_same(&a, &b));
    ir_type scalar = ir_type_scalar(IR_I32);
    ck_assert_str_eq(ir_type_string(memory, &scalar), "int32[]");
    ck_assert(dim_is(ir_type_elements(dims, &scalar), 1));
}
END_TEST

/* --- text -------------------------------------------------------------------------------------------------------- */

/* The model above is written as it prints, but for what print says shorter: the conv's length. */
START_TEST(everything_reads_and_prints)
{
    ir_model *m = read_text(everything);
    const char *wrong = ir_check(memory, m);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    const char *once = printed(m);
    same_text(once, edited(everything, "(2*T + 1)//2 + 1]", "T + 1]"));
    ir_model *again = read_text(once);
    same_text(printed(again), once);
    ck_assert_ptr_null(ir_check(memory, again));

    ck_assert_str_eq(m->weights, "some \"dir\"/w.safetensors");
    ck_assert_str_eq(m->states[1].name, "odd name");
    ck_assert_str_eq(m->params[0].wanted_by, "layer emb = Embedding(9, 6)");
    ck_assert_str_eq(value(m, 16)->name, "c n");
    ck_assert_str_eq(node(m, 14)->label, "lstm_l0_reverse");
    ck_assert_str_eq(node(m, 14)->source, "LSTM(6, 6, proj_size=4)");
    ck_assert_str_eq(node(m, 25)->source, " a source\nof two lines");
    ck_assert(node(m, 70)->attrs.scalar[1] == 0.1 + 0.2);
    ck_assert(m->checks[1].kind == IR_CHECK_LENGTH && m->checks[1].high == m->symbols[0]);
}
END_TEST

START_TEST(odd_names_survive)
{
    ir_model *m = read_text(everything);
    value(m, 9)->name = "\"\\\x01\n\xC3\xA4\x7F";
    node(m, 9)->label = "";
    node(m, 9)->source = "\t";
    node(m, 10)->source = "only a source # = \"x\"";
    node(m, 11)->label = "9.lives";
    ir_model *again = read_text(printed(m));
    same_text(printed(again), printed(m));
    ck_assert_str_eq(value(again, 9)->name, "\"\\\x01\n\xC3\xA4\x7F");
    ck_assert_str_eq(node(again, 9)->label, "");
    ck_assert_str_eq(node(again, 9)->source, "\t");
    ck_assert_str_eq(node(again, 10)->source, "only a source # = \"x\"");
    ck_assert_ptr_null(node(again, 10)->label);
    ck_assert_str_eq(node(again, 11)->label, "9.lives");
}
END_TEST

START_TEST(doubles_survive)
{
    static const double numbers[] = {0.1,    1e300,   -1e-320, 3.4028234663852886e38, 1.0 / 3, 123456789.0,
                                     5e-324, 2.5e-05, -0.0,    1e22,                  7};
    ir_model *m = read_text(everything);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        node(m, 52)->attrs.number = numbers[i];
        ir_model *again = read_text(printed(m));
        ck_assert_mem_eq(&node(again, 52)->attrs.number, &numbers[i], sizeof numbers[i]);
    }
}
END_TEST

static void refused(const char *s, const char *message)
{
    const char *error = NULL;
    ck_assert_msg(ir_read(memory, s, strlen(s), &error) == NULL, "accepted: %s", s);
    ck_assert_msg(error && strstr(error, message), "got: %s, expected: %s", error, message);
}

START_TEST(broken_text_is_refused)
{
    static const struct {
        const char *from, *to, *message;
    } edits[] = {
        {"model everything", "modle everything", "line 1: expected 'model'"},
        {"model everything", "model", "line 1: expected a name"},
        {"dim T = 1..128", "dim T = 0..128", "line 3: an integer out of range"},
        {"dim T = 1..128", "dim T = 5..4", "line 3: an integer out of range"},
        {"dim T = 1..128", "dim T = 1..99999999999999999999", "line 3: an integer out of range"},
        {"dim B = 1..16", "dim T = 1..16", "line 4: a dim that is there twice"},
        {"dim B = 1..16", "dim B = 1..16 x", "line 4: something is left over"},
        {"input x\n", "", "an index past the model's table"},
        {"input x\n", "input x\ninput y\n", "an input without its node"},
        {"float32[9, 6] for", "float16[9, 6] for", "expected float32, int32 or bool"},
        {"float32[9, 6] for", "float32[9, 6, 1, 1, 1, 1, 1, 1, 1] for", "too many dims"},
        {"float32[9, 6] for", "float32[9, Q] for", "no dim Q"},
        {"float32[9, 6] for", "float32[9, 9007199254740993] for", "a dim that is too large"},
        {"float32[9, 6] for", "float32[9, 6//0] for", "an integer out of range"},
        {"\"start\":", "\"start:", "expected '\"'"},
        {"\"emb.weight\"", "\"emb\\q\"", "a broken escape"},
        {"\"emb.weight\"", "\"emb\\x00\"", "a broken escape"},
        {"reset:\n", "", "a node outside"},
        {"%2 = mul(%0, %1)", "%2 = mul(%0)", "a wrong number of operands"},
        {"%2 = mul(%0, %1)", "%2 = mul(%0, %3)", "%3 is not defined here"},
        {"%2 = mul(%0, %1)", "%2 = mul(%0, %2)", "%2 is not defined here"},
        {"%2 = mul(%0, %1)", "%1 = mul(%0, %1)", "an id that was given before"},
        {"%2 = mul(%0, %1)", "%2 = mull(%0, %1)", "no such operator"},
        {"%2 = mul(%0, %1)", "%2, %99 = mul(%0, %1)", "a wrong number of results"},
        {"%2 = mul(%0, %1)", "%2000000 = mul(%0, %1)", "an integer out of range"},
        {"%2 = mul(%0, %1)", "%2 = neg(%3)", "%3 is not defined here"},
        {"%41 = cast(%40)", "%41 = cast(%0)", "%0 is not defined here"},
        {"number=0.1", "number=0.1 number=2", "an attribute that is there twice"},
        {"number=0.1", "number=0.1x", "no attribute of const"},
        {"number=0.1", "number=.", "expected a number"},
        {"number=0.1", "", "const needs number="},
        {"number=0.1", "axis=1", "no attribute of const"},
        {"cell=lstm", "cell=mlp", "no such cell"},
        {"activation=tanh", "activation=swoosh", "no such activation"},
        {"mode=reflect", "mode=mirror", "no such padding mode"},
        {"axes=(0, 1)", "axes=(0, 9)", "an integer out of range"},
        {"perm=(0, 2, 1)", "perm=(0, 2)", "expected ','"},
        {"permute(%30)", "permute(-)", "an operand is missing"},
        {"next h = %22", "next g = %22", "no state g"},
        {"next h = %22", "next h = %2", "%2 is not defined here"},
        {"next h = %22", "nest h = %22", "no statement nest"},
        {"output tags = %26", "output tags = %99", "%99 is not defined here"},
        {"check token %71 in 0..8", "check token %71 in 0.8", "expected '..'"},
        {"check token %71 in 0..8", "check word %71 in 0..8", "expected 'token'"},
    };
    refused("", "expected 'model'");
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        refused(edited(everything, edits[i].from, edits[i].to), edits[i].message);
    char *deep = arena_alloc(memory, 100000 + 1);
    memset(deep, '(', 100000);
    refused(edited(everything, "float32[9, 6] for", arena_printf(memory, "float32[%s", deep)), "too many parentheses");
}
END_TEST

/* Cut anywhere, and with any byte changed: refused or read, and what was read can be verified. */
START_TEST(damaged_text_never_crashes)
{
    size_t length = strlen(everything);
    for (size_t cut = 0; cut < length; cut += 7) {
        char *exact = malloc(cut ? cut : 1); /* the sanitizer sees a read past the end */
        memcpy(exact, everything, cut);
        const char *error = NULL;
        arena *a = arena_new();
        ir_model *m = ir_read(a, exact, cut, &error);
        ck_assert(m || error);
        if (m) ir_check(a, m);
        arena_free(a);
        free(exact);
    }
    unsigned seed = 7;
    for (int round = 0; round < 3000; round++) {
        char *copy = malloc(length);
        memcpy(copy, everything, length);
        for (int i = 0; i < 3; i++) {
            seed = seed * 1664525u + 1013904223u;
            static const char likely[] = "%0123456789,()[]=#-\" \nTB*/x";
            copy[(seed >> 8) % length] = likely[(seed >> 4) % (sizeof likely - 1)];
        }
        const char *error = NULL;
        arena *a = arena_new();
        ir_model *m = ir_read(a, copy, length, &error);
        ck_assert(m || error);
        if (m) ir_check(a, m);
        arena_free(a);
        free(copy);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ir");
    TCase *tc = tcase_create("ir");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nodes_are_built_in_order);
    tcase_add_test(tc, names_of_the_field);
    tcase_add_test(tc, types_and_their_text);
    tcase_add_test(tc, everything_reads_and_prints);
    tcase_add_test(tc, odd_names_survive);
    tcase_add_test(tc, doubles_survive);
    tcase_add_test(tc, broken_text_is_refused);
    tcase_add_test(tc, damaged_text_never_crashes);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
