/* layout: what RESHAPE, PERMUTE, SLICE and EXPAND do to offsets and strides. All in symbolic dims, so a view inside a
 * loop over chunks is made by the same rules as one of the whole value. */
#include "plan/planner.h"

plan_view layout_dense(planner *p, const ir_type *type) {
    plan_view v = {0};
    v.type = *type;
    v.offset = dim_const(p->dims, 0);
    const dim *stride = dim_const(p->dims, 1);
    for (unsigned i = type->rank; i-- > 0;) {
        v.strides[i] = stride;
        stride = dim_mul(p->dims, stride, type->dims[i]);
    }
    return v;
}

/* Runs of the old dims that lie behind each other like one dim are matched with runs of new dims of the same product,
 * as torch's view() does; dims of size 1 fit anywhere. */
static bool reshape(planner *p, const ir_type *to, plan_view *v) {
    const dim *old_dims[IR_MAX_RANK], *old_strides[IR_MAX_RANK];
    unsigned old_rank = 0;
    for (unsigned i = 0; i < v->type.rank; i++) {
        if (dim_is(v->type.dims[i], 1)) continue;
        old_dims[old_rank] = v->type.dims[i];
        old_strides[old_rank++] = v->strides[i];
    }
    const dim *one = dim_const(p->dims, 1);
    plan_view r = *v;
    r.type = *to;
    unsigned n = 0;
    for (unsigned o = 0; o < old_rank;) {
        const dim *old_product = old_dims[o], *new_product = one;
        unsigned o_end = o + 1, n_first = n;
        /* new dims of this run, until the products agree */
        for (;;) {
            while (n < to->rank && dim_is(to->dims[n], 1)) {
                r.strides[n] = one;
                n++;
            }
            if (dim_same(old_product, new_product)) break;
            bool new_fits = n < to->rank;
            const dim *grown = new_fits ? dim_mul(p->dims, new_product, to->dims[n]) : NULL;
            if (new_fits && dim_divide_exact(p->dims, old_product, grown)) {
                new_product = grown;
                n++;
            } else if (o_end < old_rank) {
                /* the run needs the next old dim, which must follow densely */
                if (!plan_runs_on(p->dims, old_strides[o_end - 1], old_strides[o_end], old_dims[o_end])) return false;
                old_product = dim_mul(p->dims, old_product, old_dims[o_end]);
                o_end++;
            } else {
                return false;
            }
        }
        const dim *stride = old_strides[o_end - 1];
        for (unsigned i = n; i-- > n_first;) {
            if (dim_is(to->dims[i], 1)) {
                r.strides[i] = one;
                continue;
            }
            r.strides[i] = stride;
            stride = dim_mul(p->dims, stride, to->dims[i]);
        }
        o = o_end;
    }
    for (; n < to->rank; n++) {
        if (!dim_is(to->dims[n], 1)) return false;
        r.strides[n] = one;
    }
    *v = r;
    return true;
}

bool layout_apply(planner *p, const pstep *step, const ir_type *result_type, plan_view *v) {
    switch (step->op) {
    case IR_RESHAPE: return reshape(p, result_type, v);
    case IR_PERMUTE: {
        plan_view r = *v;
        for (unsigned i = 0; i < result_type->rank; i++) r.strides[i] = v->strides[step->perm[i]];
        r.type = *result_type;
        *v = r;
        return true;
    }
    case IR_SLICE:
        v->offset = dim_add(p->dims, v->offset, dim_mul(p->dims, step->start, v->strides[step->axis]));
        v->strides[step->axis] = dim_mul(p->dims, v->strides[step->axis], dim_const(p->dims, step->step));
        v->type = *result_type;
        return true;
    case IR_CAT: {
        plan_view r = *v;
        const dim *stride = v->strides[step->axis];
        r.offset = dim_add(p->dims, v->offset, dim_mul(p->dims, step->start, stride));
        for (unsigned i = 0, from = 0; i < result_type->rank; i++) {
            int64_t times = i == step->window ? step->apart : from == step->axis ? step->step : 1;
            const dim *own = i == step->window ? stride : v->strides[from++];
            r.strides[i] = dim_mul(p->dims, own, dim_const(p->dims, times));
        }
        r.type = *result_type;
        *v = r;
        return true;
    }
    case IR_ROW: {
        plan_view r = *v;
        r.offset = dim_add(p->dims, v->offset, dim_mul(p->dims, step->start, v->strides[0]));
        for (unsigned i = 0; i < result_type->rank; i++) r.strides[i] = v->strides[i + 1];
        r.type = *result_type;
        *v = r;
        return true;
    }
    case IR_EXPAND: {
        plan_view r = *v;
        unsigned added = result_type->rank - v->type.rank;
        r.type = *result_type;
        for (unsigned i = 0; i < result_type->rank; i++) {
            bool own = i >= added && (!dim_is(v->type.dims[i - added], 1) || dim_is(result_type->dims[i], 1));
            r.strides[i] = own ? v->strides[i - added] : dim_const(p->dims, 0);
        }
        *v = r;
        return true;
    }
    default: ice("no view step %s", ir_op_name(step->op));
    }
}

/* A full view holds while the root that it lies in is one, and until it is said to have moved: by hosting, memory moves
 * under its views. So of a chain of thousands of views each is computed once, and none is walked. */
struct known_view {
    plan_view view;
    pval *root;
    size_t moves; /* of the root until then */
};

static bool holds(const known_view *k) { return k && k->root->kind == PVAL_ROOT && k->root->moves == k->moves; }

pval *layout_storage(const pval *v) {
    while (v->kind == PVAL_VIEW) {
        if (holds(v->full)) return v->full->root;
        v = v->source;
    }
    return (pval *)v;
}

void layout_moves(const pval *v) { layout_storage(v)->moves++; }

/* What v lies in is known. */
static bool find_full(planner *p, pval *v) {
    known_view made = {.root = v, .moves = v->moves};
    if (v->kind == PVAL_ROOT) {
        made.view = layout_dense(p, &v->type);
    } else {
        made = *v->source->full;
        if (!layout_apply(p, &v->step, &v->type, &made.view)) return false;
    }
    if (!v->full) v->full = ARENA_NEW(p->arena, known_view);
    *v->full = made;
    return true;
}

bool layout_is_known(const pval *v) { return holds(v->full); }

void layout_unknown(planner *p, pval *v, bool (*is_known)(const pval *), pvals *to) {
    to->count = 0;
    for (; !is_known(v); v = v->source) {
        ARENA_PUSH(p->arena, to->of, to->count, to->capacity, v);
        if (v->kind == PVAL_ROOT) return;
    }
}

bool layout_full(planner *p, const pval *v, plan_view *view) {
    layout_unknown(p, (pval *)v, layout_is_known, &p->unknown); /* says nothing new of v */
    for (size_t i = p->unknown.count; i-- > 0;)
        if (!find_full(p, p->unknown.of[i])) return false;
    *view = v->full->view;
    return true;
}

/* The view of an input that a check's value is, whatever copies the kernels make. Where a RESHAPE cannot be said in
 * strides, all elements that it shows are checked. */
static bool original(planner *p, const pval *v, plan_view *view, bool *exact) {
    while (!v->origin && v->producer) {
        if (v->producer->kind != TASK_COPY) return false;
        v = v->producer->inputs[0];
    }
    if (!v->origin) {
        *view = layout_dense(p, &v->type);
        view->buffer = v->buffer;
        return v->buffer && v->buffer->place == PLAN_INPUT;
    }
    if (!original(p, v->origin, view, exact)) return false;
    if (*exact) *exact = layout_apply(p, &v->origin_step, &v->type, view);
    return true;
}

bool planner_original_view(planner *p, const pval *v, plan_view *view) {
    bool exact = true;
    return original(p, v, view, &exact);
}

bool planner_exact_view(planner *p, const pval *v, plan_view *view) {
    bool exact = true;
    return original(p, v, view, &exact) && exact;
}

pstep layout_inverse(const pstep *s, const ir_type *source_type) {
    pstep r = *s;
    if (s->op == IR_PERMUTE)
        for (unsigned i = 0; i < source_type->rank; i++) r.perm[s->perm[i]] = i;
    return r;
}

int layout_axis(planner *p, const pstep *step, const ir_type *from, const ir_type *to, int axis, const dim *symbol) {
    if (axis < 0) return -1;
    switch (step->op) {
    case IR_PERMUTE:
        for (unsigned i = 0; i < to->rank; i++)
            if (step->perm[i] == (unsigned)axis) return (int)i;
        return -1;
    case IR_SLICE: return step->axis == (unsigned)axis ? -1 : axis;
    case IR_CAT: return step->axis == (unsigned)axis ? -1 : axis < (int)step->window ? axis : axis + 1;
    case IR_EXPAND: return axis + (int)(to->rank - from->rank);
    case IR_RESHAPE: {
        /* A piece of `axis` is, for each index before it, one run of elements: it is a piece of the result's axis that
         * has the same number of elements before it, if that axis is made of whole symbols too. */
        const dim *before = dim_const(p->dims, 1), *passed = dim_const(p->dims, 1);
        for (int i = 0; i < axis; i++) before = dim_mul(p->dims, before, from->dims[i]);
        for (unsigned i = 0; i < to->rank; i++) {
            if (dim_same(passed, before) && dim_mentions(to->dims[i], symbol)) {
                const dim *factor = dim_divide_exact(p->dims, to->dims[i], symbol);
                return factor && !dim_mentions(factor, symbol) ? (int)i : -1;
            }
            passed = dim_mul(p->dims, passed, to->dims[i]);
        }
        return -1;
    }
    default: return -1;
    }
}

bool plan_runs_on(dim_table *t, const dim *outer_stride, const dim *inner_stride, const dim *inner_extent) {
    return dim_same(outer_stride, dim_mul(t, inner_stride, inner_extent));
}

void plan_broadcast_strides(dim_table *t, const plan_view *v, unsigned rank, const dim **strides) {
    unsigned missing = rank - v->type.rank;
    for (unsigned i = 0; i < rank; i++)
        strides[i] = i < missing || dim_is(v->type.dims[i - missing], 1) ? dim_const(t, 0) : v->strides[i - missing];
}

bool plan_view_rows_dense(const plan_view *v) {
    return v->type.rank == 0 || dim_is(v->strides[v->type.rank - 1], 1) || dim_is(v->type.dims[v->type.rank - 1], 1);
}

bool plan_view_dense(dim_table *t, const plan_view *v) {
    const dim *stride = dim_const(t, 1);
    for (unsigned i = v->type.rank; i-- > 0;) {
        if (!dim_is(v->type.dims[i], 1) && !dim_same(v->strides[i], stride)) return false;
        stride = dim_mul(t, stride, v->type.dims[i]);
    }
    return true;
}
