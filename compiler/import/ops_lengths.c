/* ops_lengths: sequences of different lengths in one batch, outside of recurrent layers. */
#include "import/ops.h"

/* The lengths, each of which the run finds to be 1 to `steps` before it begins, or ends with an error: looked up in a
 * table of just these. */
value *checked_lengths(call *c, value *lengths, const dim *steps) {
    graph *g = c->graph;
    value *table =
        make_call(g, c->path, "arange", NULL, 0,
                  arena_printf(g->arena, "1, %s", dim_string(g->arena, dim_add(g->dims, steps, dim_const(g->dims, 1)))),
                  value_new(g, ELEMENT_INT, 1, &steps));
    value *row = binary(c, "-", FOLD_SUB, lengths, value_of_integer(g, dim_const(g->dims, 1)));
    return row ? make_call(g, c->path, "[]", (value *[]){table, row}, 2, "", lengths) : NULL;
}

/* The first n[b] of a sequence's steps backwards, the rest as they are: element n[b] - 1 - t where t < n[b], else t. */
bool op_reverse_sequence(call *c) {
    graph *g = c->graph;
    value *x = c->in[0], *n = c->in[1];
    unsigned time, batch;
    double all;
    if (!axis_of(c, attribute_int(c, "time_axis", 0), x->rank, &time) ||
        !axis_of(c, attribute_int(c, "batch_axis", 1), x->rank, &batch))
        return false;
    if (time + batch != 1) return refuse(c, "its axes must be the first two");
    const dim *steps = x->dims[time], *shape[IMPORT_MAX_RANK];
    if (n->element != ELEMENT_INT || n->rank != 1 || !dim_same(n->dims[0], x->dims[batch]))
        return refuse(c, "its sequence_lens are %s", value_shape_string(g->arena, n));
    if (value_scalar(n, &all) && dim_is(steps, (int64_t)all))
        return give(c, make_call(g, c->path, "flip", &x, 1, time ? ", 1" : ", 0", value_like(g, x)));
    if (!value_known(n)) n = checked_lengths(c, n, steps);
    const dim *last = dim_sub(g->dims, steps, dim_const(g->dims, 1));
    value *t = make_unsqueeze(g, c->path, arange(c, steps), 1u << batch);
    n = n ? make_unsqueeze(g, c->path, n, 1u << time) : NULL;
    value *back = binary(c, "-", FOLD_SUB, binary(c, "-", FOLD_SUB, n, value_of_integer(g, dim_const(g->dims, 1))), t);
    if (!back) return false;
    back =
        make_call(g, c->path, "clamp", &back, 1, arena_printf(g->arena, ", 0, %s", dim_string(g->arena, last)), back);
    value *within = make_infix(g, c->path, "<", t, n, value_new(g, ELEMENT_BOOL, 2, back->dims));
    value *index = make_call(g, c->path, "where", (value *[]){within, back, t}, 3, "", back);
    for (unsigned i = 0; i < x->rank; i++) shape[i] = i < 2 ? x->dims[i] : dim_const(g->dims, 1);
    index = make_reshape(g, c->path, index, x->rank, shape);
    return give(c, make_call(g, c->path, "take_along_dim", (value *[]){x, index}, 2,
                             arena_printf(g->arena, ", dim=%u", time), x));
}
