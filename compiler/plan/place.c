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

/* Which result of the REPEAT whose body b is does v lie in? -1: none. */
static int lies_in_result(const pblock *b, const pval *v) {
    if (!pval_is_memory(v)) return -1;
    while (v->producer != b->repeat && v->kind == PVAL_VIEW) v = v->source;
    return v->producer == b->repeat ? (int)v->result : -1;
}

static bool stands_in(const pblock *b, const pblock *in) {
    while (b && b != in) b = b->around;
    return b != NULL;
}

static void add_use(planner *p, const pblock *b, const pval *v, bool rows) {
    int result = lies_in_result(b, v);
    if (result < 0) return;
    pused *of = &b->used[result];
    ARENA_PUSH(p->arena, of->uses, of->count, of->capacity, ((puse){v, rows}));
}

static void find_uses(planner *p, pblock *b) {
    b->used = ARENA_ARRAY(p->arena, pused, b->repeat->result_count);
    for (size_t i = planner_first(b), end = planner_end(p, b); i < end; i++) {
        const task *u = p->tasks[i];
        if (!stands_in(u->block, b)) continue;
        for (unsigned k = 0; k < u->input_count; k++) add_use(p, b, u->inputs[k], wants_dense_rows(p, u, k));
        for (unsigned k = 0; k < u->result_count; k++) add_use(p, b, u->results[k], writes_dense_rows(u));
    }
}

/* A body writes what it collects and carries straight into the REPEAT's results, and was placed before them: is all of
 * it that lies in this one still what the body's tasks can work on? */
static bool body_can_write(planner *p, pblock *body, const pval *result) {
    if (!body->used) find_uses(p, body);
    const pused *of = &body->used[result->result];
    for (size_t i = 0; i < of->count; i++) {
        plan_view view;
        if (!layout_full(p, of->uses[i].value, &view)) return false;
        if (of->uses[i].dense_rows && !plan_view_rows_dense(&view)) return false;
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
    if (fits) return true;
    layout_moves(in);
    for (unsigned i = 0; i < n; i++) *chain[i] = old[i];
    return false;
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
    pad->placed = true;
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

/* A join's operands, and what is padded, come to their places. */
static void place_operands(planner *p, task *u) {
    if (u->placed) return;
    if (u->kind == TASK_JOIN) place_join(p, u);
    if (task_does(u, IR_PAD)) place_padded(p, u);
}

/* At once, where it is asked whether all of them can write there: over a state, or what a round begins with. */
void planner_place_parts_of(planner *p, const pval *v) {
    task *u = planner_producer(v);
    if (!u || u->block != p->block || u->placed) return;
    place_operands(p, u);
    for (unsigned i = 0; i < u->input_count && u->placed; i++)
        if (layout_storage(u->inputs[i]) == layout_storage(v)) planner_place_parts_of(p, u->inputs[i]);
}

/* A new value that could not be written where the state lies: copied there when nobody reads the old one any more. */
typedef struct {
    pval *from, *to;
} state_copy;

typedef struct {
    state_copy *copies;
    size_t count;
} state_copies;

/* Who reads a state's old value: tasks, in order; is it, or a view of it, an output or a state's new value, too? Those
 * have no task yet that would read it. */
typedef struct {
    ptasks tasks;
    bool kept;
} state_readers;

/* The state whose old value v is, or a view of it; NULL. */
static const plan_buffer *state_of(const pval *v) {
    if (!pval_is_memory(v)) return NULL;
    const plan_buffer *b = layout_storage(v)->buffer;
    return b && b->place == PLAN_STATE ? b : NULL;
}

static void keep_old(const planner *p, state_readers *of, const ir_value *v) {
    const pval *q = v ? p->values[v->id] : NULL;
    const plan_buffer *b = state_of(q);
    if (b && !planner_producer(q)) of[b->index].kept = true;
}

/* By state. */
static state_readers *find_readers(planner *p) {
    const ir_model *m = p->model;
    state_readers *of = ARENA_ARRAY(p->arena, state_readers, m->state_count + 1);
    for (size_t i = 0; i < p->task_count; i++) {
        task *u = p->tasks[i];
        if (u->block != p->block) continue; /* what a body reads, its REPEAT's task does */
        for (unsigned k = 0; k < u->input_count; k++) {
            const plan_buffer *b = state_of(u->inputs[k]);
            if (b) planner_list(p, &of[b->index].tasks, u);
        }
    }
    for (size_t i = 0; i < m->output_count; i++) keep_old(p, of, m->outputs[i].value);
    for (size_t i = 0; i < m->state_count; i++) keep_old(p, of, m->states[i].next);
    return of;
}

/* A cheap test before anything is moved: hosting is tried only where every reader of the state is the initial copy of a
 * RECURRENT and the new value is made of RECURRENT results only. */
static bool may_carry(const state_readers *r, const pval *next) {
    if (r->kept || !made_by_recurrents(next)) return false;
    for (size_t i = 0; i < r->tasks.count; i++) {
        const task *u = r->tasks.of[i];
        if (u->kind != TASK_COPY || !u->node || (u->node->op != IR_RECURRENT && u->node->op != IR_REPEAT)) return false;
    }
    return true;
}

/* May the new value of a state be written over the old one? Only where each of those copies, which put h0 where h will
 * live, is now a copy onto itself. */
static bool state_is_only_carried(planner *p, const state_readers *r) {
    for (size_t i = 0; i < r->tasks.count; i++) {
        const task *u = r->tasks.of[i];
        if (!planner_producer(u->inputs[0]) && !planner_same_place(p, u->inputs[0], u->results[0])) return false;
    }
    return true;
}

static state_copies place_states(planner *p, bool is_reset) {
    const ir_model *m = p->model;
    state_copies late = {ARENA_ARRAY(p->arena, state_copy, m->state_count), 0};
    const state_readers *readers = find_readers(p);
    for (size_t i = 0; i < m->state_count; i++) {
        const ir_value *next = is_reset ? m->states[i].init : m->states[i].next;
        if (!next || next == m->states[i].value) continue;
        pval *v = p->values[next->id];
        pval *to = planner_root(p, &m->states[i].type, m->states[i].name);
        to->buffer = p->plan->state_buffers[i];
        if (pval_is_memory(v) && (is_reset || may_carry(&readers[i], v)) && planner_host(p, v, to)) {
            planner_place_parts_of(p, v);
            if (is_reset || state_is_only_carried(p, &readers[i])) continue;
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
        if (!state_of(v) || planner_producer(v)) continue;
        pval *saved = planner_root(p, &v->type, v->name);
        planner_copy(p, v, saved, NULL);
        late->copies[i].from = saved;
    }
    const state_readers *readers = find_readers(p);
    for (size_t i = 0; i < late->count; i++) {
        task *copy = planner_copy(p, late->copies[i].from, late->copies[i].to, NULL);
        const state_readers *of = &readers[late->copies[i].to->buffer->index];
        for (size_t k = 0; k < of->tasks.count && !is_reset; k++) planner_after(p, copy, of->tasks.of[k]);
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
        if (p->tasks[i]->block == p->block) place_operands(p, p->tasks[i]);
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
static void make_sayable(planner *p, pval *value) {
    pvals unknown = {0};
    layout_unknown(p, value, layout_is_known, &unknown);
    while (unknown.count) {
        plan_view view;
        pval *v = unknown.of[--unknown.count];
        if (!layout_full(p, v, &view)) v->source = v->origin = planner_dense_copy(p, v->source);
    }
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
