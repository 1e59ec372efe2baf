/* repeat: the task of a REPEAT, and the block that is its body. */
#include "plan/planner.h"

/* Into a result's memory before the first round: a value, or zeros. */
static void begin(planner *p, task *repeat, unsigned result, pval *value) {
    bool zero = !value || (value->kind == PVAL_NUMBER && !value->size && value->number == 0);
    task *u = planner_task(p, zero ? TASK_ZERO : TASK_COPY, repeat->node, zero ? 0 : 1, 1);
    pval *start = planner_target(p, repeat->results[result]);
    if (!zero) u->inputs[0] = value;
    start->producer = u;
    u->results[0] = start;
    planner_after(p, repeat, u);
}

static void open_body(planner *p, pblock *b, const ir_node *n) {
    const ir_block *body = n->block;
    p->block = b;
    for (unsigned i = 0; i < ir_rows_of(n); i++) {
        if (!body->rows[i]) continue;
        pstep row = {.op = IR_ROW, .start = b->round, .block = b};
        p->values[body->rows[i]->id] =
            planner_view(p, b->repeat->inputs[i], &body->rows[i]->type, row, body->rows[i]->name);
    }
    b->carried = ARENA_ARRAY(p->arena, pval *, ir_carried_of(n));
    for (unsigned i = 0; i < ir_carried_of(n); i++) {
        pval *all = b->repeat->results[i], *v = b->carried[i] = planner_target(p, all);
        v->name = body->carried[i] && body->carried[i]->name ? body->carried[i]->name : all->name;
        v->result = i;
        if (body->carried[i]) p->values[body->carried[i]->id] = v;
    }
}

/* The value of a graph around b that v is made of; NULL where v is b's own, or one of its rows. */
static pval *captured(pval *v, const pblock *b) {
    while (v && v->block == b) {
        if (v->origin && v->origin_step.op == IR_ROW) return NULL;
        v = v->origin;
    }
    return pval_is_memory(v) ? v : NULL;
}

/* The REPEAT's task reads what its body does. */
static void capture(planner *p, task *repeat) {
    size_t count = repeat->input_count, capacity = count;
    for (size_t i = planner_first(repeat->body), end = planner_end(p, repeat->body); i < end; i++) {
        const task *u = p->tasks[i];
        if (u->block != repeat->body) continue;
        for (unsigned k = 0; k < u->input_count; k++) {
            pval *v = captured(u->inputs[k], repeat->body);
            bool known = !v;
            for (size_t j = ir_rows_of(repeat->node); j < count && !known; j++) known = repeat->inputs[j] == v;
            if (!known) ARENA_PUSH(p->arena, repeat->inputs, count, capacity, v);
        }
    }
    repeat->input_count = (unsigned)count;
}

void planner_repeat(planner *p, const ir_node *n, void (*nodes)(planner *p, const ir_graph *g)) {
    unsigned rows = ir_rows_of(n), carried = ir_carried_of(n);
    pval **inputs = ARENA_ARRAY(p->arena, pval *, rows);
    for (unsigned i = 0; i < rows; i++) inputs[i] = planner_materialize(p, p->values[n->inputs[i]->id]);
    task *u = planner_task(p, TASK_NODE, n, rows, n->result_count);
    for (unsigned i = 0; i < rows; i++) u->inputs[i] = inputs[i];
    for (unsigned i = 0; i < n->result_count; i++) {
        const ir_value *v = n->results[i];
        u->results[i] = p->values[v->id] = planner_root(p, &v->type, v->name);
        u->results[i]->producer = u;
        u->results[i]->result = i;
    }
    for (unsigned i = 0; i < carried; i++) begin(p, u, i, p->values[n->inputs[rows + i]->id]);
    for (unsigned i = carried; i < n->result_count && n->block->until; i++) begin(p, u, i, NULL);

    pblock *b = u->body = ARENA_NEW(p->arena, pblock);
    b->around = p->block;
    b->depth = b->around->depth + 1;
    b->repeat = u;
    /* a name with a dot cannot be a user's */
    b->round = dim_symbol(p->dims, arena_printf(p->arena, "t.round.%u", b->depth - 1), 1, INT32_MAX);
    open_body(p, b, n);
    nodes(p, &n->block->body);
    if (p->model->base) planner_fuse(p); /* in training */
    planner_place_body(p, n);
    planner_legalize(p);
    b->last = p->tasks[p->task_count - 1];
    p->block = b->around;
    capture(p, u);
}
