/* differentiate: the walk from the loss back; see differentiate.h. */
#include "passes/differentiate.h"

#include <stdlib.h>

#include "passes/adjoint.h"

/* --- which values want a gradient --------------------------------------------------------------------------------- */

static bool any_wanted(const differentiation *d, ir_value *const *values, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (adjoint_wanted(d, values[i])) return true;
    return false;
}

static bool node_wants(const differentiation *d, const ir_node *n) {
    if (n->op == IR_PARAM) return d->model->params[n->attrs.index].trained;
    if (n->op == IR_GRAD || n->op == IR_DETACH) return false;
    if (n->op == IR_REPEAT) return any_wanted(d, n->results, n->result_count);
    return any_wanted(d, n->inputs, n->input_count);
}

/* True if v was not wanted before. */
static bool mark(differentiation *d, const ir_value *v, bool wants) {
    if (!v || !wants || v->type.dtype != IR_F32 || d->wanted[v->id]) return false;
    return d->wanted[v->id] = true;
}

static bool mark_graph(differentiation *d, const ir_graph *g);

/* What is carried is wanted in all rounds if it is in one. */
static bool mark_repeat(differentiation *d, const ir_node *n) {
    const ir_block *b = n->block;
    unsigned rows = ir_rows_of(n), carried = ir_carried_of(n);
    bool any = false, again = true;
    for (unsigned i = 0; i < rows; i++) any = mark(d, b->rows[i], adjoint_wanted(d, n->inputs[i])) || any;
    for (unsigned i = 0; i < carried; i++)
        any = mark(d, n->results[i], adjoint_wanted(d, n->inputs[rows + i])) || any;
    while (again) {
        again = false;
        for (unsigned i = 0; i < carried; i++)
            again = mark(d, b->carried[i], adjoint_wanted(d, n->results[i])) || again;
        again = mark_graph(d, &b->body) || again;
        for (unsigned i = 0; i < carried; i++)
            again = mark(d, n->results[i], adjoint_wanted(d, b->next[i])) || again;
        any = any || again;
    }
    for (unsigned i = carried; i < n->result_count; i++)
        any = mark(d, n->results[i], adjoint_wanted(d, b->collected[i - carried])) || any;
    return any;
}

static bool mark_graph(differentiation *d, const ir_graph *g) {
    bool any = false;
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) any = mark_repeat(d, n) || any;
        bool wants = node_wants(d, n);
        for (unsigned i = 0; i < n->result_count && n->op != IR_REPEAT; i++) any = mark(d, n->results[i], wants) || any;
    }
    return any;
}

static void mark_wanted(differentiation *d) {
    d->count = d->model->value_count;
    d->wanted = ARENA_ARRAY(d->model->arena, bool, d->count + 1);
    d->of = ARENA_ARRAY(d->model->arena, adjoint, d->count + 1);
    d->asked = ARENA_ARRAY(d->model->arena, bool, d->count + 1);
    for (const ir_node *n = d->graph->first; n; n = n->next) {
        if (n->op != IR_GRAD) continue;
        d->wanted[n->inputs[1]->id] = true;
        for (unsigned i = 0; i < n->input_count; i++) d->asked[n->inputs[i]->id] = true;
    }
    mark_graph(d, d->graph);
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static adjoint_rule *rule_of(ir_op op) {
    static adjoint_rule *(*const families[])(ir_op) = {
        adjoint_rule_elementwise, adjoint_rule_function, adjoint_rule_reduction,  adjoint_rule_move,
        adjoint_rule_layer,       adjoint_rule_convolution, adjoint_rule_recurrent, adjoint_rule_repeat};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        adjoint_rule *rule = families[i](op);
        if (rule) return rule;
    }
    return NULL;
}

void adjoint_visit(differentiation *d, const ir_node *n) {
    ir_value **dy = ARENA_ARRAY(d->model->arena, ir_value *, n->result_count + 1);
    bool reached = false;
    for (unsigned i = 0; i < n->result_count; i++) {
        dy[i] = n->results[i]->id < d->count ? d->of[n->results[i]->id].sum : NULL;
        reached = reached || dy[i];
    }
    if (!reached || ir_op_class_of(n->op) == IR_SOURCE || !node_wants(d, n)) return;
    d->node = n;
    adjoint_rule *rule = rule_of(n->op);
    if (rule) rule(d, n, dy);
    else adjoint_refuse(d, n, ir_op_name(n->op));
}

/* --- what is left when all of it is known ------------------------------------------------------------------------- */

/* The rest of a param's gradient, and its step. */
static void complete(differentiation *d, const ir_node *param) {
    bool steps = d->model->base->training->at_once && !adjoint_is_sparse(d, param->results[0]);
    adjoint_sinks(d, param->results[0]);
    d->node = param;
    if (steps) adjoint_sink(d, IR_STEP, param->attrs.index, NULL, 0);
}

/* --- when a param's gradient is complete: behind the rule of the first node that reads it ------------------------- */

typedef struct {
    const ir_node *param;
    size_t first; /* of the nodes; their count: none before the loss */
    size_t place; /* its own, among the nodes */
} param_use;

/* By id: the number of the first node that reads a value. They are walked from the last to the first. */
static void set_first(size_t *first, const ir_value *v, size_t at) {
    if (v) first[v->id] = at;
}

static void set_first_of(size_t *first, const ir_node *n, size_t at) {
    for (unsigned i = 0; i < n->input_count; i++) set_first(first, n->inputs[i], at);
    if (n->op != IR_REPEAT) return;
    for (const ir_node *inner = n->block->body.first; inner; inner = inner->next) set_first_of(first, inner, at);
    for (unsigned i = 0; i < ir_carried_of(n); i++) set_first(first, n->block->next[i], at);
    for (unsigned i = 0; i < ir_collected_of(n); i++) set_first(first, n->block->collected[i], at);
}

static int by_last(const void *a, const void *b) {
    const param_use *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? 1 : -1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* As they are completed: by their first readers, the last one first. */
static param_use *find_uses(const differentiation *d, const ir_node *const *nodes, size_t count, size_t *used) {
    param_use *uses = ARENA_ARRAY(d->model->arena, param_use, count + 1);
    size_t *first = ARENA_ARRAY(d->model->arena, size_t, d->count + 1);
    for (size_t i = 0; i <= d->count; i++) first[i] = count;
    for (size_t i = count; i-- > 0;) set_first_of(first, nodes[i], i);
    *used = 0;
    for (size_t i = 0; i < count; i++)
        if (nodes[i]->op == IR_PARAM && d->model->params[nodes[i]->attrs.index].trained)
            uses[(*used)++] = (param_use){nodes[i], first[nodes[i]->results[0]->id], i};
    qsort(uses, *used, sizeof *uses, by_last);
    return uses;
}

/* Rows that are looked up, and too long, are scaled down in place. */
static void add_renorms(differentiation *d) {
    ir_node *end = d->at;
    for (const ir_node *n = d->graph->first; n != end->next; n = n->next) {
        if (n->op != IR_EMBEDDING || !n->attrs.has_max_norm || n->inputs[1]->producer->op != IR_PARAM) continue;
        size_t param = n->inputs[1]->producer->attrs.index;
        if (!d->model->params[param].trained) continue;
        d->node = n;
        ir_node *sink = adjoint_sink(d, IR_RENORM, param, n->inputs, 1);
        sink->attrs.max_norm = n->attrs.max_norm;
        sink->attrs.norm_type = n->attrs.norm_type;
    }
}

static ir_value *sum_of(differentiation *d, ir_value *sum, ir_value *g) {
    return sum ? adj_both(d, IR_ADD, sum, g) : g;
}

/* Rows of dy added up in the rows of a table of zeros. */
static ir_value *rows_of_table(differentiation *d, const ir_value *table, const adjoint_rows *r) {
    const ir_attrs *a = r->attrs;
    ir_value *dy = adj_rows(d, r->dy);
    ir_type flat = {.dtype = IR_I32, .rank = 2, .dims = {dy->type.dims[0], adj_dim(d, 1)}};
    ir_value *ids = adj_reshape(d, r->ids, &flat);
    if (a->scale_by_frequency) {
        ir_value *alike = adj_as_float(d, adj_both(d, IR_EQUAL, ids, adj_swap(d, ids, 0, 1)));
        dy = adj_both(d, IR_DIV, dy, adj_reduce(d, IR_SUM, alike, 2, true));
    }
    if (a->padding_row) {
        ir_type scalar = ir_type_scalar(IR_I32);
        ir_value *padding = adj_value(d, IR_CONST, NULL, 0, &scalar);
        padding->producer->attrs.number = (double)(a->padding_row - 1);
        dy = adj_where(d, adj_both(d, IR_EQUAL, ids, padding), adj_number(d, 0), dy);
    }
    ir_value *const operands[] = {adj_zeros(d, &table->type), adj_expand(d, ids, &dy->type), dy};
    return adj_value(d, IR_SCATTER_ADD, operands, 3, &table->type);
}

/* The whole gradient as a value. */
static ir_value *gradient_of(differentiation *d, ir_value *v) {
    const adjoint *a = &d->of[v->id];
    ir_value *sum = a->sum;
    for (const adjoint_product *p = a->products; p; p = p->next)
        sum = sum_of(d, sum, adj_matmul(d, adj_swap(d, p->dy, 0, 1), p->x));
    for (const adjoint_rows *r = a->rows; r; r = r->next) sum = sum_of(d, sum, rows_of_table(d, v, r));
    return sum ? sum : adj_zeros(d, &v->type);
}

static bool stands_before(const ir_node *n, const ir_node *other) {
    while (n && n != other) n = n->next;
    return n != NULL;
}

/* GRADs give way to gradients. One of a value that comes behind the loss is 0, and begins where it stood. */
static void replace_grads(differentiation *d, ir_replacements *later) {
    ir_node *end = d->at, *previous = NULL;
    for (ir_node *n = d->graph->first; n; n = n->next) {
        if (n->op != IR_GRAD) {
            previous = n;
            continue;
        }
        d->node = n;
        bool before = stands_before(n, end);
        d->at = before ? previous : end;
        ir_replace_later(d->model, later, n->results[0], gradient_of(d, n->inputs[1]));
        if (!before) end = d->at;
        previous = n;
    }
}

/* GRADs are unlinked, whose results have no users any more, and DETACHs, which have done what they are for. */
static void remove_marks(ir_model *m, ir_replacements *later, ir_graph *g) {
    ir_node **link = &g->first;
    g->last = NULL;
    for (ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) remove_marks(m, later, &n->block->body);
        if (n->op == IR_DETACH) ir_replace_later(m, later, n->results[0], n->inputs[0]);
        if (n->op == IR_GRAD || n->op == IR_DETACH) continue;
        *link = g->last = n;
        link = &n->next;
    }
    *link = NULL;
}

void pass_differentiate(ir_model *m, diag_list *diags) {
    ir_graph *g = &m->run;
    differentiation d = {.model = m, .graph = g, .diags = diags};
    mark_wanted(&d);
    if (m->base->training->tape) {
        adjoint_cut_tape(&d, m->base->training->tape);
        mark_wanted(&d);
    }
    ir_value *loss = m->outputs[0].value;
    d.at = loss->producer;
    d.node = loss->producer;
    size_t count = 0, capacity = 0;
    const ir_node **nodes = NULL;
    for (const ir_node *n = g->first; n != loss->producer->next; n = n->next)
        ARENA_PUSH(m->arena, nodes, count, capacity, n);
    size_t used, completed = 0;
    const param_use *uses = find_uses(&d, nodes, count, &used);
    adjoint_add(&d, loss, adj_number(&d, 1));
    for (size_t i = count + 1; i-- > 0;) {
        if (i < count) adjoint_visit(&d, nodes[i]);
        while (completed < used && uses[completed].first == i) complete(&d, uses[completed++].param);
    }
    add_renorms(&d);
    ir_replacements later = {0};
    replace_grads(&d, &later);
    remove_marks(m, &later, g);
    ir_replace_all(m, &later);
}
