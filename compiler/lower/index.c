/* index: x[…]: integers, slices, ... and None, on tensors and on tuples. What run-time dims are involved in must be
 * provable from their bounds: the generated code checks no index. */
#include "lower/lowering.h"

typedef struct {
    const ast_expr *written; /* the whole index expression */
    const value *operand;
    ir_value *x;                  /* sliced so far */
    unsigned axis;                /* of x, that the next item is about */
    const dim *dims[IR_MAX_RANK]; /* of the result so far */
    size_t rank;
    size_t elements;   /* how many items are no slices: integers and tensors */
    size_t whole_rank; /* of the result, but for the dims of a tensor */
    const value *only; /* the one item, where it was lowered before, to see what it is */
} indexing;

/* For a bound or an index; NULL when it was left out. False after reporting. */
static bool bound_of(lowering *l, const ast_expr *e, value v, const dim **bound) {
    if (value_has_poison(&v)) return false;
    if (v.kind == VALUE_INTEGER && !dim_is_huge(v.integer)) {
        *bound = v.integer;
        return true;
    }
    diag *d = diag_error(l->diags, e->where, "an index must be an integer or a slice, found %s", value_show(l, &v));
    note_value(l, d, e, &v, e->where);
    if (e->kind == AST_BINARY && e->op == AST_DIV) diag_hint(d, "// divides sizes");
    else if (v.kind == VALUE_TENSOR && v.tensor->type.dtype == IR_I32)
        diag_hint(d, "a slice has a size that is known before the run; where(arange(n) < i, x, 0) is a mask");
    else if (v.kind == VALUE_TENSOR && v.tensor->type.dtype == IR_BOOL)
        diag_hint(d, "where(mask, x, 0) chooses; what a mask picks out has a size that only the run knows");
    else if (v.kind == VALUE_TENSOR) diag_hint(d, "indices are int32");
    else if (v.kind == VALUE_TUPLE) diag_hint(d, "write index_select(x, dim, tensor([0, 2]))");
    return false;
}

static bool lower_bound(lowering *l, const ast_expr *e, const dim **bound) {
    *bound = NULL;
    return !e || e->kind == AST_NONE || bound_of(l, e, lower_expr(l, e), bound);
}

/* What the run decides alone, of a and b; it would hold if `spare` were never below 0. */
static void note_bounds(lowering *l, diag *e, const dim *a, const dim *b, const dim *spare) {
    const char *bounds = bounds_show(l, b ? dim_add(l->model->dims, a, b) : a);
    const dim *symbol;
    if (!bounds && b) bounds = bounds_show(l, a);
    if (!bounds) return;
    diag_note_plain(e, "%s", bounds);
    bool one = dim_symbols(spare, &symbol, 1) == 1 && dim_is_const(dim_sub(l->model->dims, spare, symbol), NULL);
    int64_t least = one ? dim_min(symbol) - dim_min(spare) : 0;
    if (one && dim_min(spare) < 0 && least <= dim_max(symbol))
        diag_hint(e, "it must hold for all of them, as it does with dim %s = %lld..%lld", dim_symbol_name(symbol),
                  (long long)least, (long long)dim_max(symbol));
    else diag_hint(e, "it must be provable from the bounds of the dim");
}

static bool less_equal(lowering *l, const dim *a, const dim *b) { return dim_less_equal(l->model->dims, a, b); }

/* Where a bound of a slice stands on an axis of `size`: counted from the end when negative, not beyond the ends. */
static bool place_bound(lowering *l, const indexing *x, const dim *bound, const dim *size, span where,
                        const dim **place) {
    dim_table *t = l->model->dims;
    const dim *zero = build_dim(l, 0);
    const dim *from_end = dim_add(t, size, bound);
    if (dim_min(bound) >= 0 && less_equal(l, bound, size)) *place = bound;
    else if (dim_min(bound) >= 0 && less_equal(l, size, bound)) *place = size;
    else if (dim_max(bound) < 0 && dim_min(from_end) >= 0) *place = from_end;
    else if (dim_max(bound) < 0 && dim_max(from_end) <= 0) *place = zero;
    else {
        diag *e = diag_error(l->diags, where, "whether %s is within the %s elements of dim %zu depends on the run",
                             dim_short(l->arena, bound), dim_short(l->arena, size), x->rank);
        note_value(l, e, x->written->operand, x->operand, where);
        note_bounds(l, e, size, bound, dim_min(bound) < 0 ? from_end : dim_sub(t, size, bound));
        return false;
    }
    return true;
}

static bool take_slice(lowering *l, indexing *x, const ast_expr *item) {
    dim_table *t = l->model->dims;
    const dim *size = x->x->type.dims[x->axis];
    const dim *lower, *upper, *step_size;
    bool fine = lower_bound(l, item->lower, &lower);
    fine = lower_bound(l, item->upper, &upper) && fine;
    fine = lower_bound(l, item->step, &step_size) && fine;
    if (!fine) return false;
    int64_t step = 1;
    if (step_size && (!dim_is_const(step_size, &step) || step < 1 || step > INT32_MAX)) {
        diag *e =
            diag_error(l->diags, item->step->where, "the step of a slice must be a constant of at least 1, found %s",
                       dim_short(l->arena, step_size));
        if (dim_max(step_size) < 0) diag_hint(e, "PyTorch has no negative steps either: flip(x, (dim,))");
        return false;
    }
    const dim *begin = build_dim(l, 0), *end = size;
    if (lower && !place_bound(l, x, lower, size, item->lower->where, &begin)) return false;
    if (upper && !place_bound(l, x, upper, size, item->upper->where, &end)) return false;
    const dim *length = dim_sub(t, end, begin);
    if (dim_min(length) < 1) {
        bool always = dim_max(length) < 1;
        diag *e = diag_error(l->diags, item->where, "this slice %s empty: it takes %s to %s of %s elements",
                             always ? "is" : "may be", dim_short(l->arena, begin), dim_short(l->arena, end),
                             dim_short(l->arena, size));
        note_value(l, e, x->written->operand, x->operand, item->where);
        if (!always) note_bounds(l, e, length, NULL, dim_sub(t, length, build_dim(l, 1)));
        return false;
    }
    const dim *extent = dim_floordiv(t, dim_add(t, length, build_dim(l, step - 1)), step);
    x->x = build_slice(l, x->x, x->axis, begin, extent, step, x->written->where);
    x->dims[x->rank++] = extent;
    x->axis++;
    return true;
}

/* Beside other indices the dims of ids would go where torch puts them: next to each other, or to the front. */
static bool take_indices(lowering *l, indexing *x, const ast_expr *item, ir_value *ids) {
    const ir_type *type = &ids->type;
    if (type->rank && x->elements > 1) {
        diag *e = diag_error(l->diags, item->where, "a tensor of indices beside other indices, found %s",
                             type_show(l, type));
        diag_hint(e, "index one dim after the other: x[:, i][0]");
        return false;
    }
    if (!shape_rank_fits(l, x->whole_rank + type->rank, x->written->where)) return false;
    value taken = index_take(l, x->x, ids, x->axis, x->written->where);
    if (taken.kind == VALUE_POISON) return false;
    x->x = taken.tensor;
    for (unsigned i = 0; i < type->rank; i++) x->dims[x->rank++] = type->dims[i];
    x->axis += type->rank;
    return true;
}

static bool take_element(lowering *l, indexing *x, const ast_expr *item) {
    dim_table *t = l->model->dims;
    const dim *size = x->x->type.dims[x->axis];
    const dim *at;
    value v = x->only ? *x->only : lower_expr(l, item);
    if (v.kind == VALUE_TENSOR && v.tensor->type.dtype == IR_I32) return take_indices(l, x, item, v.tensor);
    if (!bound_of(l, item, v, &at)) return false;
    const dim *place = dim_max(at) < 0 ? dim_add(t, size, at) : at;
    if (dim_min(place) < 0 || !less_equal(l, place, dim_sub(t, size, build_dim(l, 1)))) {
        bool never = dim_max(place) < 0 || less_equal(l, size, place);
        diag *e = never ? diag_error(l->diags, item->where, "index %s is outside of the %s elements of dim %zu",
                                     dim_short(l->arena, at), dim_short(l->arena, size), x->rank)
                        : diag_error(l->diags, item->where, "index %s may be outside of the %s elements of dim %zu",
                                     dim_short(l->arena, at), dim_short(l->arena, size), x->rank);
        note_value(l, e, x->written->operand, x->operand, item->where);
        if (!never)
            note_bounds(l, e, size, at, dim_max(at) < 0 ? place : dim_sub(t, dim_sub(t, size, at), build_dim(l, 1)));
        return false;
    }
    x->x = build_slice(l, x->x, x->axis, place, build_dim(l, 1), 1, x->written->where);
    x->axis++; /* and the reshape at the end drops it */
    return true;
}

static bool take_item(lowering *l, indexing *x, const ast_expr *item, unsigned rest) {
    if (item->kind == AST_ELLIPSIS) {
        for (; rest; rest--) x->dims[x->rank++] = x->x->type.dims[x->axis++];
        return true;
    }
    if (item->kind == AST_NONE) {
        x->dims[x->rank++] = build_dim(l, 1);
        return true;
    }
    return item->kind == AST_SLICE ? take_slice(l, x, item) : take_element(l, x, item);
}

static value index_tensor(lowering *l, const ast_expr *e, const value *operand) {
    value poison = value_poison(e->where), only;
    const ast_expr *first = e->items;
    bool alone = !first->next && first->kind != AST_SLICE && first->kind != AST_ELLIPSIS && first->kind != AST_NONE;
    if (alone) only = lower_expr(l, first);
    unsigned rank = operand->tensor->type.rank;
    size_t taken = 0, dropped = 0, added = 0, ellipses = 0;
    for (const ast_expr *item = e->items; item; item = item->next) {
        added += item->kind == AST_NONE;
        ellipses += item->kind == AST_ELLIPSIS;
        taken += item->kind != AST_NONE && item->kind != AST_ELLIPSIS;
        dropped += item->kind != AST_NONE && item->kind != AST_ELLIPSIS && item->kind != AST_SLICE;
    }
    if (taken > rank || ellipses > 1) {
        diag *d = ellipses > 1 ? diag_error(l->diags, e->where, "... can stand only once in an index")
                               : diag_error(l->diags, e->where, "%zu %s for the %u dim%s of %s", taken,
                                            taken == 1 ? "index" : "indices", rank, rank == 1 ? "" : "s",
                                            type_show(l, &operand->tensor->type));
        note_value(l, d, e->operand, operand, e->where);
        if (ellipses <= 1 && recurrent_is_unbatched(operand->tensor))
            diag_hint(d, "the layer's input has no batch dim, so its result has none either");
        return poison;
    }
    if (!shape_rank_fits(l, added + rank - dropped, e->where)) return poison;
    indexing x = {.written = e, .operand = operand, .x = operand->tensor, .elements = dropped,
                  .whole_rank = added + rank - dropped, .only = alone ? &only : NULL};
    unsigned rest = rank - (unsigned)taken;
    for (const ast_expr *item = e->items; item; item = item->next)
        if (!take_item(l, &x, item, rest)) return poison;
    while (x.axis < x.x->type.rank) x.dims[x.rank++] = x.x->type.dims[x.axis++];
    return value_tensor(l, build_reshape(l, x.x, x.dims, (unsigned)x.rank, e->where), e->where);
}

/* Bounds of a tuple's slice, as Python clamps them. */
static int64_t clamp_bound(const dim *bound, int64_t count, int64_t otherwise) {
    int64_t at;
    if (!bound || !dim_is_const(bound, &at)) return otherwise;
    if (at < 0) at += count;
    return at < 0 ? 0 : at > count ? count : at;
}

static value index_tuple(lowering *l, const ast_expr *e, const value *operand) {
    value poison = value_poison(e->where);
    const ast_expr *item = e->items;
    int64_t count = (int64_t)operand->count, at;
    if (item->next || item->kind == AST_ELLIPSIS || item->kind == AST_NONE || (item->kind == AST_SLICE && item->step)) {
        diag *d = diag_error(l->diags, e->where, "a tuple takes one constant index, found more");
        if (operand->gives) diag_note_plain(d, "%s", operand->gives);
        note_value(l, d, e->operand, operand, e->where);
        if (operand->gives) diag_hint(d, "%s", operand->mend);
        return poison;
    }
    if (item->kind == AST_SLICE) {
        const dim *lower, *upper;
        if (!lower_bound(l, item->lower, &lower) || !lower_bound(l, item->upper, &upper)) return poison;
        int64_t begin = clamp_bound(lower, count, 0), end = clamp_bound(upper, count, count);
        return value_tuple(l, operand->items + begin, end > begin ? (size_t)(end - begin) : 0, e->where);
    }
    const dim *index;
    if (!lower_bound(l, item, &index)) return poison;
    if (!dim_is_const(index, &at) || at < -count || at >= count) {
        diag *d = diag_error(l->diags, item->where, "there is no part %s of a tuple of %lld",
                             dim_short(l->arena, index), (long long)count);
        note_value(l, d, e->operand, operand, item->where);
        return poison;
    }
    return operand->items[at < 0 ? at + count : at];
}

/* max(x, dim=d)[0], pasted from Python, where it takes the values of (values, indices). */
static bool is_pasted_max(const ast_expr *e, const value *operand) {
    const ast_expr *item = e->items;
    return e->operand->kind == AST_CALL && operand->kind == VALUE_TENSOR && operand->items && !item->next &&
           item->kind == AST_INTEGER && item->integer <= 1;
}

value lower_index(lowering *l, const ast_expr *e) {
    value operand = lower_expr(l, e->operand);
    if (operand.kind == VALUE_TUPLE) return index_tuple(l, e, &operand);
    if (operand.kind == VALUE_POISON) return value_poison(e->where);
    if (operand.kind != VALUE_TENSOR) {
        diag *d =
            diag_error(l->diags, e->where, "only tensors and tuples have elements, found %s", value_show(l, &operand));
        note_value(l, d, e->operand, &operand, e->where);
        return value_poison(e->where);
    }
    if (is_pasted_max(e, &operand)) {
        const char *name = e->operand->name.text;
        bool indices = e->items->integer == 1;
        span where = {e->operand->where.end, e->where.end};
        diag *d = diag_error(l->diags, where, "%s(x, …) gives the values only, %s, where it is not bound to two names",
                             name, value_show(l, &operand));
        if (!indices) diag_hint(d, "leave out [0]; for the first element along a dim bind the result first");
        else diag_hint(d, "two names take both: values, indices = %s(x, …)", name);
        return value_poison(e->where);
    }
    return index_tensor(l, e, &operand);
}
