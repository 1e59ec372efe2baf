/* adjoint_convolution: a convolution is a sum over its taps, each the product of a matrix with a slice of the padded input;
 * so are its gradients. */
#include "passes/adjoint.h"

typedef struct {
    differentiation *d;
    const ir_attrs *attrs;
    ir_value *x, *weight, *dy;
    const dim *batch, *groups, *from, *to, *taps, *positions; /* from, to: channels of a group */
    const dim *padded;
} convolution;

static ir_type shape(const dim *a, const dim *b, const dim *c, const dim *e) {
    ir_type type = {.dtype = IR_F32, .rank = e ? 4 : 3, .dims = {a, b, c, e}};
    return type;
}

static const dim *start_of(const convolution *c, int64_t tap) { return adj_dim(c->d, tap * c->attrs->dilation); }

static const dim *product(const convolution *c, const dim *a, const dim *b) { return dim_mul(c->d->model->dims, a, b); }

/* [groups, from, to] of one tap. */
static ir_value *matrix_of(const convolution *c, int64_t tap) {
    differentiation *d = c->d;
    ir_value *w = adj_slice(d, c->weight, 2, adj_dim(d, tap), adj_dim(d, 1), 1);
    ir_type type = shape(c->groups, c->to, c->from, NULL);
    return adj_swap(d, adj_reshape(d, w, &type), 1, 2);
}

static void of_input(const convolution *c, int64_t taps) {
    differentiation *d = c->d;
    ir_type grouped = shape(c->batch, c->groups, c->to, c->positions);
    ir_type flat = shape(c->batch, product(c, c->groups, c->from), c->positions, NULL);
    ir_value *dy = adj_reshape(d, c->dy, &grouped), *sum = NULL;
    for (int64_t k = 0; k < taps; k++) {
        ir_value *part = adj_reshape(d, adj_matmul(d, matrix_of(c, k), dy), &flat);
        part = adj_place(d, part, 2, start_of(c, k), c->padded, c->attrs->stride);
        sum = sum ? adj_both(d, IR_ADD, sum, part) : part;
    }
    adjoint_add(d, c->x, adj_slice(d, sum, 2, adj_dim(d, c->attrs->before), c->x->type.dims[2], 1));
}

static ir_value *padded(const convolution *c) {
    const ir_attrs *a = c->attrs;
    if (!a->before && !a->after) return c->x;
    ir_type type = c->x->type;
    type.dims[2] = c->padded;
    ir_value *v = adj_value(c->d, IR_PAD, &c->x, 1, &type);
    v->producer->attrs.axis = 2;
    v->producer->attrs.before = a->before;
    v->producer->attrs.after = a->after;
    return v;
}

/* By tap: [groups, to, batch * positions] times [groups, batch * positions, from]. */
static void of_weight(const convolution *c, int64_t taps) {
    differentiation *d = c->d;
    ir_value **parts = ARENA_ARRAY(d->model->arena, ir_value *, (size_t)taps), *x = padded(c);
    const dim *rows = product(c, c->batch, c->positions);
    ir_type by_group = shape(c->batch, c->groups, c->to, c->positions), flat = shape(c->groups, c->to, rows, NULL);
    ir_value *dy = adj_permute(d, adj_reshape(d, c->dy, &by_group), (const unsigned[]){1, 2, 0, 3});
    dy = adj_reshape(d, dy, &flat);
    by_group = shape(c->batch, c->groups, c->from, c->positions);
    flat = shape(c->groups, rows, c->from, NULL);
    ir_type one = shape(product(c, c->groups, c->to), c->from, adj_dim(d, 1), NULL);
    for (int64_t k = 0; k < taps; k++) {
        ir_value *seen = adj_slice(d, x, 2, start_of(c, k), c->positions, c->attrs->stride);
        seen = adj_permute(d, adj_reshape(d, seen, &by_group), (const unsigned[]){1, 0, 3, 2});
        parts[k] = adj_reshape(d, adj_matmul(d, dy, adj_reshape(d, seen, &flat)), &one);
    }
    adjoint_add(d, c->weight, adj_cat(d, parts, (unsigned)taps, 2));
}

/* Is it a trained param in an order of its own, in which kernels cannot read it from the struct? */
static bool is_arranged(const ir_value *weight) {
    bool turned = false;
    for (; weight->producer->op != IR_PARAM; weight = weight->producer->inputs[0])
        turned = turned || weight->producer->op != IR_RESHAPE;
    return turned;
}

static void of_conv1d(differentiation *d, const ir_node *n, ir_value *const *dy) {
    dim_table *t = d->model->dims;
    convolution c = {.d = d, .attrs = &n->attrs, .x = n->inputs[0], .weight = n->inputs[1], .dy = dy[0]};
    int64_t taps = dim_max(c.weight->type.dims[2]);
    if (is_arranged(c.weight)) {
        adjoint_refuse(d, n, "a transposed convolution whose weight is trained");
        return;
    }
    c.batch = c.x->type.dims[0];
    c.groups = adj_dim(d, n->attrs.groups);
    c.from = c.weight->type.dims[1];
    c.to = dim_divide_exact(t, c.weight->type.dims[0], c.groups);
    c.positions = dy[0]->type.dims[2];
    c.padded = dim_add(t, c.x->type.dims[2], adj_dim(d, n->attrs.before + n->attrs.after));
    if (adjoint_wanted(d, c.x)) of_input(&c, taps);
    if (adjoint_wanted(d, c.weight)) of_weight(&c, taps);
    if (adjoint_wanted(d, n->inputs[2])) adjoint_add(d, n->inputs[2], adj_reduce(d, IR_SUM, dy[0], 5, false));
}

adjoint_rule *adjoint_rule_convolution(ir_op op) { return op == IR_CONV1D ? of_conv1d : NULL; }
