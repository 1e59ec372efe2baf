/* ir_check_shapes: for each operator, what its operands, attributes and results must be to each other. */
#include "ir/ir_check.h"
#include "ir/function.h"
#include "ir/ir_check_rule.h"

static const char *const recurrent_inputs[IR_REC_INPUTS] = {"x",    "h0",   "c0",   "lengths", "w_ih",
                                                            "w_hh", "b_ih", "b_hh", "w_hr"};

/* Weights are packed when nnc runs, so they must be params, or what arrange_params makes one of: views of params. */
static const char *expect_params(rule *r, unsigned first, unsigned last) {
    for (unsigned i = first; i <= last; i++) {
        const ir_value *v = r->node->inputs[i];
        while (v && (v->producer->op == IR_RESHAPE || v->producer->op == IR_PERMUTE || v->producer->op == IR_FLIP))
            v = v->producer->inputs[0];
        if (v && v->producer->op != IR_PARAM) return arena_printf(r->arena, "input %u is not a param", i);
    }
    return NULL;
}

/* --- sources and layers ------------------------------------------------------------------------------------------ */

static const char *source_rule(rule *r) {
    (void)r; /* ir_check.c compares them with the model's tables */
    return NULL;
}

static const char *const_rule(rule *r) {
    double number = r->node->attrs.number;
    if (result(r)->type.dtype == IR_BOOL && !(number >= 0 && number <= 1 && number == floor(number)))
        return wrong_number(r, "a bool constant", number);
    if (result(r)->type.dtype == IR_I32 && !is_int32(number)) return wrong_number(r, "an int32 constant", number);
    return NULL;
}

static const char *size_rule(rule *r) {
    const dim *size = r->node->attrs.start;
    if (!size || dim_is_huge(size) || dim_min(size) < INT32_MIN || dim_max(size) > INT32_MAX)
        return "the size is missing or too large";
    return expect(r, result(r), "the result", IR_I32, 0);
}

/* The numbers of a constant shape, each one of its type. */
static const char *tensor_rule(rule *r) {
    const ir_values *values = &r->node->attrs.values;
    const ir_type *type = &result(r)->type;
    if (!dim_is(ir_type_elements(r->dims, type), (int64_t)values->count))
        return arena_printf(r->arena, "%zu numbers for %s", values->count, ir_type_string(r->arena, type));
    for (size_t i = 0; i < values->count; i++) {
        double number = values->numbers[i];
        if (type->dtype == IR_I32 && !is_int32(number)) return wrong_number(r, "an int32 constant", number);
        if (type->dtype == IR_BOOL && number != 0 && number != 1) return wrong_number(r, "a bool constant", number);
    }
    return NULL;
}

/* The ids' shape with one more axis. */
static const char *lookup_rule(rule *r, const dim *width) {
    const ir_type *ids = &in(r, 0)->type;
    TRY(expect_rank(r, in(r, 0), "ids", IR_I32, 0, IR_MAX_RANK - 1));
    ir_type want = *ids;
    want.dtype = IR_F32;
    want.dims[want.rank++] = width;
    return expect_type(r, result(r), "the result", &want);
}

static const char *embedding_rule(rule *r) {
    const ir_attrs *a = &r->node->attrs;
    TRY(expect_rank(r, in(r, 1), "table", IR_F32, 2, 2));
    TRY(expect_params(r, 1, 1));
    if (isnan(a->max_norm)) return wrong_number(r, "max_norm", a->max_norm);
    if (isnan(a->norm_type)) return wrong_number(r, "norm_type", a->norm_type);
    if (a->padding_row < 0) return wrong_integer(r, "padding_row", a->padding_row);
    return lookup_rule(r, in(r, 1)->type.dims[1]);
}

static const char *one_hot_rule(rule *r) {
    int64_t count = r->node->attrs.count;
    if (count < 1 || count > INT32_MAX) return wrong_integer(r, "count", count);
    return lookup_rule(r, constant(r, count));
}

static bool is_activation(ir_op op) {
    return op == IR_LINEAR_ACTIVATION || ((unsigned)op < IR_OP_COUNT && ir_function_of(op));
}

static const char *recurrent_rule(rule *r) {
    const ir_attrs *a = &r->node->attrs;
    ir_value *const *v = r->node->inputs;
    if (!is_activation(a->activation.function) || !is_activation(a->recurrent_activation.function))
        return "an activation that is no function";
    if (a->cell != IR_LSTM && v[IR_REC_C0]) return "c0 without an LSTM";
    if (a->cell != IR_LSTM && v[IR_REC_W_HR]) return "w_hr without an LSTM";
    TRY(expect_rank(r, v[IR_REC_X], "x", IR_F32, 3, 3));
    TRY(expect_rank(r, v[IR_REC_W_IH], "w_ih", IR_F32, 2, 2));
    TRY(expect_rank(r, v[IR_REC_W_HH], "w_hh", IR_F32, 2, 2));
    TRY(expect_params(r, IR_REC_W_IH, IR_REC_W_HR));
    const dim *steps = v[IR_REC_X]->type.dims[0], *batch = v[IR_REC_X]->type.dims[1];
    const dim *rows = v[IR_REC_W_IH]->type.dims[0], *width = v[IR_REC_W_HH]->type.dims[1];
    const dim *hidden = dim_divide_exact(r->dims, rows, constant(r, ir_cell_gates(a->cell)));
    if (!hidden)
        return arena_printf(r->arena, "w_ih has %s rows, not a multiple of %u gates", dim_string(r->arena, rows),
                            ir_cell_gates(a->cell));
    if (!v[IR_REC_W_HR] && !dim_same(width, hidden))
        return arena_printf(r->arena, "w_hh is %s, but hidden_size is %s",
                            ir_type_string(r->arena, &v[IR_REC_W_HH]->type), dim_string(r->arena, hidden));
    const char *const *name = recurrent_inputs;
    TRY(expect(r, v[IR_REC_W_IH], name[IR_REC_W_IH], IR_F32, 2, rows, v[IR_REC_X]->type.dims[2]));
    TRY(expect(r, v[IR_REC_W_HH], name[IR_REC_W_HH], IR_F32, 2, rows, width));
    TRY(expect(r, v[IR_REC_B_IH], name[IR_REC_B_IH], IR_F32, 1, rows));
    TRY(expect(r, v[IR_REC_B_HH], name[IR_REC_B_HH], IR_F32, 1, rows));
    TRY(expect(r, v[IR_REC_W_HR], name[IR_REC_W_HR], IR_F32, 2, width, hidden));
    TRY(expect(r, v[IR_REC_H0], name[IR_REC_H0], IR_F32, 2, batch, width));
    TRY(expect(r, v[IR_REC_C0], name[IR_REC_C0], IR_F32, 2, batch, hidden));
    TRY(expect(r, v[IR_REC_LENGTHS], name[IR_REC_LENGTHS], IR_I32, 1, batch));
    TRY(expect(r, r->node->results[0], "out", IR_F32, 3, steps, batch, width));
    TRY(expect(r, r->node->results[1], "h_n", IR_F32, 2, batch, width));
    if (a->cell == IR_LSTM) TRY(expect(r, r->node->results[2], "c_n", IR_F32, 2, batch, hidden));
    if (!a->keeps) return NULL;
    unsigned kept = ir_kept_from(r->node);
    const dim *sums = dim_mul(r->dims, constant(r, ir_kept_sums(a->cell)), hidden);
    if (a->cell == IR_GRU && !a->reset_after) return "a GRU that resets before its product keeps nothing";
    TRY(expect(r, r->node->results[kept], "sums", IR_F32, 3, steps, batch, sums));
    if (a->cell == IR_LSTM) TRY(expect(r, r->node->results[kept + 1], "c", IR_F32, 3, steps, batch, hidden));
    return NULL;
}

static const char *linear_rule(rule *r) {
    TRY(expect_rank(r, in(r, 0), "x", IR_F32, 1, IR_MAX_RANK));
    TRY(expect_rank(r, in(r, 1), "weight", IR_F32, 2, 2));
    TRY(expect_params(r, 1, 2));
    ir_type want = in(r, 0)->type;
    const dim *outputs = in(r, 1)->type.dims[0];
    TRY(expect(r, in(r, 1), "weight", IR_F32, 2, outputs, want.dims[want.rank - 1]));
    TRY(expect(r, in(r, 2), "bias", IR_F32, 1, outputs));
    want.dims[want.rank - 1] = outputs;
    return expect_type(r, result(r), "the result", &want);
}

/* Two shapes as torch broadcasts them; a run-time dim broadcasts with itself only. */
static const char *broadcast(rule *r, const ir_type *a, const ir_type *b, ir_type *both) {
    both->rank = a->rank > b->rank ? a->rank : b->rank;
    for (unsigned i = 0; i < both->rank; i++) {
        const dim *one = constant(r, 1);
        const dim *x = i < a->rank ? a->dims[a->rank - 1 - i] : one;
        const dim *y = i < b->rank ? b->dims[b->rank - 1 - i] : one;
        if (!dim_same(x, y) && !dim_is(x, 1) && !dim_is(y, 1))
            return arena_printf(r->arena, "%s and %s do not broadcast", ir_shape_string(r->arena, a),
                                ir_shape_string(r->arena, b));
        both->dims[both->rank - 1 - i] = dim_is(x, 1) ? y : x;
    }
    return NULL;
}

static const char *matmul_rule(rule *r) {
    TRY(expect_rank(r, in(r, 0), "a", IR_F32, 2, IR_MAX_RANK));
    TRY(expect_rank(r, in(r, 1), "b", IR_F32, 2, IR_MAX_RANK));
    ir_type a = in(r, 0)->type, b = in(r, 1)->type, want = {.dtype = IR_F32};
    const dim *rows = a.dims[a.rank - 2], *columns = b.dims[b.rank - 1];
    if (!dim_same(a.dims[a.rank - 1], b.dims[b.rank - 2]))
        return arena_printf(r->arena, "%s times %s", ir_shape_string(r->arena, &a), ir_shape_string(r->arena, &b));
    a.rank -= 2;
    b.rank -= 2;
    TRY(broadcast(r, &a, &b, &want));
    want.dims[want.rank++] = rows;
    want.dims[want.rank++] = columns;
    return expect_type(r, result(r), "the result", &want);
}

static const char *conv1d_rule(rule *r) {
    const ir_attrs *a = &r->node->attrs;
    TRY(expect_rank(r, in(r, 0), "x", IR_F32, 3, 3));
    TRY(expect_rank(r, in(r, 1), "weight", IR_F32, 3, 3));
    TRY(expect_params(r, 1, 2));
    if (a->stride < 1 || a->stride > INT32_MAX) return wrong_integer(r, "stride", a->stride);
    if (a->dilation < 1 || a->dilation > INT32_MAX) return wrong_integer(r, "dilation", a->dilation);
    if (a->groups < 1 || a->groups > INT32_MAX) return wrong_integer(r, "groups", a->groups);
    if (a->before < 0 || a->before > INT32_MAX) return wrong_integer(r, "before", a->before);
    if (a->after < 0 || a->after > INT32_MAX) return wrong_integer(r, "after", a->after);
    const dim *const *x = in(r, 0)->type.dims, *const *w = in(r, 1)->type.dims;
    const dim *groups = constant(r, a->groups);
    const dim *group = dim_divide_exact(r->dims, x[1], groups);
    if (!group || !dim_divide_exact(r->dims, w[0], groups))
        return arena_printf(r->arena, "%lld groups do not divide %s and %s channels", (long long)a->groups,
                            dim_string(r->arena, x[1]), dim_string(r->arena, w[0]));
    TRY(expect(r, in(r, 1), "weight", IR_F32, 3, w[0], group, w[2]));
    TRY(expect(r, in(r, 2), "bias", IR_F32, 1, w[0]));
    /* (L + before + after - dilation * (K - 1) - 1) // stride + 1 */
    const dim *reach = dim_mul(r->dims, constant(r, a->dilation), dim_sub(r->dims, w[2], constant(r, 1)));
    const dim *free = dim_sub(r->dims, dim_add(r->dims, x[2], constant(r, a->before + a->after - 1)), reach);
    const dim *length = dim_add(r->dims, dim_floordiv(r->dims, free, a->stride), constant(r, 1));
    if (dim_min(free) < 0) return "the kernel may be longer than the padded input";
    return expect(r, result(r), "the result", IR_F32, 3, x[0], w[0], length);
}

static const char *layer_norm_rule(rule *r) {
    const ir_type *x = &in(r, 0)->type;
    int64_t count = r->node->attrs.count;
    TRY(expect_rank(r, in(r, 0), "x", IR_F32, 1, IR_MAX_RANK));
    TRY(expect_params(r, 1, 2));
    if (count < 1 || count > x->rank) return wrong_integer(r, "count", count);
    if (isnan(r->node->attrs.eps)) return wrong_number(r, "eps", r->node->attrs.eps);
    ir_type want = {.dtype = IR_F32, .rank = (unsigned)count};
    for (unsigned i = 0; i < want.rank; i++) want.dims[i] = x->dims[x->rank - want.rank + i];
    if (in(r, 1)) TRY(expect_type(r, in(r, 1), "weight", &want));
    if (in(r, 2)) TRY(expect_type(r, in(r, 2), "bias", &want));
    return expect_type(r, result(r), "the result", x);
}

static const char *batch_norm_rule(rule *r) {
    static const char *const names[] = {"x", "mean", "variance", "weight", "bias"};
    TRY(expect_rank(r, in(r, 0), "x", IR_F32, 2, IR_MAX_RANK));
    TRY(expect_params(r, 1, 4));
    if (isnan(r->node->attrs.eps)) return wrong_number(r, "eps", r->node->attrs.eps);
    for (unsigned i = 1; i < 5; i++) TRY(expect(r, in(r, i), names[i], IR_F32, 1, in(r, 0)->type.dims[1]));
    return expect_type(r, result(r), "the result", &in(r, 0)->type);
}

/* --- training ---------------------------------------------------------------------------------------------------- */

static const char *detach_rule(rule *r) {
    TRY(expect_rank(r, in(r, 0), "the operand", IR_F32, 0, IR_MAX_RANK));
    return expect_type(r, result(r), "the result", &in(r, 0)->type);
}

static const char *dropout_rule(rule *r) {
    double p = r->node->attrs.number;
    if (!(p >= 0 && p <= 1)) return wrong_number(r, "p", p);
    return detach_rule(r);
}

static const char *grad_rule(rule *r) {
    TRY(expect(r, in(r, 0), "the loss", IR_F32, 0));
    if (in(r, 1)->type.dtype != IR_F32) return "a gradient of what is not float32";
    return expect_type(r, result(r), "the result", &in(r, 1)->type);
}

/* The type of the param whose gradient a sink adds to is ir_check.c's to say. */
static const char *weight_grad_rule(rule *r) {
    TRY(expect_rank(r, in(r, 0), "dy", IR_F32, 2, 2));
    return expect(r, in(r, 1), "x", IR_F32, 2, in(r, 0)->type.dims[0], in(r, 1)->type.dims[in(r, 1)->type.rank - 1]);
}

static const char *embedding_grad_rule(rule *r) {
    const ir_type *dy = &in(r, 0)->type;
    TRY(expect_rank(r, in(r, 1), "ids", IR_I32, 0, IR_MAX_RANK - 1));
    TRY(expect_rank(r, in(r, 0), "dy", IR_F32, 1, IR_MAX_RANK));
    ir_type want = in(r, 1)->type;
    want.dtype = IR_F32;
    want.dims[want.rank++] = dy->dims[dy->rank - 1];
    return expect_type(r, in(r, 0), "dy", &want);
}

static const char *sink_rule(rule *r) {
    if (r->node->op == IR_WEIGHT_GRAD) return weight_grad_rule(r);
    if (r->node->op == IR_BIAS_GRAD) return expect_rank(r, in(r, 0), "dy", IR_F32, 3, 3);
    if (r->node->op == IR_EMBEDDING_GRAD) return embedding_grad_rule(r);
    if (r->node->op == IR_RENORM || r->node->op == IR_STEP) return NULL; /* ir_check.c */
    return in(r, 0)->type.dtype == IR_F32 ? NULL : "a gradient that is not float32";
}

/* --- elementwise ------------------------------------------------------------------------------------------------- */

static const char *cast_rule(rule *r) {
    ir_type want = in(r, 0)->type;
    ir_dtype from = want.dtype, to = result(r)->type.dtype;
    if (!(from == IR_I32 && to == IR_F32) && !(from == IR_BOOL && to != IR_BOOL))
        return arena_printf(r->arena, "%s as %s", ir_dtype_name(from), ir_dtype_name(to));
    want.dtype = to;
    return expect_type(r, result(r), "the result", &want);
}

static const char *unary_rule(rule *r) {
    ir_op op = r->node->op;
    if (op == IR_CAST) return cast_rule(r);
    const ir_function *f = ir_function_of(op);
    bool either = f && f->types == IR_EITHER;
    ir_type want = in(r, 0)->type;
    bool fits = either ? want.dtype != IR_BOOL : want.dtype == (op == IR_NOT ? IR_BOOL : IR_F32);
    if (!fits) return arena_printf(r->arena, "the operand is %s", ir_type_string(r->arena, &want));
    return expect_type(r, result(r), "the result", &want);
}

/* May an operator of two operands take this type, and what does it give? */
static const char *binary_types(rule *r, ir_dtype from, ir_dtype *to) {
    *to = from;
    double exponent;
    switch ((unsigned)r->node->op) {
    case IR_EQUAL:
    case IR_NOT_EQUAL: *to = IR_BOOL; return NULL;
    case IR_LESS:
    case IR_LESS_EQUAL: *to = IR_BOOL; return from == IR_BOOL ? "an order of bools" : NULL;
    case IR_AND:
    case IR_OR: return from == IR_BOOL ? NULL : "an operator of bools on numbers";
    case IR_FLOORDIV:
    case IR_REMAINDER: return from == IR_I32 ? NULL : "an operator of int32 on another type";
    case IR_DIV: return from == IR_F32 ? NULL : "a division that is not float32";
    case IR_PRELU: return from == IR_F32 ? NULL : "a prelu that is not float32";
    case IR_BINARY_CROSS_ENTROPY: return from == IR_F32 ? NULL : "a bce that is not float32";
    case IR_POW:
        if (from == IR_I32 && (!ir_is_const(in(r, 1), &exponent) || exponent < 0))
            return "an int32 power whose exponent is not a constant of at least 0";
        break;
    }
    return from == IR_BOOL ? "arithmetic of bools" : NULL;
}

static const char *binary_rule(rule *r) {
    const ir_type *a = &in(r, 0)->type, *b = &in(r, 1)->type;
    if (a->dtype != b->dtype)
        return arena_printf(r->arena, "%s with %s", ir_type_string(r->arena, a), ir_type_string(r->arena, b));
    ir_type want = {.rank = 0};
    TRY(binary_types(r, a->dtype, &want.dtype));
    TRY(broadcast(r, a, b, &want));
    return expect_type(r, result(r), "the result", &want);
}

static const char *where_rule(rule *r) {
    const ir_type *c = &in(r, 0)->type, *a = &in(r, 1)->type, *b = &in(r, 2)->type;
    if (c->dtype != IR_BOOL) return arena_printf(r->arena, "the condition is %s", ir_type_string(r->arena, c));
    if (a->dtype != b->dtype)
        return arena_printf(r->arena, "%s or %s", ir_type_string(r->arena, a), ir_type_string(r->arena, b));
    ir_type both = {.dtype = a->dtype}, want = {.dtype = a->dtype};
    TRY(broadcast(r, a, b, &both));
    TRY(broadcast(r, c, &both, &want));
    return expect_type(r, result(r), "the result", &want);
}

/* --- over dims --------------------------------------------------------------------------------------------------- */

static const char *reduce_rule(rule *r) {
    const ir_attrs *a = &r->node->attrs;
    const ir_type *x = &in(r, 0)->type;
    ir_op op = r->node->op;
    if (a->axes >> x->rank || (!a->axes && x->rank))
        return arena_printf(r->arena, "axes %#x of %s", a->axes, ir_shape_string(r->arena, x));
    bool places = op == IR_ARGMAX || op == IR_ARGMIN;
    if (places && (!a->axes || (a->axes & (a->axes - 1))))
        return arena_printf(r->arena, "%s needs exactly one axis", ir_op_name(op));
    if (op == IR_MEAN && x->dtype != IR_F32) return "a mean that is not float32";
    if (x->dtype == IR_BOOL && op != IR_MAX && op != IR_MIN) return "a reduction of bools other than any and all";
    if ((op == IR_VAR || op == IR_NORM) && x->dtype != IR_F32) return "an operand that is not float32";
    if (op == IR_VAR && (a->count < 0 || a->count > INT32_MAX)) return wrong_integer(r, "correction", a->count);
    bool may_be_empty = op == IR_SUM || op == IR_MEAN || op == IR_PROD || op == IR_VAR || op == IR_NORM;
    ir_type want = {.dtype = places ? IR_I32 : x->dtype};
    for (unsigned i = 0; i < x->rank; i++) {
        bool reduced = a->axes >> i & 1;
        if (reduced && !may_be_empty && dim_min(x->dims[i]) < 1) return "an axis may be empty";
        if (!reduced) want.dims[want.rank++] = x->dims[i];
        else if (a->keepdim) want.dims[want.rank++] = constant(r, 1);
    }
    return expect_type(r, result(r), "the result", &want);
}

static const char *normalize_rule(rule *r) {
    bool whole = r->node->op == IR_CUMSUM && in(r, 0)->type.dtype == IR_I32;
    TRY(expect_rank(r, in(r, 0), "the operand", whole ? IR_I32 : IR_F32, 1, IR_MAX_RANK));
    TRY(expect_axis(r));
    return expect_type(r, result(r), "the result", &in(r, 0)->type);
}

/* ----------------------------------------------------------------------------------------------------------------- */

static rule_of_op *rule_for(ir_op op) {
    switch (ir_op_class_of(op)) {
    case IR_SOURCE:
        return op == IR_CONST ? const_rule : op == IR_SIZE ? size_rule : op == IR_TENSOR ? tensor_rule : source_rule;
    case IR_UNARY: return unary_rule;
    case IR_BINARY: return binary_rule;
    case IR_TERNARY: return where_rule;
    case IR_REDUCE: return reduce_rule;
    case IR_NORMALIZE: return normalize_rule;
    case IR_VIEW:
    case IR_MOVE: return ir_check_move_rule(op);
    case IR_SINK: return sink_rule;
    case IR_LAYER: break;
    case IR_LOOP: ice("%s is checked with its body", ir_op_name(op));
    }
    switch ((unsigned)op) {
    case IR_EMBEDDING: return embedding_rule;
    case IR_ONE_HOT: return one_hot_rule;
    case IR_RECURRENT: return recurrent_rule;
    case IR_LINEAR: return linear_rule;
    case IR_MATMUL: return matmul_rule;
    case IR_CONV1D: return conv1d_rule;
    case IR_LAYER_NORM: return layer_norm_rule;
    case IR_BATCH_NORM: return batch_norm_rule;
    case IR_DROPOUT: return dropout_rule;
    case IR_DETACH: return detach_rule;
    case IR_GRAD: return grad_rule;
    }
    ice("operator %s has no shape rule", ir_op_name(op));
}

bool ir_input_is_optional(ir_op op, unsigned i) {
    switch ((unsigned)op) {
    case IR_RECURRENT: return i != IR_REC_X && i != IR_REC_W_IH && i != IR_REC_W_HH;
    case IR_LINEAR:
    case IR_CONV1D: return i == 2;
    case IR_LAYER_NORM: return i == 1 || i == 2;
    case IR_BATCH_NORM: return i == 3 || i == 4;
    default: return false;
    }
}

const char *ir_check_node(arena *a, const ir_model *m, const ir_node *n) {
    rule r = {.arena = a, .dims = m->dims, .node = n};
    return rule_for(n->op)(&r);
}
