/* reduce: SUM, MEAN, MAX, MIN, ARGMAX over any axes; SOFTMAX, LOG_SOFTMAX along one; LAYER_NORM over the last.
 *
 * Two nests of loops: the outer one over what stays, the inner one over what is summed up. Sums have twice the
 * digits of a float: as accurate for 100 000 elements as for ten. NaN and infinities come out as in torch. This file
 * has what is computed an element at a time: int32, a maximum of fewer elements than a vector has, and where argmax
 * finds no rows; reduce_vector.c has the rest. */
#include "kernels/reduce.h"

/* An element in the inner loops. */
static cexpr *inner_x(const reduction *r) {
    return c_index(r->u, reduction_name(r, r->x->name),
                   c_add(r->u, r->x_base, nest_offset(r->inner, r->x_inner, r->inner->rank)));
}

static cblock *inner_loops(const reduction *r) { return nest_loops(r->inner, r->body, r->inner->rank); }

/* --- over axes --- */

static void emit_sum_i32(const reduction *r) {
    cexpr *sum = reduction_name(r, "sum");
    c_declare(r->body, "int32_t", "sum", c_int(r->u, 0));
    c_assign(inner_loops(r), sum, "=", c_call(r->u, "nnc_add_i32", 2, sum, inner_x(r)));
    c_assign(r->body, reduction_result(r), "=", sum);
}

static void emit_extreme(const reduction *r, ir_op op) {
    const char *best = op == IR_MIN ? "smallest" : "largest";
    bool floats = r->x->view.type.dtype == IR_F32;
    const char *function = floats         ? (op == IR_MIN ? "nnc_minf" : "nnc_maxf")
                           : op == IR_MIN ? "nnc_min_i32"
                                          : "nnc_max_i32";
    cexpr *name = reduction_name(r, best);
    c_declare(r->body, emit_type(r->x->view.type.dtype), best, reduction_first(r));
    int64_t unrolled = reduction_unrolled(r);
    if (unrolled) {
        cexpr *stride = emit_dim(r->e, r->inner->strides[r->x_inner][0]);
        for (int64_t i = 1; i < unrolled; i++) {
            cexpr *at = c_add(r->u, r->x_base, c_mul(r->u, c_int(r->u, i), stride));
            c_assign(r->body, name, "=",
                     c_call(r->u, function, 2, name, c_index(r->u, reduction_name(r, r->x->name), at)));
        }
    } else {
        c_assign(inner_loops(r), name, "=", c_call(r->u, function, 2, name, inner_x(r)));
    }
    c_assign(r->body, reduction_result(r), "=", name);
}

/* int32 wraps; floats are multiplied in what the processor has more digits for, if any. */
static void emit_product(const reduction *r) {
    cunit *u = r->u;
    bool floats = r->x->view.type.dtype == IR_F32;
    cexpr *product = reduction_name(r, "product");
    c_declare(r->body, floats ? "nnc_precise" : "int32_t", "product", c_int(u, 1));
    cblock *loop = inner_loops(r);
    if (floats) c_assign(loop, product, "*=", c_cast(u, "nnc_precise", inner_x(r)));
    else c_assign(loop, product, "=", c_call(u, "nnc_mul_i32", 2, product, inner_x(r)));
    c_assign(r->body, reduction_result(r), "=", floats ? c_cast(u, "float", product) : product);
}

/* The sums up to each element; of floats with twice their digits. */
static void emit_cumsum(const reduction *r) {
    cunit *u = r->u;
    bool floats = r->x->view.type.dtype == IR_F32;
    cexpr *sum = reduction_name(r, "sum");
    c_declare(r->body, floats ? "nnc_v1_sums" : "int32_t", "sum",
              floats ? c_call(u, "nnc_v1_sums_zero", 0) : c_int(u, 0));
    cblock *loop = inner_loops(r);
    c_assign(loop, sum, "=", c_call(u, floats ? "nnc_v1_sums_add" : "nnc_add_i32", 2, sum, inner_x(r)));
    cexpr *offset = c_add(u, r->y_base, nest_offset(r->inner, r->y_inner, r->inner->rank));
    cexpr *value = floats ? c_call(u, "nnc_v1_sums_rounded", 1, sum) : sum;
    c_assign(loop, c_index(u, reduction_name(r, r->y->name), offset), "=", value);
}

/* One axis, perhaps merged away because its size is 1. */
static void emit_argmax(const reduction *r, bool smallest) {
    cunit *u = r->u;
    if (r->inner->rank == 0) {
        c_assign(r->body, reduction_result(r), "=", c_int(u, 0));
        return;
    }
    bool floats = r->x->view.type.dtype == IR_F32;
    const char *type = emit_type(r->x->view.type.dtype);
    const char *best = smallest ? "smallest" : "largest";
    cexpr *largest = reduction_name(r, best), *value = reduction_name(r, "value");
    c_declare(r->body, type, best, reduction_first(r));
    c_declare(r->body, "size_t", "at", c_int(u, 0));
    cblock *loop = inner_loops(r);
    c_declare(loop, arena_printf(r->e->arena, "const %s", type), "value", inner_x(r));
    cexpr *better = c_binary(u, smallest ? "<" : ">", value, largest);
    if (floats) {
        c_comment(loop, "the first %simum; the first NaN wins", smallest ? "min" : "max");
        cexpr *first_nan =
            c_binary(u, "&&", c_call(u, "isnan", 1, value), c_unary(u, "!", c_call(u, "isnan", 1, largest)));
        better = c_binary(u, "||", better, first_nan);
    }
    cblock *then = c_if(loop, better);
    c_assign(then, largest, "=", value);
    c_assign(then, reduction_name(r, "at"), "=", reduction_name(r, r->inner->names[0]));
    c_assign(r->body, reduction_result(r), "=", c_cast(u, "int32_t", reduction_name(r, "at")));
}

/* --- the kernels --- */

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
    reduction r = reduction_new(e, k, n->attrs.axes, strides);
    reduction_close(&r);
    if (r.choice->way != CHOICE_REDUCE_ELEMENTS) {
        reduction_in_vectors(&r, k, c_body(f));
        return;
    }
    reduction_open(&r, c_body(f), r.outer->rank);
    switch (n->op) {
    case IR_SUM: emit_sum_i32(&r); break;
    case IR_MAX:
    case IR_MIN: emit_extreme(&r, n->op); break;
    case IR_PROD: emit_product(&r); break;
    case IR_ARGMAX:
    case IR_ARGMIN: emit_argmax(&r, n->op == IR_ARGMIN); break;
    default: ice("no reduction %s", ir_op_name(n->op));
    }
}

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
    unsigned rank = k->inputs[0].view.type.rank, count = (unsigned)k->node->attrs.count;
    reduction r = reduction_new(e, k, ((1u << count) - 1) << (rank - count), k->results[0].view.strides);
    if (k->inputs[1].kind == PLAN_PARAM) {
        r.weight = emit_param(e, k->inputs[1].param);
        r.weight_inner = add_table(&r, &k->inputs[1]);
    }
    if (k->inputs[2].kind == PLAN_PARAM) {
        r.bias = emit_param(e, k->inputs[2].param);
        r.bias_inner = add_table(&r, &k->inputs[2]);
    }
    reduction_close(&r);
    reduction_in_vectors(&r, k, c_body(f));
}

void emit_reduce(emit_context *e, const plan_kernel *k, cfunction *f) {
    if (k->node->op == IR_LAYER_NORM) {
        layer_norm(e, k, f);
    } else if (ir_op_class_of(k->node->op) == IR_NORMALIZE) {
        reduction r = reduction_new(e, k, 1u << k->node->attrs.axis, k->results[0].view.strides);
        reduction_close(&r);
        if (k->node->op != IR_CUMSUM) {
            reduction_in_vectors(&r, k, c_body(f));
            return;
        }
        reduction_open(&r, c_body(f), r.outer->rank);
        emit_cumsum(&r);
    } else {
        reduce(e, k, f);
    }
}
