/* computed: elementwise operators whose value only a reduction reads are computed where it reads them, through the
 * views between the two: softmax(masked_fill(…)), or the maxima of windows of relu(batch_norm(…)). The value has no
 * memory.
 *
 * A view is then one of each operand. So behind a RESHAPE, PERMUTE or SLICE all operands must have the value's shape,
 * and channels must stay where they are. And the sums must have room beside the constants of the functions. */
#include <string.h>

#include "plan/operators.h"

enum { MAX_OPERATORS = 16 };

/* What is asked of an expression. */
typedef struct {
    const planner *planner;
    const ir_type *shape; /* that every operand has; NULL: broadcasting is fine */
    unsigned operators;
    bool norms, reads; /* has a BATCH_NORM; reads memory */
} expression;

/* Vectors of floats and masks: nothing of int32. */
static bool looks_fine(expression *x, const ir_node *n) {
    const planner *p = x->planner;
    if (++x->operators > MAX_OPERATORS || n->results[0]->type.dtype == IR_I32) return false;
    if (n->op == IR_BATCH_NORM) x->norms = true;
    for (unsigned i = 0; i < n->input_count; i++) {
        if (!n->inputs[i] || plan_is_parameter(n, i)) continue;
        const pval *v = p->values[n->inputs[i]->id];
        if (v->kind == PVAL_INLINE) {
            if (!looks_fine(x, v->node)) return false;
        } else if (v->kind != PVAL_NUMBER) {
            x->reads = true;
            if (v->type.dtype == IR_I32 || (x->shape && !ir_shape_same(&v->type, x->shape))) return false;
        }
    }
    return true;
}

static bool keeps_channels(const ir_node *view) {
    const ir_type *from = &view->inputs[0]->type, *to = &view->results[0]->type;
    if (view->op == IR_SLICE) return view->attrs.axis != 1;
    return view->op == IR_RESHAPE && to->rank > 1 && dim_same(from->dims[0], to->dims[0]) &&
           dim_same(from->dims[1], to->dims[1]);
}

bool planner_reads_ints(const planner *p, const ir_node *n) {
    for (unsigned i = 0; i < n->input_count; i++) {
        const ir_value *v = n->inputs[i];
        if (!v || plan_is_parameter(n, i)) continue;
        const pval *q = p->values[v->id];
        if (q->kind == PVAL_INLINE ? planner_reads_ints(p, q->node) : v->type.dtype == IR_I32 && q->kind != PVAL_NUMBER)
            return true;
    }
    return false;
}

/* Vectors that a reduction keeps for itself, as cost.h counts them. By columns it has many sums at once. */
static unsigned kept_by_sums(const ir_node *user, bool viewed) {
    enum { EXTREMES = 13, ROWS = 13, COLUMNS = 21, POWERS_IN_COLUMNS = 27, LOGARITHM = 13 };
    unsigned last = user->inputs[0]->type.rank - 1;
    bool powers = user->op == IR_SOFTMAX || user->op == IR_LOG_SOFTMAX;
    bool by_columns = viewed || (powers ? user->attrs.axis != last : !(user->attrs.axes >> last & 1));
    if (user->op == IR_MAX || user->op == IR_MIN) return EXTREMES;
    if (user->op == IR_LAYER_NORM) return ROWS;
    if (!by_columns) return user->op == IR_LOG_SOFTMAX ? ROWS + LOGARITHM : ROWS;
    return powers ? POWERS_IN_COLUMNS : COLUMNS;
}

bool planner_computes(const planner *p, const ir_node *n) {
    const ir_value *v = n->results[0];
    const ir_node *user = p->only_user[v->id];
    bool channels = true, viewed = false;
    if (v->type.dtype != IR_F32) return false;
    while (user && ir_op_class_of(user->op) == IR_VIEW && user->op != IR_EXPAND) {
        viewed = true;
        channels = channels && keeps_channels(user);
        v = user->results[0];
        user = p->only_user[v->id];
    }
    if (!user || user->op == IR_EXPAND || !plan_operator_of(user->op)->computes_x ||
        user->inputs[0] != v)
        return false;
    expression x = {.planner = p, .shape = viewed ? &n->results[0]->type : NULL};
    return looks_fine(&x, n) && x.reads && (channels || !x.norms) &&
           planner_keeps_little(p, kept_by_sums(user, viewed) + planner_kept(p, &n, 1));
}

const ir_node *planner_computed_node(const planner *p, const pval *v) {
    while (ir_op_class_of(v->node->op) == IR_VIEW) v = p->values[v->node->inputs[0]->id];
    return v->node;
}

/* The axis of x that a piece of its operands means, or -1. */
static int axis_in(const task *u, const ploop *l) {
    const ir_type *x = &u->node->inputs[0]->type;
    for (unsigned i = 0; i < u->computed; i++)
        if (u->input_axis[l->depth][i] >= 0)
            return u->input_axis[l->depth][i] + (int)(x->rank - u->inputs[i]->type.rank);
    return -1;
}

ir_type planner_computed_type(planner *p, const task *u) {
    ir_type type = u->node->inputs[0]->type;
    for (const ploop *l = u->loop; l; l = l->parent) {
        int axis = l->symbol ? axis_in(u, l) : -1;
        if (axis >= 0) type.dims[axis] = dim_substitute(p->dims, type.dims[axis], l->symbol, l->extent);
    }
    return type;
}

void planner_spread_axis(const task *u, int *input_axis) {
    const ir_type *x = &u->node->inputs[0]->type;
    int axis = input_axis[0];
    for (unsigned i = 0; i < u->computed; i++) {
        const ir_type *from = &u->inputs[i]->type;
        int own = axis - (int)(x->rank - from->rank);
        input_axis[i] = axis >= 0 && own >= 0 && dim_same(from->dims[own], x->dims[axis]) ? own : -1;
    }
}
