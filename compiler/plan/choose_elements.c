/* choose_elements: kernels for which little is chosen: elementwise, reductions, moves. */
#include "plan/choose.h"

/* --- elementwise --- */

/* Operators that plain C has, to the same bits. */
static bool in_plain_c(ir_op op) {
    return op == IR_NEG || op == IR_ABS || op == IR_CLAMP || op == IR_HARDTANH || op == IR_CAST || op == IR_WHERE ||
           ir_op_class_of(op) == IR_SINK ||
           (ir_op_class_of(op) == IR_BINARY && op != IR_POW && op != IR_PRELU &&
            op != IR_BINARY_CROSS_ENTROPY);
}

typedef struct {
    bool has_ints, plain;
} expression_kind;

static void look_at(const plan_kernel *k, expression_kind *kind) {
    ir_dtype type = plan_made_dtype(k);
    if (type == IR_F32) kind->plain = kind->plain && in_plain_c(k->node->op);
    if (type == IR_I32) kind->has_ints = true;
    for (unsigned i = 0; i < k->input_count; i++) {
        const plan_operand *o = &k->inputs[i];
        if (o->kind == PLAN_INLINE) look_at(o->inlined, kind);
        else if (o->kind == PLAN_MEMORY && o->view.type.dtype == IR_I32) kind->has_ints = true;
    }
}

void choose_elementwise(const chooser *of, const plan_kernel *k, plan_choice *to) {
    (void)of;
    expression_kind kind = {false, true};
    choice_elementwise *c = &to->elementwise;
    ir_dtype type = plan_made_dtype(k);
    bool stores_mask = k->node->op == IR_CAST && type == IR_I32;
    c->mask = type == IR_BOOL || stores_mask;
    if (!stores_mask) look_at(k, &kind);
    else if (k->inputs[0].kind == PLAN_INLINE) look_at(k->inputs[0].inlined, &kind);
    to->kind = CHOICE_ELEMENTWISE;
    c->mode = !kind.has_ints ? CHOICE_VECTORS : kind.plain ? CHOICE_ELEMENTS : CHOICE_LANES;
    to->vectors = c->mode != CHOICE_ELEMENTS;
}

/* --- reductions --- */

/* The axes of x that are summed up. */
static unsigned reduced_axes(const plan_kernel *k) {
    unsigned rank = k->inputs[0].view.type.rank, count = (unsigned)k->node->attrs.count;
    if (k->node->op == IR_LAYER_NORM) return ((1u << count) - 1) << (rank - count);
    if (ir_op_class_of(k->node->op) == IR_NORMALIZE) return 1u << k->node->attrs.axis;
    return k->node->attrs.axes;
}

/* The innermost of some axes, those of one element left out; -1: there is none. */
static int innermost_axis(const plan_view *v, unsigned axes) {
    for (unsigned i = v->type.rank; i-- > 0;)
        if (axes >> i & 1 && !dim_is(v->type.dims[i], 1)) return (int)i;
    return -1;
}

/* Its stride; NULL: there is none. */
static const dim *innermost(const plan_view *v, unsigned axes) {
    int axis = innermost_axis(v, axes);
    return axis < 0 ? NULL : v->strides[axis];
}

/* How what is summed up lies; of what is computed, an operand of its shape. NULL: there is none. */
static const plan_view *lying(const plan_operand *o, const ir_type *shape) {
    const plan_view *found = NULL;
    if (o->kind == PLAN_MEMORY) return ir_shape_same(&o->view.type, shape) ? &o->view : NULL;
    for (unsigned i = 0; o->kind == PLAN_INLINE && i < o->inlined->input_count && !found; i++)
        found = lying(&o->inlined->inputs[i], shape);
    return found;
}

/* By columns where results are neighbours, and the elements that are summed up are not. */
static bool by_columns(const plan_kernel *k, const plan_view *x) {
    ir_op op = k->node->op;
    if (op == IR_LOG_SOFTMAX || op == IR_LAYER_NORM || op == IR_VAR || op == IR_NORM) return false;
    const dim *kept = innermost(x, ~reduced_axes(k)), *summed = innermost(x, reduced_axes(k));
    return kept && dim_is(kept, 1) && !(summed && dim_is(summed, 1));
}

/* A maximum of neighbours that fill no vector: windows of a pooling, or the rows of two-dimensional ones. */
static bool is_of_few(const chooser *c, const plan_kernel *k, const plan_view *x) {
    const dim *run = dim_const(c->dims, 1); /* how many neighbours there are */
    for (unsigned i = x->type.rank; i-- > 0;)
        if (reduced_axes(k) >> i & 1 && dim_same(x->strides[i], run)) run = dim_mul(c->dims, run, x->type.dims[i]);
    return (k->node->op == IR_MAX || k->node->op == IR_MIN) && !dim_is(run, 1) && dim_max(run) < c->body->lanes;
}

/* Do neighbouring results fill a vector? */
static bool has_columns(const chooser *c, const plan_kernel *k) {
    const plan_view *x = &k->inputs[0].view;
    int axis = innermost_axis(x, ~reduced_axes(k));
    return axis >= 0 && dim_min(x->type.dims[axis]) >= c->body->lanes;
}

/* Are two axes, none between them, one in all that is read? A nest (kernels/nest.h) makes one of them then. */
static bool runs_on(const chooser *c, const plan_operand *o, const ir_type *shape, unsigned outer, unsigned inner) {
    const dim *strides[IR_MAX_RANK];
    if (o->kind == PLAN_INLINE) {
        const plan_kernel *k = o->inlined;
        bool all = k->node->op != IR_BATCH_NORM || (outer != 1 && inner != 1); /* a factor for each of dim 1 */
        for (unsigned i = 0; all && i < k->input_count; i++) all = runs_on(c, &k->inputs[i], shape, outer, inner);
        return all;
    }
    if (o->kind != PLAN_MEMORY) return true;
    plan_broadcast_strides(c->dims, &o->view, shape->rank, strides);
    return plan_runs_on(c->dims, strides[outer], strides[inner], shape->dims[inner]);
}

/* How many elements are summed up at most; *in_one_loop: one is enough for them. */
static const dim *count_reduced(const chooser *c, const plan_kernel *k, bool *in_one_loop) {
    const ir_type *shape = &k->inputs[0].view.type;
    const dim *count = dim_const(c->dims, 1);
    int last = -1;
    *in_one_loop = true;
    for (unsigned i = 0; i < shape->rank; i++) {
        if (!(reduced_axes(k) >> i & 1) || dim_is(shape->dims[i], 1)) continue;
        count = dim_mul(c->dims, count, shape->dims[i]);
        if (last >= 0) *in_one_loop = *in_one_loop && runs_on(c, &k->inputs[0], shape, (unsigned)last, i);
        last = (int)i;
    }
    *in_one_loop = *in_one_loop && last >= 0;
    return count;
}

/* Few elements stand one after another. Of a number that only the running program knows sums alone do. */
static int64_t choose_unrolled(const chooser *c, const plan_kernel *k, choice_reduction_way way) {
    enum { FEW_ELEMENTS = 8, FEW_COLUMNS = 16, FEW_SUMS = 8 };
    ir_op op = k->node->op;
    bool in_one_loop, extreme = op == IR_MAX || op == IR_MIN, sum = op == IR_SUM || op == IR_MEAN;
    const dim *count = count_reduced(c, k, &in_one_loop);
    int64_t most = dim_max(count);
    bool known = dim_is_const(count, NULL);
    if (way == CHOICE_REDUCE_ELEMENTS) return extreme && known && in_one_loop && most <= FEW_ELEMENTS ? most : 0;
    if (way != CHOICE_REDUCE_COLUMNS) return 0;
    if (sum) return in_one_loop && most <= FEW_SUMS ? most : 0;
    bool kept = k->inputs[0].kind == PLAN_INLINE; /* by softmax, as it is computed */
    return (extreme || !kept) && known && most <= FEW_COLUMNS ? most : 0;
}

/* A column has as many sums as a vector has lanes: a few at a time, where that would be much stack. */
static bool takes_turns(const chooser *c, ir_op op, const choice_reduction *r) {
    bool loops = op == IR_SOFTMAX || ((op == IR_SUM || op == IR_MEAN) && !r->unrolled);
    return r->way == CHOICE_REDUCE_COLUMNS && loops && cost_large_vectors(c->body);
}

void choose_reduction(const chooser *of, const plan_kernel *k, plan_choice *to) {
    to->kind = CHOICE_REDUCE;
    ir_op op = k->node->op;
    bool one_by_one = op == IR_ARGMAX || op == IR_ARGMIN || op == IR_PROD || op == IR_CUMSUM;
    const plan_operand *o = &k->inputs[0];
    const plan_view *x = lying(o, &o->view.type);
    bool few = x && is_of_few(of, k, x);
    bool columns = x && !of->body->rolled && (by_columns(k, x) || (few && has_columns(of, k)));
    bool vectors = o->view.type.dtype == IR_F32 && !one_by_one && (!few || columns || o->kind == PLAN_INLINE);
    to->reduce.way = !vectors ? CHOICE_REDUCE_ELEMENTS : columns ? CHOICE_REDUCE_COLUMNS : CHOICE_REDUCE_ROWS;
    to->reduce.unrolled = choose_unrolled(of, k, to->reduce.way);
    to->reduce.in_turns = takes_turns(of, op, &to->reduce);
    to->vectors = vectors;
}

void choose_nothing(const chooser *c, const plan_kernel *k, plan_choice *to) { (void)c, (void)k, (void)to; }
