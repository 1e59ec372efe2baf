/* adjoint_move: views and moves: where elements came from. */
#include "passes/adjoint.h"

static void of_reshape(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0], adj_reshape(d, dy[0], &n->inputs[0]->type));
}

static void of_permute(differentiation *d, const ir_node *n, ir_value *const *dy) {
    unsigned inverse[IR_MAX_RANK];
    for (unsigned i = 0; i < dy[0]->type.rank; i++) inverse[n->attrs.perm[i]] = i;
    adjoint_add(d, n->inputs[0], adj_permute(d, dy[0], inverse));
}

static void of_slice(differentiation *d, const ir_node *n, ir_value *const *dy) {
    const ir_attrs *a = &n->attrs;
    const dim *length = n->inputs[0]->type.dims[a->axis];
    adjoint_add(d, n->inputs[0], adj_place(d, dy[0], a->axis, a->start, length, a->step));
}

static void of_place(differentiation *d, const ir_node *n, ir_value *const *dy) {
    const ir_attrs *a = &n->attrs;
    adjoint_add(d, n->inputs[0], adj_slice(d, dy[0], a->axis, a->start, n->inputs[0]->type.dims[a->axis], a->step));
}

/* adjoint_add sums over what was read more than once. */
static void of_expand(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0], dy[0]);
}

static void of_cat(differentiation *d, const ir_node *n, ir_value *const *dy) {
    unsigned axis = n->attrs.axis;
    const dim *start = adj_dim(d, 0);
    for (unsigned i = 0; i < n->input_count; i++) {
        const dim *extent = n->inputs[i]->type.dims[axis];
        if (adjoint_wanted(d, n->inputs[i])) adjoint_add(d, n->inputs[i], adj_slice(d, dy[0], axis, start, extent, 1));
        start = dim_add(d->model->dims, start, extent);
    }
}

/* `count` elements of dy from `from` on go to x's elements from `to` on, turned round or added up if asked. */
typedef struct {
    const dim *from, *to;
    int64_t count;
    bool turned, summed;
} border;

static void add_border(differentiation *d, const ir_node *n, ir_value *dy, border b) {
    unsigned axis = n->attrs.axis;
    if (!b.count) return;
    ir_value *part = adj_slice(d, dy, axis, b.from, adj_dim(d, b.count), 1);
    if (b.turned && b.count > 1) part = adj_flip(d, part, 1u << axis);
    if (b.summed) part = adj_reduce(d, IR_SUM, part, 1u << axis, true);
    adjoint_add(d, n->inputs[0], adj_place(d, part, axis, b.to, n->inputs[0]->type.dims[axis], 1));
}

static void of_pad(differentiation *d, const ir_node *n, ir_value *const *dy) {
    const ir_attrs *a = &n->attrs;
    dim_table *t = d->model->dims;
    const dim *length = n->inputs[0]->type.dims[a->axis], *zero = adj_dim(d, 0);
    const dim *behind = dim_add(t, length, adj_dim(d, a->before)), *last = dim_sub(t, length, adj_dim(d, 1));
    adjoint_add(d, n->inputs[0], adj_slice(d, dy[0], a->axis, adj_dim(d, a->before), length, 1));
    switch (a->pad_mode) {
    case IR_PAD_CONSTANT: return;
    case IR_PAD_REFLECT: /* without the border element itself */
        add_border(d, n, dy[0], (border){zero, adj_dim(d, 1), a->before, true, false});
        add_border(d, n, dy[0], (border){behind, dim_sub(t, last, adj_dim(d, a->after)), a->after, true, false});
        return;
    case IR_PAD_REPLICATE:
        add_border(d, n, dy[0], (border){zero, zero, a->before, false, true});
        add_border(d, n, dy[0], (border){behind, last, a->after, false, true});
        return;
    case IR_PAD_CIRCULAR:
        add_border(d, n, dy[0], (border){zero, dim_sub(t, length, adj_dim(d, a->before)), a->before, false, false});
        add_border(d, n, dy[0], (border){behind, zero, a->after, false, false});
        return;
    }
}

static void of_flip(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0], adj_flip(d, dy[0], n->attrs.axes));
}

static void of_roll(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *back = adj_of(d, IR_ROLL, dy[0]);
    back->producer->attrs.axis = n->attrs.axis;
    back->producer->attrs.shift = -n->attrs.shift;
    adjoint_add(d, n->inputs[0], back);
}

/* dy into zeros of x's shape, at the ids along an axis. */
static void scatter(differentiation *d, ir_value *x, unsigned axis, ir_value *ids, ir_value *dy) {
    ir_value *const operands[] = {adj_zeros(d, &x->type), ids, dy};
    ir_value *v = adj_value(d, IR_SCATTER_ADD, operands, 3, &x->type);
    v->producer->attrs.axis = axis;
    adjoint_add(d, x, v);
}

/* The dims of the ids, which stand where x has its axis, become one. */
static void of_take(differentiation *d, const ir_node *n, ir_value *const *dy) {
    ir_value *x = n->inputs[0], *ids = n->inputs[1];
    unsigned axis = n->attrs.axis;
    ir_type along = x->type, shape = {.dtype = IR_I32, .rank = x->type.rank};
    along.dims[axis] = ir_type_elements(d->model->dims, &ids->type);
    for (unsigned i = 0; i < shape.rank; i++) shape.dims[i] = i == axis ? along.dims[axis] : adj_dim(d, 1);
    ids = adj_expand(d, adj_reshape(d, ids, &shape), &along);
    scatter(d, x, axis, ids, adj_reshape(d, dy[0], &along));
}

static void of_gather(differentiation *d, const ir_node *n, ir_value *const *dy) {
    scatter(d, n->inputs[0], n->attrs.axis, n->inputs[1], dy[0]);
}

static void of_scatter_add(differentiation *d, const ir_node *n, ir_value *const *dy) {
    adjoint_add(d, n->inputs[0], dy[0]);
    if (!adjoint_wanted(d, n->inputs[2])) return;
    ir_value *const operands[] = {dy[0], n->inputs[1]};
    ir_value *v = adj_value(d, IR_GATHER, operands, 2, &n->inputs[2]->type);
    v->producer->attrs.axis = n->attrs.axis;
    adjoint_add(d, n->inputs[2], v);
}

static void of_topk(differentiation *d, const ir_node *n, ir_value *const *dy) {
    scatter(d, n->inputs[0], n->attrs.axis, n->results[1], dy[0]);
}

adjoint_rule *adjoint_rule_move(ir_op op) {
    switch ((unsigned)op) {
    case IR_RESHAPE: return of_reshape;
    case IR_PERMUTE: return of_permute;
    case IR_SLICE: return of_slice;
    case IR_PLACE: return of_place;
    case IR_EXPAND:
    case IR_COPY: return of_expand;
    case IR_CAT: return of_cat;
    case IR_PAD: return of_pad;
    case IR_FLIP: return of_flip;
    case IR_ROLL: return of_roll;
    case IR_TAKE: return of_take;
    case IR_GATHER: return of_gather;
    case IR_SCATTER_ADD: return of_scatter_add;
    case IR_TOPK: return of_topk;
    default: return NULL;
    }
}
