/* dual_elementwise: derivatives of what looks at an element, or two, at a time. */
#include <math.h>

#include "ir/function.h"
#include "reference/dual.h"

/* An element's value and tangent. */
typedef struct {
    double v, t;
} dual;

static dual element(const array *values, const array *tangents, const size_t *at, unsigned rank) {
    return (dual){*array_element(values, at, rank), *array_element(tangents, at, rank)};
}

/* x ** y: each part only where its operand moves, as log(x) may not exist. */
static double power(dual x, dual y) {
    double by_x = x.t != 0 && y.v != 0 ? y.v * pow(x.v, y.v - 1) * x.t : 0;
    double by_y = y.t != 0 && !(x.v == 0 && y.v >= 0) ? pow(x.v, y.v) * log(x.v) * y.t : 0;
    return by_x + by_y;
}

/* torch keeps the divisor away from 0. */
static double bce(dual p, dual t) {
    double by_t = t.t != 0 ? (log1p(-p.v) - log(p.v)) * t.t : 0;
    return (p.v - t.v) / fmax(p.v * (1 - p.v), 1e-12) * p.t + by_t;
}

/* first: of equals the first has the slope, else each a half. */
static double larger(dual x, dual y, bool first) {
    return x.v > y.v || (first && x.v == y.v) ? x.t : x.v < y.v ? y.t : (x.t + y.t) / 2;
}

static double of_two(const ir_node *n, dual x, dual y) {
    switch ((unsigned)n->op) {
    case IR_ADD: return x.t + y.t;
    case IR_SUB: return x.t - y.t;
    case IR_MUL: return x.t * y.v + x.v * y.t;
    case IR_DIV: return (x.t * y.v - x.v * y.t) / (y.v * y.v);
    case IR_POW: return power(x, y);
    case IR_PRELU: return x.v > 0 ? x.t : x.t * y.v + x.v * y.t;
    case IR_MAXIMUM: return larger(x, y, n->attrs.first);
    case IR_MINIMUM: return larger((dual){-x.v, x.t}, (dual){-y.v, y.t}, n->attrs.first);
    case IR_BINARY_CROSS_ENTROPY: return bce(x, y);
    }
    ice("%s has no tangent", ir_op_name(n->op));
}

void dual_elementwise(evaluation *e, const ir_node *n) {
    array *to = dual_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0};
    if (n->op == IR_CAST) return; /* of integers and bools */
    dual x[3];
    do {
        for (unsigned i = 0; i < n->input_count; i++)
            x[i] = element(evaluate_input(e, n, i), dual_input(e, n, i), at, to->rank);
        double *t = array_element(to, at, to->rank);
        if (n->op == IR_WHERE) *t = x[0].v != 0 ? x[1].t : x[2].t;
        else if (n->input_count == 2) *t = of_two(n, x[0], x[1]);
        else *t = x[0].t != 0 ? ir_function_of(n->op)->slope(x[0].v, n->attrs.scalar) * x[0].t : 0;
    } while (array_next(to, at));
}
