/* evaluate_sink: what adds to the gradient of a trained param. */
#include "reference/evaluate.h"

static void accumulate(evaluation *e, double *gradient, const array *g) {
    for (size_t i = 0; i < g->elements; i++) gradient[i] = rounded(e, gradient[i] + g->data[i]);
}

/* dW[o][i] += sum over rows of dy[row][o] * x[row][i] */
static void weight(evaluation *e, double *gradient, const array *dy, const array *x) {
    size_t outputs = dy->sizes[1], features = x->sizes[1];
    for (size_t row = 0; row < dy->sizes[0]; row++)
        for (size_t o = 0; o < outputs; o++)
            for (size_t i = 0; i < features; i++) {
                double *to = &gradient[o * features + i];
                *to = rounded(e, *to + rounded(e, dy->data[row * outputs + o] * x->data[row * features + i]));
            }
}

/* db[o] += sum over steps and rows of dy[step][row][o] */
static void bias(evaluation *e, double *gradient, const array *dy) {
    size_t outputs = dy->sizes[2];
    for (size_t i = 0; i < dy->elements; i++) {
        double *to = &gradient[i % outputs];
        *to = rounded(e, *to + dy->data[i]);
    }
}

static void embedding(evaluation *e, const ir_attrs *attrs, double *gradient, const array *dy, const array *ids) {
    size_t size = dy->elements / ids->elements;
    for (size_t i = 0; i < ids->elements; i++) {
        double id = ids->data[i], count = 0;
        if (id + 1 == (double)attrs->padding_row) continue;
        for (size_t k = 0; k < ids->elements; k++) count += ids->data[k] == id;
        for (size_t k = 0; k < size; k++) {
            double *to = &gradient[(size_t)id * size + k], g = dy->data[i * size + k];
            *to = rounded(e, *to + (attrs->scale_by_frequency ? rounded(e, g / count) : g));
        }
    }
}

void evaluate_sink(evaluation *e, const ir_node *n) {
    if (n->op == IR_UPDATE || n->op == IR_RENORM || n->op == IR_STEP) return; /* of what the next call finds */
    const array *g = evaluate_input(e, n, 0);
    double *gradient = e->gradients[n->attrs.index];
    switch ((unsigned)n->op) {
    case IR_ACCUMULATE: accumulate(e, gradient, g); return;
    case IR_WEIGHT_GRAD: weight(e, gradient, g, evaluate_input(e, n, 1)); return;
    case IR_BIAS_GRAD: bias(e, gradient, g); return;
    case IR_EMBEDDING_GRAD: embedding(e, &n->attrs, gradient, g, evaluate_input(e, n, 1)); return;
    }
    ice("%s is no sink", ir_op_name(n->op));
}
