/* shapes: the shape rules that several functions and layers share, and what is said when one is broken. */
#include "lower/lowering.h"

bool shape_broadcast(const ir_type *a, const ir_type *b, ir_type *type) {
    type->rank = a->rank > b->rank ? a->rank : b->rank;
    for (unsigned i = 1; i <= type->rank; i++) {
        const dim *x = i <= a->rank ? a->dims[a->rank - i] : NULL;
        const dim *y = i <= b->rank ? b->dims[b->rank - i] : NULL;
        /* Only the constant 1 broadcasts: a run-time dim that may be 1 does not. */
        if (!x || (y && dim_is(x, 1))) type->dims[type->rank - i] = y;
        else if (!y || dim_is(y, 1) || dim_same(x, y)) type->dims[type->rank - i] = x;
        else return false;
    }
    return true;
}

bool shape_rank_fits(lowering *l, size_t rank, span where) {
    if (rank <= IR_MAX_RANK) return true;
    diag_error(l->diags, where, "the result would have %zu dims; a tensor has at most %d", rank, IR_MAX_RANK);
    return false;
}

bool shape_axis(lowering *l, int64_t axis, unsigned rank, span where, const char *shown, unsigned *out) {
    int64_t r = rank;
    if (axis >= -r && axis < r) {
        *out = (unsigned)(axis < 0 ? axis + r : axis);
        return true;
    }
    if (!rank) {
        diag_error(l->diags, where, "there is no dim %lld: %s is a scalar", (long long)axis, shown);
        return false;
    }
    diag_error(l->diags, where, "there is no dim %lld: %s has dims %lld to %lld", (long long)axis, shown, (long long)-r,
               (long long)r - 1);
    return false;
}

bool shape_axes(lowering *l, const arguments *a, size_t i, unsigned rank, const char *shown, unsigned *axes) {
    *axes = (1u << rank) - 1;
    if (!args_has(a, i)) return true;
    const value *v = &a->values[i];
    const value *items = v->kind == VALUE_TUPLE ? v->items : v;
    size_t count = v->kind == VALUE_TUPLE ? v->count : 1;
    if (!count) return true;
    *axes = 0;
    for (size_t k = 0; k < count; k++) {
        unsigned axis;
        span where = v->kind == VALUE_TUPLE ? items[k].where : args_where(a, i);
        if (!shape_axis(l, (int64_t)value_number(&items[k]), rank, where, shown, &axis)) return false;
        if (*axes >> axis & 1) {
            diag_error(l->diags, where, "dim %u of %s is given twice", axis, shown);
            return false;
        }
        *axes |= 1u << axis;
    }
    return true;
}

bool shape_sizes(lowering *l, const arguments *a, size_t i, const dim **dims, unsigned *rank) {
    const value *sizes = &a->values[i], *items = sizes->kind == VALUE_TUPLE ? sizes->items : sizes;
    size_t count = sizes->kind == VALUE_TUPLE ? sizes->count : 1;
    if (!shape_rank_fits(l, count, args_where(a, i))) return false;
    *rank = (unsigned)count;
    for (size_t k = 0; k < count; k++) {
        dims[k] = items[k].integer;
        if (!dim_is_huge(dims[k]) && dim_min(dims[k]) >= 1) continue;
        span where = sizes->kind == VALUE_TUPLE ? items[k].where : args_where(a, i);
        diag *e = diag_error(l->diags, where, "a size must be at least 1, found %s", dim_short(l->arena, dims[k]));
        const char *bounds = bounds_show(l, dims[k]);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return false;
    }
    return true;
}

bool shape_slice_fits(lowering *l, const arguments *a, const dim *start, const dim *extent, const dim *size,
                      span where) {
    dim_table *t = l->model->dims;
    const dim *end = dim_add(t, start, extent), *zero = build_dim(l, 0), *one = build_dim(l, 1);
    if (dim_min(start) >= 0 && dim_min(extent) >= 1 && dim_less_equal(t, end, size)) return true;
    bool never = dim_max(start) < 0 || dim_max(extent) < 1 || dim_less_equal(t, dim_add(t, size, one), end);
    diag *e = diag_error(l->diags, where, "%s of %s elements from %s on %s outside of the %s that there are", a->what,
                         dim_short(l->arena, extent), dim_short(l->arena, start), never ? "is" : "may be",
                         dim_short(l->arena, size));
    note_argument(l, e, a, 0, where);
    const char *bounds = bounds_show(l, dim_add(t, dim_add(t, dim_is_huge(end) ? zero : end, size), zero));
    if (bounds && !never) {
        diag_note_plain(e, "%s", bounds);
        diag_hint(e, "it must be provable from the bounds of the dim");
    }
    return false;
}

static const char *product_show(lowering *l, const dim *const *dims, unsigned rank, const dim *product) {
    text t = text_new(l->arena);
    if (rank > 1) {
        for (unsigned i = 0; i < rank; i++) {
            bool sum = dim_term_count(dims[i]) > 1;
            text_printf(&t, "%s%s", i ? " * " : "", sum ? "(" : "");
            dim_print_short(dims[i], &t);
            if (sum) text_add(&t, ")");
        }
        text_add(&t, " = ");
    }
    if (dim_is_huge(product)) text_add(&t, "too many");
    else dim_print_short(product, &t);
    return text_string(&t);
}

/* The elements do not come out even. */
static void report_view(lowering *l, const arguments *a, size_t i, const ir_type *from, const dim **dims, unsigned rank,
                        const dim *product, bool inferred) {
    dim_table *t = l->model->dims;
    const dim *elements = ir_type_elements(t, from);
    const char *have = product_show(l, from->dims, from->rank, elements);
    const char *want = product_show(l, dims, rank, product);
    diag *e;
    if (inferred)
        e = diag_error(l->diags, args_where(a, i), "%s has %s elements, which the other sizes, %s, do not divide",
                       type_show(l, from), have, want);
    else
        e = diag_error(l->diags, args_where(a, i), "%s has %s elements, the new shape %s", type_show(l, from), have,
                       want);
    note_argument(l, e, a, 0, args_where(a, i));
    /* One size that could be inferred makes it fit? */
    for (unsigned k = 0; !inferred && k < rank; k++) {
        const dim *others = build_dim(l, 1);
        for (unsigned j = 0; j < rank; j++)
            if (j != k) others = dim_mul(t, others, dims[j]);
        const dim *fits = dim_divide_exact(t, elements, others);
        if (!fits || dim_min(fits) < 1) continue;
        diag_hint(e, "with -1 in place of %s it is %s", dim_short(l->arena, dims[k]), dim_short(l->arena, fits));
        break;
    }
}

bool shape_view(lowering *l, const arguments *a, size_t i, const ir_type *from, const dim **dims, unsigned *rank) {
    const value *sizes = &a->values[i];
    size_t inferred = NOWHERE;
    const dim *product = build_dim(l, 1);
    if (!shape_rank_fits(l, sizes->count, args_where(a, i))) return false;
    const dim *others[IR_MAX_RANK]; /* those that are not inferred */
    unsigned other_count = 0;
    for (size_t k = 0; k < sizes->count; k++) {
        const value *v = &sizes->items[k];
        dims[k] = v->integer;
        if (dim_is(v->integer, -1)) {
            if (inferred != NOWHERE) {
                diag_error(l->diags, v->where, "only one size can be -1, which means: whatever is left");
                return false;
            }
            inferred = k;
            continue;
        }
        if (dim_min(v->integer) < 1) {
            diag *e =
                diag_error(l->diags, v->where, "a size must be at least 1, found %s", dim_short(l->arena, v->integer));
            const char *bounds = bounds_show(l, v->integer);
            if (bounds) diag_note_plain(e, "%s", bounds);
            return false;
        }
        product = dim_mul(l->model->dims, product, v->integer);
        others[other_count++] = v->integer;
    }
    *rank = (unsigned)sizes->count;
    const dim *elements = ir_type_elements(l->model->dims, from);
    if (inferred == NOWHERE && dim_same(product, elements) && !dim_is_huge(product)) return true;
    const dim *rest = inferred == NOWHERE ? NULL : dim_divide_exact(l->model->dims, elements, product);
    if (!rest || dim_min(rest) < 1) {
        report_view(l, a, i, from, others, other_count, product, inferred != NOWHERE);
        return false;
    }
    dims[inferred] = rest;
    return true;
}

const dim *shape_window(lowering *l, const dim *length, int64_t pads, int64_t kernel, int64_t stride,
                        int64_t dilation) {
    dim_table *t = l->model->dims;
    const dim *reach = dim_mul(t, build_dim(l, dilation), build_dim(l, kernel - 1));
    const dim *room = dim_sub(t, dim_add(t, length, build_dim(l, pads - 1)), reach);
    if (dim_is_huge(room) || dim_min(room) < 0) return NULL;
    return dim_add(t, dim_floordiv(t, room, stride), build_dim(l, 1));
}

bool shape_pad_fits(lowering *l, const dim *length, int64_t before, int64_t after, ir_pad_mode mode, span where,
                    const char *shown) {
    int64_t wider = before > after ? before : after;
    int64_t most = mode == IR_PAD_REFLECT ? dim_min(length) - 1 : dim_min(length);
    if (wider <= most || mode == IR_PAD_CONSTANT || mode == IR_PAD_REPLICATE) return true;
    diag *e = diag_error(l->diags, where, "%s padding by %lld needs a dim of at least %lld; that of %s is %s",
                         mode == IR_PAD_REFLECT ? "reflect" : "circular", (long long)wider,
                         (long long)(mode == IR_PAD_REFLECT ? wider + 1 : wider), shown, dim_short(l->arena, length));
    const char *bounds = bounds_show(l, length);
    if (bounds) {
        diag_note_plain(e, "%s", bounds);
        diag_hint(e, "it must be provable from the bounds: raise the lower one");
    }
    return false;
}
