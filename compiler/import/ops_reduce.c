/* ops_reduce: sums, extremes and softmax over axes. */
#include <math.h>

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

static value *reduce(call *c, const char *function, value *x, unsigned axes, bool keepdims) {
    graph *g = c->graph;
    const char *tail = arena_printf(g->arena, ", dim=%s%s", dims_text(g->arena, axes), keepdims ? ", keepdim=True" : "");
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
        value *v = make_call(g, c->path, c->row->argument, &rows, 1, arena_printf(g->arena, ", dim=%u", axis), value_like(g, rows));
        return give(c, make_reshape(g, c->path, v, x->rank, x->dims));
    }
    return give(c, make_call(g, c->path, c->row->argument, &x, 1, arena_printf(g->arena, ", dim=%u", axis), value_like(g, x)));
}
