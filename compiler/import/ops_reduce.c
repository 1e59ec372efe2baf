/* ops_reduce: sums, extremes and softmax over axes. */
#include <inttypes.h>

#include "import/ops.h"

/* "dim=1" or "dim=(0, 2)", in ascending order; "" for all axes of a result without dims. */
static const char *dims_text(arena *a, unsigned axes) {
    text t = text_new(a);
    unsigned count = 0;
    for (unsigned i = 0; i < IMPORT_MAX_RANK; i++)
        if (axes >> i & 1) text_printf(&t, "%s%u", count++ ? ", " : "", i);
    return count == 1 ? text_string(&t) : arena_printf(a, "(%s)", text_string(&t));
}

static value *reduced_type(graph *g, const value *x, unsigned axes, bool keepdims) {
    value *type = value_new(g, x->element, 0, NULL);
    for (unsigned i = 0; i < x->rank; i++)
        if (!(axes >> i & 1) || keepdims) type->dims[type->rank++] = axes >> i & 1 ? dim_const(g->dims, 1) : x->dims[i];
    return type;
}

value *reduce(call *c, const char *function, value *x, unsigned axes, bool keepdims) {
    graph *g = c->graph;
    const char *tail =
        arena_printf(g->arena, ", dim=%s%s", dims_text(g->arena, axes), keepdims ? ", keepdim=True" : "");
    value *v = make_call(g, c->path, function, &x, 1, tail, reduced_type(g, x, axes, keepdims));
    v->producer->axis = axes;
    return v;
}

/* Over one axis after another, from the last: torch's max, min and prod take one dim. */
static value *reduce_one_by_one(call *c, value *x, unsigned axes, bool keepdims) {
    for (unsigned i = x->rank; i-- > 0;)
        if (axes >> i & 1) x = reduce(c, c->row->argument, x, 1u << i, keepdims);
    return x;
}

bool op_reduce(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    const int64_t *given = NULL;
    size_t count = 0;
    bool failed, there = integers_of(c, "axes", 1, &given, &count, &failed);
    unsigned axes;
    if (failed || !axes_of(c, given, there ? count : 0, x->rank, &axes)) return false;
    if (!axes && attribute_int(c, "noop_with_empty_axes", 0)) return give(c, x);
    if (!axes) axes = (1u << x->rank) - 1;
    bool keepdims = attribute_int(c, "keepdims", 1) != 0;
    if (x->rank == 0) return give(c, x);
    bool whole = x->element == ELEMENT_INT,
         of_whole = c->row->code == REDUCE_ONE_BY_ONE || strcmp(c->row->argument, "sum") == 0;
    if (x->element == ELEMENT_BOOL ||
        (whole && (!of_whole || c->row->code == REDUCE_L2 || c->row->code == REDUCE_LOG_SUM)))
        return refuse(c, "of %s is not supported", whole ? "integers" : "bools");
    bool sum = strcmp(c->row->type, "ReduceSum") == 0, product = strcmp(c->row->type, "ReduceProd") == 0;
    value *known = value_known(x) && (sum || product) ? fold_reduce(g, x, axes, keepdims, product) : NULL;
    if (known) return give(c, known);
    switch (c->row->code) {
    case REDUCE_ONE_BY_ONE: return give(c, reduce_one_by_one(c, x, axes, keepdims));
    case REDUCE_L1: x = make_call(g, c->path, "abs", &x, 1, "", value_like(g, x)); break;
    case REDUCE_L2:
    case REDUCE_SUM_SQUARE: x = binary(c, "*", FOLD_MUL, x, x); break;
    default: break;
    }
    value *v = reduce(c, c->row->argument, x, axes, keepdims);
    if (c->row->code == REDUCE_L2) v = make_call(g, c->path, "sqrt", &v, 1, "", value_like(g, v));
    if (c->row->code == REDUCE_LOG_SUM) v = make_call(g, c->path, "log", &v, 1, "", value_like(g, v));
    return give(c, v);
}

bool op_arg(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    unsigned axis;
    if (!axis_of(c, attribute_int(c, "axis", 0), x->rank, &axis)) return false;
    if (attribute_int(c, "select_last_index", 0)) return refuse(c, "select_last_index=1 is not supported");
    bool keepdims = attribute_int(c, "keepdims", 1) != 0;
    value *type = reduced_type(g, x, 1u << axis, keepdims);
    type->element = ELEMENT_INT;
    const char *tail = arena_printf(g->arena, ", dim=%u%s", axis, keepdims ? ", keepdim=True" : "");
    return give(c, make_call(g, c->path, c->row->argument, &x, 1, tail, type));
}

bool op_softmax(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    unsigned axis;
    bool flat = c->opset < 13; /* then over all dims from the axis on, as one */
    if (!axis_of(c, attribute_int(c, "axis", flat ? 1 : -1), x->rank, &axis)) return false;
    for (unsigned i = axis + 1; i < x->rank && flat; i++) flat = !dim_is(x->dims[i], 1);
    if (flat && axis + 1 < x->rank) {
        const dim *dims[IMPORT_MAX_RANK], *last = x->dims[axis];
        for (unsigned i = 0; i < axis; i++) dims[i] = x->dims[i];
        for (unsigned i = axis + 1; i < x->rank; i++) last = dim_mul(g->dims, last, x->dims[i]);
        dims[axis] = last;
        value *rows = make_reshape(g, c->path, x, axis + 1, dims);
        value *v = make_call(g, c->path, c->row->argument, &rows, 1, arena_printf(g->arena, ", dim=%u", axis),
                             value_like(g, rows));
        return give(c, make_reshape(g, c->path, v, x->rank, x->dims));
    }
    return give(
        c, make_call(g, c->path, c->row->argument, &x, 1, arena_printf(g->arena, ", dim=%u", axis), value_like(g, x)));
}

bool op_cumsum(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    int64_t given;
    size_t count;
    unsigned axis;
    if (!value_ints(c->in[1], &given, 1, &count) || count != 1) return refuse(c, "its axis must be constant");
    if (!axis_of(c, given, x->rank, &axis)) return false;
    if (x->element == ELEMENT_BOOL) return refuse(c, "of bools is not supported");
    const char *tail = arena_printf(g->arena, ", dim=%u", axis), *turn = arena_printf(g->arena, ", %u", axis);
    bool reverse = attribute_int(c, "reverse", 0) != 0, exclusive = attribute_int(c, "exclusive", 0) != 0;
    const dim *extent = x->dims[axis];
    value *v = reverse ? make_call(g, c->path, "flip", &x, 1, turn, value_like(g, x)) : x;
    if (exclusive) { /* each element's sum ends before it: a 0 comes first, and the last is left out */
        value *first =
            value_filled(g, x->element, x->rank, x->dims, 0, x->element == ELEMENT_INT ? dim_const(g->dims, 0) : NULL);
        first->dims[axis] = dim_const(g->dims, 1);
        value *longer = value_like(g, x);
        longer->dims[axis] = dim_add(g->dims, extent, dim_const(g->dims, 1));
        v = make_tuple_call(g, c->path, "cat", (value *[]){first, v}, 2, tail, longer);
    }
    v = make_call(g, c->path, "cumsum", &v, 1, tail, value_like(g, v));
    if (exclusive) {
        slice_axis axes[IMPORT_MAX_RANK] = {0};
        for (unsigned i = 0; i < x->rank; i++) axes[i].step = 1;
        axes[axis].stop = extent;
        v = make_slice(g, c->path, v, axes);
    }
    return give(c, reverse ? make_call(g, c->path, "flip", &v, 1, turn, value_like(g, v)) : v);
}

bool op_topk(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    int64_t k = attribute_int(c, "k", 0);
    size_t count = 1;
    unsigned axis;
    if (c->opset >= 10 && (!operand(c, 1) || !value_ints(c->in[1], &k, 1, &count) || count != 1))
        return refuse(c, "how many it takes must be constant");
    if (!axis_of(c, attribute_int(c, "axis", -1), x->rank, &axis)) return false;
    if (x->element != ELEMENT_FLOAT) return refuse(c, "of integers is not supported");
    if (k < 1 || !dim_less_equal(g->dims, dim_const(g->dims, k), x->dims[axis]))
        return refuse(c, "takes %" PRId64 " of %s elements", k, dim_string(g->arena, x->dims[axis]));
    bool largest = attribute_int(c, "largest", 1) != 0;
    text tail = text_new(g->arena);
    text_printf(&tail, ", %" PRId64, k);
    if (axis + 1 < x->rank) text_printf(&tail, ", dim=%u", axis);
    text_add(&tail, largest ? "" : ", largest=False");
    value *values = value_like(g, x);
    values->dims[axis] = dim_const(g->dims, k);
    value *indices = value_new(g, ELEMENT_INT, x->rank, values->dims);
    node *n = make_pair(g, c->path, "topk", x, text_string(&tail), values, indices);
    for (unsigned i = 0; i < c->out_count && i < 2; i++) c->out[i] = n->results[i];
    return true;
}
