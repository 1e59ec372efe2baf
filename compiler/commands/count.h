/* count: what a model has and does, layer by layer, for people.
 *
 * Counted is the graph as lowering made it, before passes change it. Parameters are elements of the
 * tensors that a layer takes from the weights, each tensor where it is used first; running means
 * and variances are buffers, as in torch. A multiply-add is one term of a product's sum:
 *
 *     Linear, matmul       outputs * in_features
 *     convolutions         outputs * in_channels / groups * kernel; a transposed one as the C
 *                          computes it, with the zeros between its inputs
 *     RNN, GRU, LSTM       T * N * gates * H * (I + P), and T * N * H * P of proj_size
 *
 * Biases, activations, norms and everything elementwise are not counted.
 */
#ifndef NNC_COMMANDS_COUNT_H
#define NNC_COMMANDS_COUNT_H

#include "ir/ir.h"

typedef struct {
    const char *name;      /* "lstm"; of a function "matmul"; of a param its key */
    const char *layer;     /* "LSTM(6, 6)"; of a param "param"; "" of a function */
    const ir_value *value; /* of a recurrent layer the output of all steps; NULL of a param */
    const ir_type *output; /* its type */
    span where;
    int64_t parameters, buffers, multiply_adds;
} count_row;

typedef struct {
    count_row *rows;
    size_t count, capacity;
    int64_t parameters, buffers, multiply_adds;
} model_counts;

/* dims: a value for each of the model's symbols. A count of 2^63 and more is INT64_MAX. */
model_counts count_model(arena *a, const ir_model *m, const int64_t *dims);
/* The elements of a type, at these values; not more than INT64_MAX. */
int64_t count_elements(const ir_model *m, const ir_type *type, const int64_t *dims);

#endif
