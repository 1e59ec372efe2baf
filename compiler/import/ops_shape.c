/* ops_shape: shapes as numbers, and the same elements in another shape. */
#include <inttypes.h>

#include "import/ops.h"

bool op_shape(call *c) {
    graph *g = c->graph;
    const value *x = c->in[0];
    int64_t rank = x->rank, start = attribute_int(c, "start", 0), end = attribute_int(c, "end", rank);
    start = start < 0 ? start + rank : start;
    end = end < 0 ? end + rank : end;
    start = start < 0 ? 0 : start > rank ? rank : start;
    end = end < start ? start : end > rank ? rank : end;
    const dim **sizes = ARENA_ARRAY(g->arena, const dim *, IMPORT_MAX_RANK);
    for (int64_t i = start; i < end; i++) sizes[i - start] = x->dims[i];
    int64_t count = end - start;
    return give(c, value_integers(g, ELEMENT_INT, 1, &count, sizes));
}

bool op_size(call *c) {
    const dim *count = dim_const(c->graph->dims, 1);
    for (unsigned i = 0; i < c->in[0]->rank; i++) count = dim_mul(c->graph->dims, count, c->in[0]->dims[i]);
    return give(c, value_of_integer(c->graph, count));
}

static const dim *product(graph *g, const dim *const *dims, unsigned count) {
    const dim *p = dim_const(g->dims, 1);
    for (unsigned i = 0; i < count; i++) p = dim_mul(g->dims, p, dims[i]);
    return p;
}

/* The sizes that --dim left open and that d mentions: how many, at most `room`. */
static size_t symbols_of(const dim *d, const dim **to, size_t room) {
    size_t count = dim_symbols(d, to, room);
    return count < room ? count : room;
}

/* Makes the sizes hold as many elements as x. The size at `open` (-1: none) is what is left. */
static bool complete(graph *g, const value *x, const dim **dims, unsigned rank, int open) {
    const dim *all = product(g, x->dims, x->rank), *others = product(g, dims, rank);
    if (open < 0) return dim_same(all, others);
    const dim *rest = dim_is(others, 0) ? NULL : dim_divide_exact(g->dims, all, others);
    if (rest) dims[open] = rest;
    return rest != NULL;
}

/* A size of run time that must be a multiple of k for the shape to fit: T is written as k * (T // k). */
static bool complete_in_multiples(call *c, const value *x, const dim **dims, unsigned rank, int open) {
    enum { MOST_SYMBOLS = 8, LARGEST_MULTIPLE = 64 };
    graph *g = c->graph;
    const dim *symbols[MOST_SYMBOLS], *changed[IMPORT_MAX_RANK];
    size_t count = symbols_of(product(g, dims, rank), symbols, MOST_SYMBOLS);
    for (size_t i = 0; i < count; i++)
        for (int64_t k = 2; k <= LARGEST_MULTIPLE; k++) {
            const dim *multiple = dim_mul(g->dims, dim_const(g->dims, k), dim_floordiv(g->dims, symbols[i], k));
            for (unsigned d = 0; d < rank; d++) changed[d] = dim_substitute(g->dims, dims[d], symbols[i], multiple);
            if (!complete(g, x, changed, rank, open)) continue;
            for (unsigned d = 0; d < rank; d++) dims[d] = changed[d];
            graph_note(g, arena_printf(g->arena, "%s must be a multiple of %" PRId64, dim_symbol_name(symbols[i]), k));
            return true;
        }
    return false;
}

/* A number that was a size of run time when the model was traced: view(x, 5, 1, -1) of [T, 6] was view(x, T, 1, -1). */
static bool complete_unfrozen(call *c, const value *x, const dim **dims, unsigned rank, int open) {
    graph *g = c->graph;
    int64_t number;
    for (unsigned i = 0; i < x->rank; i++)
        for (unsigned d = 0; d < rank && !dim_is_const(x->dims[i], NULL); d++) {
            const dim *frozen = dims[d];
            if ((int)d == open || !dim_is_const(frozen, &number) || number < dim_min(x->dims[i]) || number > dim_max(x->dims[i])) continue;
            dims[d] = x->dims[i];
            if (complete(g, x, dims, rank, open)) {
                graph_note(g, arena_printf(g->arena, "%s was %" PRId64 " when the model was exported; it is taken for a size of run time", dim_string(g->arena, x->dims[i]), number));
                return true;
            }
            dims[d] = frozen;
        }
    return false;
}

bool op_reshape(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    const value *shape = operand(c, 1);
    const int64_t *given = NULL;
    size_t count = 0;
    int64_t rank = 0;
    if (!shape && attribute_ints(c, "shape", &given, &count)) rank = (int64_t)count;
    else if (!shape || shape->element != ELEMENT_INT || !value_known(shape) || !value_count(shape, &rank))
        return refuse(c, "its shape must be computable at compile time%s%s", shape ? ": " : "", shape ? shape->name : "");
    if (rank > IMPORT_MAX_RANK) return refuse(c, "%" PRId64 " dims; at most %d are supported", rank, IMPORT_MAX_RANK);
    const dim *dims[IMPORT_MAX_RANK];
    int open = -1;
    for (int64_t i = 0; i < rank; i++) {
        dims[i] = shape ? value_dim_at(shape, i) : dim_const(g->dims, given[i]);
        if (dim_is(dims[i], 0) && !attribute_int(c, "allowzero", 0)) {
            if (i >= x->rank) return refuse(c, "a size of 0 takes dim %" PRId64 " of %s", i, value_shape_string(g->arena, x));
            dims[i] = x->dims[i];
        } else if (dim_is(dims[i], -1)) {
            if (open >= 0) return refuse(c, "its shape leaves two sizes open");
            open = (int)i;
            dims[i] = dim_const(g->dims, 1);
        }
    }
    if (!complete(g, x, dims, (unsigned)rank, open) && !complete_in_multiples(c, x, dims, (unsigned)rank, open) &&
        !complete_unfrozen(c, x, dims, (unsigned)rank, open)) {
        value *to = value_new(g, x->element, (unsigned)rank, dims);
        if (open >= 0) to->dims[open] = dim_const(g->dims, -1);
        return refuse(c, "\"%s\" is %s, which does not make %s", x->name, value_shape_string(g->arena, x), value_shape_string(g->arena, to));
    }
    return give(c, make_reshape(g, c->path, x, (unsigned)rank, dims));
}

bool op_flatten(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    int64_t axis = attribute_int(c, "axis", 1);
    if (axis < 0) axis += x->rank;
    if (axis < 0 || axis > x->rank) return refuse(c, "axis %" PRId64 " of a tensor of %u dims", axis, x->rank);
    const dim *dims[2] = {product(g, x->dims, (unsigned)axis), product(g, x->dims + axis, x->rank - (unsigned)axis)};
    return give(c, make_reshape(g, c->path, x, 2, dims));
}

bool op_squeeze(call *c) {
    value *x = c->in[0];
    const int64_t *given = NULL;
    size_t count = 0;
    bool failed, there = integers_of(c, "axes", 1, &given, &count, &failed);
    unsigned axes = 0;
    if (failed || (there && !axes_of(c, given, count, x->rank, &axes))) return false;
    for (unsigned i = 0; i < x->rank; i++) {
        bool one = dim_is(x->dims[i], 1);
        if (!there) axes |= (unsigned)one << i;
        else if ((axes >> i & 1) && !one)
            return refuse(c, "dim %u of \"%s\", %s, is not 1", i, x->name, value_shape_string(c->graph->arena, x));
    }
    return give(c, make_squeeze(c->graph, c->path, x, axes));
}

bool op_unsqueeze(call *c) {
    value *x = c->in[0];
    const int64_t *given = NULL;
    size_t count = 0;
    bool failed;
    unsigned axes;
    if (!integers_of(c, "axes", 1, &given, &count, &failed)) return failed ? false : refuse(c, "it has no axes");
    if (x->rank + count > IMPORT_MAX_RANK) return refuse(c, "too many dims; at most %d are supported", IMPORT_MAX_RANK);
    if (!axes_of(c, given, count, x->rank + (unsigned)count, &axes)) return false;
    unsigned set = 0;
    for (unsigned i = 0; i < IMPORT_MAX_RANK; i++) set += axes >> i & 1;
    if (set != count) return refuse(c, "an axis stands twice");
    return give(c, make_unsqueeze(c->graph, c->path, x, axes));
}

bool op_transpose(call *c) {
    value *x = c->in[0];
    const int64_t *given = NULL;
    size_t count = 0;
    unsigned perm[IMPORT_MAX_RANK], seen = 0;
    bool there = attribute_ints(c, "perm", &given, &count);
    if (there && count != x->rank) return refuse(c, "perm has %zu axes, \"%s\" is %s", count, x->name, value_shape_string(c->graph->arena, x));
    for (unsigned i = 0; i < x->rank; i++) {
        if (there && !axis_of(c, given[i], x->rank, &perm[i])) return false;
        if (!there) perm[i] = x->rank - 1 - i;
        seen |= 1u << perm[i];
    }
    if (seen != (1u << x->rank) - 1) return refuse(c, "perm is no permutation");
    return give(c, make_permute(c->graph, c->path, x, perm));
}

bool op_expand(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    const value *shape = c->in[1];
    int64_t rank;
    if (shape->element != ELEMENT_INT || !value_known(shape) || !value_count(shape, &rank) || rank > IMPORT_MAX_RANK)
        return refuse(c, "its shape must be computable at compile time, of at most %d dims", IMPORT_MAX_RANK);
    value wanted_shape = {0}, to = {0};
    wanted_shape.rank = (unsigned)rank;
    for (int64_t i = 0; i < rank; i++) wanted_shape.dims[i] = value_dim_at(shape, i);
    if (!broadcast_shape(g, x, &wanted_shape, &to))
        return refuse(c, "\"%s\" is %s, which does not expand to %s", x->name, value_shape_string(g->arena, x), value_shape_string(g->arena, &wanted_shape));
    return give(c, broadcast_to(c, x, to.rank, to.dims));
}
