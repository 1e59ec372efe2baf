/* check_ir_check: the verifier, ir_check, which must find each broken invariant. */
#include "ir_everything.h"

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
    Suite *s = suite_create("ir_check");
    TCase *tc = tcase_create("ir_check");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, wrong_shapes_and_attributes_are_found);
    tcase_add_test(tc, broken_graphs_are_found);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
