/* evaluate_recurrent: RNN, LSTM and GRU, sequence by sequence and step by step, by the formulas of
 * torch.nn's documentation. */

#include "ir/function.h"
#include "reference/evaluate.h"

static double activate(const evaluation *e, ir_activation activation, double x) {
    const ir_function *f = ir_function_of(activation.function);
    return rounded(e, f ? f->value(x, activation.scalar) : x);
}

/* Row `row` of weight times x, plus the row's bias if there is one. */
static double product(const evaluation *e, const matrix *m, size_t row, const double *x, const array *bias) {
    const array *weight = m->array;
    size_t size = weight->sizes[1];
    double sum = 0;
    for (size_t i = 0; i < size; i++) sum = rounded(e, sum + rounded(e, weight->data[row * size + i] * x[i]));
    return bias ? rounded(e, sum + bias->data[row]) : sum;
}

typedef struct {
    const evaluation *evaluation;
    const ir_attrs *attrs;
    matrix w_ih, w_hh, w_hr;
    const array *b_ih, *b_hh;
    size_t hidden, width; /* H and P */
    double *h, *c;        /* [P], [H]: one sequence's state */
    const double *seen_h; /* h as W_hh is multiplied with it */
    double *sums;         /* what activations are taken of, by gate; a GRU's n has two shares */
    double *next_h;       /* [H], and as many for it rounded */
    double *rounded_x, *rounded_h;
} cell;

/* The part of gate number `gate` that comes from x or from h. */
static double from_x(const cell *s, unsigned gate, size_t j, const double *x) {
    return product(s->evaluation, &s->w_ih, gate * s->hidden + j, x, s->b_ih);
}

static double from_h(const cell *s, unsigned gate, size_t j, const double *h) {
    return product(s->evaluation, &s->w_hh, gate * s->hidden + j, h, s->b_hh);
}

static double sum_of(const cell *s, unsigned gate, size_t j, const double *x) {
    double sum = rounded(s->evaluation, from_x(s, gate, j, x) + from_h(s, gate, j, s->seen_h));
    return s->sums[gate * s->hidden + j] = sum;
}

static double gate_of(const cell *s, unsigned gate, size_t j, const double *x) {
    return activate(s->evaluation, s->attrs->recurrent_activation, sum_of(s, gate, j, x));
}

static double candidate_of(const cell *s, unsigned gate, size_t j, const double *x) {
    return activate(s->evaluation, s->attrs->activation, sum_of(s, gate, j, x));
}

/* h' = act(W_ih x + b_ih + W_hh h + b_hh) */
static void rnn_step(cell *s, const double *x) {
    for (size_t j = 0; j < s->hidden; j++) s->next_h[j] = candidate_of(s, 0, j, x);
}

/* c' = f * c + i * g; h' = o * act(c'); with proj_size h' = W_hr h' */
static void lstm_step(cell *s, const double *x) {
    const evaluation *e = s->evaluation;
    for (size_t j = 0; j < s->hidden; j++) {
        double i = gate_of(s, 0, j, x), f = gate_of(s, 1, j, x), g = candidate_of(s, 2, j, x), o = gate_of(s, 3, j, x);
        s->c[j] = rounded(e, rounded(e, f * s->c[j]) + rounded(e, i * g));
        s->next_h[j] = rounded(e, o * activate(e, s->attrs->activation, s->c[j]));
    }
}

/* n = act(W_in x + b_in + r * (W_hn h + b_hn)), or, without reset_after, act(W_in x + b_in + W_hn (r * h) + b_hn);
 * h' = (1 - z) * n + z * h */
static void gru_step(cell *s, const double *x, double *reset) {
    const evaluation *e = s->evaluation;
    for (size_t j = 0; j < s->hidden; j++) reset[j] = gate_of(s, 0, j, x);
    double *reset_h = reset + s->hidden;
    for (size_t j = 0; j < s->hidden; j++) reset_h[j] = rounded(e, reset[j] * s->h[j]);
    const double *seen_reset_h = evaluate_vector(&s->w_hh, reset_h, s->hidden, reset_h + s->hidden);
    for (size_t j = 0; j < s->hidden; j++) {
        double z = gate_of(s, 1, j, x), recurrent;
        double *shares = &s->sums[2 * s->hidden + j];
        shares[0] = from_h(s, 2, j, s->attrs->reset_after ? s->seen_h : seen_reset_h);
        shares[s->hidden] = from_x(s, 2, j, x);
        recurrent = s->attrs->reset_after ? rounded(e, reset[j] * shares[0]) : shares[0];
        double n = activate(e, s->attrs->activation, rounded(e, shares[s->hidden] + recurrent));
        s->next_h[j] = rounded(e, rounded(e, rounded(e, 1 - z) * n) + rounded(e, z * s->h[j]));
    }
}

static void step(cell *s, const double *x, double *scratch) {
    x = evaluate_vector(&s->w_ih, x, s->w_ih.array->sizes[1], s->rounded_x);
    s->seen_h = evaluate_vector(&s->w_hh, s->h, s->width, s->rounded_h);
    switch (s->attrs->cell) {
    case IR_RNN: rnn_step(s, x); break;
    case IR_LSTM: lstm_step(s, x); break;
    case IR_GRU: gru_step(s, x, scratch); break;
    }
    const double *seen_next = evaluate_vector(&s->w_hr, s->next_h, s->hidden, s->next_h + s->hidden);
    for (size_t p = 0; p < s->width; p++)
        s->h[p] = s->w_hr.array ? product(s->evaluation, &s->w_hr, p, seen_next, NULL) : s->next_h[p];
}

void evaluate_recurrent(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, IR_REC_X), *h0 = evaluate_input(e, n, IR_REC_H0);
    const array *c0 = evaluate_input(e, n, IR_REC_C0), *lengths = evaluate_input(e, n, IR_REC_LENGTHS);
    cell s = {.evaluation = e, .attrs = &n->attrs};
    s.w_ih = evaluate_matrix(e, n, IR_REC_W_IH);
    s.w_hh = evaluate_matrix(e, n, IR_REC_W_HH);
    s.b_ih = evaluate_input(e, n, IR_REC_B_IH);
    s.b_hh = evaluate_input(e, n, IR_REC_B_HH);
    s.w_hr = evaluate_matrix(e, n, IR_REC_W_HR);
    s.hidden = s.w_hh.array->sizes[0] / ir_cell_gates(n->attrs.cell);
    s.width = s.w_hh.array->sizes[1];
    s.h = ARENA_ARRAY(e->arena, double, s.width);
    s.c = ARENA_ARRAY(e->arena, double, s.hidden);
    s.next_h = ARENA_ARRAY(e->arena, double, 2 * s.hidden);
    s.rounded_x = ARENA_ARRAY(e->arena, double, s.w_ih.array->sizes[1]);
    s.rounded_h = ARENA_ARRAY(e->arena, double, s.width);
    double *scratch = ARENA_ARRAY(e->arena, double, 3 * s.hidden);
    array *out = evaluate_result(e, n, 0), *h_n = evaluate_result(e, n, 1);
    array *c_n = n->attrs.cell == IR_LSTM ? evaluate_result(e, n, 2) : NULL;
    array *sums = n->attrs.keeps ? evaluate_result(e, n, ir_kept_from(n)) : NULL;
    array *cells = sums && c_n ? evaluate_result(e, n, ir_kept_from(n) + 1) : NULL;
    size_t kept = ir_kept_sums(n->attrs.cell) * s.hidden;
    s.sums = ARENA_ARRAY(e->arena, double, kept);
    size_t steps = x->sizes[0], batch = x->sizes[1], features = x->sizes[2];
    for (size_t b = 0; b < batch; b++) {
        if (lengths && !(lengths->data[b] >= 1 && lengths->data[b] <= (double)steps)) {
            e->status = REFERENCE_LENGTH;
            return;
        }
        size_t length = lengths ? (size_t)lengths->data[b] : steps;
        for (size_t p = 0; p < s.width; p++) s.h[p] = h0 ? h0->data[b * s.width + p] : 0;
        for (size_t j = 0; j < s.hidden; j++) s.c[j] = c0 ? c0->data[b * s.hidden + j] : 0;
        for (size_t i = 0; i < length; i++) {
            size_t t = n->attrs.reverse ? length - 1 - i : i;
            step(&s, x->data + (t * batch + b) * features, scratch);
            memcpy(out->data + (t * batch + b) * s.width, s.h, s.width * sizeof *s.h);
            if (sums) memcpy(sums->data + (t * batch + b) * kept, s.sums, kept * sizeof *s.sums);
            if (cells) memcpy(cells->data + (t * batch + b) * s.hidden, s.c, s.hidden * sizeof *s.c);
        }
        memcpy(h_n->data + b * s.width, s.h, s.width * sizeof *s.h);
        if (c_n) memcpy(c_n->data + b * s.hidden, s.c, s.hidden * sizeof *s.c);
    }
}
