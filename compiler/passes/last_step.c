/* last_step: out[-1] of a forward RECURRENT is its h_n.
 *
 * A model that reads a whole sequence and uses the last step only says out[-1]; taken from h_n instead, out has no
 * reader, and the plan needs no room for a sequence of hidden states. Between the layer and the slice may stand views
 * that keep the time axis apart (batch_first permutes) and CATs of the directions: the slice moves through them.
 */
#include "passes/passes.h"

typedef struct {
    ir_model *model;
    ir_graph *graph;
    ir_node *at; /* new nodes go behind this one, in order */
    const ir_node *slice;
    int budget; /* of looks at nodes: CATs of CATs may be a tree that is exponentially larger than the graph */
} mover;

enum { BUDGET = 256 };

/* The operand's axis of the same extent before which as many elements stand: slicing it is slicing the result. */
static bool axis_before_reshape(dim_table *t, const ir_type *from, const ir_type *to, unsigned axis, unsigned *found) {
    const dim *before_to = dim_const(t, 1), *before_from = dim_const(t, 1);
    for (unsigned i = 0; i < axis; i++) before_to = dim_mul(t, before_to, to->dims[i]);
    for (unsigned i = 0; i < from->rank; i++) {
        if (dim_same(before_from, before_to) && dim_same(from->dims[i], to->dims[axis])) {
            *found = i;
            return true;
        }
        before_from = dim_mul(t, before_from, from->dims[i]);
    }
    return false;
}

static bool is_last_step_of(const ir_node *recurrent, const ir_value *v, unsigned axis) {
    return recurrent->op == IR_RECURRENT && v->result == 0 && axis == 0 && !recurrent->attrs.reverse &&
           !recurrent->inputs[IR_REC_LENGTHS];
}

/* Is there a way from v, along its axis, to the out of a forward RECURRENT without lengths? */
static bool reaches_out(mover *k, const ir_value *v, unsigned axis) {
    const ir_node *n = v->producer;
    unsigned inner;
    if (k->budget-- <= 0) return false;
    switch ((unsigned)n->op) {
    case IR_RECURRENT: return is_last_step_of(n, v, axis);
    case IR_PERMUTE: return reaches_out(k, n->inputs[0], n->attrs.perm[axis]);
    case IR_RESHAPE:
        return axis_before_reshape(k->model->dims, &n->inputs[0]->type, &v->type, axis, &inner) &&
               reaches_out(k, n->inputs[0], inner);
    case IR_CAT:
        if (n->attrs.axis == axis) return false;
        for (unsigned i = 0; i < n->input_count; i++)
            if (reaches_out(k, n->inputs[i], axis)) return true;
        return false;
    default: return false;
    }
}

static ir_value *add(mover *k, ir_op op, ir_value *const *inputs, unsigned count, ir_attrs attrs, const ir_type *type,
                     const char *label) {
    ir_node *n = ir_insert(k->model, k->graph, k->at, op, inputs, count, k->slice->where);
    n->attrs = attrs;
    n->label = label;
    n->results[0]->type = *type;
    k->at = n;
    return n->results[0];
}

/* v's last element along the axis, whose extent becomes 1. */
static ir_value *last_of(mover *k, ir_value *v, unsigned axis) {
    dim_table *t = k->model->dims;
    const ir_node *n = v->producer;
    ir_type type = v->type;
    ir_value *inner;
    unsigned inner_axis = 0;
    type.dims[axis] = dim_const(t, 1);
    if (!reaches_out(k, v, axis)) {
        const dim *start = dim_sub(t, v->type.dims[axis], dim_const(t, 1));
        return add(k, IR_SLICE, &v, 1, (ir_attrs){.axis = axis, .start = start, .step = 1}, &type, k->slice->label);
    }
    switch ((unsigned)n->op) {
    case IR_RECURRENT: return add(k, IR_RESHAPE, &n->results[1], 1, (ir_attrs){0}, &type, k->slice->label);
    case IR_PERMUTE:
        inner = last_of(k, n->inputs[0], n->attrs.perm[axis]);
        return add(k, IR_PERMUTE, &inner, 1, n->attrs, &type, n->label);
    case IR_RESHAPE:
        if (!axis_before_reshape(t, &n->inputs[0]->type, &v->type, axis, &inner_axis)) ice("last_step at a reshape");
        inner = last_of(k, n->inputs[0], inner_axis);
        return add(k, IR_RESHAPE, &inner, 1, (ir_attrs){0}, &type, n->label);
    case IR_CAT: {
        ir_value **parts = ARENA_ARRAY(k->model->arena, ir_value *, n->input_count);
        for (unsigned i = 0; i < n->input_count; i++) parts[i] = last_of(k, n->inputs[i], axis);
        return add(k, IR_CAT, parts, n->input_count, n->attrs, &type, n->label);
    }
    default: ice("last_step at %s", ir_op_name(n->op));
    }
}

static bool is_last_step(dim_table *t, const ir_node *n) {
    if (n->op != IR_SLICE) return false;
    const dim *length = n->inputs[0]->type.dims[n->attrs.axis];
    return dim_is(n->results[0]->type.dims[n->attrs.axis], 1) &&
           dim_same(n->attrs.start, dim_sub(t, length, dim_const(t, 1)));
}

static void last_steps_of(ir_model *m, ir_replacements *later, ir_graph *g) {
    ir_node *previous = NULL, *next;
    for (ir_node *n = g->first; n; previous = n, n = next) {
        next = n->next;
        if (n->op == IR_REPEAT) last_steps_of(m, later, &n->block->body);
        mover k = {.model = m, .graph = g, .at = previous, .slice = n, .budget = BUDGET};
        if (!is_last_step(m->dims, n) || !reaches_out(&k, n->inputs[0], n->attrs.axis)) continue;
        ir_value *last = last_of(&k, n->inputs[0], n->attrs.axis);
        if (!last->name) last->name = n->results[0]->name;
        ir_replace_later(m, later, n->results[0], last);
    }
}

void pass_last_step(ir_model *m) {
    ir_replacements later = {0};
    last_steps_of(m, &later, &m->run);
    ir_replace_all(m, &later);
}
