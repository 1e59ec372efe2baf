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
    [IR_##NAME] = {split_elementwise, choose_elementwise, IR_MANY, true, false, false, {NULL}},
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

    /* split, choose, parameters_from, elementwise, dense_rows, computes_x, operands */
    [IR_EMBEDDING] = {split_rows, choose_nothing, 1, false, false, false, {"ids"}},
    [IR_ONE_HOT] = {split_rows, choose_nothing, IR_MANY, false, false, false, {"ids"}},
    [IR_RECURRENT] = {split_recurrent, choose_recurrent, IR_REC_W_IH, false, true, false,
                      {"x", NULL, NULL, "lengths"}},
    [IR_LINEAR] = {split_rows, choose_linear, 1, false, true, false, {NULL}},
    [IR_MATMUL] = {split_matmul, choose_matmul, IR_MANY, false, false, false, {"a", "b"}},
    [IR_CONV1D] = {split_batch, choose_conv, 1, false, false, false, {NULL}},
    [IR_LAYER_NORM] = {split_rows, choose_reduction, 1, false, false, true, {NULL}},
    [IR_BATCH_NORM] = {split_batch_norm, choose_elementwise, 1, true, false, false, {NULL}},
    [IR_DROPOUT] = {split_never, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_SUM] = {split_reduce, choose_reduction, IR_MANY, false, false, true, {NULL}},
    [IR_MEAN] = {split_reduce, choose_reduction, IR_MANY, false, false, true, {NULL}},
    [IR_MAX] = {split_reduce, choose_reduction, IR_MANY, false, false, true, {NULL}},
    [IR_MIN] = {split_reduce, choose_reduction, IR_MANY, false, false, true, {NULL}},
    [IR_ARGMAX] = {split_reduce, choose_reduction, IR_MANY, false, false, false, {NULL}},
    [IR_ARGMIN] = {split_reduce, choose_reduction, IR_MANY, false, false, false, {NULL}},
    [IR_PROD] = {split_reduce, choose_reduction, IR_MANY, false, false, false, {NULL}},
    [IR_VAR] = {split_reduce, choose_reduction, IR_MANY, false, false, false, {NULL}},
    [IR_NORM] = {split_reduce, choose_reduction, IR_MANY, false, false, true, {NULL}},
    [IR_CUMSUM] = {split_but_its_axis, choose_reduction, IR_MANY, false, false, false, {NULL}},
    [IR_SOFTMAX] = {split_but_its_axis, choose_reduction, IR_MANY, false, false, true, {NULL}},
    [IR_LOG_SOFTMAX] = {split_but_its_axis, choose_reduction, IR_MANY, false, false, true, {NULL}},
    [IR_CAT] = {split_but_its_axis, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_PAD] = {split_but_its_axis, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_ARANGE] = {split_never, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_FLIP] = {split_flip, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_ROLL] = {split_but_its_axis, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_TAKE] = {split_take, choose_nothing, IR_MANY, false, false, false, {"x", "ids"}},
    [IR_GATHER] = {split_never, choose_nothing, IR_MANY, false, false, false, {"x", "ids"}},
    [IR_SCATTER_ADD] =
        {split_never, choose_nothing, IR_MANY, false, false, false, {"x", "ids", "src"}},
    [IR_TOPK] = {split_but_its_axis, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_PLACE] = {split_but_its_axis, choose_nothing, IR_MANY, false, false, false, {NULL}},
    [IR_ACCUMULATE] = {split_never, choose_elementwise, IR_MANY, true, false, false, {NULL}},
    [IR_UPDATE] = {split_never, choose_elementwise, IR_MANY, true, false, false, {NULL}},
    [IR_STEP] = {split_never, choose_nothing, IR_MANY, false, false, false, {"gradient"}},
    [IR_RENORM] = {split_never, choose_nothing, IR_MANY, false, false, false, {"ids"}},
    [IR_WEIGHT_GRAD] = {split_never, choose_weight_grad, IR_MANY, false, false, false, {"dy", "x"}},
    [IR_BIAS_GRAD] = {split_never, choose_bias_grad, IR_MANY, false, false, false, {"dy"}},
    [IR_EMBEDDING_GRAD] =
        {split_never, choose_nothing, IR_MANY, false, false, false, {"dy", "ids"}},
    [IR_COPY] = {split_never, choose_nothing, IR_MANY, false, false, false, {NULL}},
    /* no kernel but a loop of them; split.c says how its rounds are divided */
    [IR_REPEAT] = {split_never, choose_nothing, IR_MANY, false, false, false, {NULL}},
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
    return input >= plan_operator_of(n->op)->parameters_from;
}
