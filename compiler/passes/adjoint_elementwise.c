/* adjoint_elementwise: operators of two and three operands, and casts. */
#include "passes/adjoint.h"

#include <math.h>

static void of_add(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0], dy[0]);
    adjoint_add(d, n->inputs[1], dy[0]);
}

static void of_sub(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0], dy[0]);
    if (adjoint_wanted(d, n->inputs[1])) adjoint_add(d, n->inputs[1], adj_of(d, IR_NEG, dy[0]));
}

static void of_mul(differentiation *d, const ir_node *n, ir_value *const *dy) {
    for (int i = 0; i < 2; i++)
        if (adjoint_wanted(d, n->inputs[i])) adjoint_add(d, n->inputs[i], adj_both(d, IR_MUL, dy[0], n->inputs[1 - i]));
}

/* x / y: dy / y, and -dy / y * (x / y) */
static void of_div(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *dx = adj_both(d, IR_DIV, dy[0], n->inputs[1]);
    adjoint_add(d, n->inputs[0], dx);
    if (adjoint_wanted(d, n->inputs[1]))
        adjoint_add(d, n->inputs[1], adj_of(d, IR_NEG, adj_both(d, IR_MUL, dx, n->results[0])));
}

/* x ** y by x: dy * y * x ** (y - 1), and 0 where y is 0. */
static ir_value *slope_of_base(differentiation *d, const ir_node *n) {
    ir_value *x = n->inputs[0], *y = n->inputs[1], *zero = adj_number(d, 0);
    double exponent;
    if (!ir_is_const(y, &exponent)) {
        ir_value *slope = adj_both(d, IR_MUL, y, adj_both(d, IR_POW, x, adj_plus(d, y, -1)));
        return adj_where(d, adj_both(d, IR_EQUAL, y, zero), zero, slope);
    }
    if (exponent == 0) return zero;
    if (exponent == 1) return adj_number(d, 1);
    if (exponent == 2) return adj_scaled(d, x, 2);
    return adj_scaled(d, adj_both(d, IR_POW, x, adj_number(d, exponent - 1)), exponent);
}

/* By y: dy * x ** y * log(x), and 0 where x is 0 and y is not negative. */
static ir_value *slope_of_exponent(differentiation *d, const ir_node *n) {
    ir_value *x = n->inputs[0], *zero = adj_number(d, 0);
    ir_value *slope = adj_both(d, IR_MUL, n->results[0], adj_of(d, IR_LOG, x));
    ir_value *flat =
        adj_both(d, IR_AND, adj_both(d, IR_EQUAL, x, zero), adj_both(d, IR_LESS_EQUAL, zero, n->inputs[1]));
    return adj_where(d, flat, zero, slope);
}

static void of_pow(differentiation *d, const ir_node *n, ir_value *const *dy) {
    if (adjoint_wanted(d, n->inputs[0]))
        adjoint_add(d, n->inputs[0], adj_both(d, IR_MUL, dy[0], slope_of_base(d, n)));
    if (adjoint_wanted(d, n->inputs[1]))
        adjoint_add(d, n->inputs[1], adj_both(d, IR_MUL, dy[0], slope_of_exponent(d, n)));
}

static void of_prelu(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *slope = n->inputs[1], *zero = adj_number(d, 0);
    ir_value *positive = adj_both(d, IR_LESS, zero, x);
    if (adjoint_wanted(d, x))
        adjoint_add(d, x, adj_where(d, positive, dy[0], adj_both(d, IR_MUL, dy[0], slope)));
    if (adjoint_wanted(d, slope))
        adjoint_add(d, slope, adj_where(d, positive, zero, adj_both(d, IR_MUL, dy[0], x)));
}

/* The larger, or smaller, has the gradient; equals have a half each, or the first of them has it. */
static void of_extreme(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *half = adj_scaled(d, dy[0], 0.5), *zero = adj_number(d, 0);
    ir_value *a = n->inputs[0], *b = n->inputs[1];
    if (n->attrs.first) {
        ir_value *second = n->op == IR_MAXIMUM ? adj_both(d, IR_LESS, a, b) : adj_both(d, IR_LESS, b, a);
        if (adjoint_wanted(d, a)) adjoint_add(d, a, adj_where(d, second, zero, dy[0]));
        if (adjoint_wanted(d, b)) adjoint_add(d, b, adj_where(d, second, dy[0], zero));
        return;
    }
    for (int i = 0; i < 2; i++) {
        ir_value *x = n->inputs[i], *other = n->inputs[1 - i];
        if (!adjoint_wanted(d, x)) continue;
        ir_value *wins = n->op == IR_MAXIMUM ? adj_both(d, IR_LESS, other, x) : adj_both(d, IR_LESS, x, other);
        ir_value *share = adj_where(d, adj_both(d, IR_EQUAL, x, other), half, zero);
        adjoint_add(d, x, adj_where(d, wins, dy[0], share));
    }
}

static void of_where(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *zero = adj_number(d, 0);
    if (adjoint_wanted(d, n->inputs[1])) adjoint_add(d, n->inputs[1], adj_where(d, n->inputs[0], dy[0], zero));
    if (adjoint_wanted(d, n->inputs[2])) adjoint_add(d, n->inputs[2], adj_where(d, n->inputs[0], zero, dy[0]));
}

/* torch's: (p - t) / (p (1 - p)), whose divisor is at least 1e-12; by t: log(1 - p) - log(p). */
static void of_bce(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *p = n->inputs[0], *t = n->inputs[1];
    ir_value *rest = adj_one_minus(d, p);
    if (adjoint_wanted(d, p)) {
        ir_value *over = adj_unary(d, IR_CLAMP, 1e-12, (double)INFINITY, adj_both(d, IR_MUL, p, rest));
        ir_value *apart = adj_both(d, IR_SUB, p, t);
        adjoint_add(d, p, adj_both(d, IR_DIV, adj_both(d, IR_MUL, dy[0], apart), over));
    }
    if (adjoint_wanted(d, t))
        adjoint_add(d, t,
                    adj_both(d, IR_MUL, dy[0], adj_both(d, IR_SUB, adj_of(d, IR_LOG, rest), adj_of(d, IR_LOG, p))));
}

adjoint_rule *adjoint_rule_elementwise(ir_op op) {
    switch ((unsigned)op) {
    case IR_ADD: return of_add;
    case IR_SUB: return of_sub;
    case IR_MUL: return of_mul;
    case IR_DIV: return of_div;
    case IR_POW: return of_pow;
    case IR_PRELU: return of_prelu;
    case IR_MAXIMUM:
    case IR_MINIMUM: return of_extreme;
    case IR_WHERE: return of_where;
    case IR_BINARY_CROSS_ENTROPY: return of_bce;
    default: return NULL;
    }
}
