/* ir: building and asking a model. */
#include "ir/ir.h"

#include "ir/function.h"

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

bool ir_op_is_elementwise(ir_op op) {
    ir_op_class c = ir_op_class_of(op);
    return c == IR_UNARY || c == IR_BINARY || c == IR_TERNARY;
}

unsigned ir_op_min_inputs(ir_op op) { return row_of(op)->min_inputs; }

unsigned ir_op_max_inputs(ir_op op) { return row_of(op)->max_inputs; }

unsigned ir_op_results(ir_op op) { return row_of(op)->results; }

const char *ir_activation_name(ir_activation a) {
    if (a.function == IR_LINEAR_ACTIVATION) return "linear";
    const ir_function *f = ir_function_of(a.function);
    if (!f) ice("an activation that is %s", ir_op_name(a.function));
    return f->name;
}

const char *ir_check_kind_name(ir_check_kind k) {
    return k == IR_CHECK_LENGTH ? "length" : k == IR_CHECK_TARGET ? "target" : "token";
}

const char *ir_cell_name(ir_cell c) { return c == IR_LSTM ? "lstm" : c == IR_GRU ? "gru" : "rnn"; }

static const char *const weights_names[IR_WEIGHTS_COUNT] = {"default", "float32", "int16", "int8", "stored"};

const char *ir_weights_name(ir_weights w) {
    if ((unsigned)w >= IR_WEIGHTS_COUNT) ice("weights number %u", (unsigned)w);
    return weights_names[w];
}

bool ir_weights_find(const char *name, ir_weights *w) {
    for (unsigned i = IR_WEIGHTS_FLOAT32; i < IR_WEIGHTS_COUNT; i++) {
        *w = (ir_weights)i;
        if (strcmp(name, weights_names[i]) == 0) return true;
    }
    return false;
}

static void set_weights(ir_graph *g, ir_weights w) {
    for (ir_node *n = g->first; n; n = n->next) {
        bool can = n->op == IR_EMBEDDING || n->op == IR_RECURRENT || n->op == IR_LINEAR || n->op == IR_CONV1D;
        if (can && n->source && n->attrs.weights == IR_WEIGHTS_DEFAULT) n->attrs.weights = w;
        if (n->op == IR_REPEAT) set_weights(&n->block->body, w);
    }
}

void ir_weights_default(ir_model *m, ir_weights w) {
    set_weights(&m->run, w);
    set_weights(&m->reset, w);
}

unsigned ir_cell_gates(ir_cell c) { return c == IR_LSTM ? 4 : c == IR_GRU ? 3 : 1; }

ir_model *ir_model_new(arena *a, dim_table *dims, const char *name, span where) {
    ir_model *m = ARENA_NEW(a, ir_model);
    m->arena = a;
    m->dims = dims;
    m->name = name;
    m->where = where;
    return m;
}

static ir_value *new_result(ir_model *m, ir_node *node, unsigned result, span where) {
    ir_value *v = ARENA_NEW(m->arena, ir_value);
    v->id = m->value_count++;
    v->producer = node;
    v->result = result;
    v->where = where;
    return v;
}

static ir_node *new_node(ir_model *m, ir_op op, ir_value *const *inputs, unsigned input_count, unsigned result_count,
                         span where) {
    ir_node *node = ARENA_NEW(m->arena, ir_node);
    node->op = op;
    node->input_count = input_count;
    node->inputs = ARENA_ARRAY(m->arena, ir_value *, input_count);
    for (unsigned i = 0; i < input_count; i++) node->inputs[i] = inputs[i];
    node->result_count = result_count;
    node->results = ARENA_ARRAY(m->arena, ir_value *, node->result_count);
    for (unsigned i = 0; i < node->result_count; i++) node->results[i] = new_result(m, node, i, where);
    node->where = where;
    return node;
}

unsigned ir_recurrent_results(const ir_attrs *attrs) {
    bool lstm = attrs->cell == IR_LSTM;
    return (lstm ? 3u : 2u) + (attrs->keeps ? (lstm ? 2u : 1u) : 0u);
}

void ir_keep(ir_model *m, ir_node *n) {
    ir_type kept = n->results[0]->type;
    const dim *hidden = dim_divide_exact(m->dims, n->inputs[IR_REC_W_HH]->type.dims[0],
                                         dim_const(m->dims, ir_cell_gates(n->attrs.cell)));
    ir_value **results = ARENA_ARRAY(m->arena, ir_value *, n->result_count + 2);
    for (unsigned i = 0; i < n->result_count; i++) results[i] = n->results[i];
    n->results = results;
    n->attrs.keeps = true;
    for (; n->result_count < ir_recurrent_results(&n->attrs); n->result_count++) {
        bool sums = n->result_count == ir_kept_from(n);
        kept.dims[2] = sums ? dim_mul(m->dims, dim_const(m->dims, ir_kept_sums(n->attrs.cell)), hidden) : hidden;
        results[n->result_count] = new_result(m, n, n->result_count, n->where);
        results[n->result_count]->type = kept;
    }
}

static ir_node *link_node(ir_graph *g, ir_node *after, ir_node *node) {
    ir_node **link = after ? &after->next : &g->first;
    node->next = *link;
    *link = node;
    if (g->last == after) g->last = node;
    return node;
}

ir_node *ir_insert(ir_model *m, ir_graph *g, ir_node *after, ir_op op, ir_value *const *inputs, unsigned input_count,
                   span where) {
    return link_node(g, after, new_node(m, op, inputs, input_count, row_of(op)->results, where));
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

const bool *ir_made_of_inputs(arena *a, const ir_model *m) {
    bool *made = ARENA_ARRAY(a, bool, m->value_count);
    for (const ir_node *n = m->run.first; n; n = n->next) {
        bool all = n->op != IR_STATE && n->op != IR_PARAM && ir_op_class_of(n->op) != IR_LOOP;
        for (unsigned i = 0; i < n->input_count; i++) all = all && (!n->inputs[i] || made[n->inputs[i]->id]);
        for (unsigned i = 0; i < n->result_count; i++) made[n->results[i]->id] = all;
    }
    return made;
}

bool ir_is_const(const ir_value *v, double *number) {
    if (v->producer->op != IR_CONST) return false;
    if (number) *number = v->producer->attrs.number;
    return true;
}

ir_node *ir_insert_repeat(ir_model *m, ir_graph *g, ir_node *after, ir_block *block, ir_value *const *inputs,
                          unsigned input_count, unsigned rows, const dim *rounds, unsigned collected, span where) {
    unsigned carried = input_count - rows;
    ir_node *n = link_node(g, after, new_node(m, IR_REPEAT, inputs, input_count, carried + collected, where));
    n->attrs.rounds = rounds;
    n->attrs.rows = rows;
    n->block = block;
    block->repeat = n;
    for (unsigned i = 0; i < carried; i++) n->results[i]->type = inputs[rows + i]->type;
    for (unsigned i = 0; i < collected; i++)
        n->results[carried + i]->type = ir_type_stacked(rounds, &block->collected[i]->type);
    return n;
}

ir_value *ir_collect(ir_model *m, ir_node *n, ir_value *each) {
    unsigned collected = ir_collected_of(n);
    ir_value **results = ARENA_ARRAY(m->arena, ir_value *, n->result_count + 1);
    ir_value **values = ARENA_ARRAY(m->arena, ir_value *, collected + 1);
    for (unsigned i = 0; i < n->result_count; i++) results[i] = n->results[i];
    for (unsigned i = 0; i < collected; i++) values[i] = n->block->collected[i];
    values[collected] = each;
    ir_value *v = results[n->result_count] = new_result(m, n, n->result_count, n->where);
    v->type = ir_type_stacked(n->attrs.rounds, &each->type);
    n->results = results;
    n->block->collected = values;
    n->result_count++;
    return v;
}

ir_node *ir_add_repeat(ir_model *m, ir_graph *g, ir_block *block, ir_value *const *inputs, unsigned input_count,
                       unsigned rows, const dim *rounds, unsigned collected, span where) {
    return ir_insert_repeat(m, g, g->last, block, inputs, input_count, rows, rounds, collected, where);
}

void ir_replace_later(ir_model *m, ir_replacements *r, const ir_value *from, ir_value *to) {
    if (from->id >= r->capacity) {
        size_t capacity = 2 * m->value_count;
        ir_value **instead = ARENA_ARRAY(m->arena, ir_value *, capacity);
        if (r->capacity) memcpy(instead, r->instead, r->capacity * sizeof *instead);
        *r = (ir_replacements){instead, capacity};
    }
    r->instead[from->id] = to;
}

void ir_replace_use(ir_value **use, const ir_replacements *r) {
    while (*use && (*use)->id < r->capacity && r->instead[(*use)->id]) *use = r->instead[(*use)->id];
}

static void replace_in_graph(const ir_graph *g, const ir_replacements *r) {
    for (const ir_node *n = g->first; n; n = n->next) ir_replace_in_node(n, r);
}

void ir_replace_in_node(const ir_node *n, const ir_replacements *r) {
    for (unsigned i = 0; i < n->input_count; i++) ir_replace_use(&n->inputs[i], r);
    if (n->op != IR_REPEAT) return;
    replace_in_graph(&n->block->body, r);
    for (unsigned i = 0; i < ir_carried_of(n); i++) ir_replace_use(&n->block->next[i], r);
    for (unsigned i = 0; i < ir_collected_of(n); i++) ir_replace_use(&n->block->collected[i], r);
    ir_replace_use(&n->block->until, r);
}

void ir_replace_all(ir_model *m, const ir_replacements *r) {
    replace_in_graph(&m->run, r);
    replace_in_graph(&m->reset, r);
    for (size_t i = 0; i < m->output_count; i++) ir_replace_use(&m->outputs[i].value, r);
    for (size_t i = 0; i < m->state_count; i++) {
        ir_replace_use(&m->states[i].next, r);
        ir_replace_use(&m->states[i].init, r);
    }
    for (size_t i = 0; i < m->check_count; i++) ir_replace_use(&m->checks[i].value, r);
}
