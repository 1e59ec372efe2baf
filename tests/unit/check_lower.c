/* check_lower: AST -> IR. The tables below say what type an expression or a layer's call has, by the rules of PyTorch;
 * other tests look at the nodes, weights, states and labels that lowering makes. Messages as a whole are
 * tests/diagnostics' matter; here only that they come, once, is checked. */
#define _POSIX_C_SOURCE 200809L

#include "lower/lower.h"

#include "parsed.h"

static lowered_file lower_text(const char *bytes)
{
    ast_file *file = parse(bytes);
    return lower_file(a, file, diags);
}

/* The one model, which must be without faults and pass the verifier. */
static ir_model *lower_good(const char *statements)
{
    lowered_file f = lower_text(arena_printf(a, "model m {\n%s\n}\n", statements));
    ck_assert_msg(diag_error_count(diags) == 0, "%s", shown());
    ck_assert_uint_eq(f.count, 1);
    const char *wrong = ir_check(a, f.models[0]);
    ck_assert_msg(!wrong, "%s\n%s", statements, wrong);
    return f.models[0];
}

static const char *type_of(const ir_value *v)
{
    return ir_type_string(a, &v->type);
}

static ir_param *find_param(ir_model *m, const char *key)
{
    for (size_t i = 0; i < m->param_count; i++)
        if (strcmp(m->params[i].key, key) == 0) return &m->params[i];
    return NULL;
}

/* The operators of a graph in order, without sources. */
static const char *operators(const ir_graph *g)
{
    text t = text_new(a);
    for (const ir_node *n = g->first; n; n = n->next)
        if (ir_op_class_of(n->op) != IR_SOURCE) text_printf(&t, "%s%s", t.length ? " " : "", ir_op_name(n->op));
    return text_string(&t);
}

static const ir_node *first_node(const ir_model *m, ir_op op)
{
    for (const ir_node *n = m->run.first; n; n = n->next)
        if (n->op == op) return n;
    ck_abort_msg("no %s", ir_op_name(op));
}

/* --- types of expressions ---------------------------------------------------------------------------------------- */

static const char world[] = "dim T = 3..20\n"
                            "dim B = 1..6\n"
                            "dim H = 6\n"
                            "input x: float32[4, 6]\n"
                            "input y: float32[T, 6]\n"
                            "input z: float32[B, T, 6]\n"
                            "input i: int32[4, 6]\n"
                            "input j: int32[T]\n"
                            "input s: float32[]\n"
                            "input v: float32[6]\n"
                            "input o: float32[1, 4, 1, 6]\n"
                            "param p: float32[6, 3]\n";

static const struct {
    const char *expression, *type;
} expressions[] = {
    /* arithmetic and broadcasting */
    {"x + v", "float32[4, 6]"},
    {"v - x", "float32[4, 6]"},
    {"y * s", "float32[T, 6]"},
    {"z / y", "float32[B, T, 6]"},
    {"o + unsqueeze(x, 1)", "float32[1, 4, 1, 6]"},
    {"o + x", "float32[1, 4, 4, 6]"},
    {"x + 1", "float32[4, 6]"},
    {"i + 1", "int32[4, 6]"},
    {"i + 1.5", "float32[4, 6]"},
    {"i + x", "float32[4, 6]"},
    {"i / 2", "float32[4, 6]"},
    {"i * H", "int32[4, 6]"},
    {"-i", "int32[4, 6]"},
    {"x ** 2", "float32[4, 6]"},
    {"i ** 2", "int32[4, 6]"},
    {"i ** 0.5", "float32[4, 6]"},
    {"2 ** x", "float32[4, 6]"},
    {"x * (2 * 3 - 1)", "float32[4, 6]"},
    {"x / (7 // 2)", "float32[4, 6]"},
    /* indexing */
    {"x[0]", "float32[6]"},
    {"x[-1, 2]", "float32[]"},
    {"x[:, None]", "float32[4, 1, 6]"},
    {"x[..., 0]", "float32[4]"},
    {"z[..., 1:3]", "float32[B, T, 2]"},
    {"x[1:100]", "float32[3, 6]"},
    {"x[-100:2]", "float32[2, 6]"},
    {"x[::3]", "float32[2, 6]"},
    {"x[1::2, ::4]", "float32[2, 2]"},
    {"y[-1]", "float32[6]"},
    {"y[T - 1]", "float32[6]"},
    {"y[2]", "float32[6]"},
    {"y[:3]", "float32[3, 6]"},
    {"y[1:]", "float32[T - 1, 6]"},
    {"y[:-1]", "float32[T - 1, 6]"},
    {"y[:T]", "float32[T, 6]"},
    {"y[::2]", "float32[(T + 1)//2, 6]"},
    {"z[:, -1]", "float32[B, 6]"},
    {"(x, y)[1][0]", "float32[6]"},
    {"(x, y, s)[-2:][0]", "float32[T, 6]"},
    /* elementwise */
    {"relu(i)", "int32[4, 6]"},
    {"relu(x, inplace=True)", "float32[4, 6]"},
    {"leaky_relu(x, 0.2)", "float32[4, 6]"},
    {"elu(x, alpha=2)", "float32[4, 6]"},
    {"gelu(x, approximate='tanh')", "float32[4, 6]"},
    {"sigmoid(i)", "float32[4, 6]"},
    {"tanh(input=x)", "float32[4, 6]"},
    {"hardtanh(x, -2, 2)", "float32[4, 6]"},
    {"hardtanh(i)", "int32[4, 6]"},
    {"softplus(x, beta=2, threshold=10)", "float32[4, 6]"},
    {"exp(i)", "float32[4, 6]"},
    {"log(x)", "float32[4, 6]"},
    {"sqrt(s)", "float32[]"},
    {"abs(i)", "int32[4, 6]"},
    {"pow(x, x)", "float32[4, 6]"},
    {"pow(2, x)", "float32[4, 6]"},
    {"pow(i, 3)", "int32[4, 6]"},
    {"clamp(i, 1, 3)", "int32[4, 6]"},
    {"clamp(i, 1, 2.5)", "float32[4, 6]"},
    {"clamp(x, max=v)", "float32[4, 6]"},
    {"clamp(v, min=x, max=2)", "float32[4, 6]"},
    /* along dims */
    {"softmax(x, dim=-1)", "float32[4, 6]"},
    {"softmax(s, 0)", "float32[]"},
    {"softmax(i, 0, dtype=None)", "float32[4, 6]"},
    {"log_softmax(z, 1)", "float32[B, T, 6]"},
    {"argmax(x)", "int32[]"},
    {"argmax(x, keepdim=True)", "int32[1, 1]"},
    {"argmax(z, dim=1)", "int32[B, 6]"},
    {"argmax(z, -1, True)", "int32[B, T, 1]"},
    {"sum(x)", "float32[]"},
    {"sum(x, ())", "float32[]"},
    {"sum(x, dim=(), keepdim=True)", "float32[1, 1]"},
    {"sum(i, 0)", "int32[6]"},
    {"sum(z, (0, -1))", "float32[T]"},
    {"sum(z, [0, 2], keepdim=True)", "float32[1, T, 1]"},
    {"sum(s, 0)", "float32[]"},
    {"mean(z, 1)", "float32[B, 6]"},
    {"max(i)", "int32[]"},
    {"max(x, 0)", "float32[6]"},
    {"min(z, dim=1, keepdim=True)", "float32[B, 1, 6]"},
    {"max(x, v)", "float32[4, 6]"},
    {"min(i, x)", "float32[4, 6]"},
    /* shapes */
    {"view(x, 24)", "float32[24]"},
    {"view(x, -1, 8)", "float32[3, 8]"},
    {"view(x, (2, 2, -1))", "float32[2, 2, 6]"},
    {"view(y, T, 2, -1)", "float32[T, 2, 3]"},
    {"view(y, -1)", "float32[6*T]"},
    {"view(y, 2*T, 3)", "float32[2*T, 3]"},
    {"view(s, 1, 1)", "float32[1, 1]"},
    {"view(z, T, -1)", "float32[T, 6*B]"},
    {"reshape(x, shape=[3, 8])", "float32[3, 8]"},
    {"flatten(z)", "float32[6*T*B]"},
    {"flatten(z, 1)", "float32[B, 6*T]"},
    {"flatten(z, 0, 1)", "float32[T*B, 6]"},
    {"flatten(s)", "float32[1]"},
    {"squeeze(o)", "float32[4, 6]"},
    {"squeeze(o, 0)", "float32[4, 1, 6]"},
    {"squeeze(o, (0, 1))", "float32[4, 1, 6]"},
    {"squeeze(z)", "float32[B, T, 6]"},
    {"unsqueeze(x, -1)", "float32[4, 6, 1]"},
    {"unsqueeze(s, 0)", "float32[1]"},
    {"transpose(z, 0, -1)", "float32[6, T, B]"},
    {"permute(z, 2, 0, 1)", "float32[6, B, T]"},
    {"permute(z, (-1, 1, 0))", "float32[6, T, B]"},
    {"contiguous(y)", "float32[T, 6]"},
    /* together */
    {"cat([x, y])", "float32[T + 4, 6]"},
    {"cat((x, i), dim=-1)", "float32[4, 12]"},
    {"cat([i])", "int32[4, 6]"},
    {"stack([x, x, x])", "float32[3, 4, 6]"},
    {"stack((v, v), dim=-1)", "float32[6, 2]"},
    {"stack([s, 2 * s])", "float32[2]"},
    {"pad(x, (1, 2))", "float32[4, 9]"},
    {"pad(x, (1, 2, 3, 4))", "float32[11, 9]"},
    {"pad(x, (-1, 2))", "float32[4, 7]"},
    {"pad(y, (0, 0, 1, 1), value=-1)", "float32[T + 2, 6]"},
    {"pad(x, [5, 5], mode='reflect')", "float32[4, 16]"},
    {"pad(x, [6, 6], mode='circular')", "float32[4, 18]"},
    {"pad(x, [9, 0], 'replicate')", "float32[4, 15]"},
    {"pad(transpose(z, 1, 2), (2, 2), mode='reflect')", "float32[B, 6, T + 4]"},
    {"one_hot(clamp(j, 0, 4), 5)", "float32[T, 5]"},
    {"one_hot(argmax(x), num_classes=24)", "float32[24]"},
    {"matmul(x, p)", "float32[4, 3]"},
    {"matmul(z, p)", "float32[B, T, 3]"},
    {"matmul(v, v)", "float32[]"},
    {"matmul(x, v)", "float32[4]"},
    {"matmul(v, p)", "float32[3]"},
    {"matmul(z, v)", "float32[B, T]"},
    {"matmul(y, transpose(y, 0, 1))", "float32[T, T]"},
    {"matmul(i, transpose(i, 0, 1))", "int32[4, 4]"},
    {"matmul(o, transpose(z[:1], 1, 2)[:, None])", "float32[1, 4, 1, T]"},
    {"p", "float32[6, 3]"},
};

START_TEST(types_of_expressions)
{
    ir_model *m = lower_good(arena_printf(a, "%soutput out = %s", world, expressions[_i].expression));
    ck_assert_msg(strcmp(type_of(m->outputs[0].value), expressions[_i].type) == 0, "%s is %s, expected %s",
                  expressions[_i].expression, type_of(m->outputs[0].value), expressions[_i].type);
}
END_TEST

/* --- layers ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *layer, *call, *type;
} layers[] = {
    {"Embedding(9, 5)", "l(i)", "float32[4, 6, 5]"},
    {"Embedding(9, 5, -9, 1.0, 2.0, False, False, device=None, dtype=None)", "l(j)", "float32[T, 5]"},
    {"Embedding(9, 5)", "l(j[0])", "float32[5]"},
    {"Linear(6, 5)", "l(z)", "float32[B, T, 5]"},
    {"Linear(6, 5, False, None, None)", "l(v)", "float32[5]"},
    {"Dropout()", "l(x)", "float32[4, 6]"},
    {"Dropout(p=0.1, inplace=True)", "l(i)", "int32[4, 6]"},
    {"LayerNorm(6)", "l(z)", "float32[B, T, 6]"},
    {"LayerNorm((4, 6), 1e-3, False)", "l(x)", "float32[4, 6]"},
    {"BatchNorm1d(6)", "l(y)", "float32[T, 6]"},
    {"BatchNorm1d(6, 1e-3, None, False, True)", "l(transpose(z, 1, 2))", "float32[B, 6, T]"},
    {"Conv1d(4, 7, 3)", "l(x)", "float32[7, 4]"},
    {"Conv1d(6, 8, (3,), 2, 1, 1, 2, False, 'zeros')", "l(transpose(z, 1, 2))", "float32[B, 8, (T + 1)//2]"},
    {"Conv1d(6, 8, 4, padding='same')", "l(transpose(z, 1, 2))", "float32[B, 8, T]"},
    {"Conv1d(6, 8, 3, padding=2, padding_mode='reflect')", "l(transpose(z, 1, 2))", "float32[B, 8, T + 2]"},
    {"Conv1d(6, 8, 3, padding=2, padding_mode='circular')", "l(transpose(y, 0, 1))", "float32[8, T + 2]"},
    {"RNN(6, 5)", "l(y)[0]", "float32[T, 5]"},
    {"RNN(6, 5)", "l(y)[1]", "float32[1, 5]"},
    {"RNN(6, 5, 2, 'relu', False, True, 0.1, True)", "l(z)[0]", "float32[B, T, 10]"},
    {"RNN(6, 5, 2, 'relu', False, True, 0.1, True)", "l(z)[1]", "float32[4, B, 5]"},
    {"LSTM(6, 5)", "l(z)[0]", "float32[B, T, 5]"},
    {"LSTM(6, 5)", "l(z)[1][0]", "float32[1, T, 5]"},
    {"LSTM(6, 5, 2, True, True, 0.1, True, 3)", "l(z)[0]", "float32[B, T, 6]"},
    {"LSTM(6, 5, 2, True, True, 0.1, True, 3)", "l(z)[1][0]", "float32[4, B, 3]"},
    {"LSTM(6, 5, 2, True, True, 0.1, True, 3)", "l(z)[1][1]", "float32[4, B, 5]"},
    {"LSTM(6, 5)", "l(x, (v[None, :5], v[None, 1:]))[0]", "float32[4, 5]"},
    {"GRU(6, 5, batch_first=True)", "l(z, stack([l(z)[1][0]]))[0]", "float32[B, T, 5]"},
    {"GRU(6, 5, 3, bidirectional=True, reset_after=False)", "l(y)[1]", "float32[6, 5]"},
    {"GRU(6, 5, batch_first=True)", "l(x[None], lengths=argmax(x[:, :4])[None] * 0 + 2)[0]", "float32[1, 4, 5]"},
    {"RNNCell(6, 5, False, 'relu')", "l(v)", "float32[5]"},
    {"RNNCell(6, 5)", "l(y)", "float32[T, 5]"},
    {"GRUCell(6, 5)", "l(y, hx=y[:, 1:])", "float32[T, 5]"},
    {"LSTMCell(6, 5)", "l(v, (v[1:], v[:5]))[1]", "float32[5]"},
    {"LSTMCell(6, 5, bias=False)", "l(y)[0]", "float32[T, 5]"},
};

START_TEST(types_of_layers)
{
    const char *layer = layers[_i].layer, *call = layers[_i].call;
    ir_model *m = lower_good(arena_printf(a, "%slayer l = %s\noutput out = %s", world, layer, call));
    ck_assert_msg(strcmp(type_of(m->outputs[0].value), layers[_i].type) == 0, "%s, %s is %s, expected %s", layer, call,
                  type_of(m->outputs[0].value), layers[_i].type);
}
END_TEST

static void check_param(ir_model *m, const char *key, const char *type)
{
    ir_param *p = find_param(m, key);
    ck_assert_msg(p != NULL, "no param %s", key);
    ck_assert_str_eq(ir_type_string(a, &p->type), type);
}

START_TEST(weights_of_recurrent_layers)
{
    ir_model *m = lower_good("input x: float32[4, 6]\n"
                             "layer a.0 = LSTM(6, 5, 2, bidirectional=True, proj_size=3)\n"
                             "layer b = GRU(6, 5, bias=False) from 'other'\n"
                             "layer c = RNNCell(6, 5) from ''\n"
                             "output y = a.0(x)[0]\noutput z = b(x)[0]\noutput w = c(x)");
    check_param(m, "a.0.weight_ih_l0", "float32[20, 6]");
    check_param(m, "a.0.weight_hh_l0", "float32[20, 3]");
    check_param(m, "a.0.weight_hr_l0", "float32[3, 5]");
    check_param(m, "a.0.bias_hh_l0_reverse", "float32[20]");
    check_param(m, "a.0.weight_ih_l1", "float32[20, 6]");
    check_param(m, "a.0.weight_hr_l1_reverse", "float32[3, 5]");
    check_param(m, "other.weight_ih_l0", "float32[15, 6]");
    check_param(m, "other.weight_hh_l0", "float32[15, 5]");
    check_param(m, "weight_ih", "float32[5, 6]");
    check_param(m, "bias_hh", "float32[5]");
    ck_assert_uint_eq(m->param_count, 20 + 2 + 4);
    ck_assert_str_eq(find_param(m, "other.weight_hh_l0")->wanted_by, "layer b = GRU(6, 5, bias=False)");
}
END_TEST

START_TEST(weights_of_other_layers)
{
    ir_model *m = lower_good("input x: float32[4, 6]\ninput i: int32[2]\n"
                             "layer e = Embedding(9, 6)\nlayer f = Linear(6, 9, bias=False) from 'e'\n"
                             "layer n = LayerNorm((4, 6), bias=False)\nlayer b = BatchNorm1d(6, affine=False)\n"
                             "layer c = Conv1d(4, 6, 5, groups=2)\nparam e: float32[9, 6] from 'e.weight'\n"
                             "output y = e(i)\noutput z = f(x)\noutput w = n(x)\noutput v = b(x)\noutput u = c(x)\n"
                             "output t = e + 1");
    check_param(m, "e.weight", "float32[9, 6]");
    check_param(m, "n.weight", "float32[4, 6]");
    check_param(m, "b.running_mean", "float32[6]");
    check_param(m, "b.running_var", "float32[6]");
    check_param(m, "c.weight", "float32[6, 2, 5]");
    check_param(m, "c.bias", "float32[6]");
    ck_assert_uint_eq(m->param_count, 6); /* the table is shared by three */
}
END_TEST

/* --- nodes ------------------------------------------------------------------------------------------------------- */

START_TEST(no_superfluous_nodes)
{
    static const struct {
        const char *statements, *operators;
    } rows[] = {
        {"layer r = LSTM(6, 5)\ninput x: float32[7, 2, 6]\noutput y = r(x)[0]", "recurrent reshape reshape"},
        {"layer r = GRU(6, 5)\ninput x: float32[7, 6]\noutput y = r(x)[0]", "reshape recurrent reshape"},
        {"layer r = GRU(6, 5, batch_first=True)\ninput x: float32[2, 7, 6]\noutput y = r(x)[0]",
         "permute recurrent permute reshape"},
        {"layer r = GRU(6, 5, 2)\ninput x: float32[7, 1, 6]\ninput h: float32[2, 1, 5]\noutput y = r(x, h)[0]",
         "slice reshape recurrent slice reshape recurrent cat reshape"},
        {"layer r = GRU(6, 5, bidirectional=True)\ninput x: float32[7, 6]\ninput h: float32[2, 5]\n"
         "output y = r(x, h)[0]",
         "reshape slice recurrent slice recurrent cat reshape cat"},
        {"layer d = Dropout()\ninput x: float32[7]\noutput y = d(x)", ""},
        {"input x: float32[7]\noutput y = x[:]", ""},
        {"input x: float32[7]\noutput y = view(x, -1)", ""},
        {"input x: float32[7]\noutput y = cat([x])", ""},
        {"input x: float32[1, 7]\noutput y = transpose(x, 0, 0)", ""},
        {"input x: float32[4, 7]\noutput y = x[1, 2:4]", "slice slice reshape"},
        {"input i: int32[4]\noutput y = i / 2", "cast div"},
        {"input x: float32[4]\noutput y = pad(x, (-1, 2))", "pad slice"},
        {"input x: float32[4]\noutput y = pad(x, (0, 0))", ""},
        {"layer c = GRUCell(6, 5)\ninput x: float32[2, 6]\noutput y = c(x)", "reshape recurrent"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(operators(&lower_good(rows[i].statements)->run), rows[i].operators);
}
END_TEST

START_TEST(attributes_of_nodes)
{
    ir_model *m = lower_good("input x: float32[4, 9]\ninput i: int32[4]\n"
                             "layer c = Conv1d(4, 4, 4, 1, 'same', 3, 2)\n"
                             "layer e = Embedding(9, 5, max_norm=2, norm_type=inf)\n"
                             "layer r = RNN(5, 3, nonlinearity='relu')\n"
                             "layer l = LSTM(5, 3, activation='softsign', recurrent_activation='hard_sigmoid')\n"
                             "layer g = GRU(5, 3, reset_after=False, activation='swish')\n"
                             "output a = c(x)\nw = e(i)\noutput b = r(w)[0]\noutput d = l(w)[0]\noutput f = g(w)[0]\n"
                             "output h = leaky_relu(x)\noutput k = softplus(x)\noutput n = clamp(x, min=0.5)");
    const ir_attrs *c = &first_node(m, IR_CONV1D)->attrs;
    ck_assert_int_eq(c->before, 4);
    ck_assert_int_eq(c->after, 5);
    ck_assert_int_eq(c->dilation, 3);
    ck_assert_int_eq(c->groups, 2);
    ck_assert_int_eq(c->stride, 1);
    const ir_attrs *e = &first_node(m, IR_EMBEDDING)->attrs;
    ck_assert(e->has_max_norm && e->max_norm == 2 && e->norm_type > 1e300);
    const ir_node *r = first_node(m, IR_RECURRENT);
    ck_assert_int_eq(r->attrs.cell, IR_RNN);
    ck_assert_int_eq(r->attrs.activation.function, IR_RELU);
    ck_assert_uint_eq(r->result_count, 2);
    do r = r->next; while (r->op != IR_RECURRENT);
    ck_assert_int_eq(r->attrs.cell, IR_LSTM);
    ck_assert_int_eq(r->attrs.activation.function, IR_SOFTSIGN);
    ck_assert_int_eq(r->attrs.recurrent_activation.function, IR_HARD_SIGMOID);
    ck_assert_uint_eq(r->result_count, 3);
    do r = r->next; while (r->op != IR_RECURRENT);
    ck_assert_int_eq(r->attrs.activation.function, IR_SILU);
    ck_assert_int_eq(r->attrs.recurrent_activation.function, IR_SIGMOID);
    ck_assert(!r->attrs.reset_after);
    ck_assert_double_eq(first_node(m, IR_LEAKY_RELU)->attrs.scalar[0], 0.01);
    ck_assert_double_eq(first_node(m, IR_SOFTPLUS)->attrs.scalar[1], 20);
    ck_assert_double_eq(first_node(m, IR_CLAMP)->attrs.scalar[0], 0.5);
    ck_assert(first_node(m, IR_CLAMP)->attrs.scalar[1] > 1e300);
}
END_TEST

START_TEST(defaults_of_norms)
{
    ir_model *m =
        lower_good("input x: float32[4, 9]\nlayer n = LayerNorm(9)\nlayer b = BatchNorm1d(9)\nlayer g = GRU(9, 2)\n"
                   "output y = b(n(x))\noutput z = g(x)[0]");
    ck_assert_double_eq(first_node(m, IR_LAYER_NORM)->attrs.eps, 1e-5);
    ck_assert_double_eq(first_node(m, IR_BATCH_NORM)->attrs.eps, 1e-5);
    ck_assert(first_node(m, IR_RECURRENT)->attrs.reset_after);
}
END_TEST

START_TEST(labels_and_sources)
{
    ir_model *m =
        lower_good("input x: float32[4, 6]\nlayer enc.0 = LSTM(6, 5, num_layers=2, bidirectional=true)\n"
                   "layer f = GRU(10, 3)\nout, _ = enc.0(x)\ng, _ = f(out)\np = softmax(g * 2, dim=-1)\noutput p");
    const ir_node *n = first_node(m, IR_RECURRENT);
    static const char *const labels[] = {"enc_0_l0", "enc_0_l0_reverse", "enc_0_l1", "enc_0_l1_reverse", "f"};
    for (int i = 0; i < 5; i++, n = n->next) {
        while (n->op != IR_RECURRENT) n = n->next;
        ck_assert_str_eq(n->label, labels[i]);
        ck_assert_str_eq(n->source, i < 4 ? "LSTM(6, 5, num_layers=2, bidirectional=True)" : "GRU(10, 3)");
    }
    ck_assert_str_eq(first_node(m, IR_SOFTMAX)->label, "p");
    ck_assert_ptr_null(first_node(m, IR_SOFTMAX)->source);
    ck_assert_str_eq(first_node(m, IR_MUL)->label, "mul");
    ck_assert_str_eq(m->outputs[0].value->name, "p");
}
END_TEST

/* --- statements -------------------------------------------------------------------------------------------------- */

START_TEST(states_and_outputs)
{
    ir_model *m =
        lower_good("input x: float32[2, 3]\nparam first: float32[2, 3]\n"
                   "state h: float32[2, 3] = first * 2\nstate k: float32[2, 3] = 0.5\nstate n: float32[2, 3]\n"
                   "before = h\nh = h + x\nh = h * 2\noutput k = h - before\noutput x\noutput seen = k");
    ck_assert_uint_eq(m->state_count, 3);
    const ir_state *h = &m->states[0], *k = &m->states[1];
    ck_assert_int_eq(h->next->producer->op, IR_MUL); /* the last binding wins */
    ck_assert_str_eq(operators(&m->reset), "mul");
    ck_assert_int_eq(h->init->producer->op, IR_MUL);
    double number;
    ck_assert(ir_is_const(k->init, &number) && number == 0.5);
    ck_assert_str_eq(type_of(k->init), "float32[2, 3]");
    ck_assert_ptr_eq(k->next, m->outputs[0].value); /* an output on a state's name binds it */
    ck_assert_ptr_eq(m->outputs[2].value, k->next); /* and what follows reads the new value */
    ck_assert_ptr_null(m->states[2].next);
    ck_assert_ptr_null(m->states[2].init);
    ck_assert_ptr_eq(k->next->producer->inputs[1], h->value); /* before: the value at the run's start */
    ck_assert_str_eq(m->outputs[1].name, "x");
}
END_TEST

START_TEST(dims_and_names)
{
    ir_model *m =
        lower_good("dim T = 2..9\ndim N = 2*T + 1\ndim H = 2**3 // 3\ndim U = 1..2\n"
                   "input x: float32[N, H]\nlayer x = Linear(H, H)\n"
                   "y: float32[2*T + 1, 2] = x(x)\na, (b, _) = (y, (y, y))\noutput b: float32[T + T + 1, H]= b");
    ck_assert_uint_eq(m->symbol_count, 2);
    ck_assert_str_eq(type_of(m->inputs[0].value), "float32[2*T + 1, 2]");
    ck_assert_uint_eq(diag_warning_count(diags), 1); /* no shape uses U */
    ck_assert_ptr_nonnull(strstr(shown(), "no shape uses the dim U"));
}
END_TEST

START_TEST(several_models)
{
    lowered_file f = lower_text("model a { dim T = 1..2\ninput x: float32[T]\noutput x }\n"
                                "model b { dim T = 1..3\ninput x: float32[T]\noutput x }\n");
    ck_assert_msg(diag_error_count(diags) == 0, "%s", shown());
    ck_assert_uint_eq(f.count, 2);
    ck_assert_str_eq(f.models[1]->name, "b");
    ck_assert_int_eq(dim_max(f.models[1]->symbols[0]), 3);
}
END_TEST

/* --- errors ------------------------------------------------------------------------------------------------------ */

/* Each gives exactly one error, with these words in it. */
static const struct {
    const char *statements, *words;
} faults[] = {
    {"output q = y + x", "T against 4"},
    {"output q = z + x", "T against 4"},
    {"output q = y[3]", "may be outside"},
    {"output q = y[:4]", "depends on the run"},
    {"output q = y[3:]", "may be empty"},
    {"output q = x[4:]", "is empty"},
    {"output q = x[::-1]", "step"},
    {"output q = view(y, 4, -1)", "do not divide"},
    {"output q = softmax(x)", "needs dim"},
    {"output q = max(x, dim=1)[0]", "values only"},
    {"output q = mean(i)", "needs float32"},
    {"output q = i ** -1", "no negative powers"},
    {"output q = one_hot(j)", "num_classes"},
    {"output q = pad(y, (0, 0, 3, 0), mode='reflect')", "needs a tensor of 3 or 4 dims"},
    {"output q = pad(transpose(y, 0, 1), (3, 0), mode='reflect')", "at least 4"},
    {"layer l = Linear(5, 5)\noutput q = l(x)", "needs 5 features"},
    {"layer l = Linear(6, 5)\noutput q = l(i)", "needs float32"},
    {"layer l = LSTM(6, 5)\nlayer k = Linear(5, 1)\noutput q = k(l(y))", "needs a tensor, found the tuple"},
    {"layer l = LSTM(6, 5)\na, b, c = l(y)\noutput q = a + b + c", "3 names for the tuple"},
    {"layer l = LSTM(6, T)\noutput q = l(y)[0]", "run-time size"},
    {"layer l = GRU(6, 5)\noutput q = l(z, x[:1, None, :5])[0]", "must be float32[1, T, 5]"},
    {"layer l = GRU(6, 5)\noutput q = l(y, lengths=j)[0]", "need a batch"},
    {"layer l = Conv1d(4, 4, 7)\noutput q = l(x)", "at least 7 steps"},
    {"layer l = BatchNorm1d(6, track_running_stats=False)\noutput q = l(y)", "running statistics"},
    {"output q = nothing(x)", "there is no layer or function"},
    {"output q = nothing", "there is no value"},
    {"output q = relu(x) + relu(nothing) * nothing2", "there is no value nothing"},
    {"state h: float32[T]\noutput q = x", "constant"},
    {"state h: float32[3] = v[:3]\noutput q = x", "params and numbers only"},
    {"state h: float32[3]\nh = x\noutput q = x", "the state h is float32[3]"},
    {"output q = 3", "is a tensor"},
    {"output x = x\noutput x", "already"},
    {"dim Q = 0..4\noutput q = x", "at least 1"},
    {"w: float32[4, 5] = x\noutput q = w", "is written as float32[4, 5], found float32[4, 6]"},
    {"layer k = Linear(6, 4)\nlayer l = Linear(4, 6) from 'k'\noutput q = l(k(x))", "but layer k"},
};

START_TEST(one_fault_one_error)
{
    bool two = strcmp(faults[_i].statements, "output q = relu(x) + relu(nothing) * nothing2") == 0 ||
               strstr(faults[_i].statements, "from 'k'");
    lower_text(arena_printf(a, "model m {\n%s%s\n}\n", world, faults[_i].statements));
    ck_assert_msg(diag_error_count(diags) == (two ? 2 : 1), "%s\n%s", faults[_i].statements, shown());
    ck_assert_msg(strstr(shown(), faults[_i].words) != NULL, "%s\n%s", faults[_i].statements, shown());
}
END_TEST

START_TEST(lost_statements_give_no_second_error)
{
    lower_text("model m {\ninput x: float32[4, 6]\nlayer first = Linear(6, 6\nlayer second = Linear(6, 6)\n"
               "out = = x\noutput y = first(out) + second(x)\noutput z = secnd(x)\n}\n");
    const char *all = shown();
    ck_assert_ptr_null(strstr(all, "function first"));
    ck_assert_ptr_null(strstr(all, "value out"));
    ck_assert_ptr_nonnull(strstr(all, "did you mean second?"));
}
END_TEST

START_TEST(shared_tuples_stay_small)
{
    text t = text_new(a);
    text_add(&t, "model m {\ninput x: float32[4]\nt = (x, x)\n");
    for (int i = 0; i < 200; i++) text_add(&t, "t = (t, t)\n");
    text_add(&t, "output y = relu(t)\noutput z = x\n}\n");
    lower_text(text_string(&t)); /* a tree of 2^201 leaves, were it one */
    ck_assert_uint_eq(diag_error_count(diags), 1);
    ck_assert_uint_lt(strlen(shown()), 2000);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lower");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_loop_test(t, types_of_expressions, 0, sizeof expressions / sizeof *expressions);
    tcase_add_loop_test(t, types_of_layers, 0, sizeof layers / sizeof *layers);
    tcase_add_loop_test(t, one_fault_one_error, 0, sizeof faults / sizeof *faults);
    tcase_add_test(t, weights_of_recurrent_layers);
    tcase_add_test(t, weights_of_other_layers);
    tcase_add_test(t, no_superfluous_nodes);
    tcase_add_test(t, attributes_of_nodes);
    tcase_add_test(t, defaults_of_norms);
    tcase_add_test(t, labels_and_sources);
    tcase_add_test(t, states_and_outputs);
    tcase_add_test(t, dims_and_names);
    tcase_add_test(t, several_models);
    tcase_add_test(t, lost_statements_give_no_second_error);
    tcase_add_test(t, shared_tuples_stay_small);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(suite());
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
