/* params: who reads the params of the struct, in all graphs of the model, and where they lie. */
#include "plan/params.h"

#include "plan/operators.h"

typedef struct {
    chooser chooser;
    const pack **packed;  /* by param: the order that layers want; NULL: none yet */
    bool *row_major;      /* by param: somebody wants it so */
} reader;

/* The living param that v is, or -1. */
static long param_of(const reader *r, const ir_value *v) {
    if (!v || v->producer->op != IR_PARAM) return -1;
    size_t param = v->producer->attrs.index;
    return ir_param_lives(&r->chooser.model->params[param]) ? (long)param : -1;
}

static void wants_row_major(reader *r, const ir_value *v) {
    long param = param_of(r, v);
    if (param >= 0) r->row_major[param] = true;
}

static void wants(reader *r, const ir_value *v, const pack *p) {
    long param = param_of(r, v);
    if (param < 0) return;
    if (!r->packed[param]) r->packed[param] = p;
    if (!pack_same_order(r->packed[param], p)) r->row_major[param] = true;
}

static void read_linear(reader *r, const ir_node *n) {
    const pack *p = choose_linear_pack(&r->chooser, n);
    if (choose_linear_dots(&r->chooser, p)) wants_row_major(r, n->inputs[1]);
    else wants(r, n->inputs[1], p);
}

static void read_recurrent(reader *r, const ir_node *n) {
    static const unsigned inputs[RECURRENT_PACKS] = {
        [RECURRENT_INPUT] = IR_REC_W_IH, [RECURRENT_HIDDEN] = IR_REC_W_HH, [RECURRENT_CANDIDATE] = IR_REC_W_HH,
        [RECURRENT_OUTPUT] = IR_REC_W_HR};
    recurrent_packs packs = choose_recurrent_packs(&r->chooser, n);
    for (int i = 0; i < RECURRENT_PACKS; i++)
        if (packs.all[i] && packs.all[RECURRENT_CANDIDATE] && inputs[i] == IR_REC_W_HH)
            wants_row_major(r, n->inputs[inputs[i]]); /* one matrix in two packs */
        else if (packs.all[i]) wants(r, n->inputs[inputs[i]], packs.all[i]);
}

/* Does the operator read a packed matrix there, as a layer or as it finds it? */
static bool takes_packed(const ir_node *n, unsigned input) {
    return ir_op_class_of(n->op) != IR_VIEW && plan_operator_of(n->op)->in_panels >> input & 1u;
}

static bool writes_packed(const ir_node *n) {
    return ir_op_class_of(n->op) != IR_SINK || plan_operator_of(n->op)->writes_panels;
}

static void read_graph(reader *r, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        for (unsigned i = 0; i < n->input_count; i++)
            if (!takes_packed(n, i)) wants_row_major(r, n->inputs[i]);
        if (n->op == IR_LINEAR) read_linear(r, n);
        if (n->op == IR_RECURRENT) read_recurrent(r, n);
        if (!writes_packed(n)) r->row_major[n->attrs.index] = true;
        if (n->op != IR_REPEAT) continue;
        read_graph(r, &n->block->body);
        for (unsigned i = 0; i < ir_carried_of(n); i++) wants_row_major(r, n->block->next[i]);
        for (unsigned i = 0; i < ir_collected_of(n); i++) wants_row_major(r, n->block->collected[i]);
    }
}

static void read_model(reader *r, const ir_model *m) {
    read_graph(r, &m->reset);
    read_graph(r, &m->run);
    for (size_t i = 0; i < m->output_count; i++) wants_row_major(r, m->outputs[i].value);
    for (size_t i = 0; i < m->state_count; i++) {
        wants_row_major(r, m->states[i].next);
        wants_row_major(r, m->states[i].init);
    }
}

/* What a matrix takes in panels: without the tail, which one array has once. */
static int64_t packed_floats(const pack *p) { return pack_elements(p, PACK_FLOATS) - p->matrices * p->tail; }

const param_places *params_place(arena *a, const ir_model *m, const cost_body *body) {
    param_places *to = ARENA_NEW(a, param_places);
    param_place *places = ARENA_ARRAY(a, param_place, m->param_count + 1);
    to->of = places;
    if (!m->training) return to;
    reader r = {.chooser = {.arena = a, .model = m, .dims = m->dims, .body = body}};
    r.packed = ARENA_ARRAY(a, const pack *, m->param_count + 1);
    r.row_major = ARENA_ARRAY(a, bool, m->param_count + 1);
    read_model(&r, m);
    read_model(&r, m->training->eval);
    read_model(&r, m->training->train);
    size_t count;
    const ir_param **all = ir_living_params(a, m, &count);
    for (size_t i = 0; i < count; i++) {
        size_t param = (size_t)(all[i] - m->params);
        param_place *p = &places[param];
        const pack *packed = r.row_major[param] ? NULL : r.packed[param];
        p->packed = packed && !pack_is_row_major(packed) ? packed : NULL;
        int64_t floats = p->packed ? packed_floats(p->packed) : ir_param_elements(all[i]);
        p->floats = (floats + body->padding - 1) / body->padding * body->padding;
        p->offset = to->floats;
        to->floats += p->floats;
    }
    to->tail = count ? body->tail : 0;
    return to;
}
