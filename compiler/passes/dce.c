/* dce: dead code elimination. What outputs, states and checks need stays (ir_sweep); then the model's table of params
 * closes up. */
#include "passes/passes.h"

#include <string.h>

/* Which params a node of the model reads. */
static bool *read_params(ir_model *m) {
    ir_graph *graphs[IR_MAX_GRAPHS]; /* no body has params of its own */
    size_t count = ir_graphs_of(m, graphs);
    bool *read = ARENA_ARRAY(m->arena, bool, m->param_count);
    for (size_t g = 0; g < count; g++)
        for (const ir_node *n = graphs[g]->first; n; n = n->next)
            if (n->op == IR_PARAM) read[n->attrs.index] = true;
    return read;
}

/* Layers that are called, or params, on which nothing depends: all of their tensors were read, and none is now. The
 * tensors of one layer stand together. */
static void warn_in_vain(const ir_model *m, const bool *before, const bool *after, diag_list *diags) {
    for (size_t begin = 0, end; begin < m->param_count; begin = end) {
        const ir_param *p = &m->params[begin];
        bool was = false, is = false;
        for (end = begin; end < m->param_count && m->params[end].where.begin == p->where.begin; end++) {
            was = was || before[end];
            is = is || after[end];
        }
        if (!was || is || !p->wanted_by) continue; /* IR that was read from text may not say */
        bool layer = strncmp(p->wanted_by, "layer ", 6) == 0;
        diag_warning(diags, layer ? WARNING_UNUSED_LAYER : WARNING_UNUSED_PARAM, p->where,
                     "nothing that the model gives depends on %s", p->wanted_by);
    }
}

static void renumber(const ir_graph *g, const size_t *index) {
    for (ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_PARAM || ir_op_class_of(n->op) == IR_SINK) n->attrs.index = index[n->attrs.index];
        if (n->op == IR_REPEAT) renumber(&n->block->body, index);
    }
}

/* Params that no node reads leave the table; the others' indices follow. */
static void close_up_params(ir_model *m, const bool *read) {
    ir_graph *graphs[IR_MAX_GRAPHS];
    size_t count = ir_graphs_of(m, graphs);
    size_t *index = ARENA_ARRAY(m->arena, size_t, m->param_count), kept = 0;
    for (size_t i = 0; i < m->param_count; i++) {
        if (!read[i]) continue;
        m->params[kept] = m->params[i];
        index[i] = kept++;
    }
    m->param_count = kept;
    ir_share_params(m);
    for (size_t g = 0; g < count; g++) renumber(graphs[g], index);
}

void pass_dce(ir_model *m, diag_list *diags) {
    const bool *before = read_params(m);
    ir_sweep(m);
    if (m->training) {
        ir_sweep(m->training->eval);
        ir_sweep(m->training->train);
    }
    const bool *after = read_params(m);
    warn_in_vain(m, before, after, diags);
    close_up_params(m, after);
}
