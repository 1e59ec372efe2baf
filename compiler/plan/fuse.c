/* fuse: elementwise tasks of one shape in a round of a training's loop become one kernel with a result each: what a
 * step backwards through time computes for a unit is one function, and what only that reads has no memory.
 *
 * Tasks have levels: one that reads another's value as it is may have the same, one behind a task of another kind (a
 * product, a join, another shape) has a higher one. So tasks of one level and shape never wait for each other through
 * others. What only tasks of a higher level read goes up to them. */
#include "plan/operators.h"

enum { MOST_OPERANDS = 48 }; /* of one kernel; a nest has room for NEST_OPERANDS */

typedef struct {
    planner *planner;
    size_t first;            /* task of the block: those before it are of others */
    bool *fits;              /* by serial from the first one's on: may it be a part? */
    unsigned *level;
    unsigned *lowest_reader; /* the lowest level of those that read it as it is; 0: nobody does */
    bool *read_otherwise;
} fuser;

static size_t place_of(const fuser *f, const task *u) { return u->serial - f->first; }

static const ir_type *shape_of(const task *u) { return &u->results[0]->type; }

static bool may_be_part(const planner *p, const task *u) {
    if (!task_is_elementwise(u) || ir_op_class_of(u->node->op) == IR_SINK) return false;
    return shape_of(u)->dtype == IR_F32 && u->results[0]->kind == PVAL_ROOT && !planner_reads_ints(p, u->node) &&
           !planner_inlines_batch_norm(p, u->node);
}

/* Is v what the task makes, as it is? */
static bool is_result_of(const pval *v, const task *u) { return !v->origin && v->producer == u; }

static bool may_share(const fuser *f, const task *maker, const task *reader, const pval *v) {
    return f->fits[place_of(f, maker)] && f->fits[place_of(f, reader)] && is_result_of(v, maker) &&
           ir_shape_same(shape_of(maker), shape_of(reader));
}

static void come_after(const fuser *f, const task *u, const task *before, bool shares) {
    bool above = f->fits[place_of(f, u)] && !shares;
    unsigned least = f->level[place_of(f, before)] + (above ? 1 : 0);
    if (f->level[place_of(f, u)] < least) f->level[place_of(f, u)] = least;
}

static task *maker_here(const fuser *f, const pval *v) {
    task *u = v ? planner_producer(v) : NULL;
    return u && u->block == f->planner->block ? u : NULL;
}

static void set_level(const fuser *f, const task *u) {
    f->level[place_of(f, u)] = 1;
    for (size_t i = 0; i < u->after_count; i++)
        if (u->after[i]->block == u->block) come_after(f, u, u->after[i], false);
    for (unsigned i = 0; i < u->input_count; i++) {
        const task *maker = maker_here(f, u->inputs[i]);
        if (maker) come_after(f, u, maker, may_share(f, maker, u, u->inputs[i]));
    }
}

/* Up to its readers; then tells those that it reads. */
static void rise(const fuser *f, const task *u) {
    size_t at = place_of(f, u);
    unsigned *level = &f->level[at], lowest = f->lowest_reader[at];
    if (f->fits[at] && !f->read_otherwise[at] && lowest > *level) *level = lowest;
    for (size_t i = 0; i < u->after_count; i++)
        if (u->after[i]->block == u->block) f->read_otherwise[place_of(f, u->after[i])] = true;
    for (unsigned i = 0; i < u->input_count; i++) {
        const task *maker = maker_here(f, u->inputs[i]);
        if (!maker) continue;
        unsigned *of_maker = &f->lowest_reader[place_of(f, maker)];
        if (!may_share(f, maker, u, u->inputs[i])) f->read_otherwise[place_of(f, maker)] = true;
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
    unsigned level = f->level[first - f->first];
    size_t count = 0;
    unsigned operands = 0;
    const ir_node *nodes[MOST_OPERANDS + 1];
    for (size_t i = first; i < p->task_count; i++) {
        task *u = p->tasks[i];
        size_t at = i - f->first;
        if (!f->fits[at] || f->level[at] != level || !ir_shape_same(shape_of(u), shape_of(like))) continue;
        operands += u->input_count + 1;
        nodes[count] = u->node;
        if (operands > MOST_OPERANDS || (count && !planner_keeps_little(p, planner_kept(p, nodes, count + 1)))) break;
        parts[count++] = u;
    }
    for (size_t i = 0; i < count; i++) f->fits[place_of(f, parts[i])] = false;
    return count;
}

static void wait_for(const fuser *f, task *u, const task *part) {
    const planner *p = f->planner;
    for (size_t i = f->first; i < p->task_count; i++)
        for (size_t k = 0; p->tasks[i] && k < p->tasks[i]->after_count; k++)
            if (p->tasks[i]->after[k] == part) p->tasks[i]->after[k] = u;
    u->awaited |= part->awaited;
}

/* In the place of the last part. */
static void fuse(const fuser *f, task **parts, size_t count) {
    planner *p = f->planner;
    task *last = parts[count - 1], *u = ARENA_NEW(p->arena, task);
    size_t capacity = 0;
    *u = (task){.kind = TASK_NODE, .block = p->block, .node = last->node, .serial = last->serial};
    u->results = ARENA_ARRAY(p->arena, pval *, count);
    u->parts = ARENA_ARRAY(p->arena, const ir_node *, count);
    for (size_t i = 0; i < count; i++) {
        take_part(p, u, parts[i], &capacity);
        p->tasks[parts[i]->serial] = NULL;
        wait_for(f, u, parts[i]);
    }
    p->tasks[u->serial] = u;
    forget_own(u);
}

static void close_gaps(planner *p, size_t first) {
    size_t left = first;
    for (size_t i = first; i < p->task_count; i++)
        if (p->tasks[i]) p->tasks[left++] = p->tasks[i];
    p->task_count = left;
    for (size_t i = first; i < left; i++) p->tasks[i]->serial = (unsigned)i;
}

void planner_fuse(planner *p) {
    size_t first = planner_first(p->block), end = p->task_count, count = end - first;
    fuser f = {p, first, ARENA_ARRAY(p->arena, bool, count + 1), ARENA_ARRAY(p->arena, unsigned, count + 1),
               ARENA_ARRAY(p->arena, unsigned, count + 1), ARENA_ARRAY(p->arena, bool, count + 1)};
    for (size_t i = first; i < end; i++)
        f.fits[i - first] = p->tasks[i]->block == p->block && may_be_part(p, p->tasks[i]);
    for (size_t i = first; i < end; i++)
        if (p->tasks[i]->block == p->block) set_level(&f, p->tasks[i]);
    for (size_t i = end; i-- > first;)
        if (p->tasks[i]->block == p->block) rise(&f, p->tasks[i]);
    task **parts = ARENA_ARRAY(p->arena, task *, count + 1);
    for (size_t i = first; i < end; i++) {
        if (!p->tasks[i] || !f.fits[i - first]) continue;
        size_t of_kernel = choose_parts(&f, i, parts);
        if (of_kernel > 1) fuse(&f, parts, of_kernel);
    }
    close_gaps(p, first);
}
