/* build: nodes of the graph in work, with their result types; nothing is checked or reported here. */
#include "lower/lowering.h"

const dim *build_dim(lowering *l, int64_t constant) { return dim_const(l->model->dims, constant); }

ir_node *build_node(lowering *l, ir_op op, ir_value *const *inputs, unsigned count, span where) {
    ir_node *n = ir_add(l->model, l->graph, op, inputs, count, where);
    n->label = l->label ? l->label : ir_op_name(op);
    /* the other operators have no matrices */
    if (op == IR_EMBEDDING || op == IR_RECURRENT || op == IR_LINEAR || op == IR_CONV1D) n->attrs.weights = l->weights;
    return n;
}

ir_value *build_value(lowering *l, ir_op op, ir_value *const *inputs, unsigned count, const ir_type *type, span where) {
    ir_value *v = build_node(l, op, inputs, count, where)->results[0];
    v->type = *type;
    return v;
}

ir_value *build_unary(lowering *l, ir_op op, ir_value *x, span where) {
    return build_value(l, op, &x, 1, &x->type, where);
}

ir_value *build_cast(lowering *l, ir_value *x, ir_dtype dtype, span where) {
    if (x->type.dtype == dtype) return x;
    ir_type type = x->type;
    type.dtype = dtype;
    return build_value(l, IR_CAST, &x, 1, &type, where);
}

ir_value *build_float(lowering *l, ir_value *x, span where) { return build_cast(l, x, IR_F32, where); }

ir_value *build_const(lowering *l, ir_dtype dtype, double number, span where) {
    ir_type type = ir_type_scalar(dtype);
    ir_value *v = build_value(l, IR_CONST, NULL, 0, &type, where);
    v->producer->attrs.number = number;
    return v;
}

ir_value *build_size(lowering *l, const dim *size, span where) {
    ir_type type = ir_type_scalar(IR_I32);
    ir_value *v = build_value(l, IR_SIZE, NULL, 0, &type, where);
    v->producer->attrs.start = size;
    return v;
}

ir_value *build_reshape(lowering *l, ir_value *x, const dim *const *dims, unsigned rank, span where) {
    ir_type type = {.dtype = x->type.dtype, .rank = rank};
    for (unsigned i = 0; i < rank; i++) type.dims[i] = dims[i];
    if (ir_shape_same(&type, &x->type)) return x;
    return build_value(l, IR_RESHAPE, &x, 1, &type, where);
}

ir_value *build_permute(lowering *l, ir_value *x, const unsigned *perm, span where) {
    ir_type type = x->type;
    bool identity = true;
    for (unsigned i = 0; i < type.rank; i++) {
        type.dims[i] = x->type.dims[perm[i]];
        identity = identity && perm[i] == i;
    }
    if (identity) return x;
    ir_value *v = build_value(l, IR_PERMUTE, &x, 1, &type, where);
    for (unsigned i = 0; i < type.rank; i++) v->producer->attrs.perm[i] = perm[i];
    return v;
}

ir_value *build_swap(lowering *l, ir_value *x, unsigned a, unsigned b, span where) {
    unsigned perm[IR_MAX_RANK];
    for (unsigned i = 0; i < x->type.rank; i++) perm[i] = i == a ? b : i == b ? a : i;
    return build_permute(l, x, perm, where);
}

ir_value *build_slice(lowering *l, ir_value *x, unsigned axis, const dim *start, const dim *extent, int64_t step,
                      span where) {
    if (dim_is(start, 0) && dim_same(extent, x->type.dims[axis])) return x;
    ir_type type = x->type;
    type.dims[axis] = extent;
    ir_value *v = build_value(l, IR_SLICE, &x, 1, &type, where);
    v->producer->attrs.axis = axis;
    v->producer->attrs.start = start;
    v->producer->attrs.step = dim_is(extent, 1) ? 1 : step;
    return v;
}

ir_value *build_expand(lowering *l, ir_value *x, const dim *const *dims, unsigned rank, span where) {
    ir_type type = {.dtype = x->type.dtype, .rank = rank};
    for (unsigned i = 0; i < rank; i++) type.dims[i] = dims[i];
    if (ir_shape_same(&type, &x->type)) return x;
    return build_value(l, IR_EXPAND, &x, 1, &type, where);
}

ir_value *build_arange(lowering *l, const dim *start, const dim *count, int64_t step, span where) {
    ir_type type = {.dtype = IR_I32, .rank = 1, .dims = {count}};
    ir_value *v = build_value(l, IR_ARANGE, NULL, 0, &type, where);
    v->producer->attrs.start = start;
    v->producer->attrs.step = step;
    return v;
}

ir_value *build_cat(lowering *l, ir_value *const *parts, unsigned count, unsigned axis, span where) {
    if (count == 1) return parts[0];
    ir_type type = parts[0]->type;
    for (unsigned i = 1; i < count; i++)
        type.dims[axis] = dim_add(l->model->dims, type.dims[axis], parts[i]->type.dims[axis]);
    ir_value *v = build_value(l, IR_CAT, parts, count, &type, where);
    v->producer->attrs.axis = axis;
    return v;
}

ir_value *build_pad(lowering *l, ir_value *x, unsigned axis, int64_t before, int64_t after, ir_pad_mode mode,
                    double number, span where) {
    if (!before && !after) return x;
    ir_type type = x->type;
    type.dims[axis] = dim_add(l->model->dims, type.dims[axis], build_dim(l, before + after));
    ir_value *v = build_value(l, IR_PAD, &x, 1, &type, where);
    ir_attrs *a = &v->producer->attrs;
    a->axis = axis;
    a->before = before;
    a->after = after;
    a->pad_mode = mode;
    if (mode == IR_PAD_CONSTANT) a->number = number;
    return v;
}

ir_value *build_reduce(lowering *l, ir_op op, ir_value *x, unsigned axes, bool keepdim, span where) {
    ir_type type = {.dtype = op == IR_ARGMAX || op == IR_ARGMIN ? IR_I32 : x->type.dtype};
    for (unsigned i = 0; i < x->type.rank; i++) {
        if (!(axes >> i & 1)) type.dims[type.rank++] = x->type.dims[i];
        else if (keepdim) type.dims[type.rank++] = build_dim(l, 1);
    }
    ir_value *v = build_value(l, op, &x, 1, &type, where);
    v->producer->attrs.axes = axes;
    v->producer->attrs.keepdim = keepdim;
    return v;
}

ir_value *build_param(lowering *l, size_t index, span where) {
    int g = l->graph == &l->model->reset;
    ir_graph *graph = g ? &l->model->reset : &l->model->run; /* no block has params of its own */
    if (index >= l->param_capacity[g]) {
        size_t capacity = 2 * index + 16;
        ir_value **grown = ARENA_ARRAY(l->arena, ir_value *, capacity);
        if (l->param_capacity[g]) memcpy(grown, l->param_values[g], l->param_capacity[g] * sizeof *grown);
        l->param_values[g] = grown;
        l->param_capacity[g] = capacity;
    }
    ir_value **v = &l->param_values[g][index];
    if (!*v) {
        const ir_param *p = &l->model->params[index];
        *v = ir_add_value(l->model, graph, IR_PARAM, NULL, 0, p->type, where);
        (*v)->producer->attrs.index = index;
        /* The key may be any string; a label goes into comments and C names. */
        char *label = arena_strdup(l->arena, p->key);
        for (char *c = label; *c; c++)
            if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'))) *c = '_';
        (*v)->producer->label = label;
    }
    return *v;
}
