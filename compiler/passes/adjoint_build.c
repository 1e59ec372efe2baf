/* adjoint_build: new nodes, with their types. */
#include "passes/adjoint.h"

#include <string.h>

const dim *adj_dim(differentiation *d, int64_t number) { return dim_const(d->model->dims, number); }

ir_value *adj_value(differentiation *d, ir_op op, ir_value *const *inputs, unsigned count, const ir_type *type) {
    ir_node *n = ir_insert(d->model, d->graph, d->at, op, inputs, count, d->node->where);
    const char *label = d->node->label ? d->node->label : ir_op_name(d->node->op);
    n->label = arena_printf(d->model->arena, "%s_grad", label);
    n->results[0]->type = *type;
    d->at = n;
    return n->results[0];
}

static ir_value *number_of(differentiation *d, double number, const ir_type *type) {
    ir_value *v = adj_value(d, IR_CONST, NULL, 0, type);
    v->producer->attrs.number = number;
    return v;
}

ir_value *adj_number(differentiation *d, double number) {
    ir_type type = ir_type_scalar(IR_F32);
    return number_of(d, number, &type);
}

ir_value *adj_zeros(differentiation *d, const ir_type *type) { return number_of(d, 0, type); }

ir_value *adj_of(differentiation *d, ir_op op, ir_value *x) { return adj_value(d, op, &x, 1, &x->type); }

ir_value *adj_unary(differentiation *d, ir_op op, double a, double b, ir_value *x) {
    ir_value *v = adj_of(d, op, x);
    v->producer->attrs.scalar[0] = a;
    v->producer->attrs.scalar[1] = b;
    return v;
}

static ir_type broadcast(differentiation *d, const ir_type *a, const ir_type *b) {
    ir_type both = {.dtype = a->dtype, .rank = a->rank > b->rank ? a->rank : b->rank};
    for (unsigned i = 0; i < both.rank; i++) {
        const dim *x = i < a->rank ? a->dims[a->rank - 1 - i] : adj_dim(d, 1);
        const dim *y = i < b->rank ? b->dims[b->rank - 1 - i] : adj_dim(d, 1);
        both.dims[both.rank - 1 - i] = dim_is(x, 1) ? y : x;
    }
    return both;
}

/* The other operand of x + 0, x * 1, if it has the result's shape. */
static ir_value *unchanged(ir_op op, ir_value *x, ir_value *y, const ir_type *type) {
    double number;
    if (!ir_is_const(y, &number) || number != (op == IR_MUL || op == IR_DIV ? 1 : 0)) return NULL;
    bool neutral = op == IR_MUL || op == IR_DIV || op == IR_ADD || op == IR_SUB;
    return neutral && ir_shape_same(&x->type, type) ? x : NULL;
}

ir_value *adj_both(differentiation *d, ir_op op, ir_value *x, ir_value *y) {
    ir_type type = broadcast(d, &x->type, &y->type);
    ir_value *same = unchanged(op, x, y, &type);
    if (!same && (op == IR_MUL || op == IR_ADD)) same = unchanged(op, y, x, &type);
    if (same) return same;
    if (op == IR_EQUAL || op == IR_NOT_EQUAL || op == IR_LESS || op == IR_LESS_EQUAL) type.dtype = IR_BOOL;
    ir_value *const operands[] = {x, y};
    return adj_value(d, op, operands, 2, &type);
}

ir_value *adj_scaled(differentiation *d, ir_value *x, double by) {
    return by == 1 ? x : by == -1 ? adj_of(d, IR_NEG, x) : adj_both(d, IR_MUL, x, adj_number(d, by));
}

ir_value *adj_plus(differentiation *d, ir_value *x, double number) {
    return number == 0 ? x : adj_both(d, IR_ADD, x, adj_number(d, number));
}

ir_value *adj_one_minus(differentiation *d, ir_value *x) {
    return adj_both(d, IR_SUB, adj_number(d, 1), x);
}

ir_value *adj_where(differentiation *d, ir_value *condition, ir_value *x, ir_value *y) {
    ir_type values = broadcast(d, &x->type, &y->type), type = broadcast(d, &values, &condition->type);
    ir_value *const operands[] = {condition, x, y};
    return adj_value(d, IR_WHERE, operands, 3, &type);
}

ir_value *adj_as_float(differentiation *d, ir_value *x) {
    ir_type type = x->type;
    if (type.dtype == IR_F32) return x;
    type.dtype = IR_F32;
    return adj_value(d, IR_CAST, &x, 1, &type);
}

ir_value *adj_size(differentiation *d, const dim *size) {
    int64_t known;
    if (dim_is_const(size, &known)) return adj_number(d, (double)known);
    ir_type type = ir_type_scalar(IR_I32);
    ir_value *v = adj_value(d, IR_SIZE, NULL, 0, &type);
    v->producer->attrs.start = size;
    return adj_as_float(d, v);
}

ir_value *adj_reshape(differentiation *d, ir_value *x, const ir_type *shape) {
    ir_type type = *shape;
    type.dtype = x->type.dtype;
    return ir_shape_same(&x->type, &type) ? x : adj_value(d, IR_RESHAPE, &x, 1, &type);
}

ir_value *adj_rows(differentiation *d, ir_value *x) {
    ir_type type = {.dtype = x->type.dtype, .rank = 2, .dims = {adj_dim(d, 1), x->type.dims[x->type.rank - 1]}};
    for (unsigned i = 0; i + 1 < x->type.rank; i++)
        type.dims[0] = dim_mul(d->model->dims, type.dims[0], x->type.dims[i]);
    return adj_reshape(d, x, &type);
}

ir_value *adj_permute(differentiation *d, ir_value *x, const unsigned *perm) {
    ir_type type = x->type;
    for (unsigned i = 0; i < type.rank; i++) type.dims[i] = x->type.dims[perm[i]];
    ir_value *v = adj_value(d, IR_PERMUTE, &x, 1, &type);
    memcpy(v->producer->attrs.perm, perm, type.rank * sizeof *perm);
    return v;
}

ir_value *adj_swap(differentiation *d, ir_value *x, unsigned a, unsigned b) {
    unsigned perm[IR_MAX_RANK];
    for (unsigned i = 0; i < x->type.rank; i++) perm[i] = i == a ? b : i == b ? a : i;
    return adj_permute(d, x, perm);
}

ir_value *adj_expand(differentiation *d, ir_value *x, const ir_type *shape) {
    ir_type type = *shape;
    type.dtype = x->type.dtype;
    return ir_shape_same(&x->type, &type) ? x : adj_value(d, IR_EXPAND, &x, 1, &type);
}

ir_value *adj_reduce(differentiation *d, ir_op op, ir_value *x, unsigned axes, bool keepdim) {
    ir_type type = {.dtype = op == IR_ARGMAX || op == IR_ARGMIN ? IR_I32 : x->type.dtype};
    for (unsigned i = 0; i < x->type.rank; i++) {
        if (!(axes >> i & 1)) type.dims[type.rank++] = x->type.dims[i];
        else if (keepdim) type.dims[type.rank++] = adj_dim(d, 1);
    }
    ir_value *v = adj_value(d, op, &x, 1, &type);
    v->producer->attrs.axes = axes;
    v->producer->attrs.keepdim = keepdim;
    return v;
}

/* A SLICE, or the PLACE that is its adjoint: the axis gets this extent. */
static ir_value *along(differentiation *d, ir_op op, ir_value *x, unsigned axis, const dim *start,
                       const dim *extent, int64_t step) {
    if (dim_is(start, 0) && dim_same(extent, x->type.dims[axis])) return x;
    ir_type type = x->type;
    type.dims[axis] = extent;
    ir_value *v = adj_value(d, op, &x, 1, &type);
    v->producer->attrs.axis = axis;
    v->producer->attrs.start = start;
    v->producer->attrs.step = step;
    return v;
}

ir_value *adj_slice(differentiation *d, ir_value *x, unsigned axis, const dim *start,
                    const dim *extent, int64_t step) {
    return along(d, IR_SLICE, x, axis, start, extent, step);
}

ir_value *adj_place(differentiation *d, ir_value *x, unsigned axis, const dim *start, const dim *length, int64_t step) {
    return along(d, IR_PLACE, x, axis, start, length, step);
}

ir_value *adj_cat(differentiation *d, ir_value *const *parts, unsigned count, unsigned axis) {
    if (count == 1) return parts[0];
    ir_type type = parts[0]->type;
    for (unsigned i = 1; i < count; i++)
        type.dims[axis] = dim_add(d->model->dims, type.dims[axis], parts[i]->type.dims[axis]);
    ir_value *v = adj_value(d, IR_CAT, parts, count, &type);
    v->producer->attrs.axis = axis;
    return v;
}

ir_value *adj_flip(differentiation *d, ir_value *x, unsigned axes) {
    ir_value *v = adj_of(d, IR_FLIP, x);
    v->producer->attrs.axes = axes;
    return v;
}

ir_value *adj_matmul(differentiation *d, ir_value *x, ir_value *y) {
    ir_type a = x->type, b = y->type;
    const dim *rows = a.dims[a.rank - 2], *columns = b.dims[b.rank - 1];
    a.rank -= 2;
    b.rank -= 2;
    ir_type type = broadcast(d, &a, &b);
    type.dims[type.rank++] = rows;
    type.dims[type.rank++] = columns;
    ir_value *const operands[] = {x, y};
    return adj_value(d, IR_MATMUL, operands, 2, &type);
}

ir_value *adj_places(differentiation *d, const dim *count, unsigned rank, unsigned axis) {
    ir_type type = {.dtype = IR_I32, .rank = 1, .dims = {count}};
    ir_value *v = adj_value(d, IR_ARANGE, NULL, 0, &type);
    v->producer->attrs.start = adj_dim(d, 0);
    v->producer->attrs.step = 1;
    ir_type shape = {.dtype = IR_I32, .rank = rank};
    for (unsigned i = 0; i < rank; i++) shape.dims[i] = i == axis ? count : adj_dim(d, 1);
    return adj_reshape(d, v, &shape);
}

ir_value *adj_kept(differentiation *d, const ir_node *reduction, ir_value *y) {
    ir_type type = reduction->inputs[0]->type;
    for (unsigned i = 0; i < type.rank; i++)
        if (reduction->attrs.axes >> i & 1) type.dims[i] = adj_dim(d, 1);
    return adj_reshape(d, y, &type);
}
