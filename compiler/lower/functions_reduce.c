/* functions_reduce: those that work along dims: sums, extrema, softmax. A scalar has, as in torch, the one dim 0. */
#include <math.h>

#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

static const char *shown(lowering *l, const arguments *a) { return type_show(l, &args_tensor(a, 0)->type); }

/* The operand; a scalar whose dim is asked for as a vector of one element. */
static ir_value *with_dims(lowering *l, const arguments *a, size_t dim_argument) {
    ir_value *x = args_tensor(a, 0);
    if (x->type.rank || !args_has(a, dim_argument)) return x;
    const dim *one = build_dim(l, 1);
    return build_reshape(l, x, &one, 1, a->call->where);
}

/* Its result as a scalar again. */
static value without_dims(lowering *l, const arguments *a, ir_value *v) {
    if (!args_tensor(a, 0)->type.rank) v = build_reshape(l, v, NULL, 0, a->call->where);
    return value_tensor(l, v, a->call->where);
}

static value lower_sum(lowering *l, const arguments *a, ir_op op) {
    ir_value *x = with_dims(l, a, 1);
    unsigned axes;
    if (x->type.dtype == IR_BOOL && op == IR_SUM) x = build_cast(l, x, IR_I32, a->call->where);
    if (op == IR_MEAN && x->type.dtype != IR_F32) {
        diag *e = diag_error(l->diags, args_where(a, 0), "mean needs float32, found %s", shown(l, a));
        note_argument(l, e, a, 0, args_where(a, 0));
        diag_hint(e, "mean(x * 1.0) is float32");
        return value_poison(a->call->where);
    }
    if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(a->call->where);
    return without_dims(l, a, build_reduce(l, op, x, axes, args_bool(a, 2, false), a->call->where));
}

static bool is_dim(const value *v) { return v->kind == VALUE_INTEGER && dim_is_const(v->integer, NULL); }

/* max(a, b): each may be a tensor or a number; of two numbers one is given back, as Python does. */
static value lower_larger(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    const value *x = &a->values[0], *y = &a->values[1];
    if (args_has(a, 2)) {
        diag_error(l->diags, a->given[2]->where, "%s of two tensors is elementwise and has no keepdim", a->what);
        return value_poison(where);
    }
    if (value_is_number(x) && value_is_number(y)) {
        bool second = op == IR_MAX ? value_number(y) > value_number(x) : value_number(y) < value_number(x);
        value v = second ? *y : *x;
        v.where = where;
        return v;
    }
    ir_dtype beside = x->kind == VALUE_TENSOR ? x->tensor->type.dtype
                      : y->kind == VALUE_TENSOR ? y->tensor->type.dtype
                                                : IR_I32;
    ir_value *left = x->kind == VALUE_TENSOR ? x->tensor : lower_number(l, x, beside, args_where(a, 0));
    ir_value *right = y->kind == VALUE_TENSOR ? y->tensor : lower_number(l, y, beside, args_where(a, 1));
    if (!left || !right) return value_poison(where);
    return lower_elementwise(l, op == IR_MAX ? IR_MAXIMUM : IR_MINIMUM, left, right, args_given(a, 0),
                             args_given(a, 1), where, where);
}

/* max(x), max(x, dim) and max(x, y) are three functions. A whole number behind a tensor is a dim, as in torch; a number
 * with a point, or one that comes first, is compared with. */
static value lower_max(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    bool has_dim = args_has(a, 1);
    if (a->values[0].kind != VALUE_TENSOR && !has_dim) {
        diag_error(l->diags, args_where(a, 0), "%s needs a tensor, found %s", a->what, value_show(l, &a->values[0]));
        return value_poison(where);
    }
    if (a->values[0].kind != VALUE_TENSOR || (has_dim && !is_dim(&a->values[1]))) return lower_larger(l, a, op);
    ir_value *x = with_dims(l, a, 1);
    unsigned axes;
    if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(where);
    bool keepdim = args_bool(a, 2, false), scalar = !args_tensor(a, 0)->type.rank;
    ir_value *values = build_reduce(l, op, x, axes, keepdim, where);
    values->producer->attrs.shared = !has_dim;
    if (!has_dim) return without_dims(l, a, values);
    ir_value *ordered = build_cast(l, x, x->type.dtype == IR_BOOL ? IR_I32 : x->type.dtype, where);
    ir_value *places = build_reduce(l, op == IR_MAX ? IR_ARGMAX : IR_ARGMIN, ordered, axes, keepdim, where);
    if (scalar) {
        values = build_reshape(l, values, NULL, 0, where);
        places = build_reshape(l, places, NULL, 0, where);
    }
    return value_with_places(l, values, places, where);
}

/* Without a dim torch flattens first; with keepdim all dims are then 1. */
static value lower_argmax(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = with_dims(l, a, 1);
    if (x->type.dtype == IR_BOOL) x = build_cast(l, x, IR_I32, where);
    bool keepdim = args_bool(a, 2, false);
    unsigned axes = 1;
    if (args_has(a, 1)) {
        if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(where);
        return without_dims(l, a, build_reduce(l, op, x, axes, keepdim, where));
    }
    unsigned rank = x->type.rank;
    const dim *elements = ir_type_elements(l->model->dims, &x->type);
    ir_value *v = build_reduce(l, op, build_reshape(l, x, &elements, 1, where), axes, false, where);
    const dim *ones[IR_MAX_RANK];
    for (unsigned i = 0; i < rank; i++) ones[i] = build_dim(l, 1);
    return value_tensor(l, keepdim ? build_reshape(l, v, ones, rank, where) : v, where);
}

static value lower_softmax(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    if (!args_has(a, 1)) {
        diag *e = diag_error(l->diags, where, "%s needs dim: along which dim do the results %s?", a->what,
                             op == IR_LOG_SOFTMAX ? "belong together" : "add up to 1");
        note_argument(l, e, a, 0, where);
        diag_hint(e, "dim=-1 is the last one");
        return value_poison(where);
    }
    ir_value *x = build_float(l, with_dims(l, a, 1), where);
    unsigned axis;
    if (!shape_axis(l, args_integer(a, 1, 0), x->type.rank, args_where(a, 1), shown(l, a), &axis))
        return value_poison(where);
    if (op == IR_NEG) x = build_unary(l, IR_NEG, x, where); /* softmin */
    ir_value *v = build_unary(l, op == IR_NEG ? IR_SOFTMAX : op, x, where);
    v->producer->attrs.axis = axis;
    return without_dims(l, a, v);
}

/* --- made of others ---------------------------------------------------------------------------------------------- */

/* The dims of argument i of a float32 operand. */
static ir_value *float_operand(lowering *l, const arguments *a, size_t i, unsigned *axes) {
    ir_value *x = build_float(l, with_dims(l, a, i), a->call->where);
    return shape_axes(l, a, i, x->type.rank, shown(l, a), axes) ? x : NULL;
}

/* x / y and the like of shapes that broadcast. */
static ir_value *both(lowering *l, ir_op op, ir_value *x, ir_value *y, span where) {
    ir_type type = {.dtype = x->type.dtype};
    if (!shape_broadcast(&x->type, &y->type, &type)) ice("%s of shapes that do not broadcast", ir_op_name(op));
    ir_value *const operands[] = {x, y};
    return build_value(l, op, operands, 2, &type, where);
}

/* (sum |x|^p)^(1/p), and what it comes to for 0 and the infinities. */
static ir_value *norm_of(lowering *l, ir_value *x, double p, unsigned axes, bool keepdim, span where) {
    if (p == 2) return build_reduce(l, IR_NORM, x, axes, keepdim, where);
    if (p == 0) {
        ir_type type = x->type;
        type.dtype = IR_BOOL;
        ir_value *const operands[] = {x, build_const(l, IR_F32, 0, where)};
        x = build_float(l, build_value(l, IR_NOT_EQUAL, operands, 2, &type, where), where);
        return build_reduce(l, IR_SUM, x, axes, keepdim, where);
    }
    x = build_unary(l, IR_ABS, x, where);
    if (isinf(p)) {
        ir_value *v = build_reduce(l, p > 0 ? IR_MAX : IR_MIN, x, axes, keepdim, where);
        v->producer->attrs.shared = true;
        return v;
    }
    if (p != 1) x = both(l, IR_POW, x, build_const(l, IR_F32, p, where), where);
    x = build_reduce(l, IR_SUM, x, axes, keepdim, where);
    return p == 1 ? x : both(l, IR_POW, x, build_const(l, IR_F32, 1 / p, where), where);
}

static value lower_norm(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    unsigned axes;
    bool named = args_has(a, 1) && a->values[1].kind == VALUE_STRING;
    if (named && strcmp(a->values[1].string, "fro") != 0) {
        diag_error(l->diags, args_where(a, 1), "p of norm is a number or \"fro\", found \"%.40s\"",
                   a->values[1].string);
        return value_poison(where);
    }
    ir_value *x = float_operand(l, a, 2, &axes);
    if (!x) return value_poison(where);
    return without_dims(l, a, norm_of(l, x, named ? 2 : args_real(a, 1, 2), axes, args_bool(a, 3, false), where));
}

/* x over its norm, which is taken for eps where it is smaller. */
static ir_value *normalized(lowering *l, ir_value *x, double p, unsigned axes, double eps, span where) {
    ir_value *length = build_unary(l, IR_CLAMP, norm_of(l, x, p, axes, true, where), where);
    length->producer->attrs.scalar[0] = eps;
    length->producer->attrs.scalar[1] = (double)INFINITY;
    return both(l, IR_DIV, x, length, where);
}

static value lower_normalize(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = build_float(l, args_tensor(a, 0), where);
    unsigned axes, axis;
    if (args_has(a, 2)) {
        if (!shape_axes(l, a, 2, x->type.rank, shown(l, a), &axes)) return value_poison(where);
    } else {
        if (!shape_axis(l, 1, x->type.rank, where, shown(l, a), &axis)) return value_poison(where);
        axes = 1u << axis;
    }
    return value_tensor(l, normalized(l, x, args_real(a, 1, 2), axes, args_real(a, 3, 1e-12), where), where);
}

/* The sum of the products of what is normalized. */
static value lower_cosine_similarity(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = build_float(l, args_tensor(a, 0), where), *y = build_float(l, args_tensor(a, 1), where);
    ir_type type = {.dtype = IR_F32};
    unsigned axis;
    if (!shape_broadcast(&x->type, &y->type, &type)) {
        report_broadcast(l, a->what, &x->type, &y->type, args_given(a, 0), args_given(a, 1), where);
        return value_poison(where);
    }
    const char *common = type_show(l, &type);
    if (!shape_axis(l, args_integer(a, 2, 1), type.rank, args_where(a, 2), common, &axis)) return value_poison(where);
    /* along a dim that broadcasts, the norm is that of what it becomes */
    bool alike = x->type.rank == y->type.rank && dim_same(x->type.dims[axis], y->type.dims[axis]);
    if (!alike) {
        x = build_expand(l, x, type.dims, type.rank, where);
        y = build_expand(l, y, type.dims, type.rank, where);
    }
    double eps = args_real(a, 3, 1e-8);
    x = normalized(l, x, 2, 1u << axis, eps, where);
    y = normalized(l, y, 2, 1u << axis, eps, where);
    return value_tensor(l, build_reduce(l, IR_SUM, both(l, IR_MUL, x, y, where), 1u << axis, false, where), where);
}

/* log of the sum of exp: the largest is taken off first, unless it is infinite. */
static value lower_logsumexp(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    unsigned axes;
    ir_value *x = float_operand(l, a, 1, &axes);
    if (!x) return value_poison(where);
    ir_value *largest = build_reduce(l, IR_MAX, x, axes, true, where);
    ir_value *infinite = both(l, IR_EQUAL, build_unary(l, IR_ABS, largest, where),
                              build_const(l, IR_F32, (double)INFINITY, where), where);
    infinite->type.dtype = IR_BOOL;
    ir_value *const choice[] = {infinite, build_const(l, IR_F32, 0, where), largest};
    ir_value *off = build_value(l, IR_WHERE, choice, 3, &largest->type, where);
    ir_value *sum = build_unary(l, IR_EXP, both(l, IR_SUB, x, off, where), where);
    bool keepdim = args_bool(a, 2, false);
    sum = build_reduce(l, IR_SUM, sum, axes, keepdim, where);
    off = build_reshape(l, off, sum->type.dims, sum->type.rank, where);
    return without_dims(l, a, both(l, IR_ADD, build_unary(l, IR_LOG, sum, where), off, where));
}

/* --- var, std, prod, cumsum -------------------------------------------------------------------------------------- */

static value lower_var(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    unsigned axes;
    /* var(x, False) is var(x, unbiased=False) */
    bool alone = args_has(a, 1) && a->values[1].kind == VALUE_BOOL, unbiased = args_bool(a, 2, true);
    if (alone) unbiased = a->values[1].boolean;
    int64_t correction = args_integer(a, 4, unbiased);
    ir_value *x = build_float(l, alone ? args_tensor(a, 0) : with_dims(l, a, 1), where);
    if (correction < 0 || correction > INT32_MAX) {
        diag_error(l->diags, args_where(a, 4), "correction of %s must be at least 0, found %lld", a->what,
                   (long long)correction);
        return value_poison(where);
    }
    if (alone) axes = (1u << x->type.rank) - 1;
    else if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(where);
    const dim *one = build_dim(l, 1);
    if (!x->type.rank) x = build_reshape(l, x, &one, 1, where), axes = 1;
    ir_value *v = build_reduce(l, IR_VAR, x, axes, args_bool(a, 3, false), where);
    v->producer->attrs.count = correction;
    if (strcmp(a->what, "std") == 0) v = build_unary(l, IR_SQRT, v, where);
    return without_dims(l, a, v);
}

/* Of bools as numbers. */
static value lower_prod(lowering *l, const arguments *a, ir_op op) {
    ir_value *x = with_dims(l, a, 1);
    unsigned axes;
    if (x->type.dtype == IR_BOOL) x = build_cast(l, x, IR_I32, a->call->where);
    if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(a->call->where);
    return without_dims(l, a, build_reduce(l, op, x, axes, args_bool(a, 2, false), a->call->where));
}

static value lower_cumsum(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = with_dims(l, a, 1);
    unsigned axis;
    if (x->type.dtype == IR_BOOL) x = build_cast(l, x, IR_I32, where);
    if (!shape_axis(l, args_integer(a, 1, 0), x->type.rank, args_where(a, 1), shown(l, a), &axis))
        return value_poison(where);
    ir_value *v = build_unary(l, op, x, where);
    v->producer->attrs.axis = axis;
    return without_dims(l, a, v);
}

/* Of amax and amin, equals share the gradient. */
static void share_among_equals(ir_value *v) {
    while (v->producer->op == IR_RESHAPE) v = v->producer->inputs[0];
    v->producer->attrs.shared = v->producer->op == IR_MAX || v->producer->op == IR_MIN;
}

/* amax, amin: the values only, over several dims too. */
static value lower_amax(lowering *l, const arguments *a, ir_op op) {
    value v = lower_prod(l, a, op);
    if (v.kind == VALUE_TENSOR) share_among_equals(v.tensor);
    return v;
}

static const parameter sum[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_INTEGERS | TAKES_NONE}, {"keepdim", TAKES_BOOL}};
static const parameter max[] = {{"input", TAKES_TENSOR | TAKES_REAL | TAKES_SIZE | REQUIRED},
                                {"dim", TAKES_REAL | TAKES_SIZE | TAKES_TENSOR},
                                {"keepdim", TAKES_BOOL}};
static const parameter norm[] = {{"input", TAKES_TENSOR | REQUIRED},
                                 {"p", TAKES_REAL | TAKES_STRING | TAKES_NONE},
                                 {"dim", TAKES_INTEGER | TAKES_INTEGERS | TAKES_NONE},
                                 {"keepdim", TAKES_BOOL}};
static const parameter normalize[] = {{"input", TAKES_TENSOR | REQUIRED},
                                      {"p", TAKES_REAL},
                                      {"dim", TAKES_INTEGER | TAKES_INTEGERS},
                                      {"eps", TAKES_REAL}};
static const parameter cosine[] = {
    {"x1", TAKES_TENSOR | REQUIRED}, {"x2", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER}, {"eps", TAKES_REAL}};
static const parameter logsumexp[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_INTEGERS | REQUIRED}, {"keepdim", TAKES_BOOL}};
static const parameter var[] = {{"input", TAKES_TENSOR | REQUIRED},
                                {"dim", TAKES_INTEGER | TAKES_INTEGERS | TAKES_NONE | TAKES_BOOL},
                                {"unbiased", TAKES_BOOL},
                                {"keepdim", TAKES_BOOL},
                                {"correction", TAKES_INTEGER}};
static const parameter prod[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_NONE}, {"keepdim", TAKES_BOOL}};
static const parameter cumsum[] = {{"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | REQUIRED}};
static const parameter argmax[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_NONE}, {"keepdim", TAKES_BOOL}};
static const parameter softmax[] = {{"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_NONE}};

const function functions_reduce[] = {
    {"sum", PARAMETERS(sum), lower_sum, IR_SUM},
    {"mean", PARAMETERS(sum), lower_sum, IR_MEAN},
    {"max", PARAMETERS(max), lower_max, IR_MAX},
    {"min", PARAMETERS(max), lower_max, IR_MIN},
    {"amax", PARAMETERS(sum), lower_amax, IR_MAX},
    {"amin", PARAMETERS(sum), lower_amax, IR_MIN},
    {"argmax", PARAMETERS(argmax), lower_argmax, IR_ARGMAX},
    {"argmin", PARAMETERS(argmax), lower_argmax, IR_ARGMIN},
    {"prod", PARAMETERS(prod), lower_prod, IR_PROD},
    {"cumsum", PARAMETERS(cumsum), lower_cumsum, IR_CUMSUM},
    {"var", PARAMETERS(var), lower_var, IR_VAR},
    {"std", PARAMETERS(var), lower_var, IR_VAR},
    {"norm", PARAMETERS(norm), lower_norm, IR_NORM},
    {"logsumexp", PARAMETERS(logsumexp), lower_logsumexp, 0},
    {"normalize", PARAMETERS(normalize), lower_normalize, 0},
    {"cosine_similarity", PARAMETERS(cosine), lower_cosine_similarity, 0},
    {"softmax", PARAMETERS(softmax), lower_softmax, IR_SOFTMAX},
    {"log_softmax", PARAMETERS(softmax), lower_softmax, IR_LOG_SOFTMAX},
    {"softmin", PARAMETERS(softmax), lower_softmax, IR_NEG},
    {NULL, NULL, 0, NULL, 0},
};
