/* functions_of_one: the functions of one argument, by the table in ir/function.def: one rule for all. */
#include "ir/function.h"
#include "lower/lowering.h"

#include <math.h>

static bool number_fits(lowering *l, const arguments *a, const ir_function_parameter *p, size_t i, double found) {
    const char *must = NULL;
    if (p->domain == IR_NOT_ZERO && found == 0) must = "not be 0";
    if (p->domain == IR_NOT_NEGATIVE && !(found >= 0))
        must = arena_printf(l->arena, "not be negative, found %g", found);
    if (must) diag_error(l->diags, args_where(a, i), "%s of %s must %s", p->name, a->what, must);
    return !must;
}

static double number_of(const arguments *a, size_t i, const ir_function_parameter *p) {
    return args_real(a, i, p->otherwise);
}

bool function_numbers_fit(lowering *l, const arguments *a, size_t first, ir_op op) {
    const ir_function *f = ir_function_of(op);
    bool fine = true;
    for (unsigned i = 0; i < ir_function_parameter_count(f); i++) {
        const ir_function_parameter *p = &f->parameters[i];
        fine = number_fits(l, a, p, first + i, number_of(a, first + i, p)) && fine;
    }
    return fine;
}

/* Of a number, as Python's math has it: sqrt(64), floor(2.5). */
static value function_of_number(lowering *l, const arguments *a, const ir_function *f, const double *scalar) {
    span where = a->call->where;
    double x = value_number(&a->values[0]), y = f->value(x, scalar);
    bool whole = f->types == IR_WHOLE || (f->types == IR_EITHER && a->values[0].kind == VALUE_INTEGER);
    if (isnan(y) || (isinf(y) && isfinite(x))) {
        diag_error(l->diags, where, "%s of %g is %s", a->what, x, isnan(y) ? "no number" : "infinite");
        return value_poison(where);
    }
    return whole && value_fits_int32(y) ? value_integer(build_dim(l, (int64_t)y), where) : value_real(y, where);
}

static value lower_function_of_one(lowering *l, const arguments *a, ir_op op) {
    const ir_function *f = ir_function_of(op);
    double scalar[IR_FUNCTION_PARAMETERS] = {0};
    span where = a->call->where;
    if (!function_numbers_fit(l, a, 1, op)) return value_poison(where);
    for (unsigned i = 0; i < ir_function_parameter_count(f); i++) scalar[i] = number_of(a, 1 + i, &f->parameters[i]);
    if (value_is_number(&a->values[0])) return function_of_number(l, a, f, scalar);
    bool size = a->values[0].kind == VALUE_INTEGER;
    ir_value *x = size ? lower_size_value(l, &a->values[0], args_where(a, 0)) : args_tensor(a, 0);
    if (!x) return value_poison(where);
    if (f->types == IR_FLOATS) x = build_float(l, x, where);
    else if (!size && !args_no_bool(l, a, 0)) return value_poison(where);
    bool whole = x->type.dtype == IR_I32;
    if (whole && f->types == IR_WHOLE) return value_tensor(l, x, where);
    ir_value *v = build_unary(l, op, x, where);
    for (unsigned i = 0; i < IR_FUNCTION_PARAMETERS; i++)
        v->producer->attrs.scalar[i] = whole ? trunc(scalar[i]) : scalar[i]; /* as torch */
    return value_tensor(l, v, where);
}

#define NEEDS_ANY          0
#define NEEDS_NOT_ZERO     0
#define NEEDS_NOT_NEGATIVE 0
#define NEEDS_GIVEN        REQUIRED

#define NUMBER(name, domain) {name, TAKES_REAL | NEEDS_##domain},
#define PARAMETERS_P0
#define PARAMETERS_P1(a, domain, value)                     NUMBER(a, domain)
#define PARAMETERS_P2(a, domain, value, b, domain_b, value_b) NUMBER(a, domain) NUMBER(b, domain_b)
#define PARAMETERS_NO
#define PARAMETERS_INPLACE {"inplace", TAKES_BOOL},

#define RULED(...)
#define FUNCTION(NAME, text, module, types, parameters, inplace, ...) \
    static const parameter parameters_of_##NAME[] = {                 \
        {"input", TAKES_TENSOR | TAKES_NUMBER | REQUIRED}, PARAMETERS_##parameters PARAMETERS_##inplace};
#include "ir/function.def"

const function functions_of_one[] = {
#define RULED(...)
#define FUNCTION(NAME, text, ...)                                                                       \
    {text, parameters_of_##NAME, sizeof parameters_of_##NAME / sizeof *parameters_of_##NAME, lower_function_of_one, \
     IR_##NAME},
#include "ir/function.def"
    {NULL, NULL, 0, NULL, 0},
};
