/* ops_choice: which elements of a tensor count. */

#include "import/ops.h"

enum { WIDEST = 1 << 24 };

/* Trilu: what lies on, and above or below, the k-th diagonal; zeros elsewhere. */
bool op_trilu(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    int64_t k = 0;
    size_t count;
    bool upper = attribute_int(c, "upper", 1) != 0;
    if (operand(c, 1) && (!value_ints(c->in[1], &k, 1, &count) || count != 1))
        return refuse(c, "its diagonal must be constant");
    if (x->rank < 2) return refuse(c, "of %s", value_shape_string(g->arena, x));
    if (k > WIDEST || k < -WIDEST) k = k > 0 ? WIDEST : -WIDEST;
    value *known = fold_band(g, x, upper ? k : INT64_MIN, upper ? INT64_MAX : k);
    if (known || g->spent) return give(c, known);
    /* j - i >= k, with the row's number in a column and the column's in a row */
    value *rows = make_unsqueeze(g, c->path, arange(c, x->dims[x->rank - 2]), 2),
          *columns = arange(c, x->dims[x->rank - 1]);
    value *beside = binary(c, "-", FOLD_SUB, columns, rows),
          *zero = value_filled(g, x->element, 0, NULL, 0, x->element == ELEMENT_FLOAT ? NULL : dim_const(g->dims, 0));
    if (!beside) return false;
    value *kept = make_infix(g, c->path, upper ? ">=" : "<=", beside, value_of_integer(g, dim_const(g->dims, k)),
                             value_new(g, ELEMENT_BOOL, 2, beside->dims));
    if (x->element == ELEMENT_BOOL) return give(c, make_infix(g, c->path, "&", x, kept, x));
    return give(c, make_call(g, c->path, "where", (value *[]){kept, x, zero}, 3, "", x));
}

/* NonZero, where it is known which they are: of ones it counts, as exporters wrote arange before opset 11. */
bool op_non_zero(call *c) {
    graph *g = c->graph;
    const value *x = c->in[0];
    double number;
    int64_t size = 0, count = 0;
    if (!value_known(x) || x->rank != 1) return no_counterpart(c);
    if (x->filled && value_scalar(x, &number) && (number < 0 || number > 0) && dim_min(x->dims[0]) > 0) {
        if (!dim_is_const(x->dims[0], &size)) return give(c, make_unsqueeze(g, c->path, arange(c, x->dims[0]), 1));
    } else if (!value_count(x, &size)) return no_counterpart(c);
    const dim **places = graph_room(g, (size_t)size, sizeof *places);
    if (!places) return refuse(c, "it is too large");
    for (int64_t i = 0; i < size; i++) {
        const dim *d = value_dim_at(x, i);
        int64_t whole = 0;
        if (d && !dim_is_const(d, &whole)) return no_counterpart(c);
        double v = d ? (double)whole : value_float_at(x, i);
        if (v < 0 || v > 0) places[count++] = dim_const(g->dims, i);
    }
    return give(c, value_integers(g, ELEMENT_INT, 2, (int64_t[]){1, count}, places));
}
