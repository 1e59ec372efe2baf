/* ir_sweep: nodes that nothing needs leave a model's graphs. Marks what outputs, states, checks and sinks need, from
 * value to operands, and unlinks the rest; blocks lose rows and carried values that no round needs. */
#include "ir/ir.h"

typedef struct {
    ir_model *model;
    bool *used;       /* by id */
    ir_value **stack; /* marked, and their operands not yet */
    size_t count, capacity;
} marker;

static void mark(marker *k, ir_value *v) {
    if (!v || k->used[v->id]) return;
    k->used[v->id] = true;
    ARENA_PUSH(k->model->arena, k->stack, k->count, k->capacity, v);
}

/* What is carried is needed as a whole, before, in and behind the rounds, or not at all. */
static void mark_operands_of_repeat(marker *k, const ir_value *v) {
    const ir_node *n = v->producer;
    unsigned carried = ir_carried_of(n);
    mark(k, n->block->until);
    if (v->result < carried) {
        mark(k, n->inputs[ir_rows_of(n) + v->result]);
        mark(k, n->block->next[v->result]);
    } else {
        mark(k, n->block->collected[v->result - carried]);
    }
}

static void mark_operands(marker *k, const ir_value *v) {
    const ir_node *n = v->producer;
    switch ((unsigned)n->op) {
    case IR_ROW: mark(k, n->block->repeat->inputs[n->attrs.index]); return;
    case IR_CARRIED: mark(k, n->block->repeat->results[n->attrs.index]); return;
    case IR_REPEAT: mark_operands_of_repeat(k, v); return;
    default:
        for (unsigned i = 0; i < n->input_count; i++) mark(k, n->inputs[i]);
    }
}

static bool is_needed(const marker *k, const ir_node *n) {
    if (n->op == IR_INPUT || n->op == IR_STATE || !n->result_count) return true;
    for (unsigned i = 0; i < n->result_count; i++)
        if (k->used[n->results[i]->id]) return true;
    return false;
}

/* Rows and results that nobody wants leave the block; the others' indices follow. */
static void close_up_block(const marker *k, ir_node *n) {
    ir_block *b = n->block;
    unsigned rows = ir_rows_of(n), carried = ir_carried_of(n), collected = ir_collected_of(n);
    unsigned inputs = 0, results = 0, kept = 0;
    for (unsigned i = 0; i < rows; i++) {
        if (!b->rows[i] || !k->used[b->rows[i]->id]) continue;
        b->rows[inputs] = b->rows[i];
        b->rows[inputs]->producer->attrs.index = inputs;
        n->inputs[inputs++] = n->inputs[i];
    }
    n->attrs.rows = inputs;
    for (unsigned i = 0; i < carried; i++) {
        if (!k->used[n->results[i]->id]) continue;
        bool read = b->carried[i] && k->used[b->carried[i]->id];
        b->carried[results] = read ? b->carried[i] : NULL;
        if (read) b->carried[i]->producer->attrs.index = results;
        b->next[results] = b->next[i];
        n->inputs[inputs++] = n->inputs[rows + i];
        n->results[results++] = n->results[i];
    }
    for (unsigned i = 0; i < collected; i++) {
        if (!k->used[n->results[carried + i]->id]) continue;
        b->collected[kept++] = b->collected[i];
        n->results[results++] = n->results[carried + i];
    }
    for (unsigned i = 0; i < results; i++) n->results[i]->result = i;
    n->input_count = inputs;
    n->result_count = results;
}

static void sweep(const marker *k, ir_graph *g) {
    ir_node **link = &g->first;
    g->last = NULL;
    for (ir_node *n = g->first; n; n = n->next) {
        if (!is_needed(k, n)) continue;
        if (n->op == IR_REPEAT) {
            close_up_block(k, n);
            sweep(k, &n->block->body);
        }
        *link = g->last = n;
        link = &n->next;
    }
    *link = NULL;
}

/* Nodes without results do something. */
static void mark_sinks(marker *k, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        for (unsigned i = 0; !n->result_count && i < n->input_count; i++) mark(k, n->inputs[i]);
        if (n->op == IR_REPEAT) mark_sinks(k, &n->block->body);
    }
}

void ir_sweep(ir_model *m) {
    marker k = {.model = m, .used = ARENA_ARRAY(m->arena, bool, m->value_count)};
    for (size_t i = 0; i < m->output_count; i++) mark(&k, m->outputs[i].value);
    for (size_t i = 0; i < m->check_count; i++) mark(&k, m->checks[i].value);
    for (size_t i = 0; i < m->state_count; i++) {
        mark(&k, m->states[i].next);
        mark(&k, m->states[i].init);
    }
    mark_sinks(&k, &m->run);
    while (k.count) mark_operands(&k, k.stack[--k.count]);
    sweep(&k, &m->run);
    if (!m->base) sweep(&k, &m->reset);
}
