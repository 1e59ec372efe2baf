/* place: values written straight to where they are wanted, and copies where that cannot be.
 *
 * Hosting turns a task's own storage into a view of its consumer's memory: of an output, of a state, of a slice of a
 * CAT's result, or of what a PAD leaves in the middle of its own. The way from the consumer back to the task may lead
 * through RESHAPE and PERMUTE, which are inverted.
 * Consumers are handled before what they consume, so that a CAT that lies in an output hands its slices on. */
#include <string.h>

#include "plan/operators.h"

enum { MAX_CHAIN = 16 };

/* Matrix kernels write dense rows, and so do convolutions to whose sums more is done. */
static bool writes_dense_rows(const task *u) {
    return u->kind == TASK_NODE && (plan_operator_of(u->node->op)->dense_rows || u->reader);
}

/* A product with a trained matrix in panels, whose lanes lie along the terms. */
static bool reads_panels(const planner *p, const task *u) {
    if (!task_does(u, IR_MATMUL) || !u->inputs[1]) return false;
    const plan_buffer *b = layout_storage(u->inputs[1])->buffer;
    return b && b->place == PLAN_TRAINED && p->plan->packs->params->of[b->index].packed;
}

/* (The rows of an image's windows are put side by side.) */
static bool wants_dense_rows(const planner *p, const task *u, unsigned input) {
    bool wants = writes_dense_rows(u) || reads_panels(p, u);
    return wants && input == 0 && !(u->reader && u->inputs[0]->type.rank == 5);
}

/* Is v, if it lies in root's memory, still what the task can work on? */
static bool stays_usable(planner *p, const pval *v, const pval *root, bool rows) {
    plan_view view;
    if (!pval_is_memory(v) || layout_storage(v) != root) return true;
    return layout_full(p, v, &view) && (!rows || plan_view_rows_dense(&view));
}

static bool stands_in(const pblock *b, const pblock *in) {
    while (b && b != in) b = b->around;
    return b != NULL;
}

/* A body writes what it collects and carries straight into the REPEAT's results, and was placed before them. */
static bool body_can_write(planner *p, const pblock *body, const pval *result) {
    const pval *root = layout_storage(result);
    for (size_t i = planner_first(body), end = planner_end(p, body); i < end; i++) {
        const task *u = p->tasks[i];
        if (!stands_in(u->block, body)) continue;
        for (unsigned k = 0; k < u->input_count; k++)
            if (!stays_usable(p, u->inputs[k], root, wants_dense_rows(p, u, k))) return false;
        for (unsigned k = 0; k < u->result_count; k++)
            if (!stays_usable(p, u->results[k], root, writes_dense_rows(u))) return false;
    }
    return true;
}

static bool can_write(planner *p, const pval *v) {
    plan_view view;
    if (!layout_full(p, v, &view)) return false;
    const task *u = v->producer;
    if (u->body) return body_can_write(p, u->body, v);
    return !writes_dense_rows(u) || plan_view_rows_dense(&view);
}

/* Everything that lies in v's memory by views must stay sayable; only RESHAPEs of a CAT's operands can fail later, and
 * those are placed after their host. */
bool planner_host(planner *p, pval *v, pval *in) {
    /* what a REPEAT collects where rows were takes their memory with it */
    bool of_loop = v->producer && v->producer->body && v->result >= ir_carried_of(v->producer->node);
    bool in_rows = v->kind == PVAL_VIEW && !v->origin && of_loop;
    if (in_rows && v->source->kind == PVAL_ROOT && ir_type_same(&v->type, &v->source->type))
        return planner_host(p, v->source, in);
    pval *chain[MAX_CHAIN], old[MAX_CHAIN];
    unsigned n = 0;
    for (pval *q = v;; q = q->origin) {
        if (n == MAX_CHAIN) return false;
        chain[n++] = q;
        if (!q->origin) break;
        ir_op step = q->origin_step.op;
        bool inverts = step == IR_RESHAPE || step == IR_PERMUTE;
        if (q->kind != PVAL_VIEW || q->source != q->origin || !inverts) return false;
    }
    pval *root = chain[n - 1];
    if (root->kind != PVAL_ROOT || root->buffer || !root->producer || layout_storage(in) == root ||
        root->producer->block != p->block)
        return false;
    if (root->early) return false;
    for (unsigned i = 0; i < n; i++) old[i] = *chain[i];
    pstep same = {.op = IR_RESHAPE};
    for (unsigned i = 0; i < n; i++) {
        chain[i]->kind = PVAL_VIEW;
        chain[i]->source = i == 0 ? in : chain[i - 1];
        chain[i]->step = i == 0 ? same : layout_inverse(&old[i - 1].origin_step, &old[i].type);
    }
    plan_view view;
    bool fits = can_write(p, root);
    for (unsigned i = 0; fits && i < n; i++) fits = layout_full(p, chain[i], &view);
    if (!fits)
        for (unsigned i = 0; i < n; i++) *chain[i] = old[i];
    return fits;
}

static pval *slice_of(planner *p, pval *whole, unsigned axis, const dim *start, const ir_type *type) {
    return planner_view(p, whole, type, (pstep){.op = IR_SLICE, .axis = axis, .start = start, .step = 1}, NULL);
}

static void place_join(planner *p, task *join) {
    join->placed = true;
    pval *whole = join->results[0];
    unsigned axis = join->node->attrs.axis;
    const dim *start = dim_const(p->dims, 0);
    for (unsigned i = 0; i < join->input_count; i++) {
        pval *v = join->inputs[i];
        pval *slice = slice_of(p, whole, axis, start, &v->type);
        if (!planner_host(p, v, slice)) {
            slice->origin = NULL;
            planner_copy(p, v, slice, join->node);
            join->inputs[i] = slice;
        }
        start = dim_add(p->dims, start, v->type.dims[axis]);
    }
}

/* What is padded, and read by nobody else, lies where it is wanted in the result, if that can be: the kernel then
 * writes the padding alone. But short runs of it are better made densely. */
static void place_padded(planner *p, task *pad) {
    pval *v = pad->inputs[0], *whole = pad->results[0];
    const ir_attrs *a = &pad->node->attrs;
    const dim *run = dim_const(p->dims, 1);
    for (unsigned i = a->axis; i < v->type.rank; i++) run = dim_mul(p->dims, run, v->type.dims[i]);
    if (!pval_is_memory(v) || !p->only_user[pad->node->inputs[0]->id] || dim_min(run) < COST_WIDEST) return;
    planner_host(p, v, slice_of(p, whole, a->axis, dim_const(p->dims, a->before), &v->type));
}

/* --- states --- */

bool planner_same_place(planner *p, const pval *a, const pval *b) {
    plan_view x, y;
    if (!layout_full(p, a, &x) || !layout_full(p, b, &y) || !dim_same(x.offset, y.offset)) return false;
    const pval *in = layout_storage(a), *other = layout_storage(b);
    if (in != other && (!in->buffer || in->buffer != other->buffer)) return false;
    if (!ir_shape_same(&x.type, &y.type)) return false;
    for (unsigned i = 0; i < x.type.rank; i++)
        if (!dim_is(x.type.dims[i], 1) && !dim_same(x.strides[i], y.strides[i])) return false;
    return true;
}

/* May the new value of a state be written over the old one? Only where the old one is read by nothing but copies that
 * put h0 where h will live, each of them now a copy onto itself. */
static bool state_is_only_carried(planner *p, const plan_buffer *state) {
    for (size_t i = 0; i < p->task_count; i++) {
        const task *u = p->tasks[i];
        if (u->block != p->block) continue; /* what a body reads, its REPEAT's task does */
        for (unsigned k = 0; k < u->input_count; k++) {
            if (!pval_is_memory(u->inputs[k])) continue;
            const pval *root = layout_storage(u->inputs[k]);
            if (root->buffer != state || planner_producer(u->inputs[k])) continue;
            if (u->kind != TASK_COPY || !planner_same_place(p, u->inputs[k], u->results[0])) return false;
        }
    }
    return true;
}

/* Does v's memory hold the value from a step, or a round, to the next? */
static bool is_carried_result(const pval *v) {
    while (v->origin) v = v->origin;
    const task *u = v->producer;
    if (u->kind != TASK_NODE) return false;
    return u->body ? v->result < ir_carried_of(u->node) : u->node->op == IR_RECURRENT;
}

/* Every task that computes a part of v: through joins, whose copies count as tasks of their own. */
static bool made_by_recurrents(const pval *v) {
    const task *u = planner_producer(v);
    if (!u) return false;
    if (u->kind == TASK_JOIN) {
        for (unsigned i = 0; i < u->input_count; i++)
            if (!made_by_recurrents(u->inputs[i])) return false;
        return true;
    }
    return is_carried_result(v);
}

/* Joins that lie in a state are placed at once, to see whether all of their operands come to their places. */
void planner_place_joins_of(planner *p, const pval *v) {
    task *u = planner_producer(v);
    if (!u || u->block != p->block || u->kind != TASK_JOIN || u->placed) return;
    place_join(p, u);
    for (unsigned i = 0; i < u->input_count; i++) planner_place_joins_of(p, u->inputs[i]);
}

/* A new value that could not be written where the state lies: copied there when nobody reads the old one any more. */
typedef struct {
    pval *from, *to;
} state_copy;

typedef struct {
    state_copy *copies;
    size_t count;
} state_copies;

/* The tasks that read each state's old value, in order. */
typedef struct {
    task **tasks;
    size_t count, capacity;
} state_readers;

static state_readers *find_readers(planner *p) {
    state_readers *of = ARENA_ARRAY(p->arena, state_readers, p->model->state_count + 1);
    for (size_t i = 0; i < p->task_count; i++) {
        task *u = p->tasks[i];
        if (u->block != p->block) continue;
        for (unsigned k = 0; k < u->input_count; k++) {
            if (!pval_is_memory(u->inputs[k])) continue;
            const plan_buffer *b = layout_storage(u->inputs[k])->buffer;
            if (!b || b->place != PLAN_STATE) continue;
            state_readers *r = &of[b->index];
            if (r->count && r->tasks[r->count - 1] == u) continue;
            ARENA_PUSH(p->arena, r->tasks, r->count, r->capacity, u);
        }
    }
    return of;
}

/* Is the old value, or a view of it, an output or a state's new value? Those have no task yet that would read it. */
static bool is_old_value(planner *p, const ir_value *v, const plan_buffer *state) {
    pval *q = v ? p->values[v->id] : NULL;
    return pval_is_memory(q) && !planner_producer(q) && layout_storage(q)->buffer == state;
}

static bool old_value_is_kept(planner *p, const plan_buffer *state) {
    const ir_model *m = p->model;
    for (size_t i = 0; i < m->output_count; i++)
        if (is_old_value(p, m->outputs[i].value, state)) return true;
    for (size_t i = 0; i < m->state_count; i++)
        if (is_old_value(p, m->states[i].next, state)) return true;
    return false;
}

/* A cheap test before anything is moved: hosting is tried only where every reader of the state is the initial copy of a
 * RECURRENT and the new value is made of RECURRENT results only. */
static bool may_carry(planner *p, const plan_buffer *state, const pval *next) {
    if (!made_by_recurrents(next) || old_value_is_kept(p, state)) return false;
    for (size_t i = 0; i < p->task_count; i++) {
        const task *u = p->tasks[i];
        if (u->block != p->block) continue;
        bool initial = u->kind == TASK_COPY && u->node && (u->node->op == IR_RECURRENT || u->node->op == IR_REPEAT);
        for (unsigned k = 0; k < u->input_count; k++)
            if (pval_is_memory(u->inputs[k]) && layout_storage(u->inputs[k])->buffer == state &&
                !initial)
                return false;
    }
    return true;
}

static state_copies place_states(planner *p, bool is_reset) {
    const ir_model *m = p->model;
    state_copies late = {ARENA_ARRAY(p->arena, state_copy, m->state_count), 0};
    for (size_t i = 0; i < m->state_count; i++) {
        const ir_value *next = is_reset ? m->states[i].init : m->states[i].next;
        if (!next || next == m->states[i].value) continue;
        pval *v = p->values[next->id];
        pval *to = planner_root(p, &m->states[i].type, m->states[i].name);
        to->buffer = p->plan->state_buffers[i];
        if (pval_is_memory(v) && (is_reset || may_carry(p, to->buffer, v)) && planner_host(p, v, to)) {
            planner_place_joins_of(p, v);
            if (is_reset || state_is_only_carried(p, to->buffer)) continue;
            /* the old value is read elsewhere too: h lives in scratch after all, and is copied at the end */
            pval *scratch = planner_root(p, &m->states[i].type, m->states[i].name);
            to->kind = PVAL_VIEW;
            to->buffer = NULL;
            to->source = scratch;
            to->step = (pstep){.op = IR_RESHAPE};
            to = planner_root(p, &m->states[i].type, m->states[i].name);
            to->buffer = p->plan->state_buffers[i];
        }
        late.copies[late.count++] = (state_copy){v, to};
    }
    return late;
}

/* Comes last, when everything that reads an old value is there. A new value that is (a view of) another state's old one
 * is saved before any state is written. */
static void copy_states(planner *p, const state_copies *late, bool is_reset) {
    for (size_t i = 0; i < late->count && !is_reset; i++) {
        pval *v = late->copies[i].from;
        if (!pval_is_memory(v) || planner_producer(v)) continue;
        const plan_buffer *b = layout_storage(v)->buffer;
        if (!b || b->place != PLAN_STATE) continue;
        pval *saved = planner_root(p, &v->type, v->name);
        planner_copy(p, v, saved, NULL);
        late->copies[i].from = saved;
    }
    const state_readers *readers = find_readers(p);
    for (size_t i = 0; i < late->count; i++) {
        task *copy = planner_copy(p, late->copies[i].from, late->copies[i].to, NULL);
        const state_readers *of = &readers[late->copies[i].to->buffer->index];
        for (size_t k = 0; k < of->count && !is_reset; k++) planner_after(p, copy, of->tasks[k]);
    }
}

static void place_outputs(planner *p) {
    const ir_model *m = p->model;
    for (size_t i = 0; i < m->output_count; i++) {
        const ir_output *o = &m->outputs[i];
        pval *to = planner_root(p, &o->value->type, o->name);
        to->buffer = ARENA_NEW(p->arena, plan_buffer);
        *to->buffer = (plan_buffer){.place = PLAN_OUTPUT, .index = i, .dtype = o->value->type.dtype, .name = o->name};
        to->buffer->elements = ir_type_elements(p->dims, &o->value->type);
        p->plan->output_buffers[i] = to->buffer;
        pval *v = p->values[o->value->id];
        if (!pval_is_memory(v) || !planner_host(p, v, to)) planner_copy(p, v, to, NULL);
    }
}

void planner_place_joins(planner *p, size_t end) {
    for (size_t i = end, first = planner_first(p->block); i-- > first;) {
        task *u = p->tasks[i];
        if (u->block != p->block) continue;
        if (u->kind == TASK_JOIN && !u->placed) place_join(p, u);
        if (task_does(u, IR_PAD)) place_padded(p, u);
    }
}

void planner_place(planner *p, bool is_reset) {
    size_t nodes = p->task_count;
    /* states first: a copy of the whole state every run costs more than a copy to an output now and then */
    state_copies late = place_states(p, is_reset);
    if (!is_reset) place_outputs(p);
    planner_place_joins(p, nodes);
    copy_states(p, &late, is_reset);
}

/* --- copies that layouts force --- */

/* Makes v's view sayable in strides, by a dense copy of what a RESHAPE cannot see through. */
static void make_sayable(planner *p, pval *v) {
    plan_view view;
    if (v->kind != PVAL_VIEW || layout_full(p, v, &view)) return;
    make_sayable(p, v->source);
    if (layout_full(p, v, &view)) return;
    pval *copy = planner_dense_copy(p, v->source);
    v->source = v->origin = copy;
}

/* Copies are tasks of their own at the end of the list; schedule() orders by dependency, not by position. */
void planner_legalize(planner *p) {
    for (size_t i = planner_first(p->block); i < p->task_count; i++) {
        task *u = p->tasks[i];
        if (u->block != p->block) continue;
        for (unsigned k = 0; k < u->input_count; k++) {
            pval *v = u->inputs[k];
            if (!pval_is_memory(v)) continue;
            if (task_does(u, IR_CONV1D) && k == 0) v = u->inputs[k] = planner_rows_apart(p, v);
            make_sayable(p, v);
            plan_view view;
            if (wants_dense_rows(p, u, k) && layout_full(p, v, &view) && !plan_view_rows_dense(&view))
                u->inputs[k] = planner_dense_copy(p, v);
        }
    }
}
