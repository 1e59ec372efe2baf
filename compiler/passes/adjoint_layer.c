/* adjoint_layer: Linear, matmul, Embedding and the norms. */
#include "passes/adjoint.h"

static void of_linear(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *weight = n->inputs[1], *rows = adj_rows(d, dy[0]);
    if (adjoint_wanted(d, x)) adjoint_add(d, x, adj_reshape(d, adj_matmul(d, rows, weight), &x->type));
    if (adjoint_wanted(d, weight)) adjoint_add_product(d, weight, rows, adj_rows(d, x));
    adjoint_add(d, n->inputs[2], rows);
}

static ir_value *transposed(differentiation *d, ir_value *x) {
    return adj_swap(d, x, x->type.rank - 2, x->type.rank - 1);
}

static void of_matmul(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *a = n->inputs[0], *b = n->inputs[1];
    if (adjoint_wanted(d, a)) adjoint_add(d, a, adj_matmul(d, dy[0], transposed(d, b)));
    if (!adjoint_wanted(d, b)) return;
    if (b->type.rank == 2) adjoint_add_product(d, b, adj_rows(d, a), adj_rows(d, dy[0]));
    else adjoint_add(d, b, adj_matmul(d, transposed(d, a), dy[0]));
}

static void of_embedding(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add_rows(d, n->inputs[1], dy[0], n->inputs[0], &n->attrs);
}

/* With xhat = (x - mean) / deviation and g = dy * weight: (g - mean(g) - xhat * mean(g * xhat)) / deviation */
static void of_layer_norm(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *weight = n->inputs[1];
    unsigned axes = 0;
    for (unsigned i = 0; i < (unsigned)n->attrs.count; i++) axes |= 1u << (x->type.rank - 1 - i);
    ir_value *centered = adj_both(d, IR_SUB, x, adj_reduce(d, IR_MEAN, x, axes, true));
    ir_value *variance = adj_reduce(d, IR_MEAN, adj_both(d, IR_MUL, centered, centered), axes, true);
    ir_value *scale = adj_of(d, IR_RSQRT, adj_plus(d, variance, n->attrs.eps));
    ir_value *hat = adj_both(d, IR_MUL, centered, scale);
    if (adjoint_wanted(d, weight)) adjoint_add(d, weight, adj_both(d, IR_MUL, dy[0], hat));
    adjoint_add(d, n->inputs[2], dy[0]);
    if (!adjoint_wanted(d, x)) return;
    ir_value *g = weight ? adj_both(d, IR_MUL, dy[0], weight) : dy[0];
    ir_value *mean = adj_reduce(d, IR_MEAN, g, axes, true);
    ir_value *along = adj_reduce(d, IR_MEAN, adj_both(d, IR_MUL, g, hat), axes, true);
    ir_value *rest = adj_both(d, IR_SUB, adj_both(d, IR_SUB, g, mean), adj_both(d, IR_MUL, hat, along));
    adjoint_add(d, x, adj_both(d, IR_MUL, rest, scale));
}

/* A number for each channel, as it broadcasts to x[N, C, …]. */
static ir_value *by_channel(differentiation *d, const ir_value *x, ir_value *v) {
    ir_type type = {.dtype = v->type.dtype, .rank = x->type.rank - 1, .dims = {v->type.dims[0]}};
    for (unsigned i = 1; i < type.rank; i++) type.dims[i] = adj_dim(d, 1);
    return adj_reshape(d, v, &type);
}

static void of_batch_norm(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *weight = n->inputs[3], *bias = n->inputs[4];
    ir_value *scale = by_channel(d, x, adj_of(d, IR_RSQRT, adj_plus(d, n->inputs[2], n->attrs.eps)));
    unsigned axes = ((1u << x->type.rank) - 1) & ~2u; /* all but the channels' */
    if (adjoint_wanted(d, bias)) adjoint_add(d, bias, adj_reduce(d, IR_SUM, dy[0], axes, false));
    if (adjoint_wanted(d, weight)) {
        ir_value *centered = adj_both(d, IR_SUB, x, by_channel(d, x, n->inputs[1]));
        ir_value *product = adj_both(d, IR_MUL, adj_both(d, IR_MUL, dy[0], centered), scale);
        adjoint_add(d, weight, adj_reduce(d, IR_SUM, product, axes, false));
    }
    if (!adjoint_wanted(d, x)) return;
    if (weight) scale = adj_both(d, IR_MUL, scale, by_channel(d, x, weight));
    adjoint_add(d, x, adj_both(d, IR_MUL, dy[0], scale));
}

/* The same mask, once more. */
static void of_dropout(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *dx = adj_of(d, IR_DROPOUT, dy[0]);
    dx->producer->attrs.number = n->attrs.number;
    dx->producer->attrs.index = n->attrs.index;
    adjoint_add(d, n->inputs[0], dx);
}

adjoint_rule *adjoint_rule_layer(ir_op op) {
    switch ((unsigned)op) {
    case IR_LINEAR: return of_linear;
    case IR_MATMUL: return of_matmul;
    case IR_EMBEDDING: return of_embedding;
    case IR_DROPOUT: return of_dropout;
    case IR_LAYER_NORM: return of_layer_norm;
    case IR_BATCH_NORM: return of_batch_norm;
    default: return NULL;
    }
}
