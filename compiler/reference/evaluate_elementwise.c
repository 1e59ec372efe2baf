/* evaluate_elementwise: what looks at one element, or at two of tensors that broadcast, at a time. */
#include <math.h>

#include "ir/function.h"
#include "reference/evaluate.h"

/* What is left in 32 bits. */
static double wrapped(double x) { return (double)(int32_t)(uint32_t)(uint64_t)(int64_t)x; }

static double product_wrapped(double x, double y) {
    return (double)(int32_t)((uint32_t)(int32_t)x * (uint32_t)(int32_t)y);
}

static double power_wrapped(double base, double exponent) {
    double power = 1;
    uint32_t left = (uint32_t)exponent;
    for (; left; left >>= 1) {
        if (left & 1) power = product_wrapped(power, base);
        base = product_wrapped(base, base);
    }
    return power;
}

/* A NaN wins. */
static double larger(double x, double y) { return isnan(x) || x > y ? x : y; }

static double smaller(double x, double y) { return isnan(x) || x < y ? x : y; }

/* torch takes roots for two of its scalar exponents, which differs from C's pow for -infinity and -0. */
static double power(const ir_node *n, double x, double y) {
    double exponent;
    if (ir_is_const(n->inputs[1], &exponent) && exponent == 0.5) return sqrt(x);
    if (ir_is_const(n->inputs[1], &exponent) && exponent == -0.5) return 1 / sqrt(x);
    return pow(x, y);
}

static double unary(const ir_node *n, double x) {
    if (n->op == IR_CAST) return x;
    if (n->op == IR_NOT) return x == 0;
    return ir_function_of(n->op)->value(x, n->attrs.scalar);
}

/* Rounded towards minus infinity, as Python's. */
static double floor_quotient(double x, double y) { return floor(x / y); }

/* How clearly a comparison of floats was decided. */
static void note_margin(evaluation *e, const ir_node *n, double x, double y) {
    if (n->op < IR_EQUAL || n->op > IR_LESS_EQUAL || n->inputs[0]->type.dtype != IR_F32) return;
    double margin = fabs(x - y) / (1 + fabs(x));
    if (margin > 0 && margin < e->argmax_margin) e->argmax_margin = margin;
}

static double binary(const ir_node *n, double x, double y) {
    bool whole = n->results[0]->type.dtype == IR_I32;
    switch ((unsigned)n->op) {
    case IR_ADD: return x + y;
    case IR_SUB: return x - y;
    case IR_MUL: return whole ? product_wrapped(x, y) : x * y;
    case IR_DIV: return x / y;
    case IR_POW: return whole ? power_wrapped(x, y) : power(n, x, y);
    case IR_BINARY_CROSS_ENTROPY: return -(y * larger(log(x), -100) + (1 - y) * larger(log1p(-x), -100));
    case IR_PRELU: return x > 0 ? x : y * x;
    case IR_MAXIMUM: return larger(x, y);
    case IR_MINIMUM: return smaller(x, y);
    case IR_FLOORDIV: return floor_quotient(x, y);
    case IR_REMAINDER: return x - floor_quotient(x, y) * y;
    case IR_AND: return x != 0 && y != 0;
    case IR_OR: return x != 0 || y != 0;
    case IR_EQUAL: return x == y;
    case IR_NOT_EQUAL: return x != y;
    case IR_LESS: return x < y;
    case IR_LESS_EQUAL: return x <= y;
    }
    ice("%s does not have two operands", ir_op_name(n->op));
}

void evaluate_elementwise(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *y = n->input_count > 1 ? evaluate_input(e, n, 1) : NULL;
    const array *z = n->input_count > 2 ? evaluate_input(e, n, 2) : NULL;
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0};
    do {
        double a = *array_element(x, at, to->rank);
        double value;
        if (z) value = *array_element(a != 0 ? y : z, at, to->rank); /* WHERE */
        else value = y ? binary(n, a, *array_element(y, at, to->rank)) : unary(n, a);
        if (y && !z) note_margin(e, n, a, *array_element(y, at, to->rank));
        *array_element(to, at, to->rank) = to->dtype == IR_I32 ? wrapped(value) : rounded(e, value);
    } while (array_next(to, at));
}
