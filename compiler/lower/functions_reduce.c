/* functions_reduce: those that work along dims: sums, extrema, softmax. A scalar has, as in torch, the one dim 0. */
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
        note_value(l, e, args_written(a, 0), &a->values[0], args_where(a, 0));
        diag_hint(e, "mean(x * 1.0) is float32");
        return value_poison(a->call->where);
    }
    if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(a->call->where);
    return without_dims(l, a, build_reduce(l, op, x, axes, args_bool(a, 2, false), a->call->where));
}

/* max(x), max(x, dim) and max(x, y) are three functions. */
static value lower_max(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    if (args_has(a, 1) && a->values[1].kind == VALUE_TENSOR) {
        if (args_has(a, 2)) {
            diag_error(l->diags, a->given[2]->where, "%s of two tensors is elementwise and has no keepdim", a->what);
            return value_poison(where);
        }
        return lower_elementwise(l, op == IR_MAX ? IR_MAXIMUM : IR_MINIMUM, args_tensor(a, 0), args_tensor(a, 1),
                                 args_written(a, 0), args_written(a, 1), &a->values[0], &a->values[1], where, where);
    }
    if (args_has(a, 1) && a->values[1].kind == VALUE_REAL) {
        diag *e = diag_error(l->diags, args_where(a, 1), "%s takes a dim or another tensor, found %s", a->what,
                             value_show(l, &a->values[1]));
        diag_hint(e, "clamp(x, %s=%g) compares with a number", op == IR_MAX ? "min" : "max", a->values[1].real);
        return value_poison(where);
    }
    ir_value *x = with_dims(l, a, 1);
    unsigned axes;
    if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(where);
    return without_dims(l, a, build_reduce(l, op, x, axes, args_bool(a, 2, false), where));
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
                             op == IR_SOFTMAX ? "add up to 1" : "belong together");
        note_value(l, e, args_written(a, 0), &a->values[0], where);
        diag_hint(e, "dim=-1 is the last one");
        return value_poison(where);
    }
    ir_value *x = build_float(l, with_dims(l, a, 1), where);
    unsigned axis;
    if (!shape_axis(l, args_integer(a, 1, 0), x->type.rank, args_where(a, 1), shown(l, a), &axis))
        return value_poison(where);
    ir_value *v = build_unary(l, op, x, where);
    v->producer->attrs.axis = axis;
    return without_dims(l, a, v);
}

static const parameter sum[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_INTEGERS | TAKES_NONE}, {"keepdim", TAKES_BOOL}};
static const parameter max[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_REAL | TAKES_TENSOR}, {"keepdim", TAKES_BOOL}};
static const parameter argmax[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_NONE}, {"keepdim", TAKES_BOOL}};
static const parameter softmax[] = {{"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_NONE}};

const function functions_reduce[] = {
    {"sum", PARAMETERS(sum), lower_sum, IR_SUM},
    {"mean", PARAMETERS(sum), lower_sum, IR_MEAN},
    {"max", PARAMETERS(max), lower_max, IR_MAX},
    {"min", PARAMETERS(max), lower_max, IR_MIN},
    {"argmax", PARAMETERS(argmax), lower_argmax, IR_ARGMAX},
    {"softmax", PARAMETERS(softmax), lower_softmax, IR_SOFTMAX},
    {"log_softmax", PARAMETERS(softmax), lower_softmax, IR_LOG_SOFTMAX},
    {NULL, NULL, 0, NULL, 0},
};
