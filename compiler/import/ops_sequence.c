/* ops_sequence: ONNX's sequences of tensors, of which a .nn file has none: what is put into one and taken out again is
 * followed at compile time. A sequence is a list of values, or the rows of one tensor: what a Loop's rounds put at its
 * end, or what a tensor was split into. */
#include <inttypes.h>

#include "import/ops.h"

static value *sequence_value(graph *g, value **items, unsigned count) {
    value *v = value_new(g, ELEMENT_FLOAT, 0, NULL);
    v->sequence = ARENA_NEW(g->arena, sequence);
    v->sequence->items = items;
    v->sequence->count = count;
    return v;
}

value *sequence_of_rows(graph *g, value *rows) {
    value *v = sequence_value(g, NULL, 0);
    v->sequence->rows = rows;
    return v;
}

bool op_sequence_empty(call *c) { return give(c, sequence_value(c->graph, NULL, 0)); }

bool op_sequence_construct(call *c) {
    for (unsigned i = 0; i < c->in_count; i++)
        if (!c->in[i] || c->in[i]->sequence) return refuse(c, "operand %u is no tensor", i + 1);
    return give(c, sequence_value(c->graph, c->in, c->in_count));
}

/* Where in a list: a constant, negative ones from its end. */
static bool position(call *c, const value *at, unsigned count, int64_t *to) {
    size_t one;
    if (!value_ints(at, to, 1, &one) || one != 1) return refuse(c, "its position must be constant");
    if (*to < 0) *to += count;
    return (*to >= 0 && *to < count) || refuse(c, "position %" PRId64 " of %u tensors", *to, count);
}

bool op_sequence_insert(call *c) {
    graph *g = c->graph;
    const sequence *s = c->in[0]->sequence;
    value *added = c->in[1];
    int64_t at = 0;
    if (!s || added->sequence) return refuse(c, "needs a sequence and a tensor");
    if (s->rows || s->before)
        return refuse(c, "into a sequence that a Loop or a split gave, or twice in a round, is not supported");
    if (operand(c, 2) && s->collects) return refuse(c, "in a Loop, tensors are put at a sequence's end alone");
    unsigned count = s->collects ? 0 : s->count;
    if (operand(c, 2) && !position(c, c->in[2], count + 1, &at)) return false;
    if (!operand(c, 2)) at = count;
    value **items = ARENA_ARRAY(g->arena, value *, count + 1);
    for (unsigned i = 0; i <= count; i++) items[i] = i < at ? s->items[i] : i == at ? added : s->items[i - 1];
    value *v = sequence_value(g, items, count + 1);
    if (s->collects) v->sequence->before = s;
    return give(c, v);
}

/* What is there as a whole: no sequence in the middle of its Loop. */
static const sequence *whole_sequence(call *c) {
    const sequence *s = c->in[0]->sequence;
    if (!s) refuse(c, "needs a sequence");
    else if (s->collects || s->before) refuse(c, "of a sequence that its Loop still makes is not supported");
    return s && !s->collects && !s->before ? s : NULL;
}

bool op_sequence_length(call *c) {
    const sequence *s = whole_sequence(c);
    return s && give(c, value_of_integer(c->graph, s->rows ? s->rows->dims[0] : dim_const(c->graph->dims, s->count)));
}

/* A list of tensors of one shape as one; NULL, refused, when they are not. */
static value *stacked(call *c, const sequence *s) {
    graph *g = c->graph;
    value **parts = ARENA_ARRAY(g->arena, value *, s->count);
    for (unsigned i = 0; i < s->count; i++) {
        if (!value_shape_same(s->items[i], s->items[0])) return refuse(c, "its tensors have different shapes"), NULL;
        parts[i] = make_unsqueeze(g, c->path, s->items[i], 1);
    }
    value *v = s->count ? concat(c, parts, s->count, 0) : NULL;
    if (!s->count) refuse(c, "of an empty sequence");
    return v;
}

bool op_sequence_at(call *c) {
    const sequence *s = whole_sequence(c);
    int64_t at;
    if (!s) return false;
    if (!s->rows && value_known(c->in[1])) return position(c, c->in[1], s->count, &at) && give(c, s->items[at]);
    value *rows = s->rows ? s->rows : stacked(c, s);
    return rows && gather(c, rows, c->in[1], 0);
}

/* Rows [N, a, b] along an axis: as a new one, or one after the other within it. */
static value *rows_along(call *c, value *rows, unsigned axis, bool new_axis) {
    graph *g = c->graph;
    unsigned perm[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < rows->rank; i++) perm[i] = i < axis ? i + 1 : i == axis ? 0 : i;
    value *v = make_permute(g, c->path, rows, perm);
    if (new_axis) return v;
    const dim *dims[IMPORT_MAX_RANK];
    for (unsigned i = 0; i + 1 < v->rank; i++) dims[i] = i < axis ? v->dims[i] : v->dims[i + 1];
    dims[axis] = dim_mul(g->dims, v->dims[axis], v->dims[axis + 1]);
    return make_reshape(g, c->path, v, v->rank - 1, dims);
}

bool op_concat_from_sequence(call *c) {
    graph *g = c->graph;
    const sequence *s = whole_sequence(c);
    bool new_axis = attribute_int(c, "new_axis", 0) != 0;
    unsigned axis;
    if (!s || (!s->rows && !s->count)) return s && refuse(c, "of an empty sequence");
    unsigned rank = s->rows ? s->rows->rank - 1 : s->items[0]->rank;
    if (rank + new_axis > IMPORT_MAX_RANK || !axis_of(c, attribute_int(c, "axis", 0), rank + new_axis, &axis))
        return false;
    if (s->rows) return give(c, rows_along(c, s->rows, axis, new_axis));
    value **parts = ARENA_ARRAY(g->arena, value *, s->count);
    for (unsigned i = 0; i < s->count; i++)
        parts[i] = new_axis ? make_unsqueeze(g, c->path, s->items[i], 1u << axis) : s->items[i];
    value *v = concat(c, parts, s->count, axis);
    if (v) c->out[0] = v;
    return v != NULL;
}

bool op_split_to_sequence(call *c) {
    enum { MOST_PARTS = 4096 };
    graph *g = c->graph;
    value *x = c->in[0];
    const value *split = operand(c, 1);
    unsigned axis;
    int64_t extent, *sizes = ARENA_ARRAY(g->arena, int64_t, MOST_PARTS);
    size_t count = 0;
    if (!axis_of(c, attribute_int(c, "axis", 0), x->rank, &axis)) return false;
    bool ones = split && split->rank == 0 && value_ints(split, sizes, 1, &count) &&
                sizes[0] == 1; /* as PyTorch writes unbind */
    if (!split || ones) { /* into all its rows */
        unsigned perm[IMPORT_MAX_RANK];
        for (unsigned i = 0; i < x->rank; i++) perm[i] = i == 0 ? axis : i <= axis ? i - 1 : i;
        value *rows = make_permute(g, c->path, x, perm);
        bool keeps = attribute_int(c, "keepdims", 1) != 0;
        if (keeps && x->rank == IMPORT_MAX_RANK) return refuse(c, "too many dims");
        return give(c, sequence_of_rows(g, keeps ? make_unsqueeze(g, c->path, rows, 1u << (axis + 1)) : rows));
    }
    if (!dim_is_const(x->dims[axis], &extent) || !value_ints(split, sizes, MOST_PARTS, &count) || !count)
        return refuse(c, "into parts whose sizes are not constant is not supported");
    if (split->rank == 0) { /* all of one size, but the last */
        int64_t each = sizes[0];
        if (each < 1 || extent < 1 || (extent + each - 1) / each > MOST_PARTS)
            return refuse(c, "%" PRId64 " into parts of %" PRId64, extent, each);
        for (count = 0; (int64_t)count * each < extent; count++)
            sizes[count] = (int64_t)(count + 1) * each < extent ? each : extent - (int64_t)count * each;
    }
    value **items = ARENA_ARRAY(g->arena, value *, count);
    int64_t at = 0;
    for (size_t i = 0; i < count; at += sizes[i++]) {
        if (sizes[i] < 1 || sizes[i] > extent - at) return refuse(c, "its sizes do not make %" PRId64, extent);
        items[i] = cut(c, x, axis, dim_const(g->dims, at), dim_const(g->dims, at + sizes[i]));
    }
    if (at != extent) return refuse(c, "its sizes do not make %" PRId64, extent);
    return give(c, sequence_value(g, items, (unsigned)count));
}
