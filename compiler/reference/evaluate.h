/* evaluate: what the reference's files share: arrays, their elements, rounding; private to reference/. */
#ifndef NNC_REFERENCE_EVALUATE_H
#define NNC_REFERENCE_EVALUATE_H

#include "reference/reference.h"

/* A tensor with known sizes; row-major. */
typedef struct {
    ir_dtype dtype;
    unsigned rank;
    size_t sizes[IR_MAX_RANK];
    size_t elements;
    double *data;
} array;

typedef struct {
    arena *arena;
    const ir_model *model;
    const int64_t *dims; /* of the model's symbols */
    const double *const *inputs;
    const double *const *states;
    reference_precision precision;
    reference_status status; /* of the first fault */
    double argmax_margin;
    double **gradients; /* of trained params, by index */
    array *tangents; /* by id of the value; NULL without duals (dual.h) */
    const double *const *param_directions, *const *input_directions; /* by index; NULL: it does not move */
    array *values; /* by id of the value; data is NULL until it is evaluated */
} evaluation;

/* The value of a dim of the model. */
int64_t evaluate_dim(const evaluation *e, const dim *d);
/* The operand, or NULL for an optional one that is not there. */
const array *evaluate_input(const evaluation *e, const ir_node *n, unsigned i);
/* The node's result: sizes are set, elements are zero. */
array *evaluate_result(evaluation *e, const ir_node *n, unsigned i);
/* An array of its own, of zeros. */
array evaluate_array(arena *a, ir_dtype dtype, unsigned rank, const size_t *sizes);

/* An operand that is a layer's matrix, as the layer keeps it (evaluate_weights.c). */
typedef struct {
    const array *array;  /* NULL: it is not there */
    bool rounds_vectors; /* int8: what it is multiplied with is rounded too */
    bool turns_ties;     /* in float32: what nearly lies between two integers goes to the further one */
} matrix;
matrix evaluate_matrix(evaluation *e, const ir_node *n, unsigned i);
/* The vector of `size` elements that is multiplied with m instead of x: rounded to 1/32512 of its largest element, no
 * number if one of them is none, or infinite. It is written to `to`; x itself where nothing is rounded. Which way a
 * near tie goes hangs on the last bits of x: the code may take either, and float32's own error is that of taking the
 * other. */
const double *evaluate_vector(const matrix *m, const double *x, size_t size, double *to);
/* A row that was made of one of this matrix, as the layer keeps it. */
void evaluate_round_row(evaluation *e, const ir_node *n, unsigned i, double *row, size_t size);

/* What the precision makes of a float32 operation's result. */
static inline double rounded(const evaluation *e, double x) {
    return e->precision == REFERENCE_FLOAT32 ? (double)(float)x : x;
}

/* Walking over all elements: `size_t at[IR_MAX_RANK] = {0}; do { … } while (array_next(x, at));` goes through the
 * indices in row-major order. No tensor is empty. */
bool array_next(const array *x, size_t *at);
/* The element at an index; a dim of size 1 stands for all (broadcasting), and leading dims of `at`, which has `rank` of
 * them, are dropped when x has fewer. */
double *array_element(const array *x, const size_t *at, unsigned rank);

void evaluate_operator(evaluation *e, const ir_node *n); /* any node but IR_SOURCE and IR_LOOP */

/* One file each. */
void evaluate_layer(evaluation *e, const ir_node *n); /* IR_LAYER but RECURRENT */
void evaluate_recurrent(evaluation *e, const ir_node *n);
void evaluate_elementwise(evaluation *e, const ir_node *n); /* ir_op_is_elementwise */
void evaluate_reduction(evaluation *e, const ir_node *n);   /* IR_REDUCE, IR_NORMALIZE */
void evaluate_move(evaluation *e, const ir_node *n);        /* IR_VIEW, IR_MOVE but those of evaluate_index.c */
void evaluate_sink(evaluation *e, const ir_node *n);        /* IR_SINK */
void evaluate_index(evaluation *e, const ir_node *n);       /* TAKE, GATHER, SCATTER_ADD, TOPK */

#endif
