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

/* x[:, 0:k*(T//k)]: what a size of run time that must be a multiple of k leaves. */
static value *cut_to_multiples(graph *g, const char *path, value *x, const dim *symbol, const dim *multiple) {
    slice_axis axes[IMPORT_MAX_RANK] = {0};
    for (unsigned i = 0; i < x->rank; i++) {
        const dim *size = dim_substitute(g->dims, x->dims[i], symbol, multiple);
        axes[i].step = 1;
        if (!dim_same(size, x->dims[i])) axes[i].stop = size;
    }
    return make_slice(g, path, x, axes);
}

/* A size of run time that must be a multiple of k for the shape to fit: T is written as k * (T // k). Where x has all T
 * of it, it is cut. */
static bool complete_in_multiples(call *c, value **from, const dim **dims, unsigned rank, int open) {
    enum { MOST_SYMBOLS = 8, LARGEST_MULTIPLE = 64 };
    graph *g = c->graph;
    const value *x = *from;
    value whole = *x;
    const dim *symbols[MOST_SYMBOLS], *changed[IMPORT_MAX_RANK];
    size_t count = symbols_of(product(g, dims, rank), symbols, MOST_SYMBOLS);
    for (size_t i = 0; i < count; i++)
        for (int64_t k = 2; k <= LARGEST_MULTIPLE; k++) {
            const dim *multiple = dim_mul(g->dims, dim_const(g->dims, k), dim_floordiv(g->dims, symbols[i], k));
            for (unsigned d = 0; d < rank; d++) changed[d] = dim_substitute(g->dims, dims[d], symbols[i], multiple);
            for (unsigned d = 0; d < x->rank; d++)
                whole.dims[d] = dim_substitute(g->dims, x->dims[d], symbols[i], multiple);
            bool fits = complete(g, x, changed, rank, open);
            if (!fits && complete(g, &whole, changed, rank, open)) {
                *from = cut_to_multiples(g, c->path, *from, symbols[i], multiple);
                fits = true;
            }
            if (!fits) continue;
            for (unsigned d = 0; d < rank; d++) dims[d] = changed[d];
            graph_note(g, arena_printf(g->arena, "%s must be a multiple of %" PRId64, dim_symbol_name(symbols[i]), k));
            return true;
        }
    return false;
}

static void note_unfrozen(graph *g, const dim *size, int64_t number) {
    graph_note(
        g, arena_printf(g->arena, "%s was %" PRId64 " when the model was exported; it is taken for a size of run time",
                        dim_string(g->arena, size), number));
}

/* A number that was a size of run time when the model was traced: view(x, 5, 1, -1) of [T, 6] was view(x, T, 1, -1). */
static bool complete_unfrozen(call *c, const value *x, const dim **dims, unsigned rank, int open) {
    graph *g = c->graph;
    int64_t number;
    for (unsigned i = 0; i < x->rank; i++)
        for (unsigned d = 0; d < rank && !dim_is_const(x->dims[i], NULL); d++) {
            const dim *frozen = dims[d];
            if ((int)d == open || !dim_is_const(frozen, &number) || number < dim_min(x->dims[i]) ||
                number > dim_max(x->dims[i]))
                continue;
            dims[d] = x->dims[i];
            if (complete(g, x, dims, rank, open)) {
                note_unfrozen(g, x->dims[i], number);
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
        return refuse(c, "its shape must be computable at compile time%s%s", shape ? ": " : "",
                      shape ? shape->name : "");
    if (rank > IMPORT_MAX_RANK) return refuse(c, "%" PRId64 " dims; at most %d are supported", rank, IMPORT_MAX_RANK);
    const dim *dims[IMPORT_MAX_RANK];
    int open = -1;
    for (int64_t i = 0; i < rank; i++) {
        dims[i] = shape ? value_dim_at(shape, i) : dim_const(g->dims, given[i]);
        if (dim_is(dims[i], 0) && !attribute_int(c, "allowzero", 0)) {
            if (i >= x->rank)
                return refuse(c, "a size of 0 takes dim %" PRId64 " of %s", i, value_shape_string(g->arena, x));
            dims[i] = x->dims[i];
        } else if (dim_is(dims[i], -1)) {
            if (open >= 0) return refuse(c, "its shape leaves two sizes open");
            open = (int)i;
            dims[i] = dim_const(g->dims, 1);
        }
    }
    if (!complete(g, x, dims, (unsigned)rank, open) && !complete_in_multiples(c, &x, dims, (unsigned)rank, open) &&
        !complete_unfrozen(c, x, dims, (unsigned)rank, open)) {
        value *to = value_new(g, x->element, (unsigned)rank, dims);
        if (open >= 0) to->dims[open] = dim_const(g->dims, -1);
        return refuse(c, "\"%s\" is %s, which does not make %s", x->name, value_shape_string(g->arena, x),
                      value_shape_string(g->arena, to));
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
    if (there && count != x->rank)
        return refuse(c, "perm has %zu axes, \"%s\" is %s", count, x->name, value_shape_string(c->graph->arena, x));
    for (unsigned i = 0; i < x->rank; i++) {
        if (there && !axis_of(c, given[i], x->rank, &perm[i])) return false;
        if (!there) perm[i] = x->rank - 1 - i;
        seen |= 1u << perm[i];
    }
    if (seen != (1u << x->rank) - 1) return refuse(c, "perm is no permutation");
    return give(c, make_permute(c->graph, c->path, x, perm));
}

/* Equal elements, such as a state's first zeros, whose shape was frozen when the model was traced: those of the shape
 * that is wanted. NULL when it is no such case. */
static value *refilled(call *c, const value *x, const value *shape) {
    graph *g = c->graph;
    int64_t number;
    double each;
    if (!value_scalar(x, &each) || x->rank != shape->rank) return NULL;
    for (unsigned i = 0; i < x->rank; i++) {
        const dim *to = shape->dims[i];
        bool same = dim_same(x->dims[i], to) || dim_is(x->dims[i], 1);
        bool frozen = dim_is_const(x->dims[i], &number) && !dim_is_const(to, NULL) && number >= dim_min(to) &&
                      number <= dim_max(to);
        if (!same && !frozen) return NULL;
        if (!same) note_unfrozen(g, to, number);
    }
    return value_filled(g, x->element, x->rank, shape->dims, each, value_dim_at(x, 0));
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
    if (!broadcast_shape(g, x, &wanted_shape, &to)) {
        value *zeros = refilled(c, x, &wanted_shape);
        if (zeros) return give(c, zeros);
        return refuse(c, "\"%s\" is %s, which does not expand to %s", x->name, value_shape_string(g->arena, x),
                      value_shape_string(g->arena, &wanted_shape));
    }
    return give(c, broadcast_to(c, x, to.rank, to.dims));
}

/* [N, b*b*C, H, W] as [N, C, H*b, W*b], and back. In the mode "CRD", PyTorch's pixel_shuffle, the channel counts
 * slowest. */
bool op_depth_space(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    int64_t b = attribute_int(c, "blocksize", 0);
    bool to_space = c->row->code != 0, channel_first = strcmp(attribute_string(c, "mode", "DCR"), "CRD") == 0;
    if (x->rank != 4 || b < 1 || b > 1024) return refuse(c, "by %" PRId64 " of %s", b, value_shape_string(g->arena, x));
    const dim *block = dim_const(g->dims, b), *square = dim_const(g->dims, b * b), *n = x->dims[0],
              *channels = x->dims[1], *h = x->dims[2], *w = x->dims[3];
    const dim *fewer = dim_divide_exact(g->dims, to_space ? channels : h, to_space ? square : block);
    const dim *narrower = to_space ? w : dim_divide_exact(g->dims, w, block);
    if (!fewer || !narrower) return refuse(c, "by %" PRId64 " does not divide %s", b, value_shape_string(g->arena, x));
    if (to_space) {
        const dim *apart[] = {n, channel_first ? fewer : block, block, channel_first ? block : fewer, h, w};
        const unsigned crd[] = {0, 1, 4, 2, 5, 3}, dcr[] = {0, 3, 4, 1, 5, 2};
        const dim *to[] = {n, fewer, dim_mul(g->dims, h, block), dim_mul(g->dims, w, block)};
        x = make_permute(g, c->path, make_reshape(g, c->path, x, 6, apart), channel_first ? crd : dcr);
        return give(c, make_reshape(g, c->path, x, 4, to));
    }
    const dim *apart[] = {n, channels, fewer, block, narrower, block},
              *to[] = {n, dim_mul(g->dims, channels, square), fewer, narrower};
    const unsigned perm[] = {0, 3, 5, 1, 2, 4};
    x = make_permute(g, c->path, make_reshape(g, c->path, x, 6, apart), perm);
    return give(c, make_reshape(g, c->path, x, 4, to));
}
