/* check_ir: building models, their text, and the verifier, which must find each broken invariant. */
#include "ir/ir.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static arena *memory;

/* Every operator and every kind of statement. ir_read reads it, ir_check passes it, ir_print gives it back. */
static const char first_half[] =
    "model everything\n"
    "weights \"some \\\"dir\\\"/w.safetensors\"\n"
    "dim T = 1..128\n"
    "dim B = 1..16\n"
    "input sentence\n"
    "input lengths\n"
    "input x\n"
    "param \"emb.weight\": float32[9, 6] for \"layer emb = Embedding(9, 6)\"\n"
    "param \"lstm.weight_ih_l0\": float32[24, 6]\n"
    "param \"lstm.weight_hh_l0\": float32[24, 4]\n"
    "param \"lstm.bias_ih_l0\": float32[24]\n"
    "param \"lstm.weight_hr_l0\": float32[4, 6]\n"
    "param \"gru.weight_ih_l0\": float32[15, 4]\n"
    "param \"gru.weight_hh_l0\": float32[15, 5]\n"
    "param \"gru.bias\": float32[15]\n"
    "param \"out.weight\": float32[3, 5]\n"
    "param \"out.bias\": float32[3]\n"
    "param \"conv.weight\": float32[8, 2, 3]\n"
    "param \"conv.bias\": float32[8]\n"
    "param \"start\": float32[1, 5]\n"
    "state h: float32[1, 5]\n"
    "state \"odd name\": float32[]\n"
    "reset:\n"
    "  %0 = param() index=12 : float32[1, 5]\n"
    "  %1 = const() number=0.1 : float32[]\n"
    "  %2 = mul(%0, %1) : float32[1, 5]\n"
    "run:\n"
    "  %3 sentence = input() index=0 : int32[T, B]\n"
    "  %4 lengths = input() index=1 : int32[B]\n"
    "  %5 x = input() index=2 : float32[B, 4, 2*T + 3]\n"
    "  %6 h = state() index=0 : float32[1, 5]\n"
    "  %7 = state() index=1 : float32[]\n"
    "  %8 = param() index=0 : float32[9, 6]\n"
    "  %9 embeds = embedding(%3, %8) has_max_norm=true max_norm=1.5 norm_type=inf : float32[T, B, 6]"
    "  # emb = Embedding(9, 6, max_norm=1.5)\n"
    "  %10 = param() index=1 : float32[24, 6]\n"
    "  %11 = param() index=2 : float32[24, 4]\n"
    "  %12 = param() index=3 : float32[24]\n"
    "  %13 = param() index=4 : float32[4, 6]\n"
    "  %14 out, %15, %16 \"c n\" = recurrent(%9, -, -, %4, %10, %11, %12, -, %13) cell=lstm activation=tanh "
    "recurrent_activation=sigmoid reverse=true : float32[T, B, 4], float32[B, 4], float32[B, 6]"
    "  # lstm_l0_reverse = LSTM(6, 6, proj_size=4)\n"
    "  %17 = param() index=5 : float32[15, 4]\n"
    "  %18 = param() index=6 : float32[15, 5]\n"
    "  %19 = param() index=7 : float32[15]\n"
    "  %20 first = slice(%14) axis=1 start=0 step=1 : float32[T, 1, 4]\n"
    "  %21, %22 = recurrent(%20, %6, -, -, %17, %18, %19, %19, -) cell=gru activation=hard_sigmoid "
    "recurrent_activation=softsign reset_after=true : float32[T, 1, 5], float32[1, 5]  # gru\n"
    "  %23 = param() index=8 : float32[3, 5]\n"
    "  %24 = param() index=9 : float32[3]\n"
    "  %25 = linear(%21, %23, %24) : float32[T, 1, 3]  # \"strange label\" = \" a source\\nof two lines\"\n"
    "  %26 = log_softmax(%25) axis=2 : float32[T, 1, 3]\n"
    "  %27 = softmax(%26) axis=2 : float32[T, 1, 3]\n"
    "  %28 = argmax(%27) axes=(2) : int32[T, 1]\n"
    "  %29 = clamp(%28) low=0 high=2 : int32[T, 1]\n"
    "  %30 = one_hot(%29) count=3 : float32[T, 1, 3]\n"
    "  %31 = permute(%30) perm=(0, 2, 1) : float32[T, 3, 1]\n"
    "  %32 = matmul(%31, %26) : float32[T, 3, 3]\n"
    "  %33 = param() index=10 : float32[8, 2, 3]\n"
    "  %34 = param() index=11 : float32[8]\n"
    "  %35 = conv1d(%5, %33, %34) stride=2 dilation=1 groups=2 before=1 : float32[B, 8, (2*T + 1)//2 + 1]\n"
    "  %36 = layer_norm(%35, -, -) count=1 eps=1e-05 : float32[B, 8, T + 1]\n"
    "  %37 = batch_norm(%36, %34, %34, %34, -) eps=0.001 : float32[B, 8, T + 1]\n";
static const char second_half[] =
    "  %38 = neg(%29) : int32[T, 1]\n"
    "  %39 = abs(%38) : int32[T, 1]\n"
    "  %40 = relu(%39) : int32[T, 1]\n"
    "  %41 = cast(%40) : float32[T, 1]\n"
    "  %42 = leaky_relu(%41) negative_slope=0.01 : float32[T, 1]\n"
    "  %43 = elu(%42) alpha=1 : float32[T, 1]\n"
    "  %44 = gelu(%43) : float32[T, 1]\n"
    "  %45 = gelu_tanh(%44) : float32[T, 1]\n"
    "  %46 = sigmoid(%45) : float32[T, 1]\n"
    "  %47 = tanh(%46) : float32[T, 1]\n"
    "  %48 = softplus(%47) beta=1 threshold=20 : float32[T, 1]\n"
    "  %49 = exp(%48) : float32[T, 1]\n"
    "  %50 = log(%49) : float32[T, 1]\n"
    "  %51 = sqrt(%50) : float32[T, 1]\n"
    "  %52 = const() number=-0 : float32[]\n"
    "  %53 = add(%51, %52) : float32[T, 1]\n"
    "  %54 = sub(%53, %51) : float32[T, 1]\n"
    "  %55 = div(%54, %7) : float32[T, 1]\n"
    "  %56 = pow(%55, %52) : float32[T, 1]\n"
    "  %57 = maximum(%56, %55) : float32[T, 1]\n"
    "  %58 = minimum(%57, %55) : float32[T, 1]\n"
    "  %59 = sum(%58) axes=(0, 1) : float32[]\n"
    "  %60 = mean(%58) axes=(0) keepdim=true : float32[1, 1]\n"
    "  %61 = max(%58) axes=(0) : float32[1]\n"
    "  %62 = min(%58) axes=(1) : float32[T]\n"
    "  %63 = reshape(%58) : float32[T]\n"
    "  %64 = slice(%63) axis=0 start=T - 1 step=1 : float32[1]\n"
    "  %65 = cat(%62, %63, %64) axis=0 : float32[2*T + 1]\n"
    "  %66 = pad(%65) axis=0 before=1 after=0 mode=reflect : float32[2*T + 2]\n"
    "  %67 = pad(%66) axis=0 before=0 after=2 mode=constant number=-1.5 : float32[2*T + 4]\n"
    "  %68 = copy(%67) : float32[2*T + 4]\n"
    "  %69 = slice(%63) axis=0 start=0 step=3 : float32[(T + 2)//3]\n"
    "  %70 = clamp(%69) low=-inf high=0.30000000000000004 : float32[(T + 2)//3]\n"
    "  %71 = slice(%3) axis=0 start=0 step=1 : int32[1, B]\n"
    "output tags = %26\n"
    "output \"odd output\" = %70\n"
    "next h = %22\n"
    "init h = %2\n"
    "next \"odd name\" = %59\n"
    "check token %71 in 0..8\n"
    "check length %4 in 1..T\n";
static const char *everything; /* both: C99 promises room for 4095 characters in a literal */

static void setup(void)
{
    memory = arena_new();
    everything = arena_printf(memory, "%s%s", first_half, second_half);
}

static void teardown(void)
{
    arena_free(memory);
}

static ir_model *read_text(const char *s)
{
    const char *error = NULL;
    ir_model *m = ir_read(memory, s, strlen(s), &error);
    ck_assert_msg(m != NULL, "%s", error);
    return m;
}

static const char *printed(const ir_model *m)
{
    text t = text_new(memory);
    ir_print(m, &t);
    return text_string(&t);
}

static ir_value *value(const ir_model *m, unsigned id)
{
    const ir_graph *graphs[] = {&m->run, &m->reset};
    for (int g = 0; g < 2; g++)
        for (ir_node *n = graphs[g]->first; n; n = n->next)
            for (unsigned i = 0; i < n->result_count; i++)
                if (n->results[i]->id == id) return n->results[i];
    ck_abort_msg("no %%%u", id);
}

static ir_node *node(const ir_model *m, unsigned id)
{
    return value(m, id)->producer;
}

/* Check cannot show texts this long: show the first line that differs. */
static void same_text(const char *got, const char *expected)
{
    size_t i = 0, line = 0;
    for (; got[i] && got[i] == expected[i]; i++)
        if (got[i] == '\n') line = i + 1;
    ck_assert_msg(got[i] == expected[i], "got: %.300s\nexpected: %.300s", got + line, expected + line);
}

/* The text with one place changed. */
static char *edited(const char *s, const char *from, const char *to)
{
    const char *at = strstr(s, from);
    ck_assert_msg(at != NULL, "no %s in the text", from);
    return arena_printf(memory, "%.*s%s%s", (int)(at - s), s, to, at + strlen(from));
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
    ck_assert_uint_eq(ir_use_count(m, one), 2);

    ir_node *between = ir_insert(m, &m->run, one->producer, IR_NEG, &one, 1, (span){0, 0});
    between->results[0]->type = ir_type_scalar(IR_F32);
    ck_assert(m->run.first->next == between && between->next == two->producer && m->run.last == two->producer);
    ir_node *front = ir_insert(m, &m->run, NULL, IR_CONST, NULL, 0, (span){0, 0});
    front->results[0]->type = ir_type_scalar(IR_F32);
    ck_assert(m->run.first == front && front->next == one->producer);
    ck_assert_ptr_null(ir_check(memory, m));

    ir_output output = {.name = "y", .value = one};
    ARENA_PUSH(memory, m->outputs, m->output_count, m->output_capacity, output);
    ir_replace_uses(m, one, front->results[0]);
    ck_assert(m->outputs[0].value == front->results[0] && two->producer->inputs[0] == front->results[0]);
    ck_assert_uint_eq(ir_use_count(m, one), 0);
    ck_assert_uint_eq(ir_use_count(m, front->results[0]), 4);
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

/* --- the verifier ------------------------------------------------------------------------------------------------ */

static void finds(const ir_model *m, const char *message)
{
    const char *wrong = ir_check(memory, m);
    ck_assert_msg(wrong && strstr(wrong, message), "got: %s, expected: %s", wrong ? wrong : "nothing", message);
}

/* What the text can say, but must not. */
START_TEST(wrong_shapes_and_attributes_are_found)
{
    static const struct {
        const char *from, *to, *message;
    } edits[] = {
        {"param() index=12 : float32[1, 5]", "param() index=12 : float32[5, 1]", "reset: %0 = param: is float32[5, 1]"},
        {"\"start\": float32[1, 5]", "\"start\": int32[1, 5]", "param 12: is not float32"},
        {"\"start\": float32[1, 5]", "\"start\": float32[T, 5]", "param 12: dim 0, T, is not constant"},
        {"state h: float32[1, 5]", "state h: float32[B, 5]", "%6 = state: is float32[1, 5], the model's table says"},
        {"number=0.1 : float32[]", "number=0.1 : int32[]", "%1 = const: an int32 constant is 0.1"},
        {"norm_type=inf", "norm_type=nan", "%9 = embedding # emb: norm_type is nan"},
        {"norm_type=inf : float32[T, B, 6]", "norm_type=inf : float32[T, B, 9]", "expected float32[T, B, 6]"},
        {"embedding(%3, %8)", "embedding(%5, %8)", "ids is float32[B, 4, 2*T + 3], expected int32"},
        {"recurrent(%9, -, -, %4, %10", "recurrent(%9, -, -, -, %8", "w_ih has 9 rows, not a multiple of 4 gates"},
        {"cell=lstm", "cell=gru", "has 3 results, expected 2"},
        {"cell=gru", "cell=lstm", "has 2 results, expected 3"},
        {"-, %13) cell=lstm", "-, -) cell=lstm", "w_hh is float32[24, 4], but hidden_size is 6"},
        {"%12, -, %13) cell=lstm", "%13, -, %13) cell=lstm", "b_ih is float32[4, 6], expected float32[24]"},
        {"(%9, -, -, %4, %10, %11, %12, -, %13)", "(%9, -, -, %3, %10, %11, %12, -, %13)",
         "lengths is int32[T, B], expected int32[B]"},
        {"recurrent(%20, %6, -,", "recurrent(%20, %6, %6,", "%21, %22 = recurrent # gru: c0 without an LSTM"},
        {"recurrent(%20, %6, -,", "recurrent(%20, %7, -,", "h0 is float32[], expected float32[1, 5]"},
        {"recurrent(%20, %6,", "recurrent(%14, %6,", "h0 is float32[1, 5], expected float32[B, 5]"},
        {"%19, %19, -) cell=gru", "%19, %19, %18) cell=gru", "w_hr without an LSTM"},
        {"recurrent(%20, %6,", "recurrent(-, %6,", "input 0 is missing"},
        {"reset_after=true : float32[T, 1, 5]", "reset_after=true : float32[1, T, 5]", "out is float32[1, T, 5]"},
        {"float32[T, 1, 5], float32[1, 5]", "float32[T, 1, 5], float32[5, 1]", "h_n is float32[5, 1]"},
        {"float32[B, 4], float32[B, 6]", "float32[B, 4], float32[B, 4]", "c_n is float32[B, 4]"},
        {"linear(%21, %23, %24)", "linear(%21, %18, %24)", "bias is float32[3], expected float32[15]"},
        {"linear(%21, %23, %24)", "linear(%21, %17, %24)", "weight is float32[15, 4], expected float32[15, 5]"},
        {"linear(%21, %23, %24)", "linear(%21, %6, %24)", "input 1 is not a param"},
        {"linear(%21, %23, %24)", "linear(%7, %23, %24)", "x is float32[], expected float32 of rank 1 to 8"},
        {"matmul(%31, %26)", "matmul(%31, %31)", "[T, 3, 1] times [T, 3, 1]"},
        {"matmul(%31, %26) : float32[T, 3, 3]", "matmul(%31, %26) : float32[1, 3, 3]", "expected float32[T, 3, 3]"},
        {"stride=2", "stride=0", "stride is 0"},
        {"groups=2", "groups=3", "3 groups do not divide 4 and 8 channels"},
        {"groups=2 before=1", "groups=2 before=-1", "before is -1"},
        {"dilation=1", "dilation=9", "the kernel may be longer than the padded input"},
        {"(2*T + 1)//2 + 1]", "(2*T + 1)//2 + 2]", "the result is float32[B, 8, T + 2], expected float32[B, 8, T + 1]"},
        {"count=1 eps", "count=4 eps", "count is 4"},
        {"layer_norm(%35, -, -)", "layer_norm(%35, %34, -)", "weight is float32[8], expected float32[T + 1]"},
        {"batch_norm(%36, %34, %34, %34, -)", "batch_norm(%36, %34, %24, %34, -)", "variance is float32[3]"},
        {"batch_norm(%36, %34, %34,", "batch_norm(%36, -, %34,", "input 1 is missing"},
        {"cast(%40)", "cast(%25)", "float32 as float32"},
        {"exp(%48)", "exp(%40)", "the operand is int32[T, 1]"},
        {"tanh(%46) : float32[T, 1]", "tanh(%46) : float32[T]", "expected float32[T, 1]"},
        {"sub(%53, %51)", "sub(%53, %40)", "float32[T, 1] with int32[T, 1]"},
        {"sub(%53, %51)", "sub(%53, %26)", "the result is float32[T, 1], expected float32[T, T, 3]"},
        {"sub(%53, %51)", "sub(%26, %35)", "[T, 1, 3] and [B, 8, T + 1] do not broadcast"},
        {"%55 = div(%54, %7) : float32", "%55 = div(%40, %40) : int32", "a division that is not float32"},
        {"%56 = pow(%55, %52) : float32", "%56 = pow(%40, %40) : int32", "an int32 power"},
        {"sum(%58) axes=(0, 1)", "sum(%58) axes=(0, 2)", "axes 0x5 of [T, 1]"},
        {"sum(%58) axes=(0, 1)", "sum(%58) axes=()", "axes 0 of [T, 1]"},
        {"mean(%58) axes=(0) keepdim=true", "mean(%58) axes=(0)", "is float32[1, 1], expected float32[1]"},
        {"argmax(%27) axes=(2) : int32[T, 1]", "argmax(%27) axes=(1, 2) : int32[T]", "exactly one axis"},
        {"argmax(%27) axes=(2) : int32[T, 1]", "argmax(%27) axes=(2) : float32[T, 1]", "expected int32[T, 1]"},
        {"one_hot(%29) count=3", "one_hot(%29) count=0", "count is 0"},
        {"one_hot(%29) count=3", "one_hot(%29) count=4", "expected float32[T, 1, 4]"},
        {"log_softmax(%25) axis=2", "log_softmax(%25) axis=3", "axis 3 of [T, 1, 3]"},
        {"reshape(%58) : float32[T]", "reshape(%58) : float32[2*T]", "float32[T, 1] as float32[2*T]"},
        {"perm=(0, 2, 1)", "perm=(1, 1, 0)", "perm is no permutation"},
        {"perm=(0, 2, 1)", "perm=(1, 2, 3)", "perm is no permutation"},
        {"start=T - 1 step=1", "start=T step=1", "1 elements from T, step 1, may leave the axis of T"},
        {"start=T - 1 step=1", "start=T - 2 step=1", "may leave the axis of T"},
        {"start=T - 1 step=1", "start=T - 1 step=0", "step is 0"},
        {"step=3 : float32[(T + 2)//3]", "step=3 : float32[(T + 3)//3]", "may leave the axis of T"},
        {"slice(%63) axis=0 start=T", "slice(%63) axis=1 start=T", "axis 1 of [T]"},
        {"cat(%62, %63, %64)", "cat(%62, %58, %64)", "an operand is float32[T, 1], expected float32[T]"},
        {"axis=0 : float32[2*T + 1]", "axis=0 : float32[2*T]", "expected float32[2*T + 1]"},
        {"before=1 after=0 mode=reflect", "before=3 after=0 mode=reflect", "may be shorter than the 4"},
        {"before=1 after=0 mode=reflect", "before=5 after=0 mode=circular", "may be shorter than the 5"},
        {"before=1 after=0 mode=reflect", "before=1 after=-1 mode=reflect", "after is -1"},
        {"copy(%67) : float32", "copy(%67) : int32", "%68 = copy: the result is int32"},
        {"float32[T, B, 4], float32[B, 4]", "float32[T - 2, B, 4], float32[B, 4]", "dim 0, T - 2, may be negative"},
        {"%3 sentence = input() index=0 : int32[T, B]", "%3 sentence = input() index=0 : int32[9007199254740992, B]",
         "too many elements"},
        {"next h = %22", "next h = %15", "state h: its next value is float32[B, 4]"},
        {"init h = %2", "init h = %1", "state h: its initial value is float32[]"},
        {"check token %71", "check token %29", "check 0: its value is not made of inputs alone"},
        {"check token %71", "check token %5", "check 0: its value is not int32"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        finds(read_text(edited(everything, edits[i].from, edits[i].to)), edits[i].message);
}
END_TEST

/* What only a pass can do wrong. */
START_TEST(broken_graphs_are_found)
{
    ir_model *m = read_text(everything);
    node(m, 47)->inputs[0] = value(m, 48);
    finds(m, "%47 = tanh: input 0 is %48, which no node before it");

    m = read_text(everything);
    node(m, 47)->inputs[0] = value(m, 2);
    finds(m, "input 0 is %2, which no node before it in its graph defines");

    m = read_text(everything);
    value(m, 47)->id = 46;
    finds(m, "has an id that was given before");

    m = read_text(everything);
    m->value_count = 50;
    finds(m, "has id 50 of 50");

    m = read_text(everything);
    value(m, 47)->producer = node(m, 46);
    finds(m, "result 0 belongs to another node");

    m = read_text(everything);
    node(m, 14)->results[2]->result = 1;
    finds(m, "result 2 belongs to another node");

    m = read_text(everything);
    node(m, 47)->results[0] = NULL;
    finds(m, "result 0 is missing");

    m = read_text(everything);
    node(m, 47)->input_count = 0;
    finds(m, "tanh: has 0 inputs");

    m = read_text(everything);
    node(m, 47)->op = IR_OP_COUNT;
    finds(m, "operator number");

    m = read_text(everything);
    node(m, 47)->attrs.axis = 1;
    finds(m, "has an attribute of cumsum: axis");

    m = read_text(everything);
    node(m, 31)->attrs.perm[5] = 1;
    finds(m, "perm is longer");

    m = read_text(everything);
    node(m, 14)->attrs.activation.function = IR_OP_COUNT;
    finds(m, "an activation that is no function");

    m = read_text(everything);
    node(m, 14)->attrs.activation.function = IR_SOFTMAX;
    finds(m, "an activation that is no function");

    m = read_text(everything);
    node(m, 64)->attrs.start = NULL;
    finds(m, "start is missing");

    m = read_text(everything);
    m->run.last = node(m, 70);
    finds(m, "the last node is not the one");

    m = read_text(everything);
    node(m, 47)->next = node(m, 40);
    finds(m, "has an id that was given before");

    m = read_text(everything);
    value(m, 47)->type.dims[0] = NULL;
    finds(m, "dim 0 is not set");

    m = read_text(everything);
    value(m, 47)->type.rank = 9;
    finds(m, "rank 9");

    m = read_text(everything);
    value(m, 47)->type.dtype = (ir_dtype)3;
    finds(m, "element type number 3");

    m = read_text(everything);
    value(m, 47)->type.dims[0] = dim_symbol(m->dims, "stranger", 1, 2);
    finds(m, "has a symbol that is not the model's");

    m = read_text(everything);
    m->outputs[0].value = value(m, 0);
    finds(m, "output 0 is %0, which");

    m = read_text(everything);
    m->outputs[0].value = NULL;
    finds(m, "output 0 is missing");

    m = read_text(everything);
    m->states[0].value = value(m, 7);
    finds(m, "%6 = state: the model's state is another value");

    m = read_text(everything);
    m->checks[0].high = NULL;
    finds(m, "check 0: a bound is missing");

    m = read_text(everything);
    node(m, 3)->attrs.index = 1;
    finds(m, "%3 = input: the model's input is another value");

    m = read_text(everything);
    m->input_count = 2;
    finds(m, "%5 = input: index 2 of 2");

    m = read_text(everything);
    m->reset = m->run;
    m->run = (ir_graph){NULL, NULL};
    finds(m, "reset: %3 = input");
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
    tcase_add_test(tc, wrong_shapes_and_attributes_are_found);
    tcase_add_test(tc, broken_graphs_are_found);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
