/* operators: the rows, and the rules of splitting. */
#include "plan/operators.h"

/* --- which pieces of the operands a piece of the result needs ---------------------------------------------------- */

static bool split_never(const task *u, int axis, int *input_axis) {
    (void)u, (void)axis, (void)input_axis;
    return false;
}

static bool split_elementwise(const task *u, int axis, int *input_axis) {
    const ir_type *to = &u->results[0]->type;
    for (unsigned i = 0; i < u->input_count; i++) {
        if (!u->inputs[i]) continue;
        const ir_type *from = &u->inputs[i]->type;
        int own = axis - (int)(to->rank - from->rank);
        input_axis[i] = own >= 0 && dim_same(from->dims[own], to->dims[axis]) ? own : -1;
    }
    return true;
}

/* Scale and shift are read by channel. */
static bool split_batch_norm(const task *u, int axis, int *input_axis) {
    return axis != 1 && split_elementwise(u, axis, input_axis);
}

static bool split_recurrent(const task *u, int axis, int *input_axis) {
    if (axis == 0 && !u->node->attrs.reverse) {
        input_axis[IR_REC_X] = 0;
        return true;
    }
    if (axis == 1) {
        input_axis[IR_REC_X] = 1;
        input_axis[IR_REC_LENGTHS] = 0;
        return true;
    }
    return false;
}

/* Batch dims align from the right; the rows of a follow the result's, the columns of b are always read whole. */
static bool split_matmul(const task *u, int axis, int *input_axis) {
    const ir_type *to = &u->results[0]->type;
    int rank = (int)to->rank;
    if (axis == rank - 1) return false;
    for (unsigned i = 0; i < 2; i++) {
        const ir_type *from = &u->inputs[i]->type;
        int own = axis - (rank - (int)from->rank);
        if (axis == rank - 2 && i == 1) continue;
        if (own >= 0 && dim_same(from->dims[own], to->dims[axis])) input_axis[i] = own;
    }
    return true;
}

static bool split_reduce(const task *u, int axis, int *input_axis) {
    const ir_node *n = u->node;
    unsigned rank = n->inputs[0]->type.rank;
    int result = 0;
    for (unsigned i = 0; i < rank; i++) {
        bool reduced = n->attrs.axes >> i & 1u;
        if (reduced && !n->attrs.keepdim) continue;
        if (result++ != axis) continue;
        input_axis[0] = reduced ? -1 : (int)i;
        break;
    }
    return input_axis[0] >= 0;
}

/* Rows along the last dims belong together. */
static bool split_rows(const task *u, int axis, int *input_axis) {
    int together = u->node->op == IR_LAYER_NORM ? (int)u->node->attrs.count : 1;
    input_axis[0] = axis;
    return axis < (int)u->results[0]->type.rank - together;
}

/* Of x that is [N, H, C, R, L] whole images. */
static bool split_batch(const task *u, int axis, int *input_axis) {
    const ir_type *x = &u->inputs[0]->type;
    input_axis[0] = axis;
    return axis == 0 && (x->rank == 3 || dim_is_const(x->dims[1], NULL));
}

static bool split_but_its_axis(const task *u, int axis, int *input_axis) {
    for (unsigned i = 0; i < u->input_count; i++) input_axis[i] = axis;
    return axis != (int)u->node->attrs.axis;
}

static bool split_flip(const task *u, int axis, int *input_axis) {
    input_axis[0] = axis;
    return !(u->node->attrs.axes >> axis & 1u);
}

/* The dims of the ids stand where x has its axis. */
static bool split_take(const task *u, int axis, int *input_axis) {
    int first = (int)u->node->attrs.axis, count = (int)u->inputs[1]->type.rank;
    if (axis >= first && axis < first + count) input_axis[1] = axis - first;
    else input_axis[0] = axis < first ? axis : axis - count + 1;
    return true;
}

/* --- the rows ---------------------------------------------------------------------------------------------------- */

/* Of these classes all operators have the same row; the others stand below, one by one. */
#define ROW_UNARY(NAME) \
    [IR_##NAME] = {.split = split_elementwise, .choose = choose_elementwise, .elementwise = true},
#define ROW_BINARY(NAME)    ROW_UNARY(NAME)
#define ROW_TERNARY(NAME)   ROW_UNARY(NAME)
#define ROW_REDUCE(NAME)
#define ROW_NORMALIZE(NAME)
#define ROW_SOURCE(NAME)
#define ROW_LAYER(NAME)
#define ROW_VIEW(NAME)
#define ROW_MOVE(NAME)
#define ROW_LOOP(NAME)
#define ROW_SINK(NAME)

static const plan_operator rows[IR_OP_COUNT] = {
#define OP(NAME, text, class, ...) ROW_##class(NAME)
#include "ir/op.def"

    [IR_EMBEDDING] = {.split = split_rows, .choose = choose_embedding, .parameters_from = 1,
                      .operands = {"ids"}},
    [IR_ONE_HOT] = {.split = split_rows, .choose = choose_nothing, .operands = {"ids"}},
    [IR_RECURRENT] = {.split = split_recurrent, .choose = choose_recurrent,
                      .parameters_from = IR_REC_W_IH, .dense_rows = true,
                      .in_panels = 1u << IR_REC_W_IH | 1u << IR_REC_W_HH | 1u << IR_REC_W_HR,
                      .operands = {"x", NULL, NULL, "lengths"}},
    [IR_LINEAR] = {.split = split_rows, .choose = choose_linear, .parameters_from = 1,
                   .dense_rows = true, .in_panels = 1u << 1},
    [IR_MATMUL] = {.split = split_matmul, .choose = choose_matmul, .in_panels = 1u << 1,
                   .operands = {"a", "b"}},
    [IR_CONV1D] = {.split = split_batch, .choose = choose_conv, .parameters_from = 1},
    [IR_LAYER_NORM] = {.split = split_rows, .choose = choose_reduction, .parameters_from = 1,
                       .computes_x = true},
    [IR_BATCH_NORM] = {.split = split_batch_norm, .choose = choose_elementwise,
                       .parameters_from = 1, .elementwise = true},
    [IR_DROPOUT] = {.split = split_never, .choose = choose_nothing},
    [IR_SUM] = {.split = split_reduce, .choose = choose_reduction, .computes_x = true},
    [IR_MEAN] = {.split = split_reduce, .choose = choose_reduction, .computes_x = true},
    [IR_MAX] = {.split = split_reduce, .choose = choose_reduction, .computes_x = true},
    [IR_MIN] = {.split = split_reduce, .choose = choose_reduction, .computes_x = true},
    [IR_ARGMAX] = {.split = split_reduce, .choose = choose_reduction},
    [IR_ARGMIN] = {.split = split_reduce, .choose = choose_reduction},
    [IR_PROD] = {.split = split_reduce, .choose = choose_reduction},
    [IR_VAR] = {.split = split_reduce, .choose = choose_reduction},
    [IR_NORM] = {.split = split_reduce, .choose = choose_reduction, .computes_x = true},
    [IR_CUMSUM] = {.split = split_but_its_axis, .choose = choose_reduction},
    [IR_SOFTMAX] = {.split = split_but_its_axis, .choose = choose_reduction, .computes_x = true},
    [IR_LOG_SOFTMAX] = {.split = split_but_its_axis, .choose = choose_reduction,
                        .computes_x = true},
    [IR_CAT] = {.split = split_but_its_axis, .choose = choose_nothing},
    [IR_PAD] = {.split = split_but_its_axis, .choose = choose_nothing},
    [IR_ARANGE] = {.split = split_never, .choose = choose_nothing},
    [IR_FLIP] = {.split = split_flip, .choose = choose_nothing},
    [IR_ROLL] = {.split = split_but_its_axis, .choose = choose_nothing},
    [IR_TAKE] = {.split = split_take, .choose = choose_nothing, .operands = {"x", "ids"}},
    [IR_GATHER] = {.split = split_never, .choose = choose_nothing, .operands = {"x", "ids"}},
    [IR_SCATTER_ADD] = {.split = split_never, .choose = choose_nothing,
                        .operands = {"x", "ids", "src"}},
    [IR_TOPK] = {.split = split_but_its_axis, .choose = choose_nothing},
    [IR_PLACE] = {.split = split_but_its_axis, .choose = choose_nothing},
    [IR_ACCUMULATE] = {.split = split_never, .choose = choose_elementwise, .elementwise = true},
    [IR_UPDATE] = {.split = split_never, .choose = choose_elementwise, .elementwise = true},
    [IR_STEP] = {.split = split_never, .choose = choose_nothing, .writes_panels = true,
                 .operands = {"gradient"}},
    [IR_RENORM] = {.split = split_never, .choose = choose_nothing, .operands = {"ids"}},
    [IR_WEIGHT_GRAD] = {.split = split_never, .choose = choose_weight_grad, .writes_panels = true,
                        .operands = {"dy", "x"}},
    [IR_BIAS_GRAD] = {.split = split_never, .choose = choose_bias_grad, .operands = {"dy"}},
    [IR_EMBEDDING_GRAD] = {.split = split_never, .choose = choose_nothing,
                           .operands = {"dy", "ids"}},
    [IR_COPY] = {.split = split_never, .choose = choose_nothing},
    /* no kernel but a loop of them; split.c says how its rounds are divided */
    [IR_REPEAT] = {.split = split_never, .choose = choose_nothing},
};

const char *plan_recurrent_result(const ir_node *n, unsigned result) {
    static const char *const names[] = {"out", "h", "c", "kept", "cells"};
    bool kept = result >= ir_kept_from(n);
    return names[kept ? 3 + result - ir_kept_from(n) : result];
}

const plan_operator *plan_operator_of(ir_op op) {
    if ((unsigned)op >= IR_OP_COUNT || !rows[op].split) ice("the planner has no row for %s", ir_op_name(op));
    return &rows[op];
}

bool plan_is_parameter(const ir_node *n, unsigned input) {
    unsigned from = plan_operator_of(n->op)->parameters_from;
    return from && input >= from;
}

bool plan_is_elementwise(const ir_node *n) {
    ir_op_class class = ir_op_class_of(n->op);
    return class != IR_VIEW && class != IR_SOURCE && plan_operator_of(n->op)->elementwise;
}
