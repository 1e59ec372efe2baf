/* functions_mask: those that give bools or choose by them. */
#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

static const char *shown(lowering *l, const arguments *a) { return type_show(l, &args_tensor(a, 0)->type); }

/* Where x is not 0; of a bool itself. */
static ir_value *holds(lowering *l, ir_value *x, span where) {
    if (x->type.dtype == IR_BOOL) return x;
    ir_type type = x->type;
    type.dtype = IR_BOOL;
    ir_value *const operands[] = {x, build_const(l, x->type.dtype, 0, where)};
    return build_value(l, IR_NOT_EQUAL, operands, 2, &type, where);
}

/* eq, ne …: the operators as functions. */
static value lower_comparison(lowering *l, const arguments *a, ir_op op) {
    ast_operator written = op == IR_EQUAL       ? AST_EQUAL
                           : op == IR_NOT_EQUAL ? AST_NOT_EQUAL
                           : op == IR_LESS      ? AST_LESS
                                                : AST_LESS_EQUAL;
    span where = a->call->where;
    if (strcmp(a->what, "gt") == 0) written = AST_GREATER;
    if (strcmp(a->what, "ge") == 0) written = AST_GREATER_EQUAL;
    return lower_binary(l, written, args_given(a, 0), args_given(a, 1), where, where);
}

static value lower_logical(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = holds(l, args_tensor(a, 0), where), *y = holds(l, args_tensor(a, 1), where);
    return lower_elementwise(l, op, x, y, args_given(a, 0), args_given(a, 1), where, where);
}

static value lower_logical_not(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    return value_tensor(l, build_unary(l, op, holds(l, args_tensor(a, 0), where), where), where);
}

/* A NaN is not itself. */
static value lower_isnan(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    return lower_elementwise(l, op, x, x, args_given(a, 0), args_given(a, 0), where, where);
}

/* any is the largest of bools, all the smallest. */
static value lower_any(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = holds(l, args_tensor(a, 0), where);
    unsigned axes, rank = x->type.rank;
    if (!shape_axes(l, a, 1, rank ? rank : 1, shown(l, a), &axes)) return value_poison(where);
    if (!rank) return value_tensor(l, x, where);
    return value_tensor(l, build_reduce(l, op, x, axes, args_bool(a, 2, false), where), where);
}

/* --- choosing ---------------------------------------------------------------------------------------------------- */

static bool is_mask(lowering *l, const arguments *a, size_t i) {
    const ir_type *type = &args_tensor(a, i)->type;
    if (type->dtype == IR_BOOL) return true;
    diag *e = diag_error(l->diags, args_where(a, i), "%s of %s must be a bool, found %s", a->parameters[i].name,
                         a->what, type_show(l, type));
    note_argument(l, e, a, i, args_where(a, i));
    diag_hint(e, "compare: x != 0, x > 0");
    return false;
}

/* The mask's argument is number `mask`; those of what it chooses among are yes and no. */
static value choose(lowering *l, const arguments *a, size_t mask, ir_value *yes, ir_value *no, size_t kept) {
    span where = a->call->where;
    ir_type both = {.dtype = yes->type.dtype}, type = {.dtype = yes->type.dtype};
    ir_value *c = args_tensor(a, mask);
    if (!shape_broadcast(&yes->type, &no->type, &both)) {
        report_broadcast(l, a->what, &yes->type, &no->type, args_given(a, 1), args_given(a, 2), where);
        return value_poison(where);
    }
    if (!shape_broadcast(&c->type, &both, &type)) {
        report_broadcast(l, a->what, &c->type, &both, args_given(a, mask), args_given(a, kept), where);
        return value_poison(where);
    }
    ir_value *const operands[] = {c, yes, no};
    return value_tensor(l, build_value(l, IR_WHERE, operands, 3, &type, where), where);
}

/* What a value is beside another, or by itself. */
static ir_dtype type_of(const value *v, ir_dtype beside) {
    switch (v->kind) {
    case VALUE_TENSOR: return v->tensor->type.dtype;
    case VALUE_REAL: return IR_F32;
    case VALUE_INTEGER: return beside == IR_BOOL ? IR_I32 : beside;
    default: return IR_BOOL;
    }
}

static ir_value *operand(lowering *l, const arguments *a, size_t i, ir_dtype dtype) {
    const value *v = &a->values[i];
    ir_value *x = v->kind == VALUE_TENSOR ? v->tensor : lower_number(l, v, dtype, args_where(a, i));
    return x ? build_cast(l, x, dtype, a->call->where) : NULL;
}

static value lower_where(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    if (!is_mask(l, a, 0)) return value_poison(a->call->where);
    const value *yes = &a->values[1], *no = &a->values[2];
    ir_dtype first = type_of(yes, IR_BOOL), second = type_of(no, IR_BOOL);
    if (yes->kind == VALUE_INTEGER && no->kind == VALUE_TENSOR) first = type_of(yes, second);
    if (no->kind == VALUE_INTEGER && yes->kind == VALUE_TENSOR) second = type_of(no, first);
    ir_dtype dtype = promoted(first, second);
    ir_value *x = operand(l, a, 1, dtype), *y = operand(l, a, 2, dtype);
    return x && y ? choose(l, a, 0, x, y, yes->kind == VALUE_TENSOR ? 1 : 2) : value_poison(a->call->where);
}

/* x keeps its type. */
static value lower_masked_fill(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    ir_value *x = args_tensor(a, 0);
    const value *v = &a->values[2];
    ir_dtype dtype = x->type.dtype, own = type_of(v, dtype);
    bool scalar = v->kind != VALUE_TENSOR || !v->tensor->type.rank;
    bool whole = v->kind == VALUE_REAL && value_fits_int32(v->real);
    if (!is_mask(l, a, 1)) return value_poison(a->call->where);
    if (!scalar || (promoted(own, dtype) != dtype && !whole)) {
        diag *e = diag_error(l->diags, args_where(a, 2),
                             "value of masked_fill must be a single number that fits %s, found %s",
                             type_show(l, &x->type), value_show(l, v));
        diag_hint(e, "where(mask, value, x) takes any tensor, and promotes");
        return value_poison(a->call->where);
    }
    ir_value *fill = whole ? build_const(l, dtype, v->real, args_where(a, 2)) : operand(l, a, 2, dtype);
    return fill ? choose(l, a, 1, fill, x, 0) : value_poison(a->call->where);
}

/* ----------------------------------------------------------------------------------------------------------------- */

enum { NUMBER = TAKES_TENSOR | TAKES_REAL | TAKES_SIZE | TAKES_BOOL };

static const parameter one[] = {{"input", TAKES_TENSOR | REQUIRED}};
static const parameter two[] = {{"input", TAKES_TENSOR | REQUIRED}, {"other", TAKES_TENSOR | REQUIRED}};
static const parameter comparison[] = {{"input", TAKES_TENSOR | REQUIRED}, {"other", NUMBER | REQUIRED}};
static const parameter over[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_INTEGERS | TAKES_NONE}, {"keepdim", TAKES_BOOL}};
static const parameter where[] = {
    {"condition", TAKES_TENSOR | REQUIRED}, {"input", NUMBER | REQUIRED}, {"other", NUMBER | REQUIRED}};
static const parameter masked_fill[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"mask", TAKES_TENSOR | REQUIRED}, {"value", NUMBER | REQUIRED}};

const function functions_mask[] = {
    {"eq", PARAMETERS(comparison), lower_comparison, IR_EQUAL},
    {"ne", PARAMETERS(comparison), lower_comparison, IR_NOT_EQUAL},
    {"lt", PARAMETERS(comparison), lower_comparison, IR_LESS},
    {"le", PARAMETERS(comparison), lower_comparison, IR_LESS_EQUAL},
    {"gt", PARAMETERS(comparison), lower_comparison, IR_LESS},
    {"ge", PARAMETERS(comparison), lower_comparison, IR_LESS_EQUAL},
    {"logical_and", PARAMETERS(two), lower_logical, IR_AND},
    {"logical_or", PARAMETERS(two), lower_logical, IR_OR},
    {"logical_xor", PARAMETERS(two), lower_logical, IR_NOT_EQUAL},
    {"logical_not", PARAMETERS(one), lower_logical_not, IR_NOT},
    {"isnan", PARAMETERS(one), lower_isnan, IR_NOT_EQUAL},
    {"any", PARAMETERS(over), lower_any, IR_MAX},
    {"all", PARAMETERS(over), lower_any, IR_MIN},
    {"where", PARAMETERS(where), lower_where, 0},
    {"masked_fill", PARAMETERS(masked_fill), lower_masked_fill, 0},
    {NULL, NULL, 0, NULL, 0},
};
