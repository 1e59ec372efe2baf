/* arithmetic: the operators, on numbers, sizes and tensors, and how types are promoted. */
#include <math.h>

#include "lower/lowering.h"

/* --- arithmetic on numbers --------------------------------------------------------------------------------------- */

static bool is_number(const value *v) { return v->kind == VALUE_INTEGER || v->kind == VALUE_REAL; }

static bool is_run_time(const value *v) { return v->kind == VALUE_INTEGER && !dim_is_const(v->integer, NULL); }

static const dim *integer_power(lowering *l, const dim *base, int64_t exponent) {
    const dim *power = build_dim(l, 1);
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) power = dim_mul(l->model->dims, power, base);
        if (exponent > 1) base = dim_mul(l->model->dims, base, base);
    }
    return power;
}

/* What is left of a // by, with the divisor's sign. */
static const dim *remainder_of(lowering *l, const dim *a, int64_t by) {
    dim_table *t = l->model->dims;
    const dim *divisor = build_dim(l, by), *zero = build_dim(l, 0);
    const dim *quotient = by > 0 ? dim_floordiv(t, a, by) : dim_floordiv(t, dim_sub(t, zero, a), -by);
    return dim_sub(t, a, dim_mul(t, quotient, divisor));
}

/* NULL when the result is no integer; *wrong says why when there is none at all. */
static const dim *fold_integers(lowering *l, ast_operator op, const dim *a, const dim *b, const char **wrong) {
    dim_table *t = l->model->dims;
    int64_t by = 0, from = 0;
    switch ((unsigned)op) {
    case AST_ADD: return dim_add(t, a, b);
    case AST_SUB: return dim_sub(t, a, b);
    case AST_MUL: return dim_mul(t, a, b);
    case AST_FLOORDIV:
    case AST_REMAINDER:
        if (!dim_is_const(b, &by)) return op == AST_FLOORDIV ? dim_divide_exact(t, a, b) : NULL;
        if (by == 0) return *wrong = "a division by zero", NULL;
        if (op == AST_REMAINDER) return remainder_of(l, a, by);
        return by > 0 ? dim_floordiv(t, a, by) : dim_floordiv(t, dim_sub(t, build_dim(l, 0), a), -by);
    case AST_POW:
        if (!dim_is_const(b, &by)) return *wrong = "** needs a constant exponent", NULL;
        if (by >= 0) return integer_power(l, a, by);
        if (!dim_is_const(a, &from)) *wrong = "a run-time size has no negative powers";
        return NULL;
    default: return NULL;
    }
}

static double fold_reals(ast_operator op, double a, double b, const char **wrong) {
    double r = 0;
    bool divides = op == AST_DIV || op == AST_FLOORDIV || op == AST_REMAINDER;
    if (divides && b == 0) return *wrong = "a division by zero", 0;
    switch ((unsigned)op) {
    case AST_ADD: r = a + b; break;
    case AST_SUB: r = a - b; break;
    case AST_MUL: r = a * b; break;
    case AST_DIV: r = a / b; break;
    case AST_FLOORDIV: r = floor(a / b); break;
    case AST_REMAINDER: r = a - floor(a / b) * b; break;
    case AST_POW: r = pow(a, b); break;
    default: return *wrong = "these are numbers", 0;
    }
    if (isnan(r) || (isinf(r) && isfinite(a) && isfinite(b))) *wrong = "the result is no number, or too large";
    return r;
}

static bool compares_true(ast_operator op, double a, double b) {
    switch ((unsigned)op) {
    case AST_EQUAL: return a == b;
    case AST_NOT_EQUAL: return a != b;
    case AST_LESS: return a < b;
    case AST_LESS_EQUAL: return a <= b;
    case AST_GREATER: return a > b;
    default: return a >= b;
    }
}

/* Numbers that nnc knows now, and sizes while they stay sizes. False when only the run knows the result. */
static bool fold_numbers(lowering *l, ast_operator op, const value *a, const value *b, span op_where, span where,
                         value *result) {
    const char *wrong = NULL;
    bool run_time = is_run_time(a) || is_run_time(b);
    if (ast_compares(op)) {
        if (run_time) return false;
        bool holds = compares_true(op, value_number(a), value_number(b));
        *result = (value){.kind = VALUE_BOOL, .boolean = holds, .where = where};
        return true;
    }
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER) {
        const dim *d = fold_integers(l, op, a->integer, b->integer, &wrong);
        if (d && !dim_is_huge(d)) return *result = value_integer(d, where), true;
        if (d) wrong = arena_printf(l->arena, "the result is %s", dim_why_huge(d));
    }
    if (!wrong && run_time && !l->in_dim) return false;
    if (!wrong && run_time) wrong = op == AST_DIV ? "it is no size; // divides sizes" : "it is no size";
    double r = wrong ? 0 : fold_reals(op, value_number(a), value_number(b), &wrong);
    *result = value_real(r, where);
    if (!wrong) return true;
    diag *e = diag_error(l->diags, op_where, "%s of %s and %s: %s", ast_operator_text(op), value_show(l, a),
                         value_show(l, b), wrong);
    const char *bounds = run_time ? bounds_show(l, is_run_time(a) ? a->integer : b->integer) : NULL;
    if (bounds) diag_note_plain(e, "%s", bounds);
    *result = value_poison(where);
    return true;
}

/* --- arithmetic on tensors --------------------------------------------------------------------------------------- */

static const char *elementwise_text(ir_op op) {
    switch ((unsigned)op) {
    case IR_ADD: return "+";
    case IR_SUB: return "-";
    case IR_MUL: return "*";
    case IR_DIV: return "/";
    case IR_POW: return "**";
    case IR_MAXIMUM: return "max";
    case IR_MINIMUM: return "min";
    default: return ir_op_name(op);
    }
}

ir_dtype promoted(ir_dtype a, ir_dtype b) {
    if (a == IR_F32 || b == IR_F32) return IR_F32;
    return a == IR_I32 || b == IR_I32 ? IR_I32 : IR_BOOL;
}

/* Whether x fits beside other when it gets a dim of size 1 that does not stand first, where broadcasting adds them. */
static bool fits_unsqueezed(lowering *l, const ir_type *x, const ir_type *other, unsigned *at) {
    ir_type both, longer = {.rank = x->rank + 1};
    for (*at = 1; x->rank < IR_MAX_RANK && *at <= x->rank; ++*at) {
        for (unsigned i = 0; i < longer.rank; i++)
            longer.dims[i] = i == *at ? build_dim(l, 1) : x->dims[i < *at ? i : i - 1];
        if (shape_broadcast(&longer, other, &both)) return true;
    }
    return false;
}

static bool hint_unsqueeze(lowering *l, diag *e, const ir_type *a, const ir_type *b, as_written a_given,
                           as_written b_given) {
    unsigned at;
    bool vectors = a->rank == 1 && b->rank == 1 && !dim_is_const(a->dims[0], NULL) && !dim_is_const(b->dims[0], NULL);
    bool second = b->rank < a->rank || vectors;
    const ast_expr *written = second ? b_given.written : a_given.written;
    if (a->rank == b->rank && !second) return false;
    if (!(second ? fits_unsqueezed(l, b, a, &at) : fits_unsqueezed(l, a, b, &at))) return false;
    const char *name = written && written->kind == AST_NAME ? written->name.text : "…";
    diag_hint(e, "unsqueeze(%.60s, %u) has a dim of size 1 there, which goes with any other", name, at);
    return true;
}

static void note_both(lowering *l, diag *e, as_written a, as_written b, span op_where) {
    note_value(l, e, a.written, a.value, op_where);
    note_value(l, e, b.written, b.value, op_where);
}

void report_broadcast(lowering *l, const char *what, const ir_type *a, const ir_type *b, as_written a_given,
                      as_written b_given, span op_where) {
    unsigned i = 1;
    while (i <= a->rank && i <= b->rank) {
        const dim *x = a->dims[a->rank - i], *y = b->dims[b->rank - i];
        if (!dim_same(x, y) && !dim_is(x, 1) && !dim_is(y, 1)) break;
        i++;
    }
    const dim *x = a->dims[a->rank - i], *y = b->dims[b->rank - i];
    diag *e = diag_error(l->diags, op_where, "the shapes of %s do not fit: %s and %s, with %s against %s in dim -%u",
                         what, type_show(l, a), type_show(l, b), dim_short(l->arena, x), dim_short(l->arena, y), i);
    note_both(l, e, a_given, b_given, op_where);
    bool may_be_1 = (!dim_is_const(x, NULL) && dim_min(x) <= 1) || (!dim_is_const(y, NULL) && dim_min(y) <= 1);
    ir_type turned = *b;
    if (b->rank >= 2) {
        turned.dims[b->rank - 1] = b->dims[b->rank - 2];
        turned.dims[b->rank - 2] = b->dims[b->rank - 1];
    }
    ir_type both;
    if (b->rank >= 2 && shape_broadcast(a, &turned, &both)) diag_hint(e, "it fits when one of them is transposed");
    else if (hint_unsqueeze(l, e, a, b, a_given, b_given)) return;
    else if (!dim_is_const(x, NULL) && !dim_is_const(y, NULL))
        diag_hint(e, "%s and %s may differ; if they never do, write both as one dim", dim_short(l->arena, x),
                  dim_short(l->arena, y));
    else if (may_be_1) diag_hint(e, "a run-time dim never broadcasts, not even when it happens to be 1");
}

static bool is_logic(ir_op op) { return op == IR_AND || op == IR_OR; }

static bool is_comparison(ir_op op) { return op >= IR_EQUAL && op <= IR_LESS_EQUAL; }

/* As the user gave it: a number beside a tensor is shown as one. */
static const char *operand_show(lowering *l, as_written given, const ir_type *type) {
    return given.value->kind == VALUE_TENSOR ? type_show(l, type) : value_show(l, given.value);
}

/* What torch does not do with bools either. */
static void report_bools(lowering *l, const char *shown, ir_op op, const ir_type *a, const ir_type *b,
                         as_written a_given, as_written b_given, span op_where) {
    const char *format = a->dtype == b->dtype ? "%s of two bools, %s and %s" : "%s with a bool: %s and %s";
    diag *e = diag_error(l->diags, op_where, format, shown, operand_show(l, a_given, a), operand_show(l, b_given, b));
    if (op == IR_SUB) diag_hint(e, "~m is where m does not hold; m * 1 makes int32 of it");
    else if (op == IR_ADD) diag_hint(e, "either of them is a | b; a * 1 + b counts");
    else if (op == IR_MUL) diag_hint(e, "both of them is a & b");
    else diag_hint(e, "a * 1.0 makes float32 of a bool");
}

/* & and | of what is no bool. */
static void report_no_bools(lowering *l, const char *shown, const ir_type *a, const ir_type *b, as_written a_given,
                            as_written b_given, span op_where) {
    diag *e = diag_error(l->diags, op_where, "%s needs bools, found %s and %s", shown, operand_show(l, a_given, a),
                         operand_show(l, b_given, b));
    note_both(l, e, a_given, b_given, op_where);
    bool number = a_given.value->kind != VALUE_TENSOR || b_given.value->kind != VALUE_TENSOR;
    if (number) diag_hint(e, "%s binds tighter than a comparison: write (a > b) %s (c > d)", shown, shown);
    else if (*shown == '&') diag_hint(e, "compare first, x != 0, or write logical_and(a, b)");
    else diag_hint(e, "compare first, x != 0, or write logical_or(a, b)");
}

/* Of one type, which is *type; false after reporting. */
static bool types_fit(lowering *l, ir_op op, const char *shown, const ir_type *a, const ir_type *b, as_written a_given,
                      as_written b_given, span op_where, ir_dtype *type) {
    *type = op == IR_DIV ? IR_F32 : promoted(a->dtype, b->dtype);
    bool bools = a->dtype == IR_BOOL && b->dtype == IR_BOOL, one = a->dtype == IR_BOOL || b->dtype == IR_BOOL;
    if (is_logic(op)) {
        if (!bools) report_no_bools(l, shown, a, b, a_given, b_given, op_where);
        return bools;
    }
    if (op == IR_LESS || op == IR_LESS_EQUAL) *type = *type == IR_BOOL ? IR_I32 : *type;
    if (is_comparison(op)) return true;
    if (bools || (op == IR_SUB && one)) {
        report_bools(l, shown, op, a, b, a_given, b_given, op_where);
        return false;
    }
    bool whole = op == IR_FLOORDIV || op == IR_REMAINDER;
    if (!whole || *type == IR_I32) return true;
    diag *e = diag_error(l->diags, op_where, "%s is for sizes and int32, found %s and %s", shown,
                         operand_show(l, a_given, a), operand_show(l, b_given, b));
    note_both(l, e, a_given, b_given, op_where);
    if (op == IR_FLOORDIV) diag_hint(e, "of float32 write floor(a / b)");
    else diag_hint(e, "of float32 write a - floor(a / b) * b");
    return false;
}

static value elementwise(lowering *l, ir_op op, bool turned, const char *shown, ir_value *a, ir_value *b,
                         as_written a_given, as_written b_given, span op_where, span where) {
    ir_type type = {.rank = 0};
    ir_dtype operands;
    if (!types_fit(l, op, shown, &a->type, &b->type, a_given, b_given, op_where, &operands))
        return value_poison(where);
    a = build_cast(l, a, operands, where);
    b = build_cast(l, b, operands, where);
    if (!shape_broadcast(&a->type, &b->type, &type)) {
        report_broadcast(l, shown, &a->type, &b->type, a_given, b_given, op_where);
        return value_poison(where);
    }
    type.dtype = is_comparison(op) ? IR_BOOL : operands;
    ir_value *const pair[] = {turned ? b : a, turned ? a : b};
    return value_tensor(l, build_value(l, op, pair, 2, &type, where), where);
}

value lower_elementwise(lowering *l, ir_op op, ir_value *a, ir_value *b, as_written a_given, as_written b_given,
                        span op_where, span where) {
    /* of two bools torch's maximum is either, its minimum both */
    bool bools = a->type.dtype == IR_BOOL && b->type.dtype == IR_BOOL;
    const char *shown = elementwise_text(op);
    if (bools && op == IR_MAXIMUM) op = IR_OR;
    if (bools && op == IR_MINIMUM) op = IR_AND;
    return elementwise(l, op, false, shown, a, b, a_given, b_given, op_where, where);
}

ir_value *lower_size_value(lowering *l, const value *v, span where) {
    int64_t constant;
    if (dim_min(v->integer) < INT32_MIN || dim_max(v->integer) > INT32_MAX) {
        diag *e = diag_error(l->diags, where, "%s %s int32", dim_short(l->arena, v->integer),
                             is_run_time(v) ? "may not fit" : "does not fit");
        const char *bounds = bounds_show(l, v->integer);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return NULL;
    }
    if (dim_is_const(v->integer, &constant)) return build_const(l, IR_I32, (double)constant, where);
    if (l->graph == &l->model->reset) {
        diag *e = diag_error(l->diags, where, "a state's first value cannot depend on a run-time size, %s",
                             dim_short(l->arena, v->integer));
        const char *bounds = bounds_show(l, v->integer);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return NULL;
    }
    return build_size(l, v->integer, where);
}

ir_value *lower_number(lowering *l, const value *v, ir_dtype beside, span where) {
    if (v->kind == VALUE_BOOL) return build_const(l, IR_BOOL, v->boolean, where);
    if (v->kind == VALUE_REAL) return build_const(l, IR_F32, v->real, where);
    if (beside == IR_F32 && dim_is_const(v->integer, NULL)) return build_const(l, IR_F32, value_number(v), where);
    return lower_size_value(l, v, where);
}

static bool power_fits(lowering *l, const value *a, const value *b, span op_where) {
    bool whole_base = a->kind == VALUE_INTEGER || (a->kind == VALUE_TENSOR && a->tensor->type.dtype != IR_F32);
    bool whole_exponent = b->kind == VALUE_INTEGER || (b->kind == VALUE_TENSOR && b->tensor->type.dtype != IR_F32);
    if (!whole_base || !whole_exponent) return true;
    if (b->kind == VALUE_TENSOR || is_run_time(b)) {
        diag *e =
            diag_error(l->diags, op_where, "an integer power needs a constant exponent, found %s", value_show(l, b));
        diag_hint(e, "a float32 base takes any exponent");
        return false;
    }
    int64_t exponent;
    if (dim_is_const(b->integer, &exponent) && exponent < 0) {
        diag *e = diag_error(l->diags, op_where, "integers have no negative powers, found %s ** %lld", value_show(l, a),
                             (long long)exponent);
        diag_hint(e, "with %lld.0 the result is float32", (long long)exponent);
        return false;
    }
    return true;
}

typedef struct {
    ir_op op;
    bool turned;       /* b op a */
    bool takes_bools;  /* true and false may stand beside a tensor */
} operator_row;

static const operator_row operators[] = {
    [AST_ADD] = {IR_ADD, false, false},
    [AST_SUB] = {IR_SUB, false, false},
    [AST_MUL] = {IR_MUL, false, false},
    [AST_DIV] = {IR_DIV, false, false},
    [AST_FLOORDIV] = {IR_FLOORDIV, false, false},
    [AST_REMAINDER] = {IR_REMAINDER, false, false},
    [AST_POW] = {IR_POW, false, false},
    [AST_AND] = {IR_AND, false, true},
    [AST_OR] = {IR_OR, false, true},
    [AST_EQUAL] = {IR_EQUAL, false, true},
    [AST_NOT_EQUAL] = {IR_NOT_EQUAL, false, true},
    [AST_LESS] = {IR_LESS, false, false},
    [AST_LESS_EQUAL] = {IR_LESS_EQUAL, false, false},
    [AST_GREATER] = {IR_LESS, true, false},
    [AST_GREATER_EQUAL] = {IR_LESS_EQUAL, true, false},
};

static bool operand_fits(lowering *l, ast_operator op, as_written operand, span op_where) {
    const value *v = operand.value;
    bool fits = v->kind == VALUE_TENSOR || (op != AST_MATMUL && is_number(v));
    if (op != AST_MATMUL) fits = fits || (v->kind == VALUE_BOOL && operators[op].takes_bools);
    if (fits) return true;
    span where = operand.written ? operand.written->where : op_where;
    diag *e = diag_error(l->diags, where, "%s needs tensors%s, found %s", ast_operator_text(op),
                         op == AST_MATMUL ? "" : " or numbers", value_show(l, v));
    if (v->gives) diag_note_plain(e, "%s", v->gives);
    note_value(l, e, operand.written, v, where);
    if (v->gives) diag_hint(e, "%s", v->mend);
    return false;
}

/* As a tensor; a number becomes one of this type. NULL after reporting. */
static ir_value *operand_tensor(lowering *l, as_written operand, ir_dtype beside, span where) {
    const value *v = operand.value;
    if (v->kind == VALUE_TENSOR) return v->tensor;
    return lower_number(l, v, beside, operand.written ? operand.written->where : where);
}

value lower_binary(lowering *l, ast_operator op, as_written a, as_written b, span op_where, span where) {
    value poison = value_poison(where), folded;
    if (value_has_poison(a.value) || value_has_poison(b.value)) return poison;
    bool numbers = op != AST_MATMUL && is_number(a.value) && is_number(b.value);
    if (numbers && fold_numbers(l, op, a.value, b.value, op_where, where, &folded)) return folded;
    if (!operand_fits(l, op, a, op_where) || !operand_fits(l, op, b, op_where)) return poison;
    if (op == AST_MATMUL) return lower_product(l, a, b, where);
    if (op == AST_POW && !power_fits(l, a.value, b.value, op_where)) return poison;
    /* torch promotes a number beside a tensor: an integer takes the tensor's type, a real makes float32 of both */
    ir_dtype beside = IR_I32;
    if (b.value->kind == VALUE_TENSOR) beside = b.value->tensor->type.dtype;
    if (a.value->kind == VALUE_TENSOR) beside = a.value->tensor->type.dtype;
    if (op == AST_DIV) beside = IR_F32;
    ir_value *x = operand_tensor(l, a, beside, where), *y = operand_tensor(l, b, beside, where);
    if (!x || !y) return poison;
    const operator_row *row = &operators[op];
    return elementwise(l, row->op, row->turned, ast_operator_text(op), x, y, a, b, op_where, where);
}

static value negated(lowering *l, const value *v, span where) {
    switch (v->kind) {
    case VALUE_INTEGER: return value_integer(dim_sub(l->model->dims, build_dim(l, 0), v->integer), where);
    case VALUE_REAL: return value_real(-v->real, where);
    default: return value_tensor(l, build_unary(l, IR_NEG, v->tensor, where), where);
    }
}

/* - of numbers, ~ of bools. */
value lower_unary(lowering *l, const ast_expr *e) {
    value v = lower_expr(l, e->operand);
    if (value_has_poison(&v)) return value_poison(e->where);
    bool inverts = e->kind == AST_INVERT, is_bool = v.kind == VALUE_TENSOR && v.tensor->type.dtype == IR_BOOL;
    if (inverts && v.kind == VALUE_BOOL) return (value){.kind = VALUE_BOOL, .boolean = !v.boolean, .where = e->where};
    if (inverts && is_bool) return value_tensor(l, build_unary(l, IR_NOT, v.tensor, e->where), e->where);
    if (!inverts && !is_bool && (v.kind == VALUE_TENSOR || is_number(&v))) return negated(l, &v, e->where);
    diag *d = diag_error(l->diags, e->operand->where, "%s needs a %s, found %s", inverts ? "~" : "-",
                         inverts ? "bool" : "tensor or a number", value_show(l, &v));
    if (v.gives) diag_note_plain(d, "%s", v.gives);
    note_value(l, d, e->operand, &v, e->operand->where);
    if (v.gives) diag_hint(d, "%s", v.mend);
    else if (!inverts && is_bool) diag_hint(d, "~m is where m does not hold");
    else if (inverts && v.kind == VALUE_TENSOR) diag_hint(d, "compare first, x == 0, or write logical_not(x)");
    return value_poison(e->where);
}
