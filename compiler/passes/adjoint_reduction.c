/* adjoint_reduction: sums, extrema and softmax over dims. */
#include "passes/adjoint.h"

/* dy of a reduction, seen in the operand's shape. */
static ir_value *spread(differentiation *d, const ir_node *n, ir_value *dy) {
    return adj_expand(d, adj_kept(d, n, dy), &n->inputs[0]->type);
}

static void of_sum(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0], spread(d, n, dy[0]));
}

/* How many elements each result is made of. */
static const dim *count_of(differentiation *d, const ir_node *n) {
    const ir_type *x = &n->inputs[0]->type;
    const dim *count = adj_dim(d, 1);
    for (unsigned i = 0; i < x->rank; i++)
        if (n->attrs.axes >> i & 1) count = dim_mul(d->model->dims, count, x->dims[i]);
    return count;
}

static void of_mean(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *share = adj_both(d, IR_DIV, dy[0], adj_size(d, count_of(d, n)));
    adjoint_add(d, n->inputs[0], spread(d, n, share));
}

/* Shared by equals: dy over how many there are, where x is the extreme. */
static ir_value *shared(differentiation *d, const ir_node *n, ir_value *dy) {
    ir_value *x = n->inputs[0], *zero = adj_number(d, 0);
    ir_value *equal = adj_both(d, IR_EQUAL, x, adj_kept(d, n, n->results[0]));
    ir_value *count = adj_reduce(d, IR_SUM, adj_as_float(d, equal), n->attrs.axes, true);
    return adj_where(d, equal, adj_both(d, IR_DIV, adj_kept(d, n, dy), count), zero);
}

/* The first has all of it, along one axis. */
static ir_value *first(differentiation *d, const ir_node *n, ir_value *dy, unsigned axis) {
    ir_value *x = n->inputs[0];
    ir_value *place = adj_reduce(d, n->op == IR_MAX ? IR_ARGMAX : IR_ARGMIN, x, n->attrs.axes, true);
    ir_value *here = adj_both(d, IR_EQUAL, adj_places(d, x->type.dims[axis], x->type.rank, axis), place);
    return adj_where(d, here, adj_kept(d, n, dy), adj_number(d, 0));
}

static void of_extreme(differentiation *d, const ir_node *n, ir_value *const *dy) {
    unsigned axes = n->attrs.axes, axis = 0;
    if (n->attrs.shared || !axes || (axes & (axes - 1))) {
        adjoint_add(d, n->inputs[0], shared(d, n, dy[0]));
        return;
    }
    while (!(axes >> axis & 1)) axis++;
    adjoint_add(d, n->inputs[0], first(d, n, dy[0], axis));
}

/* The product of the others: where nothing is 0 the product over x; where one is, it alone has a gradient. */
static void of_prod(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *zero = adj_number(d, 0), *one = adj_number(d, 1);
    ir_value *is_zero = adj_both(d, IR_EQUAL, x, zero), *filled = adj_where(d, is_zero, one, x);
    ir_value *zeros = adj_reduce(d, IR_SUM, adj_as_float(d, is_zero), n->attrs.axes, true);
    ir_value *product = adj_reduce(d, IR_PROD, filled, n->attrs.axes, true);
    ir_value *others = adj_where(d, is_zero, adj_both(d, IR_SUB, zeros, one), zeros); /* zeros among them */
    ir_value *slope = adj_where(d, adj_both(d, IR_EQUAL, others, zero), adj_both(d, IR_DIV, product, filled), zero);
    adjoint_add(d, x, adj_both(d, IR_MUL, adj_kept(d, n, dy[0]), slope));
}

/* 2 (x - mean) / (count - correction) */
static void of_var(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *mean = adj_reduce(d, IR_MEAN, x, n->attrs.axes, true);
    const dim *freedom = dim_sub(d->model->dims, count_of(d, n), adj_dim(d, n->attrs.count));
    int64_t known;
    ir_value *over = dim_is_const(freedom, &known) ? adj_number(d, (double)known)
                                                    : adj_plus(d, adj_size(d, count_of(d, n)), -(double)n->attrs.count);
    ir_value *scale = adj_both(d, IR_DIV, adj_scaled(d, adj_kept(d, n, dy[0]), 2), over);
    adjoint_add(d, x, adj_both(d, IR_MUL, scale, adj_both(d, IR_SUB, x, mean)));
}

/* x over the norm, and 0 where that is 0. */
static void of_norm(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *zero = adj_number(d, 0), *norm = adj_kept(d, n, n->results[0]);
    ir_value *scale = adj_both(d, IR_DIV, adj_kept(d, n, dy[0]), norm);
    scale = adj_where(d, adj_both(d, IR_EQUAL, norm, zero), zero, scale);
    adjoint_add(d, x, adj_both(d, IR_MUL, x, scale));
}

/* Each element is in the sums of those behind it. */
static void of_cumsum(differentiation *d, const ir_node *n, ir_value *const *dy) {
    unsigned axes = 1u << n->attrs.axis;
    ir_value *sums = adj_of(d, IR_CUMSUM, adj_flip(d, dy[0], axes));
    sums->producer->attrs.axis = n->attrs.axis;
    adjoint_add(d, n->inputs[0], adj_flip(d, sums, axes));
}

static ir_value *sum_along(differentiation *d, const ir_node *n, ir_value *x) {
    return adj_reduce(d, IR_SUM, x, 1u << n->attrs.axis, true);
}

/* y (dy - sum(y dy)) */
static void of_softmax(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *y = n->results[0], *sum = sum_along(d, n, adj_both(d, IR_MUL, y, dy[0]));
    adjoint_add(d, n->inputs[0], adj_both(d, IR_MUL, y, adj_both(d, IR_SUB, dy[0], sum)));
}

/* dy - exp(y) sum(dy) */
static void of_log_softmax(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *share = adj_both(d, IR_MUL, adj_of(d, IR_EXP, n->results[0]), sum_along(d, n, dy[0]));
    adjoint_add(d, n->inputs[0], adj_both(d, IR_SUB, dy[0], share));
}

adjoint_rule *adjoint_rule_reduction(ir_op op) {
    switch ((unsigned)op) {
    case IR_SUM: return of_sum;
    case IR_MEAN: return of_mean;
    case IR_MAX:
    case IR_MIN: return of_extreme;
    case IR_PROD: return of_prod;
    case IR_VAR: return of_var;
    case IR_NORM: return of_norm;
    case IR_CUMSUM: return of_cumsum;
    case IR_SOFTMAX: return of_softmax;
    case IR_LOG_SOFTMAX: return of_log_softmax;
    default: return NULL;
    }
}
