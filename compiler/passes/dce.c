/* dce: dead code elimination. Marks what outputs, states and checks need, from the end to the front, and unlinks the
 * rest; then the model's table of params closes up. */
#include "passes/passes.h"

typedef struct {
    ir_model *model;
    bool *used; /* by id */
} marker;

static void mark(marker *k, const ir_value *v) {
    if (v) k->used[v->id] = true;
}

static bool is_needed(const marker *k, const ir_node *n) {
    if (n->op == IR_INPUT || n->op == IR_STATE) return true;
    for (unsigned i = 0; i < n->result_count; i++)
        if (k->used[n->results[i]->id]) return true;
    return false;
}

static void sweep(marker *k, ir_graph *g) {
    size_t count = 0;
    for (const ir_node *n = g->first; n; n = n->next) count++;
    ir_node **nodes = ARENA_ARRAY(k->model->arena, ir_node *, count);
    count = 0;
    for (ir_node *n = g->first; n; n = n->next) nodes[count++] = n;

    g->first = g->last = NULL;
    while (count--) {
        ir_node *n = nodes[count];
        if (!is_needed(k, n)) continue;
        for (unsigned i = 0; i < n->input_count; i++) mark(k, n->inputs[i]);
        n->next = g->first;
        g->first = n;
        if (!g->last) g->last = n;
    }
}

/* Params that no node reads leave the table; the others' indices follow. */
static void close_up_params(ir_model *m) {
    const ir_graph *graphs[] = {&m->reset, &m->run};
    size_t *index = ARENA_ARRAY(m->arena, size_t, m->param_count);
    for (int g = 0; g < 2; g++)
        for (const ir_node *n = graphs[g]->first; n; n = n->next)
            if (n->op == IR_PARAM) index[n->attrs.index] = 1;
    size_t kept = 0;
    for (size_t i = 0; i < m->param_count; i++) {
        if (!index[i]) continue;
        m->params[kept] = m->params[i];
        index[i] = kept++;
    }
    m->param_count = kept;
    for (int g = 0; g < 2; g++)
        for (ir_node *n = graphs[g]->first; n; n = n->next)
            if (n->op == IR_PARAM) n->attrs.index = index[n->attrs.index];
}

void pass_dce(ir_model *m) {
    marker k = {.model = m, .used = ARENA_ARRAY(m->arena, bool, m->value_count)};
    for (size_t i = 0; i < m->output_count; i++) mark(&k, m->outputs[i].value);
    for (size_t i = 0; i < m->check_count; i++) mark(&k, m->checks[i].value);
    for (size_t i = 0; i < m->state_count; i++) {
        mark(&k, m->states[i].next);
        mark(&k, m->states[i].init);
    }
    sweep(&k, &m->run);
    sweep(&k, &m->reset);
    close_up_params(m);
}
