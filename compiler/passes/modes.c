/* modes: what was lowered as one graph is divided into what NAME_run, NAME_eval and NAME_train do (ir/training.h).
 *
 * run: the outputs that need no target, no loss and no gradient. eval: the loss. train: the loss and the other outputs,
 * with dropout, with the batch's statistics in every BatchNorm whose weight is trained. */
#include <math.h>

#include "passes/passes.h"

/* --- what only training knows ------------------------------------------------------------------------------------- */

typedef struct {
    ir_model *model;
    bool *later;      /* by id: made of a target, of the loss or of a gradient */
} divider;

static bool is_target(const divider *d, const ir_node *n) {
    return n->op == IR_INPUT && d->model->inputs[n->attrs.index].is_target;
}

static bool mark_graph(divider *d, const ir_graph *g);

static bool mark_node(divider *d, const ir_node *n) {
    bool later = is_target(d, n) || n->op == IR_GRAD;
    for (unsigned i = 0; i < n->input_count; i++) later = later || (n->inputs[i] && d->later[n->inputs[i]->id]);
    if (n->op == IR_REPEAT && mark_graph(d, &n->block->body)) later = true;
    for (unsigned i = 0; i < n->result_count; i++) {
        bool loss = n->results[i] == d->model->training->loss;
        d->later[n->results[i]->id] = later || loss;
    }
    return later;
}

static bool mark_graph(divider *d, const ir_graph *g) {
    bool any = false;
    for (const ir_node *n = g->first; n; n = n->next) any = mark_node(d, n) || any;
    return any;
}

static void check_states(const divider *d, diag_list *diags) {
    for (size_t i = 0; i < d->model->state_count; i++) {
        const ir_state *s = &d->model->states[i];
        if (!s->next || !d->later[s->next->id]) continue;
        diag *e = diag_error(diags, s->next->where, "the state %s cannot be made of a target, the loss or a gradient",
                             s->name);
        diag_note(e, s->where, "the state is declared here");
        diag_hint(e, "the run function moves the state on, and has no targets");
    }
}

static void check_outputs(const divider *d, diag_list *diags) {
    const ir_model *m = d->model;
    for (size_t i = 0; i < m->output_count; i++)
        if (!d->later[m->outputs[i].value->id]) return;
    if (!m->output_count || m->state_count) return;
    diag *e = diag_error(diags, m->outputs[0].where,
                         "the run function would have no output: %s is made of a target, the loss or a gradient",
                         m->outputs[0].name);
    diag_hint(e, "output NAME = … of inputs alone is what the run function writes");
}

/* NAME_run, too, must know how long a sequence is. */
static void check_lengths(const divider *d, const ir_graph *g, diag_list *diags) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) check_lengths(d, &n->block->body, diags);
        if (n->op != IR_RECURRENT || !n->inputs[IR_REC_LENGTHS] || !d->later[n->inputs[IR_REC_LENGTHS]->id]) continue;
        diag *e =
            diag_error(diags, n->where, "lengths of %s cannot be made of a target", n->source ? n->source : n->label);
        diag_note(e, n->inputs[IR_REC_LENGTHS]->where, "made here");
        diag_hint(e, "lengths are an input: input n: int32[B]");
    }
}

/* --- the three models --------------------------------------------------------------------------------------------- */

static void unlink_node(ir_graph *g, const ir_node *node) {
    ir_node *before = NULL;
    for (ir_node *n = g->first; n != node; n = n->next) before = n;
    if (before) before->next = node->next;
    else g->first = node->next;
    if (g->last == node) g->last = before;
}

/* Inputs first, then targets, as they are arguments; without `targets` these go. */
static void order_inputs(ir_model *m, bool targets) {
    ir_input *inputs = ARENA_ARRAY(m->arena, ir_input, m->input_count);
    size_t count = 0;
    for (int target = 0; target < (targets ? 2 : 1); target++)
        for (size_t i = 0; i < m->input_count; i++)
            if (m->inputs[i].is_target == target) inputs[count++] = m->inputs[i];
    for (size_t i = 0; i < m->input_count && !targets; i++)
        if (m->inputs[i].is_target) unlink_node(&m->run, m->inputs[i].value->producer);
    for (size_t i = 0; i < count; i++) inputs[i].value->producer->attrs.index = i;
    m->inputs = inputs;
    m->input_count = m->input_capacity = count;
}

/* Keeps the outputs that are `later` or not, behind the loss if there is one. */
static void choose_outputs(const divider *d, ir_model *m, ir_value *loss, bool later, bool keeps) {
    ir_output *outputs = ARENA_ARRAY(m->arena, ir_output, m->output_count + 1);
    size_t count = 0;
    const ir_training *t = d->model->training;
    if (loss) outputs[count++] = (ir_output){t->loss_name, loss, t->loss_where};
    for (size_t i = 0; i < d->model->output_count && keeps; i++)
        if (d->later[d->model->outputs[i].value->id] == later) outputs[count++] = m->outputs[i];
    m->outputs = outputs;
    m->output_count = count;
    m->output_capacity = d->model->output_count + 1;
}

/* The values of dropouts and detaches give way to their operands. */
static void pass_through(ir_model *m, ir_replacements *later, ir_graph *g) {
    for (ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) pass_through(m, later, &n->block->body);
        if (n->op == IR_BATCH_NORM) n->attrs.axes = 0;
        if (n->op == IR_DROPOUT || n->op == IR_DETACH) ir_replace_later(m, later, n->results[0], n->inputs[0]);
    }
}

/* As eval() has it: nothing is dropped; without gradients nothing is detached. */
static void stop_dropout(ir_model *m) {
    ir_replacements later = {0};
    pass_through(m, &later, &m->run);
    ir_replace_all(m, &later);
}

/* --- what the loss reaches ---------------------------------------------------------------------------------------- */

static void reach(const ir_model *m, ir_value *v, bool *seen, bool *params) {
    ir_value **stack = NULL;
    size_t count = 0, capacity = 0;
    ARENA_PUSH(m->arena, stack, count, capacity, v);
    while (count) {
        v = stack[--count];
        if (!v || seen[v->id] || v->type.dtype != IR_F32) continue;
        seen[v->id] = true;
        const ir_node *n = v->producer;
        if (n->op == IR_DETACH) continue;
        if (n->op == IR_PARAM) params[n->attrs.index] = true;
        for (unsigned i = 0; i < n->input_count; i++) ARENA_PUSH(m->arena, stack, count, capacity, n->inputs[i]);
        if (n->op == IR_ROW) ARENA_PUSH(m->arena, stack, count, capacity, n->block->repeat->inputs[n->attrs.index]);
        if (n->op != IR_REPEAT) continue;
        for (unsigned i = 0; i < ir_carried_of(n); i++) ARENA_PUSH(m->arena, stack, count, capacity, n->block->next[i]);
        for (unsigned i = 0; i < ir_collected_of(n); i++)
            ARENA_PUSH(m->arena, stack, count, capacity, n->block->collected[i]);
    }
}

/* A param that the loss does not reach stays as it is. False after the error that none is trained. */
static bool freeze_unreached(ir_model *m, diag_list *diags) {
    const ir_training *t = m->training;
    bool *reached = ARENA_ARRAY(m->arena, bool, m->param_count + 1), any = false;
    bool *seen = ARENA_ARRAY(m->arena, bool, t->train->value_count);
    reach(t->train, t->loss, seen, reached);
    for (size_t i = 0; i < m->param_count; i++) any = any || (m->params[i].trained && reached[i]);
    if (!any) {
        diag *e = diag_error(diags, t->loss_where, "the loss depends on no parameter that is trained");
        diag_hint(e, t->optimizer_count ? "params= and frozen= say which parameters an optimizer has"
                                        : "layers with weights and params of float32 are trained");
        return false;
    }
    for (size_t i = 0; i < m->param_count; i++) {
        ir_param *p = &m->params[i];
        if (!p->trained || reached[i]) continue;
        p->trained = false;
        diag_warning(diags, WARNING_UNTRAINED_PARAM, p->where, "the loss does not depend on \"%s\": it stays as it is",
                     p->key);
    }
    return true;
}

/* --- statistics of the batch -------------------------------------------------------------------------------------- */

typedef struct {
    ir_model *model;
    ir_graph *graph;
    ir_node *after; /* where the next node goes */
    span where;
    const char *label;
} writer;

static ir_value *write_value(writer *w, ir_op op, ir_value *a, ir_value *b, const ir_type *type) {
    ir_value *const inputs[] = {a, b};
    w->after = ir_insert(w->model, w->graph, w->after, op, inputs, b ? 2 : 1, w->where);
    w->after->label = w->label;
    w->after->results[0]->type = *type;
    return w->after->results[0];
}

static ir_value *write_number(writer *w, double number) {
    w->after = ir_insert(w->model, w->graph, w->after, IR_CONST, NULL, 0, w->where);
    w->after->label = ir_op_name(IR_CONST);
    w->after->attrs.number = number;
    w->after->results[0]->type = ir_type_scalar(IR_F32);
    return w->after->results[0];
}

/* [C] or, of instances, [N, C] as it stands beside x[N, C, …]. */
static ir_value *beside(writer *w, ir_value *v, const ir_type *x) {
    if (x->rank == 2) return v;
    ir_type type = v->type;
    for (unsigned i = 2; i < x->rank; i++) type.dims[type.rank++] = dim_const(w->model->dims, 1);
    return write_value(w, IR_RESHAPE, v, NULL, &type);
}

static ir_value *over(writer *w, ir_op op, ir_value *x, unsigned axes) {
    ir_type type = {.dtype = IR_F32};
    for (unsigned i = 0; i < x->type.rank; i++)
        if (!(axes >> i & 1)) type.dims[type.rank++] = x->type.dims[i];
    ir_value *v = write_value(w, op, x, NULL, &type);
    v->producer->attrs.axes = axes;
    return v;
}

/* running = (1 - momentum) * running + momentum * found */
static void move_statistic(writer *w, ir_value **running, ir_value *found, double momentum) {
    const ir_type *type = &found->type;
    size_t param = 0;
    ir_value *old = *running;
    for (ir_value *v = old; v; v = v->producer->input_count ? v->producer->inputs[0] : NULL)
        if (v->producer->op == IR_PARAM) param = v->producer->attrs.index;
    ir_value *kept = write_value(w, IR_MUL, old, write_number(w, 1 - momentum), type);
    ir_value *moved = write_value(w, IR_MUL, found, write_number(w, momentum), type);
    *running = write_value(w, IR_ADD, kept, moved, type);
    ir_value *const sum[] = {*running};
    w->after = ir_insert(w->model, w->graph, w->after, IR_UPDATE, sum, 1, w->where);
    w->after->attrs.index = param;
    w->after->label = w->label;
}

/* How many values of a channel a call has at least. */
static int64_t least_values(const ir_type *x, unsigned axes) {
    int64_t values = 1;
    for (unsigned i = 0; i < x->rank; i++)
        if (axes >> i & 1) values *= dim_min(x->dims[i]);
    return values;
}

static bool batch_fits(const ir_model *m, const ir_node *n, diag_list *diags) {
    const ir_type *x = &n->inputs[0]->type;
    if (isnan(n->attrs.momentum)) {
        diag *e =
            diag_error(diags, n->where, "%s is trained, and its momentum is none", n->source ? n->source : "BatchNorm");
        diag_hint(e, "give it a number, as momentum=0.1, or keep it as it is: frozen=\"%s*\"", n->label);
        return false;
    }
    if (least_values(x, n->attrs.axes) > 1) return true;
    diag *e = diag_error(diags, n->where, "%s is trained, and needs more than one value a channel; x is %s",
                         n->source ? n->source : "BatchNorm", ir_type_string(m->arena, x));
    diag_hint(e, "a dim that begins at 2 does, or keep it as it is: frozen=\"%s*\"", n->label);
    return false;
}

/* The node's value by the batch's (or each instance's) own mean and variance, and the running ones moved on. current:
 * by param, what a call before this one left there. */
static ir_value *use_batch(ir_model *m, ir_node *n, ir_value **current) {
    writer w = {m, &m->run, n, n->where, n->label};
    ir_value *x = n->inputs[0], *weight = n->inputs[3], *bias = n->inputs[4];
    const ir_type *type = &x->type;
    unsigned axes = n->attrs.axes;
    ir_value *mean = over(&w, IR_MEAN, x, axes);
    ir_value *variance = over(&w, IR_VAR, x, axes); /* over the count: correction 0 */
    ir_value *unbiased = over(&w, IR_VAR, x, axes);
    unbiased->producer->attrs.count = 1;
    ir_value *apart = write_value(&w, IR_SUB, x, beside(&w, mean, type), type);
    ir_value *safe = write_value(&w, IR_ADD, variance, write_number(&w, n->attrs.eps), &variance->type);
    ir_value *scale = write_value(&w, IR_RSQRT, safe, NULL, &variance->type);
    ir_value *y = write_value(&w, IR_MUL, apart, beside(&w, scale, type), type);
    if (weight) y = write_value(&w, IR_MUL, y, beside(&w, weight, type), type);
    if (bias) y = write_value(&w, IR_ADD, y, beside(&w, bias, type), type);
    y->name = n->results[0]->name;
    ir_value *const found[] = {mean, unbiased};
    for (int i = 0; i < 2; i++) {
        ir_value **running = &current[n->inputs[1 + i]->producer->attrs.index];
        if (!*running) *running = n->inputs[1 + i];
        ir_value *of_all = axes & 1 ? found[i] : over(&w, IR_MEAN, found[i], 1); /* the mean of the instances' */
        move_statistic(&w, running, of_all, n->attrs.momentum);
    }
    return y;
}

void pass_train_mode(ir_model *m, diag_list *diags) {
    ir_value **current = ARENA_ARRAY(m->arena, ir_value *, m->param_count + 1);
    ir_replacements later = {0};
    for (ir_node *n = m->run.first; n; n = n->next) {
        if (n->op != IR_BATCH_NORM || !n->attrs.axes) continue;
        bool trained = n->inputs[3] && n->inputs[3]->producer->op == IR_PARAM &&
                       m->params[n->inputs[3]->producer->attrs.index].trained;
        if (trained && batch_fits(m, n, diags)) ir_replace_later(m, &later, n->results[0], use_batch(m, n, current));
        n->attrs.axes = 0;
    }
    ir_replace_all(m, &later);
}

/* Which statistics move: before weights are bound, since they live in the struct. */
static void find_moving(ir_model *m, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->op != IR_BATCH_NORM || !n->attrs.axes || !n->inputs[3]) continue;
        if (!m->params[n->inputs[3]->producer->attrs.index].trained) continue;
        for (int i = 1; i <= 2; i++) m->params[n->inputs[i]->producer->attrs.index].moving = true;
    }
}

/* --- sparse gradients --------------------------------------------------------------------------------------------- */

/* torch.optim's SGD alone takes them, and moves the rows that were looked up; what moves all rows, or asks for all
 * gradients, does not go with it. */
static void check_sparse(ir_model *m, diag_list *diags) {
    ir_training *t = m->training;
    for (const ir_node *n = t->train->run.first; n; n = n->next) {
        if (n->op != IR_EMBEDDING || !n->attrs.sparse || n->inputs[1]->producer->op != IR_PARAM) continue;
        const ir_param *p = &m->params[n->inputs[1]->producer->attrs.index];
        const ir_optimizer *o = p->trained && t->optimizer_count ? &t->optimizers[p->group] : NULL;
        if (!p->trained) continue;
        bool plain = o && o->rule == IR_SGD && o->momentum == 0 && o->weight_decay == 0;
        t->train_only = true;
        if (plain && !t->clip_count) continue;
        diag *e = diag_error(diags, p->where,
                             "sparse=True goes with SGD without momentum and weight_decay, and without clipping");
        if (!o) diag_hint(e, "train SGD(lr=0.1), or leave sparse out");
        else diag_note(e, plain ? t->clips[0].where : o->where, plain ? "this clips" : "the optimizer of its weight");
        if (o) diag_hint(e, "leave sparse out, or give the Embedding an SGD of its own: params=\"%s\"", p->key);
    }
}

/* -------------------------------------------------------------------------------------------------------------------
 */

bool pass_modes(ir_model *m, diag_list *diags) {
    ir_training *t = m->training;
    size_t errors = diag_error_count(diags);
    if (!t) return true;
    divider d = {m, ARENA_ARRAY(m->arena, bool, m->value_count)};
    ir_value **of_eval, **of_train;
    mark_graph(&d, &m->run);
    check_states(&d, diags);
    check_lengths(&d, &m->run, diags);
    t->eval = ir_clone(m, &of_eval);
    t->train = ir_clone(m, &of_train);
    t->eval->name = arena_printf(m->arena, "%s_eval", m->name);
    t->train->name = arena_printf(m->arena, "%s_train", m->name);
    choose_outputs(&d, t->eval, of_eval[t->loss->id], true, false);
    choose_outputs(&d, t->train, of_train[t->loss->id], true, true);
    t->loss = of_train[t->loss->id];
    check_outputs(&d, diags);
    choose_outputs(&d, m, NULL, false, true);
    order_inputs(t->eval, true);
    order_inputs(t->train, true);
    find_moving(m, &t->train->run);
    stop_dropout(m);
    stop_dropout(t->eval);
    ir_sweep(m);
    order_inputs(m, false);
    ir_sweep(t->eval);
    ir_sweep(t->train);
    if (!freeze_unreached(m, diags)) return false;
    check_sparse(m, diags);
    return diag_error_count(diags) == errors;
}
