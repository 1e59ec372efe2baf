/* evaluate_elementwise: what looks at one element, or at two of tensors that broadcast, at a time. */
#include <math.h>

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

static double gelu_tanh(double x) { return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1.0)) * (x + 0.044715 * x * x * x))); }

static double unary(const ir_node *n, double x) {
    const double *scalar = n->attrs.scalar;
    switch ((unsigned)n->op) {
    case IR_NEG: return -x;
    case IR_ABS: return fabs(x);
    case IR_RELU: return larger(x, 0);
    case IR_CLAMP: return smaller(larger(x, scalar[0]), scalar[1]);
    case IR_LEAKY_RELU: return x > 0 ? x : scalar[0] * x;
    case IR_ELU: return x > 0 ? x : scalar[0] * expm1(x);
    case IR_GELU: return x * 0.5 * (1 + erf(x / sqrt(2.0)));
    case IR_GELU_TANH: return gelu_tanh(x);
    case IR_SIGMOID: return 1 / (1 + exp(-x));
    case IR_TANH: return tanh(x);
    case IR_SOFTPLUS: return x * scalar[0] > scalar[1] ? x : log1p(exp(x * scalar[0])) / scalar[0];
    case IR_EXP: return exp(x);
    case IR_LOG: return log(x);
    case IR_SQRT: return sqrt(x);
    case IR_CAST: return x;
    case IR_NOT: return x == 0;
    }
    ice("%s is not elementwise", ir_op_name(n->op));
}

/* Rounded towards minus infinity, as Python's. */
static double floor_quotient(double x, double y) { return floor(x / y); }

static double binary(const ir_node *n, double x, double y) {
    bool whole = n->results[0]->type.dtype == IR_I32;
    switch ((unsigned)n->op) {
    case IR_ADD: return x + y;
    case IR_SUB: return x - y;
    case IR_MUL: return whole ? product_wrapped(x, y) : x * y;
    case IR_DIV: return x / y;
    case IR_POW: return whole ? power_wrapped(x, y) : power(n, x, y);
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
        *array_element(to, at, to->rank) = to->dtype == IR_I32 ? wrapped(value) : rounded(e, value);
    } while (array_next(to, at));
}
