/* split: which operators can be worked off piece by piece along an axis of their result, and what that asks of their
 * operands: the same piece along one of their axes, or the whole. */
#include "plan/operators.h"

/* Inlined nodes read their channels' numbers by index: an elementwise task with a BATCH_NORM inside is split on the
 * first axis only when that is not the channel's. */
bool planner_inlines_batch_norm(const planner *p, const ir_node *n) {
    if (n->op == IR_BATCH_NORM) return true;
    for (unsigned i = 0; i < n->input_count; i++) {
        const ir_value *v = n->inputs[i];
        if (v && p->values[v->id] && p->values[v->id]->kind == PVAL_INLINE &&
            planner_inlines_batch_norm(p, v->producer))
            return true;
    }
    return false;
}

/* Rounds can be done a piece at a time, unless one may end them all, or the last comes first. */
static bool repeat_rule(planner *p, const task *u, const dim *symbol, int *input_axis) {
    const ir_node *n = u->node;
    const dim *factor = dim_divide_exact(p->dims, n->attrs.rounds, symbol);
    if (!factor || dim_mentions(factor, symbol) || n->block->until || n->attrs.backwards)
        return false;
    for (unsigned i = 0; i < u->input_count; i++) input_axis[i] = i < ir_rows_of(n) ? 0 : -1;
    return true;
}

bool split_rule(planner *p, const task *u, int axis, const dim *symbol, int *input_axis) {
    if (u->body) return repeat_rule(p, u, symbol, input_axis);
    const ir_type *to = &u->results[0]->type;
    if (axis < 0 || (unsigned)axis >= to->rank || !dim_mentions(to->dims[axis], symbol)) return false;
    const dim *factor = dim_divide_exact(p->dims, to->dims[axis], symbol);
    if (!factor || dim_mentions(factor, symbol)) return false;
    for (unsigned i = 0; i < u->input_count; i++) input_axis[i] = -1;
    switch (u->kind) {
    case TASK_ZERO: return true;
    case TASK_COPY: return plan_operator_of(IR_CAST)->split(u, axis, input_axis); /* as elementwise ones are */
    default: break;
    }
    const plan_operator *o = plan_operator_of(u->node->op);
    if (o->elementwise && axis == 1 && planner_inlines_batch_norm(p, u->node)) return false;
    if (!o->split(u, axis, input_axis)) return false;
    if (!u->computed) return true;
    if (input_axis[0] == 1 && planner_inlines_batch_norm(p, u->node)) return false;
    planner_spread_axis(u, input_axis);
    return true;
}

int split_result_axis(const task *u, unsigned result, int axis) {
    if (u->body && result < ir_carried_of(u->node)) return -1;
    bool recurrent = task_does(u, IR_RECURRENT);
    if (recurrent && result > 0 && result < ir_kept_from(u->node)) return axis == 1 ? 0 : -1;
    return axis;
}
