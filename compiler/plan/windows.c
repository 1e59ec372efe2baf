/* windows: slices at even distances side by side, as a two-dimensional convolution reads them, are no copies: the CAT
 * of x[…, i*apart : …, …] for i = 0, 1, …, each with an axis of its own, is a view of x in which that axis has a
 * stride, too.
 */
#include "plan/planner.h"

/* The slice that is the CAT's operand, with an axis of size 1 put in at `axis`; NULL: it is not. */
static const pval *slice_behind(const pval *v, unsigned axis) {
    if (v->kind != PVAL_VIEW || v->origin != v->source || v->step.op != IR_RESHAPE) return NULL;
    const pval *s = v->source;
    if (s->kind != PVAL_VIEW || s->origin != s->source || s->step.op != IR_SLICE) return NULL;
    if (v->type.rank != s->type.rank + 1 || !dim_is(v->type.dims[axis], 1)) return NULL;
    for (unsigned i = 0; i < s->type.rank; i++)
        if (!dim_same(s->type.dims[i], v->type.dims[i < axis ? i : i + 1])) return NULL;
    return s;
}

pval *planner_windows(planner *p, const ir_node *cat) {
    unsigned axis = cat->attrs.axis;
    if (cat->input_count < 2) return NULL;
    const pval *first = slice_behind(p->values[cat->inputs[0]->id], axis);
    if (!first) return NULL;
    int64_t apart = 0, distance;
    for (unsigned i = 1; i < cat->input_count; i++) {
        const pval *s = slice_behind(p->values[cat->inputs[i]->id], axis);
        if (!s || s->source != first->source || s->step.axis != first->step.axis || s->step.step != first->step.step)
            return NULL;
        const dim *from_first = dim_sub(p->dims, s->step.start, first->step.start);
        if (!dim_is_const(from_first, &distance) || distance <= 0) return NULL;
        if (i == 1) apart = distance;
        if (distance != i * apart) return NULL;
    }
    pstep step = {.op = IR_CAT, .axis = first->step.axis, .start = first->step.start, .step = first->step.step,
                  .window = axis, .apart = apart};
    return planner_view(p, first->source, &cat->results[0]->type, step, cat->results[0]->name);
}

pval *planner_rows_apart(planner *p, pval *v) {
    plan_view view;
    if (v->kind != PVAL_VIEW || v->step.op != IR_RESHAPE || v->source->type.rank != 5) return v;
    const dim *const *from = v->source->type.dims, *const *to = v->type.dims;
    bool joined = dim_same(to[0], dim_mul(p->dims, from[0], from[1])) &&
                  dim_same(to[1], dim_mul(p->dims, from[2], from[3])) && dim_same(to[2], from[4]);
    return joined && !layout_full(p, v, &view) && layout_full(p, v->source, &view) ? v->source : v;
}
