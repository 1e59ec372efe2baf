/* functions_index: tensors as indices. That they are in range is proved, or checked when the model runs, by
 * passes/bound_indices.c. */
#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

static const char *shown(lowering *l, const arguments *a) { return type_show(l, &args_tensor(a, 0)->type); }

bool index_is_whole(lowering *l, const ir_type *type, const char *what, const ast_expr *written, const value *v,
                    span where) {
    if (type->dtype == IR_I32) return true;
    diag *e = diag_error(l->diags, where, "%s must be int32, found %s", what, type_show(l, type));
    note_value(l, e, written, v, where);
    if (type->dtype == IR_BOOL)
        diag_hint(e, "where(mask, x, 0) chooses; what a mask picks out has a size that only the run knows");
    return false;
}

static bool argument_is_whole(lowering *l, const arguments *a, size_t i) {
    const char *what = arena_printf(l->arena, "%s of %s", a->parameters[i].name, a->what);
    return index_is_whole(l, &args_tensor(a, i)->type, what, args_written(a, i), &a->values[i], args_where(a, i));
}

/* The elements of dim `axis` at the indices, whose dims stand in its place. */
value index_take(lowering *l, ir_value *x, ir_value *ids, unsigned axis, span where) {
    ir_type type = {.dtype = x->type.dtype};
    if (!shape_rank_fits(l, x->type.rank - 1 + ids->type.rank, where)) return value_poison(where);
    for (unsigned i = 0; i < x->type.rank; i++) {
        if (i != axis) type.dims[type.rank++] = x->type.dims[i];
        for (unsigned k = 0; i == axis && k < ids->type.rank; k++) type.dims[type.rank++] = ids->type.dims[k];
    }
    ir_value *const operands[] = {x, ids};
    ir_value *v = build_value(l, IR_TAKE, operands, 2, &type, where);
    v->producer->attrs.axis = axis;
    return value_tensor(l, v, where);
}

static bool axis_of(lowering *l, const arguments *a, size_t i, unsigned *axis) {
    return shape_axis(l, args_integer(a, i, 0), args_tensor(a, 0)->type.rank, args_where(a, i), shown(l, a), axis);
}

static value lower_index_select(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    unsigned axis;
    ir_value *ids = args_tensor(a, 2);
    span where = a->call->where;
    if (!axis_of(l, a, 1, &axis) || !argument_is_whole(l, a, 2)) return value_poison(where);
    if (ids->type.rank > 1) {
        diag *e = diag_error(l->diags, args_where(a, 2), "index of index_select has one dim, found %s",
                             type_show(l, &ids->type));
        note_argument(l, e, a, 2, args_where(a, 2));
        diag_hint(e, "x[i] takes any number of dims, for the first dim of x; gather has an index for each element");
        return value_poison(where);
    }
    const dim *one = build_dim(l, 1);
    if (!ids->type.rank) ids = build_reshape(l, ids, &one, 1, where);
    return index_take(l, args_tensor(a, 0), ids, axis, where);
}

/* The index may be smaller than `than` in all dims but `but`; `but` beyond the rank: in all. */
static bool is_within(lowering *l, const arguments *a, size_t index, size_t than, unsigned but) {
    const ir_type *small = &args_tensor(a, index)->type, *large = &args_tensor(a, than)->type;
    bool fits = small->rank == large->rank;
    for (unsigned i = 0; fits && i < small->rank; i++)
        fits = i == but || dim_less_equal(l->model->dims, small->dims[i], large->dims[i]);
    if (fits) return true;
    span where = args_where(a, index);
    diag *e = diag_error(l->diags, where, "%s of %s, %s, must have as many dims as %s, %s, each no larger%s",
                         a->parameters[index].name, a->what, type_show(l, small), a->parameters[than].name,
                         type_show(l, large), but < IR_MAX_RANK ? " but for dim" : "");
    note_argument(l, e, a, index, where);
    note_argument(l, e, a, than, where);
    if (small->rank == large->rank && strcmp(a->what, "gather") == 0)
        diag_hint(e, "take_along_dim broadcasts; expand does it by hand");
    return false;
}

static value gathered(lowering *l, ir_value *x, ir_value *ids, unsigned axis, span where) {
    ir_type type = ids->type;
    type.dtype = x->type.dtype;
    ir_value *const operands[] = {x, ids};
    ir_value *v = build_value(l, IR_GATHER, operands, 2, &type, where);
    v->producer->attrs.axis = axis;
    return value_tensor(l, v, where);
}

/* A scalar as a vector of one element, as torch sees it. */
static ir_value *at_least_a_vector(lowering *l, ir_value *x, span where) {
    const dim *one = build_dim(l, 1);
    return x->type.rank ? x : build_reshape(l, x, &one, 1, where);
}

static value lower_gather(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    unsigned axis;
    if (!axis_of(l, a, 1, &axis) || !argument_is_whole(l, a, 2) || !is_within(l, a, 2, 0, axis))
        return value_poison(a->call->where);
    return gathered(l, args_tensor(a, 0), args_tensor(a, 2), axis, a->call->where);
}

/* gather, with the other dims broadcast; without dim of all elements in a row. */
static value lower_take_along_dim(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0), *ids = args_tensor(a, 1);
    unsigned axis = 0;
    if (!argument_is_whole(l, a, 1)) return value_poison(where);
    if (!args_has(a, 2)) {
        const dim *all = ir_type_elements(l->model->dims, &x->type),
                  *count = ir_type_elements(l->model->dims, &ids->type);
        return gathered(l, build_reshape(l, x, &all, 1, where), build_reshape(l, ids, &count, 1, where), 0, where);
    }
    if (!axis_of(l, a, 2, &axis)) return value_poison(where);
    if (x->type.rank != ids->type.rank) {
        diag *e = diag_error(l->diags, args_where(a, 1),
                             "indices of take_along_dim must have as many dims as input: %s and %s",
                             type_show(l, &ids->type), type_show(l, &x->type));
        note_argument(l, e, a, 1, args_where(a, 1));
        note_argument(l, e, a, 0, args_where(a, 1));
        diag_hint(e, "unsqueeze adds a dim of size 1");
        return value_poison(where);
    }
    ir_type x_others = x->type, others = ids->type, both = {.rank = 0};
    x_others.dims[axis] = others.dims[axis] = build_dim(l, 1);
    if (!shape_broadcast(&x_others, &others, &both)) {
        report_broadcast(l, "take_along_dim", &x->type, &ids->type, args_given(a, 0), args_given(a, 1), where);
        return value_poison(where);
    }
    both.dims[axis] = x->type.dims[axis];
    x = build_expand(l, x, both.dims, both.rank, where);
    both.dims[axis] = ids->type.dims[axis];
    return gathered(l, x, build_expand(l, ids, both.dims, both.rank, where), axis, where);
}

/* x with src added at the indices, in src's order. */
static value lower_scatter_add(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0), *ids = args_tensor(a, 2), *src = args_tensor(a, 3);
    unsigned axis;
    if (!axis_of(l, a, 1, &axis) || !argument_is_whole(l, a, 2) || !is_within(l, a, 2, 3, IR_MAX_RANK) ||
        !is_within(l, a, 2, 0, axis))
        return value_poison(where);
    if (x->type.dtype != src->type.dtype || x->type.dtype == IR_BOOL) {
        diag *e = diag_error(l->diags, args_where(a, 3),
                             "src of scatter_add must be of input's type, float32 or int32: %s and %s",
                             type_show(l, &x->type), type_show(l, &src->type));
        note_argument(l, e, a, 3, args_where(a, 3));
        note_argument(l, e, a, 0, args_where(a, 3));
        return value_poison(where);
    }
    for (unsigned i = 0; i < ids->type.rank; i++)
        src = build_slice(l, src, i, build_dim(l, 0), ids->type.dims[i], 1, where);
    ir_value *const operands[] = {x, ids, src};
    ir_value *v = build_value(l, op, operands, 3, &x->type, where);
    v->producer->attrs.axis = axis;
    return value_tensor(l, v, where);
}

/* The k largest, or smallest, in order; two names take the values and their places. */
static value lower_topk(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = at_least_a_vector(l, args_tensor(a, 0), where);
    int64_t k = args_integer(a, 1, 0);
    unsigned axis;
    if (x->type.dtype == IR_BOOL) x = build_cast(l, x, IR_I32, where);
    if (!shape_axis(l, args_integer(a, 2, -1), x->type.rank, args_where(a, 2), shown(l, a), &axis))
        return value_poison(where);
    if (k < 1 || k > dim_min(x->type.dims[axis])) {
        diag *e =
            k < 1
                ? diag_error(l->diags, args_where(a, 1), "k of topk must be at least 1, found %lld", (long long)k)
                : diag_error(l->diags, args_where(a, 1), "k of topk is %lld, but dim %u of %s may have fewer elements",
                             (long long)k, axis, shown(l, a));
        note_argument(l, e, a, 0, args_where(a, 1));
        const char *bounds = bounds_show(l, x->type.dims[axis]);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return value_poison(where);
    }
    ir_node *n = build_node(l, op, &x, 1, where);
    n->attrs.axis = axis;
    n->attrs.count = k;
    n->attrs.smallest = !args_bool(a, 3, true);
    ir_type type = x->type;
    type.dims[axis] = build_dim(l, k);
    n->results[0]->type = n->results[1]->type = type;
    n->results[1]->type.dtype = IR_I32;
    ir_value *values = n->results[0], *places = n->results[1];
    if (!args_tensor(a, 0)->type.rank) {
        values = build_reshape(l, values, NULL, 0, where);
        places = build_reshape(l, places, NULL, 0, where);
    }
    return value_with_places(l, values, places, where);
}

/* ----------------------------------------------------------------------------------------------------------------- */

#define INPUT {"input", TAKES_TENSOR | REQUIRED}
#define DIM   {"dim", TAKES_INTEGER | REQUIRED}
#define INDEX {"index", TAKES_TENSOR | REQUIRED}

static const parameter index_select[] = {INPUT, DIM, INDEX};
static const parameter along[] = {INPUT, {"indices", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_NONE}};
static const parameter scatter_add[] = {INPUT, DIM, INDEX, {"src", TAKES_TENSOR | REQUIRED}};
static const parameter topk[] = {INPUT,
                                 {"k", TAKES_INTEGER | REQUIRED},
                                 {"dim", TAKES_INTEGER | TAKES_NONE},
                                 {"largest", TAKES_BOOL},
                                 {"sorted", TAKES_BOOL}};

const function functions_index[] = {
    {"index_select", PARAMETERS(index_select), lower_index_select, 0},
    {"gather", PARAMETERS(index_select), lower_gather, 0},
    {"take_along_dim", PARAMETERS(along), lower_take_along_dim, 0},
    {"scatter_add", PARAMETERS(scatter_add), lower_scatter_add, IR_SCATTER_ADD},
    {"topk", PARAMETERS(topk), lower_topk, IR_TOPK},
    {NULL, NULL, 0, NULL, 0},
};
