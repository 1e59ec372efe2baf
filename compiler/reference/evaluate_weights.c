/* evaluate_weights: matrices as `as` keeps them, and the vectors that the code rounds to multiply them with int8. */
#include <math.h>

#include "format/round.h"
#include "reference/evaluate.h"

/* The PARAM that an operand is, possibly seen otherwise; NULL: it is none. */
static const ir_param *param_of(const evaluation *e, const ir_value *v) {
    while (ir_op_class_of(v->producer->op) == IR_VIEW || v->producer->op == IR_FLIP) v = v->producer->inputs[0];
    return v->producer->op == IR_PARAM ? &e->model->params[v->producer->attrs.index] : NULL;
}

matrix evaluate_matrix(evaluation *e, const ir_node *n, unsigned i) {
    const array *from = evaluate_input(e, n, i);
    const ir_param *param = from ? param_of(e, n->inputs[i]) : NULL;
    matrix m = {from, false, false};
    if (!param || n->attrs.weights <= IR_WEIGHTS_FLOAT32) return m;
    float *data = ARENA_ARRAY(e->arena, float, from->elements);
    for (size_t k = 0; k < from->elements; k++) data[k] = (float)from->data[k];
    ir_param seen = *param;
    seen.type = n->inputs[i]->type;
    seen.data = data;
    weight_format f = format_choose(n, &seen);
    int64_t terms = format_param_terms(&seen);
    array *to = ARENA_NEW(e->arena, array);
    *to = evaluate_array(e->arena, from->dtype, from->rank, from->sizes);
    for (size_t k = 0; k < from->elements; k += (size_t)terms)
        round_row_back(e->arena, f, data + k, terms, to->data + k);
    return (matrix){to, f == FORMAT_INT8, e->precision == REFERENCE_FLOAT32};
}

static double nearest_code(double x, bool turns_ties) {
    const double NEAR_TIE = 1.0 / 64; /* 32512 times a few units in the last place of x */
    double code = nearbyint(x), rest = x - code;
    if (!turns_ties || fabs(rest) < 0.5 - NEAR_TIE) return code;
    return rest > 0 ? code + 1 : code - 1;
}

const double *evaluate_vector(const matrix *m, const double *x, size_t size, double *to) {
    if (!m->array || !m->rounds_vectors) return x;
    double largest = 0;
    bool finite = true;
    for (size_t i = 0; i < size; i++) {
        finite = finite && isfinite(x[i]);
        largest = fmax(largest, fabs(x[i]));
    }
    double unit = largest / 32512;
    for (size_t i = 0; i < size; i++)
        to[i] = !finite ? (double)NAN : largest < 1e-30 ? 0 : nearest_code(x[i] / unit, m->turns_ties) * unit;
    return to;
}

void evaluate_round_row(evaluation *e, const ir_node *n, unsigned i, double *row, size_t size) {
    const ir_param *param = param_of(e, n->inputs[i]);
    weight_format f = param ? format_choose(n, param) : FORMAT_FLOAT32;
    if (f == FORMAT_FLOAT32) return;
    float *floats = ARENA_ARRAY(e->arena, float, size);
    for (size_t k = 0; k < size; k++) floats[k] = (float)row[k];
    round_row_back(e->arena, f, floats, (int64_t)size, row);
}
