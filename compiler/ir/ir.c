/* ir: building and asking a model. */
#include "ir/ir.h"

#include <string.h>

typedef struct {
    const char *name;
    ir_op_class op_class;
    unsigned min_inputs, max_inputs, results;
} op_row;

static const op_row ops[IR_OP_COUNT] = {
#define OP(NAME, text, class, min_inputs, max_inputs, results) {text, IR_##class, min_inputs, max_inputs, results},
#include "ir/op.def"
};

static const op_row *row_of(ir_op op) {
    if ((unsigned)op >= IR_OP_COUNT) ice("operator number %u", (unsigned)op);
    return &ops[op];
}

const char *ir_op_name(ir_op op) { return row_of(op)->name; }

ir_op_class ir_op_class_of(ir_op op) { return row_of(op)->op_class; }

unsigned ir_op_min_inputs(ir_op op) { return row_of(op)->min_inputs; }

unsigned ir_op_max_inputs(ir_op op) { return row_of(op)->max_inputs; }

unsigned ir_op_results(ir_op op) { return row_of(op)->results; }

const char *ir_activation_name(ir_activation a) {
    static const char *const names[IR_ACT_COUNT] = {
        [IR_ACT_LINEAR] = "linear",
        [IR_ACT_RELU] = "relu",
        [IR_ACT_RELU6] = "relu6",
        [IR_ACT_LEAKY_RELU] = "leaky_relu",
        [IR_ACT_TANH] = "tanh",
        [IR_ACT_SIGMOID] = "sigmoid",
        [IR_ACT_HARD_SIGMOID] = "hard_sigmoid",
        [IR_ACT_SOFTSIGN] = "softsign",
        [IR_ACT_SOFTPLUS] = "softplus",
        [IR_ACT_ELU] = "elu",
        [IR_ACT_SELU] = "selu",
        [IR_ACT_EXPONENTIAL] = "exponential",
        [IR_ACT_GELU] = "gelu",
        [IR_ACT_SILU] = "silu",
    };
    if ((unsigned)a >= IR_ACT_COUNT) ice("activation number %u", (unsigned)a);
    return names[a];
}

const char *ir_cell_name(ir_cell c) { return c == IR_LSTM ? "lstm" : c == IR_GRU ? "gru" : "rnn"; }

unsigned ir_cell_gates(ir_cell c) { return c == IR_LSTM ? 4 : c == IR_GRU ? 3 : 1; }

ir_model *ir_model_new(arena *a, dim_table *dims, const char *name, span where) {
    ir_model *m = ARENA_NEW(a, ir_model);
    m->arena = a;
    m->dims = dims;
    m->name = name;
    m->where = where;
    return m;
}

static ir_node *new_node(ir_model *m, ir_op op, ir_value *const *inputs, unsigned input_count, span where) {
    ir_node *node = ARENA_NEW(m->arena, ir_node);
    node->op = op;
    node->input_count = input_count;
    node->inputs = ARENA_ARRAY(m->arena, ir_value *, input_count);
    for (unsigned i = 0; i < input_count; i++) node->inputs[i] = inputs[i];
    node->result_count = row_of(op)->results;
    node->results = ARENA_ARRAY(m->arena, ir_value *, node->result_count);
    for (unsigned i = 0; i < node->result_count; i++) {
        ir_value *v = ARENA_NEW(m->arena, ir_value);
        v->id = m->value_count++;
        v->producer = node;
        v->result = i;
        v->where = where;
        node->results[i] = v;
    }
    node->where = where;
    return node;
}

ir_node *ir_insert(ir_model *m, ir_graph *g, ir_node *after, ir_op op, ir_value *const *inputs, unsigned input_count,
                   span where) {
    ir_node *node = new_node(m, op, inputs, input_count, where);
    ir_node **link = after ? &after->next : &g->first;
    node->next = *link;
    *link = node;
    if (g->last == after) g->last = node;
    return node;
}

ir_node *ir_add(ir_model *m, ir_graph *g, ir_op op, ir_value *const *inputs, unsigned input_count, span where) {
    return ir_insert(m, g, g->last, op, inputs, input_count, where);
}

ir_value *ir_add_value(ir_model *m, ir_graph *g, ir_op op, ir_value *const *inputs, unsigned input_count, ir_type type,
                       span where) {
    ir_value *v = ir_add(m, g, op, inputs, input_count, where)->results[0];
    v->type = type;
    return v;
}

bool ir_is_const(const ir_value *v, double *number) {
    if (v->producer->op != IR_CONST) return false;
    if (number) *number = v->producer->attrs.number;
    return true;
}

unsigned ir_use_count(const ir_model *m, const ir_value *v) {
    unsigned count = 0;
    const ir_graph *graphs[] = {&m->run, &m->reset};
    for (int g = 0; g < 2; g++)
        for (const ir_node *n = graphs[g]->first; n; n = n->next)
            for (unsigned i = 0; i < n->input_count; i++) count += n->inputs[i] == v;
    for (size_t i = 0; i < m->output_count; i++) count += m->outputs[i].value == v;
    for (size_t i = 0; i < m->state_count; i++) count += m->states[i].next == v;
    return count;
}

void ir_replace_uses(ir_model *m, ir_value *from, ir_value *to) {
    const ir_graph *graphs[] = {&m->run, &m->reset};
    for (int g = 0; g < 2; g++)
        for (ir_node *n = graphs[g]->first; n; n = n->next)
            for (unsigned i = 0; i < n->input_count; i++)
                if (n->inputs[i] == from) n->inputs[i] = to;
    for (size_t i = 0; i < m->output_count; i++)
        if (m->outputs[i].value == from) m->outputs[i].value = to;
    for (size_t i = 0; i < m->state_count; i++) {
        if (m->states[i].next == from) m->states[i].next = to;
        if (m->states[i].init == from) m->states[i].init = to;
    }
    for (size_t i = 0; i < m->check_count; i++)
        if (m->checks[i].value == from) m->checks[i].value = to;
}
