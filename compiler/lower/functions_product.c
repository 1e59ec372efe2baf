/* functions_product: torch's functions of the operators * + - / @, and linear and embedding with params or values. */
#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

/* mul, and div without a rounding mode. */
static value lower_operator(lowering *l, const arguments *a, ast_operator op) {
    span where = a->call->where;
    return lower_binary(l, op, args_given(a, 0), args_given(a, 1), where, where);
}

static bool one_is_a_tensor(lowering *l, const arguments *a) {
    if (a->values[0].kind == VALUE_TENSOR || a->values[1].kind == VALUE_TENSOR) return true;
    diag *e = diag_error(l->diags, a->call->where, "%s needs a tensor, found %s and %s", a->what,
                         value_show(l, &a->values[0]), value_show(l, &a->values[1]));
    diag_hint(e, "the operators + - * / are for numbers too");
    return false;
}

static value lower_mul(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    if (!one_is_a_tensor(l, a)) return value_poison(a->call->where);
    return lower_operator(l, a, AST_MUL);
}

/* a + alpha * b */
static value lower_add(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    value scaled = a->values[1];
    if (!one_is_a_tensor(l, a)) return value_poison(where);
    if (args_has(a, 2)) scaled = lower_binary(l, AST_MUL, args_given(a, 1), args_given(a, 2), where, where);
    as_written second = {&scaled, args_written(a, 1)};
    return lower_binary(l, op == IR_ADD ? AST_ADD : AST_SUB, args_given(a, 0), second, where, where);
}

static value lower_div(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    const char *mode = args_string(a, 2, NULL);
    if (!one_is_a_tensor(l, a)) return value_poison(a->call->where);
    if (!mode) return lower_operator(l, a, AST_DIV);
    if (strcmp(mode, "floor") == 0) return lower_operator(l, a, AST_FLOORDIV);
    diag *e =
        diag_error(l->diags, args_where(a, 2), "rounding_mode of div is none or \"floor\", found \"%.40s\"", mode);
    if (strcmp(mode, "trunc") == 0) diag_hint(e, "trunc(a / b) rounds towards 0");
    return value_poison(a->call->where);
}

/* mm, bmm and mv do not broadcast: each operand has just so many dims. */
static value lower_exact_product(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    unsigned left = strcmp(a->what, "bmm") == 0 ? 3 : 2, right = strcmp(a->what, "mv") == 0 ? 1 : left;
    if (strcmp(a->what, "dot") == 0) left = right = 1;
    const ir_type *x = &args_tensor(a, 0)->type, *y = &args_tensor(a, 1)->type;
    bool batches = left != 3 || x->rank != 3 || y->rank != 3 || dim_same(x->dims[0], y->dims[0]);
    if (x->rank == left && y->rank == right && batches)
        return lower_product(l, args_given(a, 0), args_given(a, 1), a->call->where);
    diag *e = batches ? diag_error(l->diags, a->call->where, "%s needs tensors of %u and %u dims, found %s and %s",
                                   a->what, left, right, type_show(l, x), type_show(l, y))
                      : diag_error(l->diags, a->call->where, "%s needs batches of one size, found %s and %s", a->what,
                                   type_show(l, x), type_show(l, y));
    note_argument(l, e, a, 0, a->call->where);
    note_argument(l, e, a, 1, a->call->where);
    diag_hint(e, "matmul takes vectors, matrices and batches of them");
    return value_poison(a->call->where);
}

/* x @ W^T + b, with a layer's kernel where W and b are params. */
static value lower_linear(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0), *w = args_tensor(a, 1), *b = args_tensor(a, 2);
    bool floats = x->type.dtype == IR_F32 && w->type.dtype == IR_F32 && (!b || b->type.dtype == IR_F32);
    bool ranks = x->type.rank >= 1 && w->type.rank == 2 && (!b || b->type.rank == 1);
    bool fits = floats && ranks && dim_same(x->type.dims[x->type.rank - 1], w->type.dims[1]) &&
                (!b || dim_same(b->type.dims[0], w->type.dims[0]));
    if (!fits) {
        diag *e = diag_error(l->diags, where, "linear needs float32 [..., I], [O, I]%s, found %s, %s%s%s",
                             b ? " and [O]" : "", type_show(l, &x->type), type_show(l, &w->type), b ? ", " : "",
                             b ? type_show(l, &b->type) : "");
        for (size_t i = 0; i < 3; i++)
            if (args_has(a, i)) note_argument(l, e, a, i, where);
        if (ranks && dim_same(x->type.dims[x->type.rank - 1], w->type.dims[0]))
            diag_hint(e, "a weight has the outputs first, [O, I]: linear(x, t(W)), or x @ W");
        return value_poison(where);
    }
    if (w->producer->op == IR_PARAM && (!b || b->producer->op == IR_PARAM)) {
        ir_value *const operands[] = {x, w, b};
        ir_type type = x->type;
        type.dims[type.rank - 1] = w->type.dims[0];
        return value_tensor(l, build_value(l, op, operands, 3, &type, where), where);
    }
    value weight = value_tensor(l, build_swap(l, w, 0, 1, where), where);
    value product = lower_product(l, args_given(a, 0), (as_written){&weight, args_written(a, 1)}, where);
    if (!b || product.kind != VALUE_TENSOR) return product;
    return lower_elementwise(l, IR_ADD, product.tensor, b, (as_written){&product, args_written(a, 0)},
                             args_given(a, 2), where, where);
}

/* Rows of a table by their numbers. */
static value lower_embedding(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *ids = args_tensor(a, 0), *table = args_tensor(a, 1);
    if (!index_is_whole(l, &ids->type, "input of embedding", args_written(a, 0), &a->values[0], args_where(a, 0)))
        return value_poison(where);
    if (table->type.rank != 2) {
        diag *e = diag_error(l->diags, args_where(a, 1), "weight of embedding must have 2 dims, found %s",
                             type_show(l, &table->type));
        note_argument(l, e, a, 1, args_where(a, 1));
        return value_poison(where);
    }
    if (table->producer->op != IR_PARAM) return index_take(l, table, ids, 0, where);
    if (!shape_rank_fits(l, ids->type.rank + 1, where)) return value_poison(where);
    ir_value *const operands[] = {ids, table};
    ir_type type = ids->type;
    type.dtype = IR_F32;
    type.dims[type.rank++] = table->type.dims[1];
    return value_tensor(l, build_value(l, op, operands, 2, &type, where), where);
}

/* ----------------------------------------------------------------------------------------------------------------- */

enum { NUMBER = TAKES_TENSOR | TAKES_REAL | TAKES_SIZE };

#define OPERANDS {"input", NUMBER | REQUIRED}, {"other", NUMBER | REQUIRED}

static const parameter pair[] = {OPERANDS};
static const parameter scaled[] = {OPERANDS, {"alpha", TAKES_REAL}};
static const parameter quotient[] = {OPERANDS, {"rounding_mode", TAKES_STRING | TAKES_NONE}};
static const parameter product[] = {{"input", TAKES_TENSOR | REQUIRED}, {"mat2", TAKES_TENSOR | REQUIRED}};
static const parameter linear[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"weight", TAKES_TENSOR | REQUIRED}, {"bias", TAKES_TENSOR | TAKES_NONE}};
static const parameter embedding[] = {{"input", TAKES_TENSOR | REQUIRED}, {"weight", TAKES_TENSOR | REQUIRED}};

const function functions_product[] = {
    {"mul", PARAMETERS(pair), lower_mul, 0},
    {"multiply", PARAMETERS(pair), lower_mul, 0},
    {"add", PARAMETERS(scaled), lower_add, IR_ADD},
    {"sub", PARAMETERS(scaled), lower_add, IR_SUB},
    {"subtract", PARAMETERS(scaled), lower_add, IR_SUB},
    {"div", PARAMETERS(quotient), lower_div, 0},
    {"divide", PARAMETERS(quotient), lower_div, 0},
    {"mm", PARAMETERS(product), lower_exact_product, 0},
    {"bmm", PARAMETERS(product), lower_exact_product, 0},
    {"mv", PARAMETERS(product), lower_exact_product, 0},
    {"dot", PARAMETERS(product), lower_exact_product, 0},
    {"linear", PARAMETERS(linear), lower_linear, IR_LINEAR},
    {"embedding", PARAMETERS(embedding), lower_embedding, IR_EMBEDDING},
    {NULL, NULL, 0, NULL, 0},
};
