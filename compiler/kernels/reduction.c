/* reduction: the two nests of loops that every reduction has. */
#include "kernels/reduce.h"

cexpr *reduction_name(const reduction *r, const char *what) { return c_name(r->u, what); }

cexpr *reduction_first(const reduction *r) { return c_index(r->u, reduction_name(r, r->x->name), r->x_base); }

cexpr *reduction_result(const reduction *r) { return c_index(r->u, reduction_name(r, r->y->name), r->y_base); }

reduction reduction_new(emit_context *e, const plan_kernel *k, unsigned reduced, const dim *const *y_strides) {
    reduction r = {.e = e, .u = e->unit, .choice = &emit_choice(e, k)->reduce, .x = &k->inputs[0], .y = &k->results[0]};
    const ir_type *shape = &r.x->view.type;
    r.outer = nest_new(e, shape, ~reduced);
    r.inner = nest_new(e, shape, reduced);
    static const char *const locals[] = {"x",     "y",       "largest", "smallest", "sums", "squares", "power",
                                         "sum",   "shift",   "high",    "low",      "scale", "s",      "whole",
                                         "rest",  "element", NULL};
    if (r.x->kind == PLAN_INLINE) {
        r.computed = expression_new(e, r.x->inlined, r.outer, r.inner, locals);
    } else {
        r.x_outer = nest_add(r.outer, &r.x->view);
        r.x_inner = nest_add(r.inner, &r.x->view);
    }
    r.y_outer = nest_add_strides(r.outer, y_strides);
    r.y_inner = nest_add_strides(r.inner, y_strides);
    r.count = dim_const(e->plan->dims, 1);
    for (unsigned i = 0; i < shape->rank; i++)
        if (reduced >> i & 1) r.count = dim_mul(e->plan->dims, r.count, shape->dims[i]);
    return r;
}

int64_t reduction_unrolled(const reduction *r) {
    if (r->choice->unrolled && r->inner->rank != 1) ice("elements that the plan has in a row do not lie so");
    return r->choice->unrolled;
}

void reduction_close(reduction *r) {
    unsigned letters = nest_close(r->outer, 0);
    nest_close(r->inner, letters);
}

void reduction_open(reduction *r, cblock *b, unsigned axes) {
    r->body = nest_loops(r->outer, b, axes);
    if (!r->computed) r->x_base = nest_offset(r->outer, r->x_outer, axes);
    r->y_base = nest_offset(r->outer, r->y_outer, axes);
}
