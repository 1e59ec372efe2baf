/* evaluate_layer: Embedding, one_hot, Linear, matmul, Conv1d, LayerNorm, BatchNorm1d, by the formulas of torch.nn's
 * documentation. */
#include <math.h>

#include "reference/evaluate.h"

/* Whether an id names a row; if not, the status says so. */
static bool id_fits(evaluation *e, double id, size_t rows) {
    if (id >= 0 && id < (double)rows) return true;
    e->status = REFERENCE_TOKEN;
    return false;
}

/* torch.nn.functional.embedding: a row whose norm_type-norm is larger than max_norm is scaled down to it. */
static void scale_row(const evaluation *e, const ir_attrs *attrs, double *row, size_t size) {
    double norm = 0;
    if (isinf(attrs->norm_type)) {
        for (size_t i = 0; i < size; i++) norm = fmax(norm, fabs(row[i]));
    } else {
        for (size_t i = 0; i < size; i++) norm = rounded(e, norm + rounded(e, pow(fabs(row[i]), attrs->norm_type)));
        norm = rounded(e, pow(norm, 1 / attrs->norm_type));
    }
    if (!(norm > attrs->max_norm)) return;
    double scale = rounded(e, attrs->max_norm / (norm + 1e-7));
    for (size_t i = 0; i < size; i++) row[i] = rounded(e, row[i] * scale);
}

static void embedding(evaluation *e, const ir_node *n) {
    const array *ids = evaluate_input(e, n, 0), *table = evaluate_input(e, n, 1);
    array *to = evaluate_result(e, n, 0);
    if (!n->attrs.has_max_norm) table = evaluate_matrix(e, n, 1).array;
    size_t size = table->sizes[1];
    for (size_t i = 0; i < ids->elements; i++) {
        if (!id_fits(e, ids->data[i], table->sizes[0])) return;
        double *row = to->data + i * size;
        memcpy(row, table->data + (size_t)ids->data[i] * size, size * sizeof *row);
        if (!n->attrs.has_max_norm) continue;
        scale_row(e, &n->attrs, row, size);
        evaluate_round_row(e, n, 1, row, size);
    }
}

static void one_hot(evaluation *e, const ir_node *n) {
    const array *ids = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t classes = (size_t)n->attrs.count;
    for (size_t i = 0; i < ids->elements; i++) {
        if (!id_fits(e, ids->data[i], classes)) return;
        to->data[i * classes + (size_t)ids->data[i]] = 1;
    }
}

/* y = x A^T + b */
static void linear(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *bias = evaluate_input(e, n, 2);
    matrix weight = evaluate_matrix(e, n, 1);
    array *to = evaluate_result(e, n, 0);
    size_t outputs = weight.array->sizes[0], features = weight.array->sizes[1];
    double *rounded_x = ARENA_ARRAY(e->arena, double, features);
    for (size_t row = 0; row < x->elements / features; row++) {
        const double *x_row = evaluate_vector(&weight, x->data + row * features, features, rounded_x);
        for (size_t o = 0; o < outputs; o++) {
            double sum = 0;
            for (size_t i = 0; i < features; i++)
                sum = rounded(e, sum + rounded(e, x_row[i] * weight.array->data[o * features + i]));
            to->data[row * outputs + o] = bias ? rounded(e, sum + bias->data[o]) : sum;
        }
    }
}

/* Matrices in the last two dims; the dims before them broadcast. */
static void matmul(evaluation *e, const ir_node *n) {
    const array *a = evaluate_input(e, n, 0), *b = evaluate_input(e, n, 1);
    array *to = evaluate_result(e, n, 0);
    size_t inner = a->sizes[a->rank - 1], rank = to->rank, at[IR_MAX_RANK] = {0};
    do {
        double sum = 0;
        size_t at_a[IR_MAX_RANK], at_b[IR_MAX_RANK];
        memcpy(at_a, at, sizeof at);
        memcpy(at_b, at, sizeof at);
        for (size_t k = 0; k < inner; k++) {
            at_a[rank - 1] = at_b[rank - 2] = k;
            sum = rounded(
                e, sum + rounded(e, *array_element(a, at_a, (unsigned)rank) * *array_element(b, at_b, (unsigned)rank)));
        }
        *array_element(to, at, (unsigned)rank) = sum;
    } while (array_next(to, at));
}

/* out[n, o, l] = bias[o] + sum over c, k of weight[o, c, k] * x[n, group's c, l * stride + k * dilation - before] */
static void conv1d(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *bias = evaluate_input(e, n, 2);
    matrix weight = evaluate_matrix(e, n, 1);
    array *to = evaluate_result(e, n, 0);
    const ir_attrs *attrs = &n->attrs;
    size_t group_inputs = weight.array->sizes[1], taps = weight.array->sizes[2], terms = group_inputs * taps;
    double *window = ARENA_ARRAY(e->arena, double, 2 * terms);
    size_t group_outputs = to->sizes[1] / (size_t)attrs->groups, at[IR_MAX_RANK] = {0};
    do {
        size_t o = at[1], first = o / group_outputs * group_inputs;
        double sum = 0;
        for (size_t i = 0; i < terms; i++) {
            int64_t l = (int64_t)at[2] * attrs->stride + (int64_t)(i % taps) * attrs->dilation - attrs->before;
            bool inside = l >= 0 && l < (int64_t)x->sizes[2];
            window[i] = inside ? *array_element(x, (size_t[]){at[0], first + i / taps, (size_t)l}, 3) : 0;
        }
        const double *seen = evaluate_vector(&weight, window, terms, window + terms);
        for (size_t i = 0; i < terms; i++)
            sum = rounded(e, sum + rounded(e, weight.array->data[o * terms + i] * seen[i]));
        *array_element(to, at, 3) = bias ? rounded(e, sum + bias->data[o]) : sum;
    } while (array_next(to, at));
}

/* (x - mean) / sqrt(variance + eps) * weight + bias; without weight or bias these are 1 and 0 */
static double normalized(const evaluation *e, double x, double mean, double variance, double eps, const double *weight,
                         const double *bias) {
    double y = rounded(e, rounded(e, x - mean) / rounded(e, sqrt(rounded(e, variance + eps))));
    if (weight) y = rounded(e, y * *weight);
    return bias ? rounded(e, y + *bias) : y;
}

/* The variance is that of the population. */
static void layer_norm(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *weight = evaluate_input(e, n, 1), *bias = evaluate_input(e, n, 2);
    array *to = evaluate_result(e, n, 0);
    size_t size = 1;
    for (unsigned i = 0; i < (unsigned)n->attrs.count; i++) size *= x->sizes[x->rank - 1 - i];
    for (size_t row = 0; row < x->elements; row += size) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < size; i++) mean = rounded(e, mean + x->data[row + i]);
        mean = rounded(e, mean / (double)size);
        for (size_t i = 0; i < size; i++) {
            double difference = rounded(e, x->data[row + i] - mean);
            variance = rounded(e, variance + rounded(e, difference * difference));
        }
        variance = rounded(e, variance / (double)size);
        for (size_t i = 0; i < size; i++)
            to->data[row + i] = normalized(e, x->data[row + i], mean, variance, n->attrs.eps,
                                           weight ? &weight->data[i] : NULL, bias ? &bias->data[i] : NULL);
    }
}

/* In eval mode: with the running statistics of each channel. */
static void batch_norm(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *mean = evaluate_input(e, n, 1), *variance = evaluate_input(e, n, 2);
    const array *weight = evaluate_input(e, n, 3), *bias = evaluate_input(e, n, 4);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0};
    do {
        size_t c = at[1];
        *array_element(to, at, to->rank) =
            normalized(e, *array_element(x, at, x->rank), mean->data[c], variance->data[c], n->attrs.eps,
                       weight ? &weight->data[c] : NULL, bias ? &bias->data[c] : NULL);
    } while (array_next(to, at));
}

/* Word i % 4 of Philox4x32-10 (J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011) of the counter (i /
 * 4, site, 0, 0), with the key 0: what the first call finds behind a reset. */
static uint32_t random_word(size_t i, uint32_t site) {
    uint32_t c[4] = {(uint32_t)(i / 4), site, 0, 0}, key[2] = {0, 0};
    for (int round = 0; round < 10; round++) {
        uint64_t low = (uint64_t)0xD2511F53 * c[0], high = (uint64_t)0xCD9E8D57 * c[2];
        uint32_t next[4] = {(uint32_t)(high >> 32) ^ c[1] ^ key[0], (uint32_t)high,
                            (uint32_t)(low >> 32) ^ c[3] ^ key[1], (uint32_t)low};
        memcpy(c, next, sizeof c);
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    return c[i % 4];
}

static void dropout(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    double p = n->attrs.number;
    for (size_t i = 0; i < x->elements; i++) {
        bool dropped = (double)random_word(i, (uint32_t)n->attrs.index) < floor(p * 4294967296.0);
        to->data[i] = dropped ? 0 : rounded(e, x->data[i] / (1 - p));
    }
}

static void detach(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    for (size_t i = 0; i < x->elements; i++) to->data[i] = x->data[i];
}

void evaluate_layer(evaluation *e, const ir_node *n) {
    switch ((unsigned)n->op) {
    case IR_EMBEDDING: embedding(e, n); return;
    case IR_ONE_HOT: one_hot(e, n); return;
    case IR_DROPOUT: dropout(e, n); return;
    case IR_DETACH: detach(e, n); return;
    case IR_GRAD: evaluate_result(e, n, 0); return; /* differentiate.c says what it is: zeros stand for it */
    case IR_LINEAR: linear(e, n); return;
    case IR_MATMUL: matmul(e, n); return;
    case IR_CONV1D: conv1d(e, n); return;
    case IR_LAYER_NORM: layer_norm(e, n); return;
    case IR_BATCH_NORM: batch_norm(e, n); return;
    }
    ice("%s is no layer", ir_op_name(n->op));
}
