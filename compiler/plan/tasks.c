/* tasks: what build, place and repeat make their tasks and pvals with. */
#include "plan/planner.h"

task *planner_task(planner *p, task_kind kind, const ir_node *node, unsigned inputs, unsigned results) {
    task *u = ARENA_NEW(p->arena, task);
    u->kind = kind;
    u->block = p->block;
    u->node = node;
    u->inputs = ARENA_ARRAY(p->arena, pval *, inputs);
    u->input_count = inputs;
    u->results = ARENA_ARRAY(p->arena, pval *, results);
    u->result_count = results;
    u->pool[0] = u->pool[1] = 1;
    u->serial = (unsigned)p->task_count;
    ARENA_PUSH(p->arena, p->tasks, p->task_count, p->task_capacity, u);
    return u;
}

pval *planner_root(planner *p, const ir_type *type, const char *name) {
    pval *v = ARENA_NEW(p->arena, pval);
    v->kind = PVAL_ROOT;
    v->block = p->block;
    v->type = *type;
    v->name = name;
    return v;
}

task *planner_copy(planner *p, pval *from, pval *to, const ir_node *node) {
    task *u = planner_task(p, TASK_COPY, node, 1, 1);
    u->inputs[0] = from;
    u->results[0] = to;
    to->producer = u;
    return u;
}

pval *planner_dense_copy(planner *p, pval *v) {
    pblock *block = p->block;
    p->block = v->block;
    pval *r = planner_root(p, &v->type, v->name);
    planner_copy(p, v, r, NULL);
    p->block = block;
    return r;
}

pval *planner_materialize(planner *p, pval *v) {
    return v->kind == PVAL_NUMBER ? planner_dense_copy(p, v) : v;
}

pval *planner_view(planner *p, pval *of, const ir_type *type, pstep step, const char *name) {
    pval *v = ARENA_NEW(p->arena, pval);
    v->kind = PVAL_VIEW;
    v->block = p->block;
    v->type = *type;
    v->name = name;
    v->origin = v->source = of;
    v->origin_step = v->step = step;
    return v;
}

pval *planner_target_at(planner *p, pval *of, const ir_type *type, pstep step) {
    pval *v = planner_view(p, of, type, step, NULL);
    v->origin = NULL;
    return v;
}

pval *planner_target(planner *p, pval *of) {
    return planner_target_at(p, of, &of->type, (pstep){.op = IR_RESHAPE});
}

task *planner_producer(const pval *v) {
    while (v->origin) v = v->origin;
    return v->producer;
}

void planner_after(planner *p, task *u, task *before) {
    ARENA_PUSH(p->arena, u->after, u->after_count, u->after_capacity, before);
    before->awaited = true;
}

void planner_list(planner *p, ptasks *to, task *u) {
    if (to->count == 0 || to->of[to->count - 1] != u) ARENA_PUSH(p->arena, to->of, to->count, to->capacity, u);
}

size_t planner_first(const pblock *b) { return b->repeat ? b->repeat->serial + 1 : 0; }

size_t planner_end(const planner *p, const pblock *b) { return b->last ? b->last->serial + 1 : p->task_count; }
