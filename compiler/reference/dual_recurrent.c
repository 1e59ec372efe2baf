/* dual_recurrent: RNN, LSTM and GRU on dual numbers, sequence by sequence and step by step. */

#include "ir/function.h"
#include "reference/dual.h"

typedef struct {
    double v, t;
} dual;

static dual add(dual x, dual y) { return (dual){x.v + y.v, x.t + y.t}; }

static dual mul(dual x, dual y) { return (dual){x.v * y.v, x.t * y.v + x.v * y.t}; }

static dual activate(ir_activation a, dual x) {
    const ir_function *f = ir_function_of(a.function);
    return f ? (dual){f->value(x.v, a.scalar), f->slope(x.v, a.scalar) * x.t} : x;
}

/* An operand of the layer, or nothing. */
typedef struct {
    const array *v, *t;
} operand;

static dual at(operand o, size_t i) { return o.v ? (dual){o.v->data[i], o.t->data[i]} : (dual){0, 0}; }

typedef struct {
    const ir_attrs *attrs;
    operand w_ih, w_hh, b_ih, b_hh, w_hr;
    size_t hidden, width, features;
    dual *x, *h, *c, *next, *reset, *reset_h;
} cell;

static dual product(operand w, size_t row, const dual *x, size_t size, operand bias) {
    dual sum = at(bias, row);
    for (size_t i = 0; i < size; i++) sum = add(sum, mul(at(w, row * size + i), x[i]));
    return sum;
}

static dual from_x(const cell *s, size_t gate, size_t j) {
    return product(s->w_ih, gate * s->hidden + j, s->x, s->features, s->b_ih);
}

static dual from_h(const cell *s, size_t gate, size_t j, const dual *h) {
    return product(s->w_hh, gate * s->hidden + j, h, s->width, s->b_hh);
}

static dual gate_of(const cell *s, size_t gate, size_t j, ir_activation a) {
    return activate(a, add(from_x(s, gate, j), from_h(s, gate, j, s->h)));
}

static void lstm_step(cell *s) {
    const ir_attrs *a = s->attrs;
    for (size_t j = 0; j < s->hidden; j++) {
        dual i = gate_of(s, 0, j, a->recurrent_activation), f = gate_of(s, 1, j, a->recurrent_activation);
        dual g = gate_of(s, 2, j, a->activation), o = gate_of(s, 3, j, a->recurrent_activation);
        s->c[j] = add(mul(f, s->c[j]), mul(i, g));
        s->next[j] = mul(o, activate(a->activation, s->c[j]));
    }
}

static void gru_step(cell *s) {
    const ir_attrs *a = s->attrs;
    for (size_t j = 0; j < s->hidden; j++) s->reset[j] = gate_of(s, 0, j, a->recurrent_activation);
    for (size_t j = 0; j < s->hidden; j++) s->reset_h[j] = mul(s->reset[j], s->h[j]);
    for (size_t j = 0; j < s->hidden; j++) {
        dual z = gate_of(s, 1, j, a->recurrent_activation);
        dual share = a->reset_after ? mul(s->reset[j], from_h(s, 2, j, s->h)) : from_h(s, 2, j, s->reset_h);
        dual n = activate(a->activation, add(from_x(s, 2, j), share));
        s->next[j] = add(mul((dual){1 - z.v, -z.t}, n), mul(z, s->h[j]));
    }
}

static void step(cell *s) {
    static const operand none = {NULL, NULL};
    if (s->attrs->cell == IR_LSTM) lstm_step(s);
    if (s->attrs->cell == IR_GRU) gru_step(s);
    for (size_t j = 0; j < s->hidden && s->attrs->cell == IR_RNN; j++)
        s->next[j] = gate_of(s, 0, j, s->attrs->activation);
    for (size_t p = 0; p < s->width; p++)
        s->h[p] = s->w_hr.v ? product(s->w_hr, p, s->next, s->hidden, none) : s->next[p];
}

static operand operand_of(const evaluation *e, const ir_node *n, unsigned i) {
    return (operand){evaluate_input(e, n, i), dual_input(e, n, i)};
}

static dual *room(const evaluation *e, size_t count) { return ARENA_ARRAY(e->arena, dual, count); }

void dual_recurrent(evaluation *e, const ir_node *n) {
    operand x = operand_of(e, n, IR_REC_X), h0 = operand_of(e, n, IR_REC_H0), c0 = operand_of(e, n, IR_REC_C0);
    const array *lengths = evaluate_input(e, n, IR_REC_LENGTHS);
    cell s = {.attrs = &n->attrs};
    s.w_ih = operand_of(e, n, IR_REC_W_IH);
    s.w_hh = operand_of(e, n, IR_REC_W_HH);
    s.b_ih = operand_of(e, n, IR_REC_B_IH);
    s.b_hh = operand_of(e, n, IR_REC_B_HH);
    s.w_hr = operand_of(e, n, IR_REC_W_HR);
    s.hidden = s.w_hh.v->sizes[0] / ir_cell_gates(n->attrs.cell);
    s.width = s.w_hh.v->sizes[1];
    for (unsigned i = ir_kept_from(n); i < n->result_count; i++) dual_result(e, n, i); /* the backward part's alone */
    size_t steps = x.v->sizes[0], batch = x.v->sizes[1];
    s.features = x.v->sizes[2];
    s.x = room(e, s.features);
    s.h = room(e, s.width);
    s.c = room(e, s.hidden);
    s.next = room(e, s.hidden);
    s.reset = room(e, s.hidden);
    s.reset_h = room(e, s.hidden);
    array *out = dual_result(e, n, 0), *h_n = dual_result(e, n, 1);
    array *c_n = n->attrs.cell == IR_LSTM ? dual_result(e, n, 2) : NULL;
    for (size_t b = 0; b < batch; b++) {
        size_t length = lengths ? (size_t)lengths->data[b] : steps;
        for (size_t p = 0; p < s.width; p++) s.h[p] = at(h0, b * s.width + p);
        for (size_t j = 0; j < s.hidden; j++) s.c[j] = at(c0, b * s.hidden + j);
        for (size_t i = 0; i < length; i++) {
            size_t t = n->attrs.reverse ? length - 1 - i : i;
            for (size_t k = 0; k < s.features; k++) s.x[k] = at(x, (t * batch + b) * s.features + k);
            step(&s);
            for (size_t p = 0; p < s.width; p++) out->data[(t * batch + b) * s.width + p] = s.h[p].t;
        }
        for (size_t p = 0; p < s.width; p++) h_n->data[b * s.width + p] = s.h[p].t;
        for (size_t j = 0; c_n && j < s.hidden; j++) c_n->data[b * s.hidden + j] = s.c[j].t;
    }
}
