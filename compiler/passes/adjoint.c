/* adjoint: the parts of gradients as rules add them, and the sinks that take them; see adjoint.h. */
#include "passes/adjoint.h"

bool adjoint_wanted(const differentiation *d, const ir_value *v) { return v && v->id < d->count && d->wanted[v->id]; }

/* --- parts -------------------------------------------------------------------------------------------------------- */

/* What was read in more places than it has is summed up. */
static ir_value *summed_to(differentiation *d, ir_value *g, const ir_type *type) {
    unsigned axes = 0, added = g->type.rank - type->rank;
    for (unsigned i = 0; i < g->type.rank; i++)
        if (i < added || (dim_is(type->dims[i - added], 1) && !dim_is(g->type.dims[i], 1))) axes |= 1u << i;
    if (axes) g = adj_reduce(d, IR_SUM, g, axes, true);
    return adj_reshape(d, g, type);
}

void adjoint_add(differentiation *d, ir_value *v, ir_value *g) {
    if (!adjoint_wanted(d, v)) return;
    ir_value **sum = &d->of[v->id].sum;
    d->of[v->id].value = v;
    g = summed_to(d, g, &v->type);
    *sum = *sum ? adj_both(d, IR_ADD, *sum, g) : g;
}

void adjoint_add_product(differentiation *d, ir_value *weight, ir_value *dy, ir_value *x) {
    if (!adjoint_wanted(d, weight)) return;
    if (weight->producer->op != IR_PARAM) {
        adjoint_add(d, weight, adj_matmul(d, adj_swap(d, dy, 0, 1), x));
        return;
    }
    adjoint_product *p = ARENA_NEW(d->model->arena, adjoint_product);
    *p = (adjoint_product){dy, x, d->of[weight->id].products};
    d->of[weight->id].value = weight;
    d->of[weight->id].products = p;
}

void adjoint_add_rows(differentiation *d, ir_value *table, ir_value *dy, ir_value *ids, const ir_attrs *attrs) {
    if (!adjoint_wanted(d, table)) return;
    adjoint_rows *r = ARENA_NEW(d->model->arena, adjoint_rows);
    *r = (adjoint_rows){dy, ids, attrs, d->of[table->id].rows};
    d->of[table->id].value = table;
    d->of[table->id].rows = r;
}

void adjoint_refuse(differentiation *d, const ir_node *n, const char *what) {
    diag *e = diag_error(d->diags, n->where, "%s has no gradient yet", what);
    diag_hint(e, "what no trained parameter or gradient asks for may use it");
}

/* --- sinks -------------------------------------------------------------------------------------------------------- */

ir_node *adjoint_sink(differentiation *d, ir_op op, size_t param, ir_value *const *inputs, unsigned count) {
    ir_node *n = ir_insert(d->model, d->graph, d->at, op, inputs, count, d->node->where);
    n->label = d->node->label;
    n->attrs.index = param;
    return d->at = n;
}

static bool reads(const ir_node *n, const ir_value *v) {
    for (unsigned i = 0; i < n->input_count; i++)
        if (n->inputs[i] == v) return true;
    if (n->op != IR_REPEAT) return false;
    for (const ir_node *inner = n->block->body.first; inner; inner = inner->next)
        if (reads(inner, v)) return true;
    for (unsigned i = 0; i < ir_carried_of(n); i++)
        if (n->block->next[i] == v) return true;
    for (unsigned i = 0; i < ir_collected_of(n); i++)
        if (n->block->collected[i] == v) return true;
    return false;
}

bool adjoint_is_read_whole(const differentiation *d, const ir_value *v) {
    for (size_t i = 0; i < d->model->output_count; i++)
        if (d->model->outputs[i].value == v) return true;
    for (const ir_node *n = d->model->run.first; n; n = n->next)
        if (reads(n, v) && !(n->op == IR_SLICE && dim_is(n->results[0]->type.dims[0], 1))) return true;
    return false;
}

/* Does a node of this operator read v? */
static bool is_read_by(const differentiation *d, ir_op op, const ir_value *v) {
    for (const ir_node *n = d->model->run.first; n; n = n->next)
        if (n->op == op && reads(n, v)) return true;
    return false;
}

bool adjoint_is_sparse(const differentiation *d, const ir_value *param) {
    const adjoint *a = &d->of[param->id];
    bool sparse = a->rows && !a->sum && !a->products;
    for (const adjoint_rows *r = a->rows; r && sparse; r = r->next) sparse = r->attrs->sparse;
    return sparse && !is_read_by(d, IR_RECURRENT, param) && !is_read_by(d, IR_REPEAT, param);
}

void adjoint_sinks(differentiation *d, const ir_value *param) {
    const adjoint *a = &d->of[param->id];
    size_t index = param->producer->attrs.index;
    const ir_node *node = d->node;
    bool sparse = adjoint_is_sparse(d, param);
    d->node = param->producer;
    if (a->sum) adjoint_sink(d, IR_ACCUMULATE, index, &a->sum, 1);
    for (const adjoint_product *p = a->products; p; p = p->next)
        adjoint_sink(d, IR_WEIGHT_GRAD, index, (ir_value *const[]){p->dy, p->x}, 2);
    for (const adjoint_rows *r = a->rows; r; r = r->next) {
        ir_node *sink = adjoint_sink(d, IR_EMBEDDING_GRAD, index, (ir_value *const[]){r->dy, r->ids}, 2);
        sink->attrs.padding_row = r->attrs->padding_row;
        sink->attrs.scale_by_frequency = r->attrs->scale_by_frequency;
        sink->attrs.sparse = sparse;
    }
    d->node = node;
}

/* May a sink of v's gradient stand before all of it is known? Not where it is asked for as a value. */
static bool is_added_to(const differentiation *d, const ir_value *v) {
    return v->producer->op == IR_PARAM && !d->in_rounds && !d->asked[v->id];
}

void adjoint_settle(differentiation *d, ir_value *param) {
    if (!adjoint_wanted(d, param) || !is_added_to(d, param)) return;
    adjoint_sinks(d, param);
    d->of[param->id] = (adjoint){.value = NULL};
}

void adjoint_add_steps(differentiation *d, ir_value *param, ir_value *dy, ir_value *x, bool backwards) {
    if (!adjoint_wanted(d, param)) return;
    if (!is_added_to(d, param)) {
        if (x) adjoint_add_product(d, param, dy, x);
        else adjoint_add(d, param, adj_reduce(d, IR_SUM, dy, 3, false));
        return;
    }
    adjoint_settle(d, param);
    const ir_node *node = d->node;
    d->node = param->producer;
    ir_node *sink = adjoint_sink(d, x ? IR_WEIGHT_GRAD : IR_BIAS_GRAD, param->producer->attrs.index,
                             (ir_value *const[]){dy, x}, x ? 2 : 1);
    sink->attrs.backwards = backwards;
    d->node = node;
}
