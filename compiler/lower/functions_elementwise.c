/* functions_elementwise: those that look at one element at a time and have a rule of their own; the plain ones are in
 * functions_of_one.c. */
#include <math.h>

#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

/* --- one operand ------------------------------------------------------------------------------------------------- */

static value lower_gelu(lowering *l, const arguments *a, ir_op op) {
    const char *approximate = args_string(a, 1, "none");
    bool by_tanh = strcmp(approximate, "tanh") == 0;
    if (!by_tanh && strcmp(approximate, "none") != 0) {
        diag_error(l->diags, args_where(a, 1), "approximate of gelu is \"none\" or \"tanh\", found \"%.40s\"",
                   approximate);
        return value_poison(a->call->where);
    }
    ir_value *x = build_float(l, args_tensor(a, 0), a->call->where);
    return value_tensor(l, build_unary(l, by_tanh ? IR_GELU_TANH : op, x, a->call->where), a->call->where);
}

static value clamp_between(lowering *l, const arguments *a, ir_op op, ir_value *x, double low, double high) {
    if (x->type.dtype == IR_I32) {
        if (low > INT32_MAX || high < INT32_MIN) {
            diag_error(l->diags, a->call->where, "a bound of %s does not fit int32", a->what);
            return value_poison(a->call->where);
        }
        if (low < INT32_MIN) low = -(double)INFINITY; /* which no int32 is below, either */
        if (high > INT32_MAX) high = (double)INFINITY;
    }
    ir_value *v = build_unary(l, op, x, a->call->where);
    if (!l->label) v->producer->label = ir_op_name(IR_CLAMP); /* the code of both is the same */
    v->producer->attrs.scalar[0] = low;
    v->producer->attrs.scalar[1] = high;
    return value_tensor(l, v, a->call->where);
}

/* As torch: the bounds of an int32 hardtanh lose their fraction. */
static value lower_hardtanh(lowering *l, const arguments *a, ir_op op) {
    double low = args_real(a, 1, -1.0), high = args_real(a, 2, 1.0);
    ir_value *x = args_tensor(a, 0);
    if (!args_no_bool(l, a, 0)) return value_poison(a->call->where);
    if (low > high) {
        diag_error(l->diags, a->call->where, "min_val of hardtanh, %g, is larger than max_val, %g", low, high);
        return value_poison(a->call->where);
    }
    bool whole = x->type.dtype == IR_I32;
    return clamp_between(l, a, op, x, whole ? trunc(low) : low, whole ? trunc(high) : high);
}

static bool is_tensor(const arguments *a, size_t i) { return args_has(a, i) && a->values[i].kind == VALUE_TENSOR; }

/* A run-time size as the scalar that it is. False after reporting. */
static bool bound_is_tensor(lowering *l, arguments *a, size_t i) {
    value *v = &a->values[i];
    if (!args_has(a, i) || v->kind != VALUE_INTEGER || dim_is_const(v->integer, NULL)) return true;
    ir_value *size = lower_size_value(l, v, args_where(a, i));
    if (size) *v = value_tensor(l, size, args_where(a, i));
    return size != NULL;
}

/* An int32 tensor stays one when its bounds are integers. A lower bound above the upper one gives the upper one. */
static value lower_clamp(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    if (!args_no_bool(l, a, 0)) return value_poison(where);
    if (!args_has(a, 1) && !args_has(a, 2)) {
        diag *e = diag_error(l->diags, where, "clamp needs min, max or both");
        diag_hint(e, "relu(x) is clamp(x, min=0)");
        return value_poison(where);
    }
    arguments sized = *a;
    for (size_t i = 1; i <= 2; i++)
        if (!bound_is_tensor(l, &sized, i)) return value_poison(where);
    a = &sized;
    bool real =
        (args_has(a, 1) && a->values[1].kind == VALUE_REAL) || (args_has(a, 2) && a->values[2].kind == VALUE_REAL);
    if (real) x = build_float(l, x, where);
    if (!is_tensor(a, 1) && !is_tensor(a, 2))
        return clamp_between(l, a, IR_CLAMP, x, args_real(a, 1, -(double)INFINITY), args_real(a, 2, (double)INFINITY));
    value v = value_tensor(l, x, where);
    for (size_t i = 1; i <= 2 && v.kind == VALUE_TENSOR; i++) {
        if (!args_has(a, i)) continue;
        if (!is_tensor(a, i)) {
            v = clamp_between(l, a, IR_CLAMP, v.tensor, i == 1 ? args_real(a, 1, 0) : -(double)INFINITY,
                              i == 2 ? args_real(a, 2, 0) : (double)INFINITY);
            continue;
        }
        v = lower_elementwise(l, i == 1 ? IR_MAXIMUM : IR_MINIMUM, v.tensor, args_tensor(a, i), args_given(a, 0),
                              args_given(a, i), where, where);
        if (v.kind == VALUE_TENSOR) v.tensor->producer->attrs.first = true; /* torch's gradient of x at its bound */
    }
    return v;
}

/* torch rounds to `decimals` by a multiplication, rounding and a division, or the other way round for negative ones. */
static value lower_round(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    int64_t decimals = args_integer(a, 1, 0);
    if (!args_no_bool(l, a, 0)) return value_poison(where);
    if (decimals < -30 || decimals > 30) {
        diag_error(l->diags, args_where(a, 1), "decimals of round must be from -30 to 30, found %lld",
                   (long long)decimals);
        return value_poison(where);
    }
    if (x->type.dtype == IR_I32 && decimals == 0) return value_tensor(l, x, where);
    if (x->type.dtype == IR_I32) {
        diag *e = diag_error(l->diags, args_where(a, 1), "decimals of round are for float32, found %s",
                             type_show(l, &x->type));
        diag_hint(e, "x * 1.0 converts");
        return value_poison(where);
    }
    if (decimals == 0) return value_tensor(l, build_unary(l, op, x, where), where);
    ir_value *ten = build_const(l, IR_F32, pow(10, fabs((double)decimals)), where);
    ir_op before = decimals > 0 ? IR_MUL : IR_DIV, after = decimals > 0 ? IR_DIV : IR_MUL;
    ir_type type = x->type;
    x = build_value(l, before, (ir_value *const[]){x, ten}, 2, &type, where);
    x = build_unary(l, op, x, where);
    return value_tensor(l, build_value(l, after, (ir_value *const[]){x, ten}, 2, &type, where), where);
}

static value lower_square(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    value two = value_integer(build_dim(l, 2), where);
    if (!args_no_bool(l, a, 0)) return value_poison(where);
    return lower_binary(l, AST_POW, args_given(a, 0), (as_written){&two, NULL}, where, where);
}

/* One half times the sigmoid of the other. */
static value lower_glu(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = build_float(l, args_tensor(a, 0), where);
    const char *shown = type_show(l, &args_tensor(a, 0)->type);
    unsigned axis;
    if (!shape_axis(l, args_integer(a, 1, -1), x->type.rank, args_where(a, 1), shown, &axis))
        return value_poison(where);
    const dim *half = dim_divide_exact(l->model->dims, x->type.dims[axis], build_dim(l, 2));
    if (!half) {
        diag *e = diag_error(l->diags, where, "glu halves dim %u of %s, which must be even", axis, shown);
        note_argument(l, e, a, 0, where);
        return value_poison(where);
    }
    ir_value *first = build_slice(l, x, axis, build_dim(l, 0), half, 1, where);
    ir_value *second = build_unary(l, IR_SIGMOID, build_slice(l, x, axis, half, half, 1, where), where);
    ir_type type = first->type;
    return value_tensor(l, build_value(l, IR_MUL, (ir_value *const[]){first, second}, 2, &type, where), where);
}

/* One weight for all, or one for each channel, of dim 1; a vector has one channel. */
static value lower_prelu(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0), *weight = args_tensor(a, 1);
    const dim *one = build_dim(l, 1), *channels = x->type.rank >= 2 ? x->type.dims[1] : one;
    bool fits = weight->type.dtype == IR_F32 && weight->type.rank <= 1;
    bool single = !weight->type.rank || dim_is(weight->type.dims[0], 1);
    if (x->type.dtype != IR_F32 || !fits || (!single && !dim_same(weight->type.dims[0], channels))) {
        bool of_x = x->type.dtype != IR_F32;
        diag *e = of_x ? diag_error(l->diags, args_where(a, 0), "prelu needs float32, found %s",
                                    type_show(l, &x->type))
                       : diag_error(l->diags, args_where(a, 1), "weight of prelu must be float32[1] or float32[%s], "
                                    "one for each channel (dim 1 of %s), found %s", dim_short(l->arena, channels),
                                    type_show(l, &x->type), type_show(l, &weight->type));
        note_argument(l, e, a, of_x ? 0 : 1, where);
        return value_poison(where);
    }
    const dim *dims[IR_MAX_RANK];
    unsigned rank = single || x->type.rank < 2 ? 0 : x->type.rank - 1;
    for (unsigned i = 0; i < rank; i++) dims[i] = i ? one : channels;
    weight = build_reshape(l, weight, dims, rank, where);
    ir_type type = x->type;
    return value_tensor(l, build_value(l, op, (ir_value *const[]){x, weight}, 2, &type, where), where);
}

/* --- two operands ------------------------------------------------------------------------------------------------ */

static value lower_pow(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    return lower_binary(l, AST_POW, args_given(a, 0), args_given(a, 1), a->call->where, a->call->where);
}

static value lower_maximum(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    return lower_elementwise(l, op, args_tensor(a, 0), args_tensor(a, 1), args_given(a, 0), args_given(a, 1), where,
                             where);
}

/* ----------------------------------------------------------------------------------------------------------------- */

static const parameter one[] = {{"input", TAKES_TENSOR | REQUIRED}};
static const parameter two[] = {{"input", TAKES_TENSOR | REQUIRED}, {"other", TAKES_TENSOR | REQUIRED}};
static const parameter rounding[] = {{"input", TAKES_TENSOR | REQUIRED}, {"decimals", TAKES_INTEGER}};
static const parameter glu[] = {{"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER}};
static const parameter prelu[] = {{"input", TAKES_TENSOR | REQUIRED}, {"weight", TAKES_TENSOR | REQUIRED}};
static const parameter gelu[] = {{"input", TAKES_TENSOR | REQUIRED}, {"approximate", TAKES_STRING}};
static const parameter hardtanh[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"min_val", TAKES_REAL}, {"max_val", TAKES_REAL}, {"inplace", TAKES_BOOL}};
static const parameter power[] = {{"input", TAKES_TENSOR | TAKES_REAL | REQUIRED},
                                  {"exponent", TAKES_TENSOR | TAKES_REAL | REQUIRED}};
static const parameter clamp[] = {{"input", TAKES_TENSOR | REQUIRED},
                                  {"min", TAKES_TENSOR | TAKES_REAL | TAKES_SIZE | TAKES_NONE},
                                  {"max", TAKES_TENSOR | TAKES_REAL | TAKES_SIZE | TAKES_NONE}};

const function functions_elementwise[] = {
    {"gelu", PARAMETERS(gelu), lower_gelu, IR_GELU},
    {"hardtanh", PARAMETERS(hardtanh), lower_hardtanh, IR_HARDTANH},
    {"round", PARAMETERS(rounding), lower_round, IR_ROUND},
    {"square", PARAMETERS(one), lower_square, 0},
    {"glu", PARAMETERS(glu), lower_glu, 0},
    {"prelu", PARAMETERS(prelu), lower_prelu, IR_PRELU},
    {"maximum", PARAMETERS(two), lower_maximum, IR_MAXIMUM},
    {"minimum", PARAMETERS(two), lower_maximum, IR_MINIMUM},
    {"pow", PARAMETERS(power), lower_pow, 0},
    {"clamp", PARAMETERS(clamp), lower_clamp, 0},
    {NULL, NULL, 0, NULL, 0},
};
