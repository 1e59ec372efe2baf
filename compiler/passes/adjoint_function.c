/* adjoint_function: the slopes of the functions of one argument (function.def), in operators. What torch's backward
 * gives where there is no slope is given here: relu, leaky_relu and elu take the negative side at 0, hardtanh is flat
 * at its bounds, clamp is not, abs has 0 at 0. */
#include "passes/adjoint.h"

#include <math.h>

#include "ir/function.h"

typedef struct {
    differentiation *d;
    ir_value *dy, *x, *y;
    double a, b; /* the function's parameters */
} slope;

static ir_value *number(const slope *s, double value) { return adj_number(s->d, value); }

static ir_value *times(const slope *s, ir_value *x) { return adj_both(s->d, IR_MUL, s->dy, x); }

/* dy times one factor or another. */
static ir_value *either(const slope *s, ir_value *condition, ir_value *x, ir_value *y) {
    return adj_where(s->d, condition, x, y);
}

static ir_value *less(const slope *s, ir_value *x, ir_value *y) { return adj_both(s->d, IR_LESS, x, y); }

static ir_value *above(const slope *s, double bound) { return less(s, number(s, bound), s->x); }

static ir_value *both(const slope *s, ir_value *x, ir_value *y) { return adj_both(s->d, IR_AND, x, y); }

static ir_value *zero(const slope *s) { return number(s, 0); }

/* dy between two bounds, which are not part of it, else 0. */
static ir_value *between(const slope *s, double low, double high, ir_value *dy) {
    return either(s, both(s, above(s, low), less(s, s->x, number(s, high))), dy, zero(s));
}

static ir_value *of_neg(const slope *s) { return adj_of(s->d, IR_NEG, s->dy); }

static ir_value *of_clamp(const slope *s) {
    ir_value *dy = s->dy;
    if (s->a > -(double)INFINITY) dy = either(s, less(s, s->x, number(s, s->a)), zero(s), dy);
    if (s->b < (double)INFINITY) dy = either(s, above(s, s->b), zero(s), dy);
    return dy;
}

static ir_value *of_hardtanh(const slope *s) { return between(s, s->a, s->b, s->dy); }

/* normal(x) + x * density(x) */
static ir_value *of_gelu(const slope *s) {
    differentiation *d = s->d;
    ir_value *normal = adj_scaled(d, adj_plus(d, adj_of(d, IR_ERF, adj_scaled(d, s->x, sqrt(0.5))), 1), 0.5);
    ir_value *square = adj_both(d, IR_MUL, s->x, s->x);
    ir_value *density = adj_scaled(d, adj_of(d, IR_EXP, adj_scaled(d, square, -0.5)), 1 / sqrt(2 * acos(-1.0)));
    return times(s, adj_both(d, IR_ADD, normal, adj_both(d, IR_MUL, s->x, density)));
}

/* With t = tanh(k (x + 0.044715 x^3)): (1 + t) / 2 + x (1 - t^2) k (1 + 3 * 0.044715 x^2) / 2 */
static ir_value *of_gelu_tanh(const slope *s) {
    differentiation *d = s->d;
    double k = sqrt(2 / acos(-1.0)), c = 0.044715;
    ir_value *square = adj_both(d, IR_MUL, s->x, s->x);
    ir_value *inner = adj_both(d, IR_MUL, s->x, adj_plus(d, adj_scaled(d, square, k * c), k));
    ir_value *t = adj_of(d, IR_TANH, inner);
    ir_value *inner_slope = adj_plus(d, adj_scaled(d, square, 1.5 * k * c), 0.5 * k);
    ir_value *t_slope = adj_one_minus(d, adj_both(d, IR_MUL, t, t));
    ir_value *second = adj_both(d, IR_MUL, adj_both(d, IR_MUL, s->x, t_slope), inner_slope);
    return times(s, adj_both(d, IR_ADD, adj_scaled(d, adj_plus(d, t, 1), 0.5), second));
}

static ir_value *of_hard_sigmoid(const slope *s) { return between(s, -2.5, 2.5, adj_scaled(s->d, s->dy, 0.2)); }

static ir_value *of_abs(const slope *s) { return times(s, adj_of(s->d, IR_SIGN, s->x)); }

static ir_value *of_relu(const slope *s) { return either(s, above(s, 0), s->dy, zero(s)); }

static ir_value *of_relu6(const slope *s) { return between(s, 0, 6, s->dy); }

static ir_value *of_leaky_relu(const slope *s) { return either(s, above(s, 0), s->dy, adj_scaled(s->d, s->dy, s->a)); }

/* scale * (x > 0 ? 1 : a * exp(x * by)) */
static ir_value *exponential(const slope *s, double scale, double a, double by) {
    differentiation *d = s->d;
    ir_value *power = adj_scaled(d, adj_of(d, IR_EXP, adj_scaled(d, s->x, by)), scale * a);
    return times(s, either(s, above(s, 0), number(s, scale), power));
}

static ir_value *of_elu(const slope *s) { return exponential(s, 1, s->a, 1); }

static ir_value *of_selu(const slope *s) {
    return exponential(s, 1.0507009873554804934193349852946, 1.6732632423543772848170429916717, 1);
}

static ir_value *of_celu(const slope *s) { return exponential(s, 1, 1, 1 / s->a); }

static ir_value *sigmoid_of(const slope *s, double by) {
    return adj_of(s->d, IR_SIGMOID, adj_scaled(s->d, s->x, by));
}

/* q (1 + x (1 - q)) with q = sigmoid(x) */
static ir_value *of_silu(const slope *s) {
    differentiation *d = s->d;
    ir_value *q = sigmoid_of(s, 1);
    ir_value *inner = adj_plus(d, adj_both(d, IR_MUL, s->x, adj_one_minus(d, q)), 1);
    return times(s, adj_both(d, IR_MUL, q, inner));
}

/* t + x (1 - t^2) sigmoid(x) with t = tanh(softplus(x)) */
static ir_value *of_mish(const slope *s) {
    differentiation *d = s->d;
    ir_value *t = adj_of(d, IR_TANH, adj_unary(d, IR_SOFTPLUS, 1, 20, s->x));
    ir_value *t_slope = adj_one_minus(d, adj_both(d, IR_MUL, t, t));
    ir_value *second = adj_both(d, IR_MUL, adj_both(d, IR_MUL, s->x, t_slope), sigmoid_of(s, 1));
    return times(s, adj_both(d, IR_ADD, t, second));
}

static ir_value *of_hardsigmoid(const slope *s) { return between(s, -3, 3, adj_scaled(s->d, s->dy, 1 / 6.0)); }

/* 0 below -3, 1 above 3, x / 3 + 1/2 between; torch has it so at 3 and -3, too. */
static ir_value *of_hardswish(const slope *s) {
    differentiation *d = s->d;
    ir_value *line = times(s, adj_plus(d, adj_scaled(d, s->x, 1 / 3.0), 0.5));
    ir_value *below = less(s, s->x, number(s, -3));
    return either(s, below, zero(s), either(s, adj_both(d, IR_LESS_EQUAL, s->x, number(s, 3)), line, s->dy));
}

static ir_value *of_logsigmoid(const slope *s) { return times(s, sigmoid_of(s, -1)); }

static ir_value *square_of(const slope *s, ir_value *x) { return adj_both(s->d, IR_MUL, x, x); }

static ir_value *of_tanhshrink(const slope *s) { return times(s, square_of(s, adj_of(s->d, IR_TANH, s->x))); }

/* Of both that shrink: 0 from -a to a, which are part of it. */
static ir_value *of_shrink(const slope *s) {
    ir_value *small = adj_both(s->d, IR_LESS_EQUAL, adj_of(s->d, IR_ABS, s->x), number(s, s->a));
    return either(s, small, zero(s), s->dy);
}

static ir_value *of_threshold(const slope *s) { return either(s, above(s, s->a), s->dy, zero(s)); }

static ir_value *of_softplus(const slope *s) {
    differentiation *d = s->d;
    ir_value *linear = less(s, number(s, s->b), adj_scaled(d, s->x, s->a));
    return either(s, linear, s->dy, times(s, sigmoid_of(s, s->a)));
}

static ir_value *of_softsign(const slope *s) {
    differentiation *d = s->d;
    return adj_both(d, IR_DIV, s->dy, square_of(s, adj_plus(d, adj_of(d, IR_ABS, s->x), 1)));
}

/* y (1 - y) */
static ir_value *of_sigmoid(const slope *s) {
    return times(s, adj_both(s->d, IR_MUL, s->y, adj_one_minus(s->d, s->y)));
}

static ir_value *of_tanh(const slope *s) { return times(s, adj_one_minus(s->d, square_of(s, s->y))); }

static ir_value *of_exp(const slope *s) { return times(s, s->y); }

static ir_value *of_exp2(const slope *s) { return adj_scaled(s->d, times(s, s->y), log(2.0)); }

static ir_value *of_expm1(const slope *s) { return times(s, adj_plus(s->d, s->y, 1)); }

static ir_value *over(const slope *s, ir_value *x, double by) {
    return adj_both(s->d, IR_DIV, s->dy, adj_scaled(s->d, x, by));
}

static ir_value *of_log(const slope *s) { return over(s, s->x, 1); }

static ir_value *of_log2(const slope *s) { return over(s, s->x, log(2.0)); }

static ir_value *of_log10(const slope *s) { return over(s, s->x, log(10.0)); }

static ir_value *of_log1p(const slope *s) { return over(s, adj_plus(s->d, s->x, 1), 1); }

static ir_value *of_sqrt(const slope *s) { return over(s, s->y, 2); }

/* -y^3 / 2 */
static ir_value *of_rsqrt(const slope *s) {
    return times(s, adj_scaled(s->d, adj_both(s->d, IR_MUL, square_of(s, s->y), s->y), -0.5));
}

static ir_value *of_reciprocal(const slope *s) { return times(s, adj_of(s->d, IR_NEG, square_of(s, s->y))); }

static ir_value *of_sin(const slope *s) { return times(s, adj_of(s->d, IR_COS, s->x)); }

static ir_value *of_cos(const slope *s) { return times(s, adj_of(s->d, IR_NEG, adj_of(s->d, IR_SIN, s->x))); }

static ir_value *of_atan(const slope *s) { return over(s, adj_plus(s->d, square_of(s, s->x), 1), 1); }

static ir_value *of_erf(const slope *s) {
    ir_value *power = adj_of(s->d, IR_EXP, adj_of(s->d, IR_NEG, square_of(s, s->x)));
    return times(s, adj_scaled(s->d, power, 2 / sqrt(acos(-1.0))));
}

/* Steps: 0 everywhere. */
static ir_value *of_steps(const slope *s) { return adj_zeros(s->d, &s->x->type); }

typedef ir_value *slope_rule(const slope *s);

static slope_rule *const rules[IR_OP_COUNT] = {
    [IR_NEG] = of_neg,           [IR_CLAMP] = of_clamp,           [IR_HARDTANH] = of_hardtanh,
    [IR_GELU] = of_gelu,         [IR_GELU_TANH] = of_gelu_tanh,   [IR_HARD_SIGMOID] = of_hard_sigmoid,
    [IR_ABS] = of_abs,           [IR_RELU] = of_relu,             [IR_RELU6] = of_relu6,
    [IR_LEAKY_RELU] = of_leaky_relu, [IR_ELU] = of_elu,           [IR_SELU] = of_selu,
    [IR_SILU] = of_silu,         [IR_MISH] = of_mish,             [IR_CELU] = of_celu,
    [IR_HARDSIGMOID] = of_hardsigmoid, [IR_HARDSWISH] = of_hardswish, [IR_LOGSIGMOID] = of_logsigmoid,
    [IR_TANHSHRINK] = of_tanhshrink, [IR_HARDSHRINK] = of_shrink, [IR_SOFTSHRINK] = of_shrink,
    [IR_THRESHOLD] = of_threshold, [IR_SOFTPLUS] = of_softplus,   [IR_SOFTSIGN] = of_softsign,
    [IR_SIGMOID] = of_sigmoid,   [IR_TANH] = of_tanh,             [IR_EXP] = of_exp,
    [IR_LOG] = of_log,           [IR_SQRT] = of_sqrt,             [IR_EXP2] = of_exp2,
    [IR_EXPM1] = of_expm1,       [IR_LOG2] = of_log2,             [IR_LOG10] = of_log10,
    [IR_LOG1P] = of_log1p,       [IR_RSQRT] = of_rsqrt,           [IR_RECIPROCAL] = of_reciprocal,
    [IR_SIN] = of_sin,           [IR_COS] = of_cos,               [IR_ATAN] = of_atan,
    [IR_ERF] = of_erf,           [IR_FLOOR] = of_steps,           [IR_CEIL] = of_steps,
    [IR_TRUNC] = of_steps,       [IR_ROUND] = of_steps,           [IR_SIGN] = of_steps,
};

ir_value *adjoint_through_function(differentiation *d, ir_op function, const double *scalar, ir_value *dy, ir_value *x,
                                   ir_value *y) {
    const slope s = {d, dy, x, y, scalar[0], scalar[1]};
    return rules[function](&s);
}

bool adjoint_function_reads_x(ir_op function) {
    return function != IR_LINEAR_ACTIVATION && function != IR_SIGMOID && function != IR_TANH && function != IR_NEG &&
           function != IR_EXP;
}

static void of_function(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0],
                adjoint_through_function(d, n->op, n->attrs.scalar, dy[0], n->inputs[0], n->results[0]));
}

adjoint_rule *adjoint_rule_function(ir_op op) { return rules[op] ? of_function : NULL; }
