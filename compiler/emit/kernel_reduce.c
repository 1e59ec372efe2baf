/* kernel_reduce: SUM, MEAN, MAX, MIN, ARGMAX over any axes; SOFTMAX, LOG_SOFTMAX along one; LAYER_NORM over the last.
 *
 * Two nests of loops: the outer one over what stays, the inner one over what is summed up. Sums are held in double: as
 * accurate for 100 000 elements as for ten. NaN and infinities come out as in torch. */
#include "emit/nest.h"

typedef struct {
    emit_context *e;
    cunit *u;
    const plan_operand *x, *y;
    nest *outer, *inner;
    unsigned x_outer, y_outer, x_inner, y_inner; /* operand numbers */
    cexpr *x_base, *y_base;                      /* offsets of the outer loops' element */
    const dim *count;                            /* elements of the inner nest */
    cblock *body;                                /* of the outer loops */
} reduction;

static cexpr *name(const reduction *r, const char *what) { return c_name(r->u, "%s", what); }

static cexpr *to_double(const reduction *r, cexpr *value) { return c_cast(r->u, "double", value); }

/* How many elements the inner nest has, as a double. */
static cexpr *count_of(const reduction *r) {
    int64_t count;
    return dim_is_const(r->count, &count) ? c_double(r->u, (double)count) : to_double(r, emit_dim(r->e, r->count));
}

/* An element in the inner loops. */
static cexpr *inner_x(const reduction *r) {
    return c_index(r->u, name(r, r->x->name),
                   c_add(r->u, r->x_base, nest_offset(r->inner, r->x_inner, r->inner->rank)));
}

static cexpr *inner_y(const reduction *r) {
    return c_index(r->u, name(r, r->y->name),
                   c_add(r->u, r->y_base, nest_offset(r->inner, r->y_inner, r->inner->rank)));
}

static cexpr *first_x(const reduction *r) { return c_index(r->u, name(r, r->x->name), r->x_base); }

/* The one result of a reduction. */
static cexpr *outer_y(const reduction *r) { return c_index(r->u, name(r, r->y->name), r->y_base); }

static cblock *inner_loops(const reduction *r) { return nest_loops(r->inner, r->body, r->inner->rank); }

/* x's axes in `reduced` are the inner ones; y_strides are y's along x's axes. Extra inner operands may be added before
 * open_reduction. */
static reduction new_reduction(emit_context *e, const plan_kernel *k, unsigned reduced, const dim *const *y_strides) {
    reduction r = {.e = e, .u = e->unit, .x = &k->inputs[0], .y = &k->results[0]};
    const ir_type *shape = &r.x->view.type;
    r.outer = nest_new(e, shape, ~reduced);
    r.inner = nest_new(e, shape, reduced);
    r.x_outer = nest_add(r.outer, &r.x->view);
    r.y_outer = nest_add_strides(r.outer, y_strides);
    r.x_inner = nest_add(r.inner, &r.x->view);
    r.y_inner = nest_add_strides(r.inner, y_strides);
    r.count = dim_const(e->plan->dims, 1);
    for (unsigned i = 0; i < shape->rank; i++)
        if (reduced >> i & 1) r.count = dim_mul(e->plan->dims, r.count, shape->dims[i]);
    return r;
}

static void open_reduction(reduction *r, cfunction *f) {
    unsigned letters = nest_close(r->outer, 0);
    nest_close(r->inner, letters);
    r->body = nest_loops(r->outer, c_body(f), r->outer->rank);
    r->x_base = nest_offset(r->outer, r->x_outer, r->outer->rank);
    r->y_base = nest_offset(r->outer, r->y_outer, r->outer->rank);
}

/* --- over axes --- */

static void emit_sum(const reduction *r, bool mean) {
    cunit *u = r->u;
    cexpr *sum = name(r, "sum");
    if (r->x->view.type.dtype == IR_I32) {
        c_declare(r->body, "int32_t", "sum", c_int(u, 0));
        c_assign(inner_loops(r), sum, "=", c_call(u, "nnc_add_i32", 2, sum, inner_x(r)));
        c_assign(r->body, outer_y(r), "=", sum);
        return;
    }
    c_declare(r->body, "double", "sum", c_double(u, 0));
    c_assign(inner_loops(r), sum, "+=", to_double(r, inner_x(r)));
    cexpr *result = mean ? c_binary(u, "/", sum, count_of(r)) : sum;
    c_assign(r->body, outer_y(r), "=", c_cast(u, "float", result));
}

static const char *extreme_function(ir_op op, ir_dtype type) {
    if (type == IR_F32) return op == IR_MIN ? "nnc_minf" : "nnc_maxf";
    return op == IR_MIN ? "nnc_min_i32" : "nnc_max_i32";
}

static void emit_extreme(const reduction *r, ir_op op) {
    ir_dtype type = r->x->view.type.dtype;
    const char *best = op == IR_MIN ? "smallest" : "largest";
    c_declare(r->body, type == IR_F32 ? "float" : "int32_t", best, first_x(r));
    cexpr *call = c_call(r->u, extreme_function(op, type), 2, name(r, best), inner_x(r));
    c_assign(inner_loops(r), name(r, best), "=", call);
    c_assign(r->body, outer_y(r), "=", name(r, best));
}

/* One axis, perhaps merged away because its size is 1. */
static void emit_argmax(const reduction *r) {
    cunit *u = r->u;
    if (r->inner->rank == 0) {
        c_assign(r->body, outer_y(r), "=", c_int(u, 0));
        return;
    }
    bool floats = r->x->view.type.dtype == IR_F32;
    const char *type = floats ? "float" : "int32_t";
    cexpr *largest = name(r, "largest"), *value = name(r, "value");
    c_declare(r->body, type, "largest", first_x(r));
    c_declare(r->body, "size_t", "at", c_int(u, 0));
    cblock *loop = inner_loops(r);
    c_declare(loop, arena_printf(r->e->arena, "const %s", type), "value", inner_x(r));
    cexpr *better = c_binary(u, ">", value, largest);
    if (floats) {
        c_comment(loop, "the first maximum; the first NaN wins");
        cexpr *first_nan = c_binary(u, "&&", c_binary(u, "!=", value, value), c_binary(u, "==", largest, largest));
        better = c_binary(u, "||", better, first_nan);
    }
    cblock *then = c_if(loop, better);
    c_assign(then, largest, "=", value);
    c_assign(then, name(r, "at"), "=", name(r, r->inner->names[0]));
    c_assign(r->body, outer_y(r), "=", c_cast(u, "int32_t", name(r, "at")));
}

static void reduce(emit_context *e, const plan_kernel *k, cfunction *f) {
    const ir_node *n = k->node;
    const plan_view *x = &k->inputs[0].view, *y = &k->results[0].view;
    const dim *strides[IR_MAX_RANK] = {NULL};
    unsigned axis = 0;
    for (unsigned i = 0; i < x->type.rank; i++) {
        bool reduced = n->attrs.axes >> i & 1;
        if (!reduced) strides[i] = y->strides[axis];
        if (!reduced || n->attrs.keepdim) axis++;
    }
    reduction r = new_reduction(e, k, n->attrs.axes, strides);
    open_reduction(&r, f);
    switch (n->op) {
    case IR_SUM:
    case IR_MEAN: emit_sum(&r, n->op == IR_MEAN); break;
    case IR_MAX:
    case IR_MIN: emit_extreme(&r, n->op); break;
    case IR_ARGMAX: emit_argmax(&r); break;
    default: ice("no reduction %s", ir_op_name(n->op));
    }
}

/* --- along one axis --- */

static void softmax(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    bool wants_log = k->node->op == IR_LOG_SOFTMAX;
    reduction r = new_reduction(e, k, 1u << k->node->attrs.axis, k->results[0].view.strides);
    open_reduction(&r, f);
    cexpr *largest = name(&r, "largest"), *sum = name(&r, "sum");
    cexpr *difference = c_sub(u, inner_x(&r), largest);
    c_declare(r.body, "float", "largest", first_x(&r));
    c_assign(inner_loops(&r), largest, "=", c_call(u, "nnc_maxf", 2, largest, inner_x(&r)));
    c_declare(r.body, "double", "sum", c_double(u, 0));
    cblock *loop = inner_loops(&r);
    cexpr *power = c_call(u, "expf", 1, difference);
    if (wants_log) {
        c_assign(loop, sum, "+=", to_double(&r, power));
        /* in double, so that no order in which a compiler may add (-ffast-math) loses what is small */
        cexpr *shift = c_add(u, to_double(&r, largest), c_call(u, "log", 1, sum));
        c_declare(r.body, "const double", "shift", shift);
        cexpr *value = c_sub(u, to_double(&r, inner_x(&r)), name(&r, "shift"));
        c_assign(inner_loops(&r), inner_y(&r), "=", c_cast(u, "float", value));
        return;
    }
    c_assign(loop, inner_y(&r), "=", power);
    c_assign(loop, sum, "+=", to_double(&r, inner_y(&r)));
    c_declare(r.body, "const float", "scale", c_cast(u, "float", c_binary(u, "/", c_double(u, 1), sum)));
    c_assign(inner_loops(&r), inner_y(&r), "*=", name(&r, "scale"));
}

/* --- layer norm --- */

/* A parameter over the normalized axes, dense. */
static unsigned add_table(reduction *r, const plan_operand *o) {
    const plan_view *x = &r->x->view;
    const dim *strides[IR_MAX_RANK] = {NULL}, *stride = dim_const(r->e->plan->dims, 1);
    for (unsigned i = 0; i < o->view.type.rank; i++) {
        unsigned axis = x->type.rank - 1 - i;
        strides[axis] = stride;
        stride = dim_mul(r->e->plan->dims, stride, x->type.dims[axis]);
    }
    return nest_add_strides(r->inner, strides);
}

static void layer_norm(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    unsigned rank = k->inputs[0].view.type.rank, count = (unsigned)k->node->attrs.count;
    reduction r = new_reduction(e, k, ((1u << count) - 1) << (rank - count), k->results[0].view.strides);
    bool has_weight = k->inputs[1].kind == PLAN_PARAM, has_bias = k->inputs[2].kind == PLAN_PARAM;
    unsigned weight = has_weight ? add_table(&r, &k->inputs[1]) : 0, bias = has_bias ? add_table(&r, &k->inputs[2]) : 0;
    open_reduction(&r, f);

    cexpr *sum = name(&r, "sum"), *squares = name(&r, "squares"), *d = name(&r, "d");
    cexpr *difference = c_sub(u, to_double(&r, inner_x(&r)), name(&r, "mean"));
    c_declare(r.body, "double", "sum", c_double(u, 0));
    c_declare(r.body, "double", "squares", c_double(u, 0));
    c_assign(inner_loops(&r), sum, "+=", to_double(&r, inner_x(&r)));
    c_declare(r.body, "const double", "mean", c_binary(u, "/", sum, count_of(&r)));
    cblock *loop = inner_loops(&r);
    c_declare(loop, "const double", "d", difference);
    c_assign(loop, squares, "+=", c_mul(u, d, d));
    cexpr *variance = c_add(u, c_binary(u, "/", squares, count_of(&r)), c_double(u, k->node->attrs.eps));
    cexpr *root = c_call(u, "sqrt", 1, variance);
    c_declare(r.body, "const double", "scale", c_binary(u, "/", c_double(u, 1), root));
    cexpr *y = c_cast(u, "float", c_mul(u, difference, name(&r, "scale")));
    if (has_weight)
        y = c_mul(u, y, c_index(u, emit_param(e, k->inputs[1].param), nest_offset(r.inner, weight, r.inner->rank)));
    if (has_bias)
        y = c_add(u, y, c_index(u, emit_param(e, k->inputs[2].param), nest_offset(r.inner, bias, r.inner->rank)));
    c_assign(inner_loops(&r), inner_y(&r), "=", y);
}

void emit_reduce(emit_context *e, const plan_kernel *k, cfunction *f) {
    switch (k->node->op) {
    case IR_SOFTMAX:
    case IR_LOG_SOFTMAX: softmax(e, k, f); break;
    case IR_LAYER_NORM: layer_norm(e, k, f); break;
    default: reduce(e, k, f);
    }
}
