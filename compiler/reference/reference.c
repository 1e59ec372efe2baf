/* reference: the walk over a graph, its sources, and what becomes of its results. */
#include "reference/reference.h"

#include <math.h>

#include "reference/dual.h"
#include "reference/evaluate.h"

/* --- the walk ---------------------------------------------------------------------------------------------------- */

static void evaluate_source(evaluation *e, const ir_node *n) {
    if (n->op == IR_ROW || n->op == IR_CARRIED) return; /* evaluate_repeat has put them there */
    array *to = evaluate_result(e, n, 0);
    size_t bytes = to->elements * sizeof *to->data;
    size_t index = n->attrs.index;
    switch ((unsigned)n->op) {
    case IR_INPUT: memcpy(to->data, e->inputs[index], bytes); return;
    case IR_STATE: memcpy(to->data, e->states[index], bytes); return;
    case IR_PARAM:
        if (!e->model->params[index].data) ice("param %s has no data", e->model->params[index].key);
        for (size_t i = 0; i < to->elements; i++) to->data[i] = (double)e->model->params[index].data[i];
        return;
    case IR_SIZE: to->data[0] = (double)evaluate_dim(e, n->attrs.start); return;
    case IR_TENSOR:
        for (size_t i = 0; i < to->elements; i++) {
            double number = n->attrs.values.numbers[i];
            to->data[i] = to->dtype == IR_F32 ? (double)(float)number : number;
        }
        return;
    case IR_CONST:
        for (size_t i = 0; i < to->elements; i++)
            to->data[i] = to->dtype == IR_F32 ? rounded(e, n->attrs.number) : n->attrs.number;
        return;
    }
    ice("%s is no source", ir_op_name(n->op));
}

static void evaluate_graph(evaluation *e, const ir_graph *g);

/* Row `at` of x, which is x without its dim 0. */
static array row_of(const array *x, size_t at) {
    array row = {.dtype = x->dtype, .rank = x->rank - 1, .elements = 1};
    for (unsigned i = 0; i < row.rank; i++) {
        row.sizes[i] = x->sizes[i + 1];
        row.elements *= row.sizes[i];
    }
    row.data = x->data + at * row.elements;
    return row;
}

static void copy_elements(array *to, const array *from) {
    memcpy(to->data, from->data, to->elements * sizeof *to->data);
}

/* A loop's rounds in one of the two planes: values, or tangents. */
static void begin_loop(evaluation *e, array *plane, const ir_node *n) {
    for (unsigned i = 0; i < n->result_count; i++) {
        const array *value = &e->values[n->results[i]->id];
        array *to = &plane[n->results[i]->id];
        *to = evaluate_array(e->arena, value->dtype, value->rank, value->sizes);
        if (i < ir_carried_of(n)) copy_elements(to, &plane[n->inputs[ir_rows_of(n) + i]->id]);
    }
}

static void begin_round(evaluation *e, array *plane, const ir_node *n, size_t at) {
    const ir_block *b = n->block;
    for (unsigned i = 0; i < ir_rows_of(n); i++)
        if (b->rows[i]) plane[b->rows[i]->id] = row_of(&plane[n->inputs[i]->id], at);
    /* a copy: the body may look at the old value after the new one is there */
    for (unsigned i = 0; i < ir_carried_of(n); i++) {
        if (!b->carried[i]) continue;
        const array *now = &plane[n->results[i]->id];
        array *old = &plane[b->carried[i]->id];
        *old = evaluate_array(e->arena, now->dtype, now->rank, now->sizes);
        copy_elements(old, now);
    }
}

static void end_round(array *plane, const ir_node *n, size_t at) {
    const ir_block *b = n->block;
    unsigned carried = ir_carried_of(n);
    for (unsigned i = 0; i < carried; i++) copy_elements(&plane[n->results[i]->id], &plane[b->next[i]->id]);
    for (unsigned i = 0; i < ir_collected_of(n); i++) {
        array to = row_of(&plane[n->results[carried + i]->id], at);
        copy_elements(&to, &plane[b->collected[i]->id]);
    }
}

static void evaluate_repeat(evaluation *e, const ir_node *n) {
    const ir_block *b = n->block;
    array *const planes[] = {e->values, e->tangents};
    int count = e->tangents ? 2 : 1;
    size_t rounds = (size_t)evaluate_dim(e, n->attrs.rounds);
    for (unsigned i = 0; i < n->result_count; i++) evaluate_result(e, n, i);
    for (int p = 0; p < count; p++) begin_loop(e, planes[p], n);
    for (size_t t = 0; t < rounds && e->status == REFERENCE_OK; t++) {
        size_t at = n->attrs.backwards ? rounds - 1 - t : t;
        for (int p = 0; p < count; p++) begin_round(e, planes[p], n, at);
        evaluate_graph(e, &b->body);
        if (e->status != REFERENCE_OK) return;
        for (int p = 0; p < count; p++) end_round(planes[p], n, at);
        if (b->until && e->values[b->until->id].data[0] != 0) return;
    }
}

static void evaluate_node(evaluation *e, const ir_node *n) {
    ir_op_class kind = ir_op_class_of(n->op);
    if (kind == IR_SOURCE) evaluate_source(e, n);
    else if (kind == IR_LOOP) evaluate_repeat(e, n);
    else evaluate_operator(e, n);
}

static void evaluate_graph(evaluation *e, const ir_graph *g) {
    for (const ir_node *n = g->first; n && e->status == REFERENCE_OK; n = n->next) {
        evaluate_node(e, n);
        if (e->tangents && e->status == REFERENCE_OK) dual_node(e, n);
    }
}

static evaluation start(arena *a, const ir_model *m, reference_precision precision, const int64_t *dims) {
    return (evaluation){.arena = a,
                        .model = m,
                        .dims = dims,
                        .precision = precision,
                        .argmax_margin = INFINITY,
                        .values = ARENA_ARRAY(a, array, m->value_count)};
}

double **reference_reset(arena *a, const ir_model *m, reference_precision precision) {
    evaluation e = start(a, m, precision, NULL); /* states are of constant shape */
    evaluate_graph(&e, &m->reset);
    double **states = ARENA_ARRAY(a, double *, m->state_count);
    for (size_t i = 0; i < m->state_count; i++) {
        const ir_state *s = &m->states[i];
        states[i] =
            s->init ? e.values[s->init->id].data : ARENA_ARRAY(a, double, ir_elements_at(m, &s->type, NULL));
    }
    return states;
}

static void start_gradients(evaluation *e) {
    const ir_model *m = e->model;
    e->gradients = ARENA_ARRAY(e->arena, double *, m->param_count);
    for (size_t i = 0; i < m->param_count; i++)
        if (m->params[i].trained)
            e->gradients[i] = ARENA_ARRAY(e->arena, double, ir_elements_at(m, &m->params[i].type, e->dims));
}

static bool dims_fit(const ir_model *m, const int64_t *dims) {
    for (size_t i = 0; i < m->symbol_count; i++)
        if (dims[i] < dim_min(m->symbols[i]) || dims[i] > dim_max(m->symbols[i])) return false;
    return true;
}

reference_status reference_run(arena *a, const ir_model *m, reference_precision precision, const int64_t *dims,
                               const double *const *inputs, const double *const *states, reference_result *result) {
    if (!dims_fit(m, dims)) return REFERENCE_DIM;
    evaluation e = start(a, m, precision, dims);
    e.inputs = inputs;
    e.states = states;
    start_gradients(&e);
    evaluate_graph(&e, &m->run);
    if (e.status != REFERENCE_OK) return e.status;
    result->outputs = ARENA_ARRAY(a, double *, m->output_count);
    for (size_t i = 0; i < m->output_count; i++) result->outputs[i] = e.values[m->outputs[i].value->id].data;
    result->states = ARENA_ARRAY(a, double *, m->state_count);
    for (size_t i = 0; i < m->state_count; i++) {
        const ir_value *end = m->states[i].next ? m->states[i].next : m->states[i].value;
        result->states[i] = e.values[end->id].data;
    }
    result->gradients = e.gradients;
    result->argmax_margin = e.argmax_margin;
    return REFERENCE_OK;
}

static unsigned most_inputs(const ir_graph *g) {
    unsigned most = 0;
    for (const ir_node *n = g->first; n; n = n->next) {
        unsigned inner = n->op == IR_REPEAT ? most_inputs(&n->block->body) : 0;
        if (n->input_count > most) most = n->input_count;
        if (inner > most) most = inner;
    }
    return most;
}

reference_status reference_tangent(arena *a, const ir_model *m, const int64_t *dims, const double *const *inputs,
                                   const double *const *states, const double *const *param_directions,
                                   const double *const *input_directions, double **tangents) {
    if (!dims_fit(m, dims)) return REFERENCE_DIM;
    evaluation e = start(a, m, REFERENCE_FLOAT64, dims);
    e.inputs = inputs;
    e.states = states;
    e.param_directions = param_directions;
    e.input_directions = input_directions;
    start_gradients(&e);
    size_t slots =
        m->value_count + most_inputs(&m->run) + 2; /* those behind the values are dual.c's */
    e.values = ARENA_ARRAY(a, array, slots);
    e.tangents = ARENA_ARRAY(a, array, slots);
    evaluate_graph(&e, &m->run);
    for (size_t i = 0; e.status == REFERENCE_OK && i < m->output_count; i++)
        tangents[i] = e.tangents[m->outputs[i].value->id].data;
    return e.status;
}
