/* reference: runs a model by the definitions, so that generated code has something to be compared with.
 *
 * Each operator is evaluated as torch.nn's documentation defines it, element by element, from whole operands to whole
 * results: slow and obvious, and nothing is shared with planning or emission. The model may be as lower_file made it or
 * as passes left it; its params must have data. nnc verify
 * uses it, and tests.
 *
 * Tensors are dense, row-major arrays of doubles, those of int32 too (which a double holds exactly). Everything that is
 * returned lives in the arena.
 */
#ifndef NNC_REFERENCE_REFERENCE_H
#define NNC_REFERENCE_REFERENCE_H

#include "ir/ir.h"

typedef enum {
    REFERENCE_FLOAT64,
    REFERENCE_FLOAT32 /* each operation's result is rounded to float32, as plain code in float32 does it */
} reference_precision;

typedef enum {
    REFERENCE_OK,
    REFERENCE_DIM,   /* a run-time dim is outside of its bounds */
    REFERENCE_TOKEN, /* an index into a table is outside of it, whether or not an output depends on it */
    REFERENCE_LENGTH /* one of `lengths` is not in 1..T */
} reference_status;

typedef struct {
    double **outputs; /* in the model's order */
    double **states;  /* the values at the run's end, in the model's order */
    double **gradients; /* what the run adds to the gradients of trained params, by param; NULL for the others */
    /* How clearly the least clear argmax, topk or comparison of floats was decided: the least positive difference of
     * what it compared, relative to 1 + |one of them|; infinity if there is none. Where it is no larger than the
     * rounding errors of float32, other code may decide otherwise. */
    double argmax_margin;
} reference_result;

/* The states before the first run: zeros, or what their initial expressions give. NULL after a model without states. */
double **reference_reset(arena *a, const ir_model *m, reference_precision precision);

/* One run. dims: one value for each of the model's symbols; inputs, states: one array each in the model's order, of
 * ir_elements_at() each, not changed. After an error the result is left alone. */
reference_status reference_run(arena *a, const ir_model *m, reference_precision precision, const int64_t *dims,
                               const double *const *inputs, const double *const *states, reference_result *result);

/* The derivatives of the outputs along a direction: how fast they move when params and inputs do, all at once. By
 * index, of ir_elements_at() each; NULL for one that does not move. In float64, by forward mode: of each operator's own
 * definition. tangents: one a output. */
reference_status reference_tangent(arena *a, const ir_model *m, const int64_t *dims, const double *const *inputs,
                                   const double *const *states, const double *const *param_directions,
                                   const double *const *input_directions, double **tangents);

#endif
