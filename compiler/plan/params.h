/* params: where parameters that live in the struct lie in its arrays: in `parameters`, in `gradients` and in each kind
 * of `moments` at the same place, in floats.
 *
 * A matrix lies packed, in the order in which the layers read it and without their biases, where all layers want the
 * same order and whatever else reads or writes it can take it so: the gradient's product (WEIGHT_GRAD), the product
 * with it that goes back through a layer (MATMUL), and STEP. All else lies row-major. What fills up is zero, and stays
 * zero through every step: its gradient is. Each place is rounded up to the packs' padding. */
#ifndef NNC_PLAN_PARAMS_H
#define NNC_PLAN_PARAMS_H

#include "plan/pack.h"

typedef struct {
    const pack *packed;     /* NULL: row-major */
    int64_t offset, floats; /* with what fills up */
} param_place;

typedef struct {
    const param_place *of;  /* by index of the param */
    int64_t floats;         /* of an array */
    int64_t tail;           /* zeros behind them in `parameters`, for vectors that are wider than what they read */
} param_places;

/* Of a model with all its passes done; body: the narrowest of the plan's. */
const param_places *params_place(arena *a, const ir_model *m, const cost_body *body);

#endif
