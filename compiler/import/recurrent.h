/* recurrent: what ops_recurrent.c reads of an LSTM, GRU or RNN node, for the loop that ops_recurrent_loop.c writes when
 * no layer of nnc computes it. */
#ifndef NNC_IMPORT_RECURRENT_H
#define NNC_IMPORT_RECURRENT_H

#include "import/ops.h"

enum { MAX_DIRECTIONS = 2, MAX_FUNCTIONS = 3 };

typedef struct {
    const char *name;   /* ONNX's */
    double alpha, beta; /* NAN where it has none */
    const char *keras;  /* the same function among those of nnc's layers; NULL: it is none of them */
} activation;

typedef struct {
    const char *kind;    /* "LSTM" */
    unsigned gates;      /* of the weights */
    unsigned functions;  /* activations a direction: LSTM of gates, candidate, cell; GRU of gates, candidate; RNN one */
    unsigned directions;
    unsigned order[4];   /* torch's gate i is ONNX's order[i] */
    int64_t inputs, hidden;
    bool reverse;        /* the one direction goes backwards */
    bool reset_after;    /* GRU */
    bool input_forget;   /* LSTM: f = 1 - i */
    double clip;         /* of what the activations take; INFINITY: none */
    const value *peepholes; /* LSTM: [D, 3 * H], of i, o, f; NULL: none */
    activation activation[MAX_DIRECTIONS][MAX_FUNCTIONS];
} cell;

/* x [T, B, I], h and c [D, B, H], lengths [B] or NULL; l has the weights as read_weights gives them: of each direction
 * weight_ih, weight_hh and, when there are biases, bias_ih, bias_hh. results: Y [T, D, B, H], Y_h, Y_c [D, B, H]. False
 * after a report. */
bool recurrent_as_loop(call *c, const cell *k, const layer *l, value *x, value *h, value *cc, value *lengths,
                       value **results);

#endif
