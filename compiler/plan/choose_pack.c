/* choose_pack: packs of layers' params, of the node alone: params.c asks before there are kernels. */
#include "plan/choose.h"

const ir_param *choose_param(const chooser *c, const ir_node *n, unsigned input) {
    const ir_value *v = input < n->input_count ? n->inputs[input] : NULL;
    while (v && v->producer->op == IR_RESHAPE) v = v->producer->inputs[0]; /* the same elements in the same order */
    return v && v->producer->op == IR_PARAM ? &c->model->params[v->producer->attrs.index] : NULL;
}

pack *choose_pack(const chooser *c, const ir_node *n, unsigned weight, const ir_param *bias, int64_t units,
                  int64_t terms, int64_t panel) {
    pack *p = ARENA_NEW(c->arena, pack);
    *p = (pack){.units = units, .terms = terms, .panel = panel, .matrices = 1, .gates = 1};
    p->scale[0] = 1.0f;
    p->weight = choose_param(c, n, weight);
    p->format = format_choose(n, p->weight);
    p->bias = bias;
    p->bias_from = p->bias ? 0 : 1;
    p->padding = c->body->padding;
    p->tail = c->body->tail;
    return p;
}

/* --- LINEAR --- */

enum { LINEAR_WEIGHT = 1, LINEAR_BIAS };

pack *choose_linear_pack(const chooser *c, const ir_node *n) {
    const ir_type *matrix = &n->inputs[LINEAR_WEIGHT]->type;
    pack *p = choose_pack(c, n, LINEAR_WEIGHT, choose_param(c, n, LINEAR_BIAS), dim_max(matrix->dims[0]),
                          dim_max(matrix->dims[1]), c->body->columns);
    p->apart = pack_lives(p);
    return p;
}

bool choose_linear_dots(const chooser *c, const pack *p) {
    return p->units < COST_DOTS && !c->body->rolled && p->format == FORMAT_FLOAT32;
}

/* --- RECURRENT --- */

/* Groups of columns that are the matrix's gates in this order. */
static pack *gates_pack(const chooser *c, const ir_node *n, unsigned weight, unsigned gates, const unsigned *order,
                        bool halved) {
    const ir_type *matrix = &n->inputs[weight]->type;
    unsigned of_cell = ir_cell_gates(n->attrs.cell), candidate = 2; /* LSTM's g and GRU's n */
    pack *p = choose_pack(c, n, weight, NULL, dim_max(matrix->dims[0]) / of_cell, dim_max(matrix->dims[1]),
                          of_cell == 1 ? c->body->columns : c->body->panel);
    p->gates = p->bias_from = gates;
    for (unsigned g = 0; g < gates; g++) {
        p->gate[g] = order[g];
        p->scale[g] = halved && order[g] != candidate ? 0.5f : 1.0f;
    }
    return p;
}

static bool any_lives(const chooser *c, const ir_node *n) {
    for (unsigned i = IR_REC_W_IH; i < n->input_count; i++) {
        const ir_param *p = choose_param(c, n, i);
        if (p && ir_param_lives(p)) return true;
    }
    return false;
}

/* The half is exact here and saves the step code a multiplication; of codes it is not exact, and what the struct has is
 * the param itself. */
static bool halves(const chooser *c, const ir_node *n, bool lives) {
    const ir_attrs *attrs = &n->attrs;
    if (lives || attrs->recurrent_activation.function != IR_SIGMOID || attrs->cell == IR_RNN) return false;
    return format_choose(n, choose_param(c, n, IR_REC_W_IH)) == FORMAT_FLOAT32 &&
           format_choose(n, choose_param(c, n, IR_REC_W_HH)) == FORMAT_FLOAT32;
}

recurrent_packs choose_recurrent_packs(const chooser *c, const ir_node *n) {
    static const unsigned torch_order[] = {0, 1, 2, 3}, candidate_first[] = {2, 0, 1}, candidate_only[] = {2};
    bool resets_before = n->attrs.cell == IR_GRU && !n->attrs.reset_after;
    bool gru_after = n->attrs.cell == IR_GRU && !resets_before, lives = any_lives(c, n);
    const ir_param *b_ih = choose_param(c, n, IR_REC_B_IH), *b_hh = choose_param(c, n, IR_REC_B_HH);
    unsigned gates = ir_cell_gates(n->attrs.cell);
    recurrent_packs r = {.halved = halves(c, n, lives), .lives = lives};
    pack *input = gates_pack(c, n, IR_REC_W_IH, gates, gru_after ? candidate_first : torch_order, r.halved);
    input->bias = b_ih;
    input->second_bias = b_hh;
    if (b_ih || b_hh) input->bias_from = 0;
    pack *hidden = gates_pack(c, n, IR_REC_W_HH, resets_before ? 2 : gates, torch_order, r.halved);
    if (gru_after) {
        /* b_hn is inside r * (W_hn h + b_hn) */
        input->first_bias_only[0] = true;
        hidden->bias = b_hh;
        if (b_hh) hidden->bias_from = 2;
    }
    r.all[RECURRENT_INPUT] = input;
    r.all[RECURRENT_HIDDEN] = hidden;
    if (resets_before) r.all[RECURRENT_CANDIDATE] = gates_pack(c, n, IR_REC_W_HH, 1, candidate_only, r.halved);
    if (choose_param(c, n, IR_REC_W_HR)) {
        const ir_type *matrix = &n->inputs[IR_REC_W_HR]->type;
        r.all[RECURRENT_OUTPUT] = choose_pack(c, n, IR_REC_W_HR, NULL, dim_max(matrix->dims[0]),
                                              dim_max(matrix->dims[1]), c->body->columns);
    }
    for (int i = 0; i < RECURRENT_PACKS; i++)
        if (r.all[i]) r.all[i]->apart = lives;
    return r;
}
