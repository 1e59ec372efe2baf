/* ir_check: the verifier. This half looks at the structure: pointers, order, counts, the model's tables; the other,
 * ir_check_shapes.c, at what each operator says about its operands. It changes nothing and trusts nothing but the
 * pointers. */
#include "ir/ir_check.h"

#include <string.h>

#include "ir/ir_attrs.h"

typedef struct {
    arena *arena;
    const ir_model *model;
    const ir_value **defined; /* by id: the values defined so far, in any graph */
    const ir_graph **defined_in;
} checker;

/* A graph, and those around it whose values its nodes may use. */
typedef struct graph_scope graph_scope;
struct graph_scope {
    const ir_graph *graph;
    const ir_block *block; /* NULL: the graph is run or reset */
    const graph_scope *around;
};

static const char *type_is_sound(checker *c, const ir_type *type, bool constant) {
    if ((unsigned)type->dtype > IR_BOOL)
        return arena_printf(c->arena, "element type number %u", (unsigned)type->dtype);
    if (type->rank > IR_MAX_RANK) return arena_printf(c->arena, "rank %u", type->rank);
    for (unsigned i = 0; i < type->rank; i++) {
        const dim *d = type->dims[i];
        if (!d) return arena_printf(c->arena, "dim %u is not set", i);
        if (dim_is_huge(d)) return arena_printf(c->arena, "dim %u is too large", i);
        if (dim_min(d) < 0) return arena_printf(c->arena, "dim %u, %s, may be negative", i, dim_string(c->arena, d));
        if (dim_is_const(d, NULL)) continue;
        if (constant) return arena_printf(c->arena, "dim %u, %s, is not constant", i, dim_string(c->arena, d));
        size_t known = 0;
        for (size_t s = 0; s < c->model->symbol_count; s++) known += dim_mentions(d, c->model->symbols[s]);
        if (known != dim_symbols(d, NULL, 0))
            return arena_printf(c->arena, "dim %u, %s, has a symbol that is not the model's", i,
                                dim_string(c->arena, d));
    }
    if (dim_is_huge(ir_type_elements(c->model->dims, type))) return "too many elements";
    return NULL;
}

static const char *is_known(checker *c, const ir_value *v, const graph_scope *in) {
    if (!v) return "is missing";
    if (v->id < c->model->value_count && c->defined[v->id] == v)
        for (; in; in = in->around)
            if (c->defined_in[v->id] == in->graph) return NULL;
    return arena_printf(c->arena, "is %%%u, which no node before it in its graph defines", v->id);
}

static const char *is_defined(checker *c, const ir_value *v, const ir_graph *in) {
    return is_known(c, v, &(graph_scope){.graph = in});
}

/* ROW and CARRIED: the block that they stand in knows them. */
static const char *belongs_to_block(const graph_scope *in, const ir_node *n) {
    const ir_block *b = in->block;
    if (!b || n->block != b) return "is not of the block that it stands in";
    bool row = n->op == IR_ROW;
    if (n->attrs.index >= (row ? ir_rows_of(b->repeat) : ir_carried_of(b->repeat))) return "an index past the block's";
    return (row ? b->rows : b->carried)[n->attrs.index] == n->results[0] ? NULL : "the block has another value there";
}

static const char *source_is_sound(checker *c, const graph_scope *in, const ir_node *n) {
    const ir_model *m = c->model;
    const ir_value *v = n->results[0];
    size_t i = n->attrs.index;
    size_t count = n->op == IR_INPUT ? m->input_count : n->op == IR_STATE ? m->state_count : m->param_count;
    if (n->op == IR_SIZE && in->graph == &m->reset) return "a size in the reset graph";
    if (n->op == IR_CONST || n->op == IR_SIZE || n->op == IR_TENSOR) return NULL;
    if (n->op == IR_ROW || n->op == IR_CARRIED) return belongs_to_block(in, n);
    if (i >= count) return arena_printf(c->arena, "index %zu of %zu", i, count);
    if (in->block) return "the body of a block has no inputs, states and params of its own";
    if (n->op != IR_PARAM && in->graph != &m->run) return "only the run graph has inputs and states";
    if (n->op == IR_INPUT && m->inputs[i].value != v) return "the model's input is another value";
    if (n->op == IR_STATE && m->states[i].value != v) return "the model's state is another value";
    if (n->op != IR_PARAM && v->type.dtype == IR_BOOL) return "is a bool";
    const ir_type *type = n->op == IR_STATE ? &m->states[i].type : n->op == IR_PARAM ? &m->params[i].type : &v->type;
    if (!ir_type_same(&v->type, type))
        return arena_printf(c->arena, "is %s, the model's table says %s", ir_type_string(c->arena, &v->type),
                            ir_type_string(c->arena, type));
    return NULL;
}

/* A sink's gradient is that of a param of the shape that it makes. */
static const char *sink_is_sound(checker *c, const graph_scope *in, const ir_node *n) {
    const ir_model *m = c->model;
    bool adds = n->op == IR_WEIGHT_GRAD || n->op == IR_BIAS_GRAD; /* those of a piece, too */
    if ((in->block && !adds) || n->attrs.index >= m->param_count) return "no place for a sink, or no such param";
    const ir_param *p = &m->params[n->attrs.index];
    if (n->op == IR_STEP) return p->trained ? NULL : "the param is not trained";
    const ir_type *x = &n->inputs[0]->type, *y = n->input_count > 1 ? &n->inputs[1]->type : NULL;
    if (n->op == IR_RENORM) return p->type.rank == 2 && x->dtype == IR_I32 ? NULL : "ids, or a param that is no table";
    if (n->op == IR_UPDATE ? !ir_param_lives(p) : !p->trained) return "the param is not trained";
    if (n->op == IR_ACCUMULATE || n->op == IR_UPDATE)
        return ir_type_same(x, &p->type) ? NULL : "not of the param's shape";
    if (n->op == IR_BIAS_GRAD)
        return p->type.rank == 1 && dim_same(p->type.dims[0], x->dims[2]) ? NULL : "not of the param's length";
    if (p->type.rank != 2 || !dim_same(p->type.dims[1], n->op == IR_WEIGHT_GRAD ? y->dims[1] : x->dims[x->rank - 1]) ||
        (n->op == IR_WEIGHT_GRAD && !dim_same(p->type.dims[0], x->dims[1])))
        return arena_printf(c->arena, "the param is %s", ir_type_string(c->arena, &p->type));
    return NULL;
}

static const char *counts_are_sound(checker *c, const ir_node *n) {
    if (n->input_count < ir_op_min_inputs(n->op) || n->input_count > ir_op_max_inputs(n->op))
        return arena_printf(c->arena, "has %u inputs", n->input_count);
    unsigned results = ir_op_results(n->op);
    if (n->op == IR_RECURRENT) {
        if ((unsigned)n->attrs.cell > IR_GRU) return arena_printf(c->arena, "cell number %u", (unsigned)n->attrs.cell);
        results = ir_recurrent_results(&n->attrs);
    }
    if (n->op == IR_REPEAT) {
        if (n->attrs.rows > n->input_count || ir_carried_of(n) > n->result_count || !n->result_count)
            return arena_printf(c->arena, "has %u inputs, %u of them rows, and %u results", n->input_count,
                                n->attrs.rows, n->result_count);
        return NULL;
    }
    if (n->result_count != results)
        return arena_printf(c->arena, "has %u results, expected %u", n->result_count, results);
    return NULL;
}

static const char *results_are_sound(checker *c, const graph_scope *in, const ir_node *n) {
    while (in->around) in = in->around;

    for (unsigned i = 0; i < n->result_count; i++) {
        const ir_value *v = n->results[i];
        if (!v) return arena_printf(c->arena, "result %u is missing", i);
        if (v->producer != n || v->result != i) return arena_printf(c->arena, "result %u belongs to another node", i);
        if (v->id >= c->model->value_count)
            return arena_printf(c->arena, "result %u has id %u of %u", i, v->id, c->model->value_count);
        if (c->defined[v->id]) return arena_printf(c->arena, "result %u has an id that was given before", i);
        const char *wrong = type_is_sound(c, &v->type, in->graph == &c->model->reset);
        if (wrong) return arena_printf(c->arena, "result %u: %s", i, wrong);
    }
    return NULL;
}

static const char *graph_is_sound(checker *c, const graph_scope *in, const char *name);

/* Is v, as `what` number i of a block, of this type? */
static const char *has_type(checker *c, const ir_value *v, const ir_type *want, const char *what, unsigned i) {
    if (!v || ir_type_same(&v->type, want)) return NULL;
    return arena_printf(c->arena, "%s %u is %s, expected %s", what, i, ir_type_string(c->arena, &v->type),
                        ir_type_string(c->arena, want));
}

static const char *rows_are_sound(checker *c, const ir_node *n) {
    for (unsigned i = 0; i < ir_rows_of(n); i++) {
        const ir_type *all = &n->inputs[i]->type;
        if (!all->rank || !dim_same(all->dims[0], n->attrs.rounds))
            return arena_printf(c->arena, "input %u has no row a round", i);
        ir_type row = {.dtype = all->dtype, .rank = all->rank - 1};
        for (unsigned k = 0; k < row.rank; k++) row.dims[k] = all->dims[k + 1];
        const char *wrong = has_type(c, n->block->rows[i], &row, "row", i);
        if (wrong) return wrong;
    }
    return NULL;
}

static const char *carried_is_sound(checker *c, const ir_node *n, const graph_scope *body) {
    for (unsigned i = 0; i < ir_carried_of(n); i++) {
        const ir_type *type = &n->inputs[ir_rows_of(n) + i]->type;
        const char *wrong = is_known(c, n->block->next[i], body);
        if (wrong) return arena_printf(c->arena, "next %u %s", i, wrong);
        wrong = has_type(c, n->block->carried[i], type, "carried value", i);
        if (!wrong) wrong = has_type(c, n->block->next[i], type, "next", i);
        if (!wrong) wrong = has_type(c, n->results[i], type, "result", i);
        if (wrong) return wrong;
    }
    return NULL;
}

static const char *collected_is_sound(checker *c, const ir_node *n, const graph_scope *body) {
    for (unsigned i = 0; i < ir_collected_of(n); i++) {
        const ir_value *each = n->block->collected[i];
        const char *wrong = is_known(c, each, body);
        if (wrong) return arena_printf(c->arena, "collect %u %s", i, wrong);
        if (each->type.rank == IR_MAX_RANK) return arena_printf(c->arena, "collect %u has too many dims", i);
        ir_type all = {.dtype = each->type.dtype, .rank = each->type.rank + 1, .dims = {n->attrs.rounds}};
        for (unsigned k = 0; k < each->type.rank; k++) all.dims[k + 1] = each->type.dims[k];
        wrong = has_type(c, n->results[ir_carried_of(n) + i], &all, "result", ir_carried_of(n) + i);
        if (wrong) return wrong;
    }
    return NULL;
}

static const char *block_is_sound(checker *c, const graph_scope *around, const ir_node *n) {
    const ir_block *b = n->block;
    if (!b || b->repeat != n) return "its block belongs to another node";
    if (!n->attrs.rounds || dim_is_huge(n->attrs.rounds) || dim_min(n->attrs.rounds) < 0)
        return "a number of rounds that is none";
    unsigned depth = 0;
    for (const graph_scope *in = around; in->block; in = in->around) depth++;
    if (depth >= IR_MAX_BLOCKS) return "too many blocks in each other";
    graph_scope body = {&b->body, b, around};
    const char *wrong = rows_are_sound(c, n);
    if (!wrong) wrong = graph_is_sound(c, &body, "body");
    if (!wrong) wrong = carried_is_sound(c, n, &body);
    if (!wrong) wrong = collected_is_sound(c, n, &body);
    if (wrong || !b->until) return wrong;
    wrong = is_known(c, b->until, &body);
    if (wrong) return arena_printf(c->arena, "until %s", wrong);
    bool one = dim_is(ir_type_elements(c->model->dims, &b->until->type), 1);
    return one ? NULL : arena_printf(c->arena, "until is %s", ir_type_string(c->arena, &b->until->type));
}

static const char *node_is_sound(checker *c, const graph_scope *in, const ir_node *n) {
    const char *wrong = counts_are_sound(c, n);
    if (wrong) return wrong;
    for (unsigned i = 0; i < n->input_count; i++) {
        if (!n->inputs[i] && ir_input_is_optional(n->op, i)) continue;
        wrong = is_known(c, n->inputs[i], in);
        if (wrong) return arena_printf(c->arena, "input %u %s", i, wrong);
    }
    wrong = results_are_sound(c, in, n);
    if (!wrong && ir_op_class_of(n->op) == IR_SOURCE) wrong = source_is_sound(c, in, n);
    const char *stray = ir_attrs_stray(c->arena, &n->attrs, n->op);
    if (!wrong && stray) wrong = arena_printf(c->arena, "has %s", stray);
    if (!wrong) wrong = n->op == IR_REPEAT ? block_is_sound(c, in, n) : ir_check_node(c->arena, c->model, n);
    if (!wrong && ir_op_class_of(n->op) == IR_SINK) wrong = sink_is_sound(c, in, n);
    return wrong;
}

static const char *graph_is_sound(checker *c, const graph_scope *in, const char *name) {
    const ir_graph *g = in->graph;
    const ir_node *last = NULL;
    for (const ir_node *n = g->first; n; last = n, n = n->next) {
        if ((unsigned)n->op >= IR_OP_COUNT)
            return arena_printf(c->arena, "%s: operator number %u", name, (unsigned)n->op);
        const char *wrong = node_is_sound(c, in, n);
        if (wrong) {
            text where = text_new(c->arena);
            for (unsigned i = 0; i < n->result_count; i++)
                if (n->results && n->results[i]) text_printf(&where, "%s%%%u", i ? ", " : "", n->results[i]->id);
            return arena_printf(c->arena, "%s: %s = %s%s%s: %s", name, text_string(&where), ir_op_name(n->op),
                                n->label ? " # " : "", n->label ? n->label : "", wrong);
        }
        for (unsigned i = 0; i < n->result_count; i++) {
            c->defined[n->results[i]->id] = n->results[i];
            c->defined_in[n->results[i]->id] = g;
        }
    }
    if (g->last != last) return arena_printf(c->arena, "%s: the last node is not the one that it says", name);
    return NULL;
}

static const char *states_are_sound(checker *c) {
    for (size_t i = 0; i < c->model->state_count; i++) {
        const ir_state *s = &c->model->states[i];
        if (!s->name) return "a state without a name";
        const char *wrong = type_is_sound(c, &s->type, true);
        if (!wrong) wrong = is_defined(c, s->value, &c->model->run);
        if (!wrong && (s->value->producer->op != IR_STATE || s->value->producer->attrs.index != i))
            wrong = "its value is not its STATE node's";
        if (!wrong && s->next) wrong = is_defined(c, s->next, &c->model->run);
        if (!wrong && s->init) wrong = is_defined(c, s->init, &c->model->reset);
        if (!wrong && s->next && !ir_type_same(&s->next->type, &s->type))
            wrong = arena_printf(c->arena, "its next value is %s", ir_type_string(c->arena, &s->next->type));
        if (!wrong && s->init && !ir_type_same(&s->init->type, &s->type))
            wrong = arena_printf(c->arena, "its initial value is %s", ir_type_string(c->arena, &s->init->type));
        if (wrong) return arena_printf(c->arena, "state %s: %s", s->name, wrong);
    }
    return NULL;
}

static const char *check_is_sound(checker *c, const bool *made_of_inputs, const ir_bound_check *check) {
    const char *wrong = is_defined(c, check->value, &c->model->run);
    if (wrong) return wrong;
    if (check->value->type.dtype != IR_I32) return "its value is not int32";
    if (!check->low || !check->high || dim_is_huge(check->low) || dim_is_huge(check->high))
        return "a bound is missing or too large";
    return made_of_inputs[check->value->id] ? NULL : "its value is not made of inputs alone";
}

static const char *tables_are_sound(checker *c) {
    const ir_model *m = c->model;
    for (size_t i = 0; i < m->input_count; i++) {
        const char *wrong = m->inputs[i].name ? is_defined(c, m->inputs[i].value, &m->run) : "no name";
        if (!wrong && (m->inputs[i].value->producer->op != IR_INPUT || m->inputs[i].value->producer->attrs.index != i))
            wrong = "its value is not its INPUT node's";
        if (wrong) return arena_printf(c->arena, "input %zu: %s", i, wrong);
    }
    for (size_t i = 0; i < m->output_count; i++) {
        const char *wrong = m->outputs[i].name ? is_defined(c, m->outputs[i].value, &m->run) : "no name";
        if (!wrong && m->outputs[i].value->type.dtype == IR_BOOL) wrong = "is a bool";
        if (wrong) return arena_printf(c->arena, "output %zu %s", i, wrong);
    }
    const bool *made_of_inputs = ir_made_of_inputs(c->arena, m);
    for (size_t i = 0; i < m->check_count; i++) {
        const char *wrong = check_is_sound(c, made_of_inputs, &m->checks[i]);
        if (wrong) return arena_printf(c->arena, "check %zu: %s", i, wrong);
    }
    return states_are_sound(c);
}

const char *ir_check(arena *a, const ir_model *m) {
    checker c = {.arena = a, .model = m};
    c.defined = ARENA_ARRAY(a, const ir_value *, m->value_count);
    c.defined_in = ARENA_ARRAY(a, const ir_graph *, m->value_count);
    if (!m->name) return "a model without a name";
    for (size_t i = 0; i < m->symbol_count; i++)
        if (!dim_is_symbol(m->symbols[i])) return "a run-time dim that is no symbol";
    for (size_t i = 0; i < m->param_count; i++) {
        const char *wrong = m->params[i].key ? type_is_sound(&c, &m->params[i].type, true) : "no key";
        if (!wrong && m->params[i].type.dtype != IR_F32) wrong = "is not float32";
        if (wrong) return arena_printf(a, "param %zu: %s", i, wrong);
    }
    const char *wrong = graph_is_sound(&c, &(graph_scope){.graph = &m->reset}, "reset");
    if (!wrong) wrong = graph_is_sound(&c, &(graph_scope){.graph = &m->run}, "run");
    if (!wrong) wrong = tables_are_sound(&c);
    return wrong;
}
