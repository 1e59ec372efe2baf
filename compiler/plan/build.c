/* build: the tasks and pvals of one graph.
 *
 * Requires a graph in SSA order. Views become pvals without a task; elementwise nodes that one other elementwise node
 * of the same shape uses are computed inside it, as far as their functions' constants fit (functions.c); a RECURRENT
 * gets tasks before it that put h0 and c0 where h and c live. */
#include <string.h>

#include "plan/operators.h"

enum { MAX_INLINED = 24 }; /* operators in one elementwise kernel: longer expressions stop reading well */

static pval *fixed_root(planner *p, const ir_type *type, const char *name, plan_place place, size_t index) {
    pval *v = planner_root(p, type, name);
    v->buffer = ARENA_NEW(p->arena, plan_buffer);
    v->buffer->place = place;
    v->buffer->index = index;
    v->buffer->dtype = type->dtype;
    v->buffer->elements = ir_type_elements(p->dims, type);
    v->buffer->name = name;
    return v;
}

/* The type of what a node makes: a sink makes the gradient of its param, or what is in it. */
static const ir_type *made_type(const planner *p, const ir_node *n) {
    bool sink = ir_op_class_of(n->op) == IR_SINK;
    return sink ? &p->model->params[n->attrs.index].type : &n->results[0]->type;
}

static pval *parameter(planner *p, const ir_value *v) {
    pval *r = ARENA_NEW(p->arena, pval);
    r->kind = PVAL_PARAM;
    r->block = p->block;
    r->type = v->type;
    while (v->producer->op == IR_RESHAPE) v = v->producer->inputs[0]; /* the same elements in the same order */
    r->param = v->producer->attrs.index;
    return r;
}

static pval *inlined(planner *p, const ir_node *n) {
    pval *v = ARENA_NEW(p->arena, pval);
    v->kind = PVAL_INLINE;
    v->block = p->block;
    v->type = n->results[0]->type;
    v->node = n;
    v->name = n->results[0]->name;
    return v;
}

static pval *view_of(planner *p, const ir_node *n, pval *of, const ir_type *type, const char *name) {
    pstep step = {.op = n->op, .axis = n->attrs.axis, .start = n->attrs.start, .step = n->attrs.step};
    memcpy(step.perm, n->attrs.perm, sizeof step.perm);
    return planner_view(p, of, type, step, name);
}

static pval *view_node(planner *p, const ir_node *n) {
    pval *of = p->values[n->inputs[0]->id];
    if (of->kind == PVAL_INLINE) return inlined(p, n);
    return view_of(p, n, planner_materialize(p, of), &n->results[0]->type, n->results[0]->name);
}

static void gather(planner *p, pval *v, pval ***list, unsigned *count, size_t *capacity);

/* A view of what is computed is one of all that it reads. */
static void gather_viewed(planner *p, const ir_node *view, pval ***list, unsigned *count, size_t *capacity) {
    unsigned first = *count;
    gather(p, p->values[view->inputs[0]->id], list, count, capacity);
    for (unsigned i = first; i < *count; i++) {
        ir_type type = view->results[0]->type;
        type.dtype = (*list)[i]->type.dtype;
        (*list)[i] = view_of(p, view, (*list)[i], &type, (*list)[i]->name);
    }
}

/* All memory operands of an elementwise kernel, those of inlined nodes too, depth first. */
static void gather(planner *p, pval *v, pval ***list, unsigned *count, size_t *capacity) {
    if (v->kind == PVAL_INLINE && ir_op_class_of(v->node->op) == IR_VIEW) {
        gather_viewed(p, v->node, list, count, capacity);
    } else if (v->kind == PVAL_INLINE) {
        const ir_node *n = v->node;
        for (unsigned i = 0; i < n->input_count; i++)
            if (n->inputs[i] && !plan_is_parameter(n, i)) gather(p, p->values[n->inputs[i]->id], list, count, capacity);
    } else if (v->kind != PVAL_NUMBER) {
        size_t n = *count;
        ARENA_PUSH(p->arena, *list, n, *capacity, v);
        *count = (unsigned)n;
    }
}

static unsigned inlined_size(const planner *p, const ir_value *v) {
    const pval *q = p->values[v->id];
    if (q->kind != PVAL_INLINE) return 0;
    unsigned size = 1;
    for (unsigned i = 0; i < q->node->input_count; i++)
        if (q->node->inputs[i] && !plan_is_parameter(q->node, i)) size += inlined_size(p, q->node->inputs[i]);
    return size;
}

/* What a result is called in scratch: by the .nn file, or after the layer. */
static const char *result_name(planner *p, const ir_node *n, unsigned result) {
    if (n->results[result]->name || !n->label) return n->results[result]->name;
    if (n->op != IR_RECURRENT) return n->label;
    return arena_printf(p->arena, "%s_%s", n->label, plan_recurrent_result(n, result));
}

/* Floats are computed in vectors unless they read int32, so a mask that is made of int32 comes to them by memory. */
static bool keeps_vectors(const planner *p, const ir_node *n, const ir_node *user) {
    bool is_mask = n->results[0]->type.dtype == IR_BOOL && made_type(p, user)->dtype == IR_F32;
    return !is_mask || !planner_reads_ints(p, n);
}

/* With all that it and what is computed in it reads. */
static task *elementwise_task(planner *p, const ir_node *n) {
    pval **list = NULL;
    unsigned count = 0;
    size_t capacity = 0;
    for (unsigned i = 0; i < n->input_count; i++)
        if (n->inputs[i] && !plan_is_parameter(n, i)) gather(p, p->values[n->inputs[i]->id], &list, &count, &capacity);
    task *u = planner_task(p, TASK_NODE, n, count, 1);
    if (count) memcpy(u->inputs, list, count * sizeof *list);
    return u;
}

static void elementwise_in_memory(planner *p, const ir_node *n) {
    ir_value *result = n->results[0];
    task *u = elementwise_task(p, n);
    pval *r = planner_root(p, &result->type, result_name(p, n, 0));
    r->producer = u;
    u->results[0] = r;
    p->values[result->id] = r;
}

/* Of what would be computed in n: what keeps the most; NULL: nothing keeps any. */
static const ir_node *heaviest(const planner *p, const ir_node *n) {
    const ir_node *found = NULL;
    unsigned most = 0;
    for (unsigned i = 0; i < n->input_count; i++) {
        if (!n->inputs[i] || plan_is_parameter(n, i)) continue;
        const pval *v = p->values[n->inputs[i]->id];
        unsigned kept = v->kind == PVAL_INLINE ? planner_kept(p, &v->node, 1) : 0;
        if (kept <= most) continue;
        most = kept;
        found = v->node;
    }
    return found;
}

static void elementwise_node(planner *p, const ir_node *n, const ir_node *const *only_user) {
    ir_value *result = n->results[0];
    const ir_node *user = only_user[result->id];
    const ir_node *apart;
    while (!planner_keeps_little(p, planner_kept(p, &n, 1)) && (apart = heaviest(p, n)) != NULL)
        elementwise_in_memory(p, apart);
    if (planner_computes(p, n)) {
        p->values[result->id] = inlined(p, n);
        return;
    }
    bool fits = user && plan_is_elementwise(user) && ir_shape_same(made_type(p, user), &result->type);
    if (fits && keeps_vectors(p, n, user)) {
        unsigned size = 1;
        for (unsigned i = 0; i < n->input_count; i++)
            if (n->inputs[i] && !plan_is_parameter(n, i)) size += inlined_size(p, n->inputs[i]);
        if (size < MAX_INLINED) {
            p->values[result->id] = inlined(p, n);
            return;
        }
    }
    elementwise_in_memory(p, n);
}

/* h0 or c0 into the memory of h_n or c_n, where the steps will carry it on. */
static void initial_state(planner *p, const ir_node *n, const ir_value *initial, pval *final, task *recurrent) {
    task *u = planner_task(p, initial ? TASK_COPY : TASK_ZERO, n, initial ? 1 : 0, 1);
    if (initial) u->inputs[0] = p->values[initial->id];
    pval *start = planner_target(p, final);
    start->producer = u;
    u->results[0] = start;
    planner_after(p, recurrent, u);
}

static void general_node(planner *p, const ir_node *n) {
    /* numbers become memory before the task, so that it comes after their copies */
    pval **inputs = NULL;
    unsigned count = 0, computed = 0;
    size_t capacity = 0;
    for (unsigned i = 0; i < n->input_count; i++) {
        pval *v = NULL;
        if (n->inputs[i])
            v = plan_is_parameter(n, i) ? parameter(p, n->inputs[i])
                                        : planner_materialize(p, p->values[n->inputs[i]->id]);
        if (v && v->kind == PVAL_INLINE) {
            gather(p, v, &inputs, &count, &capacity);
            computed = count;
            continue;
        }
        size_t more = count;
        ARENA_PUSH(p->arena, inputs, more, capacity, v);
        count = (unsigned)more;
    }
    task *u = planner_task(p, n->op == IR_CAT ? TASK_JOIN : TASK_NODE, n, count, n->result_count);
    u->computed = computed;
    if (count) memcpy(u->inputs, inputs, count * sizeof *inputs);
    for (unsigned i = 0; i < n->result_count; i++) {
        ir_value *v = n->results[i];
        u->results[i] = p->values[v->id] = planner_root(p, &v->type, result_name(p, n, i));
        u->results[i]->producer = u;
        u->results[i]->result = i;
    }
    if (n->op != IR_RECURRENT) return;
    /* the task of the layer itself must come last: it was made first for the pvals' sake */
    p->task_count--;
    initial_state(p, n, n->inputs[IR_REC_H0], u->results[1], u);
    if (n->attrs.cell == IR_LSTM) initial_state(p, n, n->inputs[IR_REC_C0], u->results[2], u);
    u->inputs[IR_REC_H0] = u->inputs[IR_REC_C0] = NULL;
    u->serial = (unsigned)p->task_count;
    ARENA_PUSH(p->arena, p->tasks, p->task_count, p->task_capacity, u);
}

static void source_node(planner *p, const ir_node *n) {
    const ir_model *m = p->model;
    size_t i = n->attrs.index;
    ir_value *v = n->results[0];
    pval *r = NULL;
    switch (n->op) {
    case IR_INPUT:
        r = fixed_root(p, &v->type, m->inputs[i].name, PLAN_INPUT, i);
        p->plan->input_buffers[i] = r->buffer;
        break;
    case IR_STATE:
        r = fixed_root(p, &v->type, m->states[i].name, PLAN_STATE, i);
        r->buffer = p->plan->state_buffers[i];
        break;
    case IR_PARAM:
        r = fixed_root(p, &v->type, v->name, ir_param_lives(&m->params[i]) ? PLAN_TRAINED : PLAN_TABLE, i);
        break;
    case IR_TENSOR:
        r = fixed_root(p, &v->type, v->name, PLAN_LITERAL, 0);
        r->buffer->literal = n;
        break;
    case IR_CONST:
    case IR_SIZE:
        r = ARENA_NEW(p->arena, pval);
        r->kind = PVAL_NUMBER;
        r->block = p->block;
        r->type = v->type;
        r->name = v->name;
        r->number = n->attrs.number;
        r->size = n->attrs.start;
        break;
    case IR_ROW:
    case IR_CARRIED: return; /* planner_repeat has made them */
    default: ice("no source %s", ir_op_name(n->op));
    }
    p->values[v->id] = r;
}

/* The only node that uses a value, where nothing else does and the node stands in the graph that makes the value. */
typedef struct {
    const ir_node **user;
    unsigned *uses;
    const ir_graph **made_in;
} use_table;

enum { SEVERAL = 2 };

static void count_uses(use_table *t, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        for (unsigned i = 0; i < n->result_count; i++) t->made_in[n->results[i]->id] = g;
        for (unsigned i = 0; i < n->input_count; i++)
            if (n->inputs[i]) {
                t->user[n->inputs[i]->id] = n;
                t->uses[n->inputs[i]->id] += t->made_in[n->inputs[i]->id] == g ? 1 : SEVERAL;
            }
        if (n->op != IR_REPEAT) continue;
        count_uses(t, &n->block->body);
        for (unsigned i = 0; i < ir_carried_of(n); i++) t->uses[n->block->next[i]->id] += SEVERAL;
        for (unsigned i = 0; i < ir_collected_of(n); i++) t->uses[n->block->collected[i]->id] += SEVERAL;
        if (n->block->until) t->uses[n->block->until->id] += SEVERAL;
    }
}

static const ir_node **only_users(planner *p, const ir_graph *g) {
    size_t count = p->model->value_count + 1;
    use_table t = {ARENA_ARRAY(p->arena, const ir_node *, count), ARENA_ARRAY(p->arena, unsigned, count),
                   ARENA_ARRAY(p->arena, const ir_graph *, count)};
    count_uses(&t, g);
    const ir_model *m = p->model;
    for (size_t i = 0; i < m->output_count; i++) t.uses[m->outputs[i].value->id] += SEVERAL;
    for (size_t i = 0; i < m->check_count; i++) t.uses[m->checks[i].value->id] += SEVERAL;
    for (size_t i = 0; i < m->state_count; i++) {
        if (m->states[i].next) t.uses[m->states[i].next->id] += SEVERAL;
        if (m->states[i].init) t.uses[m->states[i].init->id] += SEVERAL;
    }
    for (unsigned i = 0; i < m->value_count; i++)
        if (t.uses[i] != 1) t.user[i] = NULL;
    return t.user;
}

/* As the param lies in the struct's arrays: packed, it is a row of floats. */
static ir_type place_type(planner *p, size_t param) {
    const param_place *place = &p->plan->packs->params->of[param];
    if (!place->packed) return p->model->params[param].type;
    return (ir_type){.dtype = IR_F32, .rank = 1, .dims = {dim_const(p->dims, place->floats)}};
}

/* Where the gradient of the sink's param is added up, zeros at first: in scratch until its STEP. */
static pval *passing_gradient(planner *p, const ir_node *n) {
    pval **gradient = &p->gradients[n->attrs.index];
    if (*gradient) return *gradient;
    ir_type type = place_type(p, n->attrs.index);
    pblock *block = p->block;
    while (p->block->around) p->block = p->block->around; /* pieces of a layer add to one gradient */
    *gradient = planner_root(p, &type, "gradient");
    task *zeros = (*gradient)->producer = planner_task(p, TASK_ZERO, NULL, 0, 1);
    p->block = block;
    zeros->waits = true;
    return zeros->results[0] = *gradient;
}

/* The task of the graph around all loops that u is, or is inside of. */
static task *outermost(task *u) {
    while (u->block->around) u = u->block->repeat;
    return u;
}

/* Sums of several sinks are taken in their order; u is the next. */
static void add_behind_others(planner *p, task *u) {
    task **last = &p->added[u->node->attrs.index], *own = outermost(u);
    if (*last && *last != own) planner_after(p, own, *last);
    *last = own;
}

/* The zeros wait for what the first sink adds: scratch has room for other things until then. */
static void begin_late(planner *p, task *zeros, const task *sink) {
    if (zeros->after_count) return;
    for (unsigned i = 0; i < sink->input_count; i++) {
        task *made_by = pval_is_memory(sink->inputs[i]) ? planner_producer(sink->inputs[i]) : NULL;
        if (made_by) planner_after(p, zeros, made_by);
    }
}

/* Reads what all sinks before it have written. */
static void step_node(planner *p, const ir_node *n) {
    pval *gradient = passing_gradient(p, n);
    task *u = planner_task(p, TASK_NODE, n, 1, 1);
    u->inputs[0] = gradient;
    add_behind_others(p, u);
    u->results[0] = fixed_root(p, &gradient->type, NULL, PLAN_TRAINED, n->attrs.index);
    u->results[0]->producer = u;
}

/* A sink writes what lies in the struct, or adds to a gradient that does not. */
static void sink_node(planner *p, const ir_node *n) {
    const ir_model *base = p->model->base;
    bool moves = ir_changes_param(n);
    bool passes = !moves && base && base->training->at_once;
    pval *gradient = passes ? passing_gradient(p, n) : NULL;
    task *u = NULL;
    if (plan_is_elementwise(n)) {
        u = elementwise_task(p, n);
    } else {
        pval *inputs[2];
        for (unsigned i = 0; i < n->input_count; i++) inputs[i] = planner_materialize(p, p->values[n->inputs[i]->id]);
        u = planner_task(p, TASK_NODE, n, n->input_count, 1);
        memcpy(u->inputs, inputs, n->input_count * sizeof *inputs);
    }
    if (!moves) add_behind_others(p, u);
    if (passes) {
        u->waits = u == outermost(u);
        begin_late(p, gradient->producer, outermost(u));
        planner_after(p, outermost(u), gradient->producer);
        u->results[0] = planner_target(p, gradient);
    } else {
        ir_type type = place_type(p, n->attrs.index);
        u->results[0] = fixed_root(p, &type, NULL, moves ? PLAN_TRAINED : PLAN_GRADIENT, n->attrs.index);
    }
    u->results[0]->producer = u;
}

/* The param of the struct that v is, or lies in, or -1. */
static long param_of(const pval *v) {
    if (!v) return -1;
    if (v->kind == PVAL_PARAM) return (long)v->param;
    const plan_buffer *b = pval_is_memory(v) ? layout_storage(v)->buffer : NULL;
    return b && b->place == PLAN_TRAINED ? (long)b->index : -1;
}

static bool reads_param(const task *u, size_t param) {
    for (unsigned i = 0; i < u->input_count; i++)
        if (param_of(u->inputs[i]) == (long)param) return true;
    return false;
}

static bool moves_param(const task *u) {
    const plan_buffer *b = u->result_count && u->results[0] ? u->results[0]->buffer : NULL;
    return u->kind == TASK_NODE && !u->body && b && b->place == PLAN_TRAINED;
}

static bool scales_rows(const task *u) { return moves_param(u) && u->node->op == IR_RENORM; }

/* By param: who reads it, or scales its rows. */
static ptasks *find_readers_of_params(planner *p) {
    ptasks *of = ARENA_ARRAY(p->arena, ptasks, p->model->param_count + 1);
    for (size_t i = 0; i < p->task_count; i++) {
        task *u = p->tasks[i];
        for (unsigned k = 0; k < u->input_count; k++) {
            long param = param_of(u->inputs[k]);
            if (param >= 0) planner_list(p, &of[param], u);
        }
        if (scales_rows(u)) planner_list(p, &of[u->node->attrs.index], u);
    }
    return of;
}

/* What changes parameters comes when they have been read; rows that are too long are scaled before the step. */
static void order_updates(planner *p) {
    const ptasks *readers = find_readers_of_params(p);
    for (size_t i = 0; i < p->task_count; i++) {
        task *u = p->tasks[i];
        if (!moves_param(u)) continue;
        const ptasks *of = &readers[u->node->attrs.index];
        for (size_t k = 0; k < of->count; k++) {
            task *other = of->of[k];
            bool same = other->kind == TASK_NODE && other->node->op == u->node->op;
            bool later = other->serial > u->serial && same;
            bool before = reads_param(other, u->node->attrs.index) || (scales_rows(other) && !same);
            if (other != u && !later && other->block == u->block && before) planner_after(p, u, other);
        }
    }
}

static void nodes(planner *p, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        switch (ir_op_class_of(n->op)) {
        case IR_SOURCE: source_node(p, n); break;
        case IR_VIEW: p->values[n->results[0]->id] = view_node(p, n); break;
        case IR_LOOP: planner_repeat(p, n, nodes); break;
        case IR_MOVE:
            if (n->op == IR_CAT) p->values[n->results[0]->id] = planner_windows(p, n);
            if (n->op != IR_CAT || !p->values[n->results[0]->id]) general_node(p, n);
            break;
        case IR_SINK:
            if (n->op == IR_STEP) step_node(p, n);
            else sink_node(p, n);
            break;
        default:
            if (plan_is_elementwise(n)) elementwise_node(p, n, p->only_user);
            else general_node(p, n);
        }
    }
}

/* What a check looks at, and all that it is made of, comes before anything that the caller sees. */
static void make_early(pval *v) {
    for (; v->origin; v = v->origin) v->early = true;
    if (v->early || v->kind == PVAL_NUMBER) return;
    v->early = true;
    for (unsigned i = 0; v->producer && i < v->producer->input_count; i++)
        if (v->producer->inputs[i]) make_early(v->producer->inputs[i]);
}

/* A task for each check that needs scratch. */
static void add_checks(planner *p) {
    const ir_model *m = p->model;
    for (size_t i = 0; i < m->check_count; i++) {
        if (planner_check(p, &m->checks[i])) continue;
        pval *v = planner_materialize(p, p->values[m->checks[i].value->id]);
        task *u = planner_task(p, TASK_CHECK, NULL, 1, 0);
        u->check = &m->checks[i];
        u->inputs[0] = v;
        make_early(v);
    }
}

void planner_build(planner *p, const ir_graph *g, bool is_reset) {
    p->values = ARENA_ARRAY(p->arena, pval *, p->model->value_count + 1);
    p->gradients = ARENA_ARRAY(p->arena, pval *, p->model->param_count + 1);
    p->added = ARENA_ARRAY(p->arena, task *, p->model->param_count + 1);
    p->block = ARENA_NEW(p->arena, pblock);
    p->tasks = NULL;
    p->task_count = p->task_capacity = 0;
    p->only_user = only_users(p, g);
    nodes(p, g);
    planner_follow(p);
    order_updates(p);
    if (!is_reset) add_checks(p);
}
