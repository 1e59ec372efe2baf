/* fuse: elementwise tasks of one shape in a round of a training's loop become one kernel with a result each: what a step
 * backwards through time computes for a unit is one function, and what only that reads has no memory.
 *
 * Tasks have levels: one that reads another's value as it is may have the same, one behind a task of another kind (a
 * product, a join, another shape) has a higher one. So tasks of one level and shape never wait for each other through
 * others. What only tasks of a higher level read goes up to them. */
#include "plan/operators.h"

enum { MOST_OPERANDS = 48 }; /* of one kernel; a nest has room for NEST_OPERANDS */

typedef struct {
    planner *planner;
    bool *fits;              /* by serial: may it be a part? */
    unsigned *level;
    unsigned *lowest_reader; /* the lowest level of those that read it as it is; 0: nobody does */
    bool *read_otherwise;
} fuser;

static const ir_type *shape_of(const task *u) { return &u->results[0]->type; }

static bool may_be_part(const planner *p, const task *u) {
    if (u->kind != TASK_NODE || u->body || ir_op_class_of(u->node->op) == IR_SINK) return false;
    if (ir_op_class_of(u->node->op) == IR_VIEW || !plan_operator_of(u->node->op)->elementwise) return false;
    return shape_of(u)->dtype == IR_F32 && u->results[0]->kind == PVAL_ROOT && !planner_reads_ints(p, u->node) &&
           !planner_inlines_batch_norm(p, u->node);
}

/* Is v what the task makes, as it is? */
static bool is_result_of(const pval *v, const task *u) { return !v->origin && v->producer == u; }

static bool may_share(const fuser *f, const task *maker, const task *reader, const pval *v) {
    return f->fits[maker->serial] && f->fits[reader->serial] && is_result_of(v, maker) &&
           ir_shape_same(shape_of(maker), shape_of(reader));
}

static void come_after(const fuser *f, const task *u, const task *before, bool shares) {
    bool above = f->fits[u->serial] && !shares;
    unsigned least = f->level[before->serial] + (above ? 1 : 0);
    if (f->level[u->serial] < least) f->level[u->serial] = least;
}

static task *maker_here(const fuser *f, const pval *v) {
    task *u = v ? planner_producer(v) : NULL;
    return u && u->block == f->planner->block ? u : NULL;
}

static void set_level(const fuser *f, const task *u) {
    f->level[u->serial] = 1;
    for (size_t i = 0; i < u->after_count; i++)
        if (u->after[i]->block == u->block) come_after(f, u, u->after[i], false);
    for (unsigned i = 0; i < u->input_count; i++) {
        const task *maker = maker_here(f, u->inputs[i]);
        if (maker) come_after(f, u, maker, may_share(f, maker, u, u->inputs[i]));
    }
}

/* Up to its readers; then tells those that it reads. */
static void rise(const fuser *f, const task *u) {
    unsigned *level = &f->level[u->serial], lowest = f->lowest_reader[u->serial];
    if (f->fits[u->serial] && !f->read_otherwise[u->serial] && lowest > *level) *level = lowest;
    for (size_t i = 0; i < u->after_count; i++) f->read_otherwise[u->after[i]->serial] = true;
    for (unsigned i = 0; i < u->input_count; i++) {
        const task *maker = maker_here(f, u->inputs[i]);
        if (!maker) continue;
        unsigned *of_maker = &f->lowest_reader[maker->serial];
        if (!may_share(f, maker, u, u->inputs[i])) f->read_otherwise[maker->serial] = true;
        else if (!*of_maker || *level < *of_maker) *of_maker = *level;
    }
}

/* --- one task of several ------------------------------------------------------------------------------------------ */

static void push_inputs(planner *p, task *to, const task *part, size_t *capacity) {
    size_t count = to->input_count;
    for (unsigned i = 0; i < part->input_count; i++)
        ARENA_PUSH(p->arena, to->inputs, count, *capacity, part->inputs[i]);
    to->input_count = (unsigned)count;
}

static void take_part(planner *p, task *to, task *part, size_t *capacity) {
    push_inputs(p, to, part, capacity);
    pval *result = part->results[0];
    to->parts[to->result_count] = part->node;
    to->results[to->result_count] = result;
    result->producer = to;
    result->result = to->result_count++;
    for (size_t i = 0; i < part->after_count; i++) planner_after(p, to, part->after[i]);
}

/* What the parts make for each other is no input. */
static void forget_own(const task *u) {
    for (unsigned i = 0; i < u->input_count; i++)
        if (u->inputs[i] && is_result_of(u->inputs[i], u)) u->inputs[i] = NULL;
}

/* The tasks of a level with the shape of `first`, up to as many as one kernel has operands for. Those taken no longer
 * fit. */
static size_t choose_parts(const fuser *f, size_t first, task **parts) {
    const planner *p = f->planner;
    const task *like = p->tasks[first];
    size_t count = 0;
    unsigned operands = 0;
    for (size_t i = first; i < p->task_count; i++) {
        task *u = p->tasks[i];
        if (!f->fits[i] || f->level[i] != f->level[first] || !ir_shape_same(shape_of(u), shape_of(like))) continue;
        operands += u->input_count + 1;
        if (operands > MOST_OPERANDS) break;
        parts[count++] = u;
    }
    for (size_t i = 0; i < count; i++) f->fits[parts[i]->serial] = false;
    return count;
}

static void wait_for(planner *p, task *u, const task *part) {
    for (size_t i = 0; i < p->task_count; i++)
        for (size_t k = 0; p->tasks[i] && k < p->tasks[i]->after_count; k++)
            if (p->tasks[i]->after[k] == part) p->tasks[i]->after[k] = u;
}

/* In the place of the last part. */
static void fuse(planner *p, task **parts, size_t count) {
    task *last = parts[count - 1], *u = ARENA_NEW(p->arena, task);
    size_t capacity = 0;
    *u = (task){.kind = TASK_NODE, .block = p->block, .node = last->node, .serial = last->serial};
    u->results = ARENA_ARRAY(p->arena, pval *, count);
    u->parts = ARENA_ARRAY(p->arena, const ir_node *, count);
    for (size_t i = 0; i < count; i++) {
        take_part(p, u, parts[i], &capacity);
        p->tasks[parts[i]->serial] = NULL;
        wait_for(p, u, parts[i]);
    }
    p->tasks[u->serial] = u;
    forget_own(u);
}

static void close_gaps(planner *p) {
    size_t left = 0;
    for (size_t i = 0; i < p->task_count; i++)
        if (p->tasks[i]) p->tasks[left++] = p->tasks[i];
    p->task_count = left;
    for (size_t i = 0; i < left; i++) p->tasks[i]->serial = (unsigned)i;
}

void planner_fuse(planner *p) {
    size_t count = p->task_count;
    fuser f = {p, ARENA_ARRAY(p->arena, bool, count + 1), ARENA_ARRAY(p->arena, unsigned, count + 1),
               ARENA_ARRAY(p->arena, unsigned, count + 1), ARENA_ARRAY(p->arena, bool, count + 1)};
    for (size_t i = 0; i < count; i++) f.fits[i] = p->tasks[i]->block == p->block && may_be_part(p, p->tasks[i]);
    for (size_t i = 0; i < count; i++)
        if (p->tasks[i]->block == p->block) set_level(&f, p->tasks[i]);
    for (size_t i = count; i-- > 0;)
        if (p->tasks[i]->block == p->block) rise(&f, p->tasks[i]);
    task **parts = ARENA_ARRAY(p->arena, task *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!p->tasks[i] || !f.fits[i]) continue;
        size_t of_kernel = choose_parts(&f, i, parts);
        if (of_kernel > 1) fuse(p, parts, of_kernel);
    }
    close_gaps(p);
}
