/* ir_clone: a model's run graph once more, for a training's models. */
#include <string.h>

#include "ir/ir.h"

typedef struct {
    ir_model *to;
    ir_value **of; /* by id in the original */
    bool inside;   /* of one model: what stands around the clone is used as it is */
} cloner;

static ir_value *of(const cloner *c, ir_value *v) {
    if (!v || (c->inside && !c->of[v->id])) return v;
    if (!c->of[v->id]) ice("a clone of a value that no node before it makes");
    return c->of[v->id];
}

static ir_value **list_of(const cloner *c, ir_value *const *values, unsigned count) {
    ir_value **list = ARENA_ARRAY(c->to->arena, ir_value *, count);
    for (unsigned i = 0; i < count; i++) list[i] = of(c, values[i]);
    return list;
}

static void clone_graph(cloner *c, const ir_graph *from, ir_graph *to, ir_block *block);

static void clone_block(cloner *c, const ir_node *n, ir_node *copy) {
    ir_block *b = ARENA_NEW(c->to->arena, ir_block);
    unsigned rows = ir_rows_of(n), carried = ir_carried_of(n);
    copy->block = b;
    b->repeat = copy;
    b->rows = ARENA_ARRAY(c->to->arena, ir_value *, rows);
    b->carried = ARENA_ARRAY(c->to->arena, ir_value *, carried);
    clone_graph(c, &n->block->body, &b->body, b);
    for (unsigned i = 0; i < rows; i++) b->rows[i] = of(c, n->block->rows[i]);
    for (unsigned i = 0; i < carried; i++) b->carried[i] = of(c, n->block->carried[i]);
    b->next = list_of(c, n->block->next, carried);
    b->collected = list_of(c, n->block->collected, ir_collected_of(n));
    b->until = of(c, n->block->until);
}

static void clone_node(cloner *c, const ir_node *n, ir_graph *to, ir_block *block) {
    arena *a = c->to->arena;
    ir_node *copy = ARENA_NEW(a, ir_node);
    *copy = *n;
    copy->next = NULL;
    copy->inputs = list_of(c, n->inputs, n->input_count);
    copy->results = ARENA_ARRAY(a, ir_value *, n->result_count);
    for (unsigned i = 0; i < n->result_count; i++) {
        ir_value *v = ARENA_NEW(a, ir_value);
        *v = *n->results[i];
        v->id = c->to->value_count++;
        v->producer = copy;
        copy->results[i] = c->of[n->results[i]->id] = v;
    }
    if (n->op == IR_REPEAT) clone_block(c, n, copy);
    else if (n->block) copy->block = block;
    if (to->last) to->last->next = copy;
    else to->first = copy;
    to->last = copy;
}

static void clone_graph(cloner *c, const ir_graph *from, ir_graph *to, ir_block *block) {
    for (const ir_node *n = from->first; n; n = n->next) clone_node(c, n, to, block);
}

void ir_clone_body(ir_model *m, const ir_block *from, ir_block *to, ir_value **values) {
    cloner c = {m, values, true};
    clone_graph(&c, &from->body, &to->body, to);
}

ir_model *ir_clone(ir_model *m, ir_value ***values) {
    arena *a = m->arena;
    ir_model *to = ir_model_new(a, m->dims, m->name, m->where);
    cloner c = {to, ARENA_ARRAY(a, ir_value *, m->value_count), false};
    *to = *m;
    to->run = to->reset = (ir_graph){NULL, NULL};
    to->value_count = 0;
    to->training = NULL;
    to->base = m;
    clone_graph(&c, &m->run, &to->run, NULL);
    to->inputs = ARENA_ARRAY(a, ir_input, m->input_count);
    for (size_t i = 0; i < m->input_count; i++) {
        to->inputs[i] = m->inputs[i];
        to->inputs[i].value = of(&c, m->inputs[i].value);
    }
    to->states = ARENA_ARRAY(a, ir_state, m->state_count);
    for (size_t i = 0; i < m->state_count; i++) {
        to->states[i] = m->states[i];
        to->states[i].value = of(&c, m->states[i].value);
        to->states[i].next = of(&c, m->states[i].next);
        to->states[i].init = NULL;
    }
    to->outputs = ARENA_ARRAY(a, ir_output, m->output_count);
    for (size_t i = 0; i < m->output_count; i++) {
        to->outputs[i] = m->outputs[i];
        to->outputs[i].value = of(&c, m->outputs[i].value);
    }
    to->checks = NULL;
    to->check_count = to->check_capacity = 0;
    to->input_capacity = m->input_count;
    to->state_capacity = m->state_count;
    to->output_capacity = m->output_count;
    *values = c.of;
    return to;
}

void ir_share_params(ir_model *m) {
    if (!m->training || !m->training->train) return;
    ir_model *const others[] = {m->training->eval, m->training->train};
    for (int i = 0; i < 2; i++) {
        others[i]->params = m->params;
        others[i]->param_count = m->param_count;
        others[i]->param_capacity = m->param_capacity;
    }
}

size_t ir_graphs_of(ir_model *m, ir_graph **graphs) {
    graphs[0] = &m->reset;
    graphs[1] = &m->run;
    if (!m->training || !m->training->train) return 2;
    graphs[2] = &m->training->eval->run;
    graphs[3] = &m->training->train->run;
    return 4;
}
