/* functions_shape: the same elements, seen otherwise. */
#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

static const char *shown(lowering *l, const arguments *a) { return type_show(l, &args_tensor(a, 0)->type); }

/* The sizes other than 1 in their order. */
static unsigned proper_sizes(const dim *const *dims, unsigned rank, unsigned *places) {
    unsigned count = 0;
    for (unsigned i = 0; i < rank; i++)
        if (!dim_is(dims[i], 1)) places[count++] = i;
    return count;
}

/* transpose(x, 0, 1), or permute(x, 2, 0, 1): what puts x's sizes other than 1 into the order of dims. */
static const char *turned(lowering *l, const ir_type *x, const unsigned *perm, const char *name) {
    unsigned moved[2] = {0, 0}, count = 0;
    for (unsigned i = 0; i < x->rank; i++) {
        if (perm[i] == i) continue;
        if (count < 2) moved[count] = i;
        count++;
    }
    if (count == 2) return arena_printf(l->arena, "transpose(%s, %u, %u)", name, moved[0], moved[1]);
    text t = text_new(l->arena);
    text_printf(&t, "permute(%s", name);
    for (unsigned i = 0; i < x->rank; i++) text_printf(&t, ", %u", perm[i]);
    text_add(&t, ")");
    return text_string(&t);
}

/* A view whose sizes, but for those of 1, are x's in another order leaves the elements where they are: who writes it
 * most often means a transpose. */
static void warn_order(lowering *l, const arguments *a, const ir_type *x, const dim *const *dims, unsigned rank) {
    unsigned from[IR_MAX_RANK], to[IR_MAX_RANK], perm[IR_MAX_RANK], taken = 0;
    unsigned count = proper_sizes(x->dims, x->rank, from);
    if (count != proper_sizes(dims, rank, to)) return;
    for (unsigned i = 0; i < x->rank; i++) perm[i] = i;
    bool same = true;
    for (unsigned i = 0; i < count; i++) {
        const dim *size = dims[to[i]];
        unsigned k = 0;
        while (k < count && (taken >> k & 1 || !dim_same(x->dims[from[k]], size))) k++;
        if (k == count) return;
        taken |= 1u << k;
        perm[from[i]] = from[k];
        same = same && dim_same(x->dims[from[i]], size);
    }
    if (same) return;
    ir_type shown = {.dtype = x->dtype, .rank = rank};
    for (unsigned i = 0; i < rank; i++) shown.dims[i] = dims[i];
    diag *d = diag_warning(l->diags, WARNING_VIEW_ORDER, a->call->where,
                           "from %s to %s the sizes change places, but a view leaves the elements in their order",
                           type_show(l, x), type_show(l, &shown));
    const ast_expr *written = args_written(a, 0);
    const char *name = written->kind == AST_NAME ? written->name.text : "…";
    diag_hint(d, "to swap dims write %s; if the order is meant: %s(flatten(%s), …)", turned(l, x, perm, name), a->what,
              name);
}

/* view, reshape: nnc's views may be of any layout, so the two are one. */
static value lower_view(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    const dim *dims[IR_MAX_RANK];
    unsigned rank;
    ir_value *x = args_tensor(a, 0);
    if (!shape_view(l, a, 1, &x->type, dims, &rank)) return value_poison(a->call->where);
    warn_order(l, a, &x->type, dims, rank);
    return value_tensor(l, build_reshape(l, x, dims, rank, a->call->where), a->call->where);
}

static value lower_flatten(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    unsigned first, last, rank = 0, axes = x->type.rank ? x->type.rank : 1;
    if (!shape_axis(l, args_integer(a, 1, 0), axes, args_where(a, 1), shown(l, a), &first)) return value_poison(where);
    if (!shape_axis(l, args_integer(a, 2, -1), axes, args_where(a, 2), shown(l, a), &last)) return value_poison(where);
    if (first > last) {
        diag_error(l->diags, where, "start_dim of flatten, %u, comes after end_dim, %u", first, last);
        return value_poison(where);
    }
    const dim *dims[IR_MAX_RANK];
    for (unsigned i = 0; i < first; i++) dims[rank++] = x->type.dims[i];
    dims[rank] = build_dim(l, 1);
    for (unsigned i = first; i <= last && i < x->type.rank; i++)
        dims[rank] = dim_mul(l->model->dims, dims[rank], x->type.dims[i]);
    rank++;
    for (unsigned i = last + 1; i < x->type.rank; i++) dims[rank++] = x->type.dims[i];
    return value_tensor(l, build_reshape(l, x, dims, rank, where), where);
}

/* A run-time dim is never squeezed, even when its bounds are 1..1: the shape must not depend on them. */
static value lower_squeeze(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    unsigned axes = 0, kept = 0;
    bool scalar = !x->type.rank;
    if (!shape_axes(l, a, 1, scalar ? 1 : x->type.rank, shown(l, a), &axes)) return value_poison(where);
    const dim *dims[IR_MAX_RANK];
    for (unsigned i = 0; i < x->type.rank; i++)
        if (!(axes >> i & 1) || !dim_is(x->type.dims[i], 1)) dims[kept++] = x->type.dims[i];
    return value_tensor(l, build_reshape(l, x, dims, kept, where), where);
}

static value lower_unsqueeze(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    unsigned axis, rank = x->type.rank + 1;
    const char *result = arena_printf(l->arena, "what unsqueeze makes of %s", shown(l, a));
    if (!shape_rank_fits(l, rank, where)) return value_poison(where);
    if (!shape_axis(l, args_integer(a, 1, 0), rank, args_where(a, 1), result, &axis)) return value_poison(where);
    const dim *dims[IR_MAX_RANK];
    for (unsigned i = 0; i < rank; i++) dims[i] = i == axis ? build_dim(l, 1) : x->type.dims[i - (i > axis)];
    return value_tensor(l, build_reshape(l, x, dims, rank, where), where);
}

static value lower_transpose(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    ir_value *x = args_tensor(a, 0);
    unsigned axes[2] = {0, 0}, rank = x->type.rank ? x->type.rank : 1;
    for (unsigned i = 0; i < 2; i++)
        if (!shape_axis(l, args_integer(a, i + 1, 0), rank, args_where(a, i + 1), shown(l, a), &axes[i]))
            return value_poison(a->call->where);
    return value_tensor(l, build_swap(l, x, axes[0], axes[1], a->call->where), a->call->where);
}

static value lower_permute(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const value *dims = &a->values[1];
    if (dims->count != x->type.rank) {
        diag *e = diag_error(l->diags, args_where(a, 1), "permute needs all %u dims of %s, found %zu", x->type.rank,
                             shown(l, a), dims->count);
        note_argument(l, e, a, 0, args_where(a, 1));
        return value_poison(where);
    }
    unsigned axes, perm[IR_MAX_RANK] = {0};
    if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(where); /* each once */
    for (unsigned i = 0; i < x->type.rank; i++) {
        int64_t axis = (int64_t)value_number(&dims->items[i]);
        perm[i] = (unsigned)(axis < 0 ? axis + x->type.rank : axis);
    }
    return value_tensor(l, build_permute(l, x, perm, where), where);
}

/* How a tensor lies in memory is nnc's business. */
static value lower_contiguous(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    return value_tensor(l, args_tensor(a, 0), a->call->where);
}

/* Where nothing is trained there is no gradient to stop. */
static value lower_detach(lowering *l, const arguments *a, ir_op op) {
    ir_value *x = args_tensor(a, 0);
    if (l->trains && x->type.dtype == IR_F32) x = build_unary(l, op, x, a->call->where);
    return value_tensor(l, x, a->call->where);
}

static const parameter one[] = {{"input", TAKES_TENSOR | REQUIRED}};
static const parameter view[] = {{"input", TAKES_TENSOR | REQUIRED}, {"shape", TAKES_SIZES | VARIADIC | REQUIRED}};
static const parameter flatten[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"start_dim", TAKES_INTEGER}, {"end_dim", TAKES_INTEGER}};
static const parameter squeeze[] = {{"input", TAKES_TENSOR | REQUIRED},
                                    {"dim", TAKES_INTEGER | TAKES_INTEGERS | TAKES_NONE}};
static const parameter unsqueeze[] = {{"input", TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | REQUIRED}};
static const parameter transpose[] = {
    {"input", TAKES_TENSOR | REQUIRED}, {"dim0", TAKES_INTEGER | REQUIRED}, {"dim1", TAKES_INTEGER | REQUIRED}};
static const parameter permute[] = {{"input", TAKES_TENSOR | REQUIRED}, {"dims", TAKES_INTEGERS | VARIADIC | REQUIRED}};

const function functions_shape[] = {
    {"view", PARAMETERS(view), lower_view, 0},
    {"reshape", PARAMETERS(view), lower_view, 0},
    {"flatten", PARAMETERS(flatten), lower_flatten, 0},
    {"squeeze", PARAMETERS(squeeze), lower_squeeze, 0},
    {"unsqueeze", PARAMETERS(unsqueeze), lower_unsqueeze, 0},
    {"transpose", PARAMETERS(transpose), lower_transpose, 0},
    {"permute", PARAMETERS(permute), lower_permute, 0},
    {"contiguous", PARAMETERS(one), lower_contiguous, 0},
    {"detach", PARAMETERS(one), lower_detach, IR_DETACH},
    {NULL, NULL, 0, NULL, 0},
};
