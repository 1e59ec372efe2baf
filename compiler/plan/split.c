/* split: which operators can be worked off piece by piece along an axis of their result, and what that asks of their
 * operands: the same piece along one of their axes, or the whole. */
#include "plan/planner.h"

static bool elementwise_rule(const unit *u, int axis, int *input_axis) {
    const ir_type *to = &u->results[0]->type;
    for (unsigned i = 0; i < u->input_count; i++) {
        const ir_type *from = &u->inputs[i]->type;
        int own = axis - (int)(to->rank - from->rank);
        input_axis[i] = own >= 0 && dim_same(from->dims[own], to->dims[axis]) ? own : -1;
    }
    return true;
}

static bool recurrent_rule(const ir_node *n, int axis, int *input_axis) {
    if (axis == 0 && !n->attrs.reverse) {
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
static bool matmul_rule(const unit *u, int axis, int *input_axis) {
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

static int reduce_axis(const ir_node *n, unsigned from_rank, int axis) {
    int result = 0;
    for (unsigned i = 0; i < from_rank; i++) {
        bool reduced = n->attrs.axes >> i & 1u;
        if (reduced && !n->attrs.keepdim) continue;
        if (result == axis) return reduced ? -1 : (int)i;
        result++;
    }
    return -1;
}

static bool node_rule(const unit *u, int axis, int *input_axis) {
    const ir_node *n = u->node;
    int rank = (int)u->results[0]->type.rank;
    switch (n->op) {
    case IR_BATCH_NORM:
        /* scale and shift are read by channel */
        return axis != 1 && elementwise_rule(u, axis, input_axis);
    case IR_EMBEDDING:
    case IR_ONE_HOT:
    case IR_LINEAR: input_axis[0] = axis; return axis < rank - 1;
    case IR_LAYER_NORM: input_axis[0] = axis; return axis < rank - (int)n->attrs.count;
    case IR_CONV1D: input_axis[0] = axis; return axis == 0;
    case IR_SOFTMAX:
    case IR_LOG_SOFTMAX:
    case IR_PAD: input_axis[0] = axis; return axis != (int)n->attrs.axis;
    case IR_CAT:
        for (unsigned i = 0; i < u->input_count; i++) input_axis[i] = axis;
        return axis != (int)n->attrs.axis;
    case IR_RECURRENT: return recurrent_rule(n, axis, input_axis);
    case IR_MATMUL: return matmul_rule(u, axis, input_axis);
    case IR_SUM:
    case IR_MEAN:
    case IR_MAX:
    case IR_MIN:
    case IR_ARGMAX: input_axis[0] = reduce_axis(n, u->inputs[0]->type.rank, axis); return input_axis[0] >= 0;
    default: return ir_op_is_elementwise(n->op) && elementwise_rule(u, axis, input_axis);
    }
}

/* Inlined nodes read their channels' numbers by index: an elementwise unit with a BATCH_NORM inside is split on the
 * first axis only when that is not the channel's. */
static bool inlines_batch_norm(const planner *p, const ir_node *n) {
    if (n->op == IR_BATCH_NORM) return true;
    for (unsigned i = 0; i < n->input_count; i++) {
        const ir_value *v = n->inputs[i];
        if (v && p->values[v->id] && p->values[v->id]->kind == PVAL_INLINE && inlines_batch_norm(p, v->producer))
            return true;
    }
    return false;
}

bool split_rule(planner *p, const unit *u, int axis, const dim *symbol, int *input_axis) {
    const ir_type *to = &u->results[0]->type;
    if (axis < 0 || (unsigned)axis >= to->rank || !dim_mentions(to->dims[axis], symbol)) return false;
    const dim *factor = dim_divide_exact(p->dims, to->dims[axis], symbol);
    if (!factor || dim_mentions(factor, symbol)) return false;
    for (unsigned i = 0; i < u->input_count; i++) input_axis[i] = -1;
    switch (u->kind) {
    case UNIT_ZERO: return true;
    case UNIT_COPY: return elementwise_rule(u, axis, input_axis);
    default: break;
    }
    if (ir_op_is_elementwise(u->node->op) && axis == 1 && inlines_batch_norm(p, u->node)) return false;
    return node_rule(u, axis, input_axis);
}

int split_result_axis(const unit *u, unsigned result, int axis) {
    if (u->kind == UNIT_NODE && u->node->op == IR_RECURRENT && result > 0) return axis == 1 ? 0 : -1;
    return axis;
}
