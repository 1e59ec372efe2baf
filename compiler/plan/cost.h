/* cost: what sizes and tiles kernels use, chosen from the sizes of the layer, in one place.
 *
 * Used by the planner (work space) and by the emitters (loops), so that the two cannot disagree. Nothing here depends on
 * T or B in a way that would change the order of a sum: step by step and whole sequence give the same bits. */
#ifndef NNC_PLAN_COST_H
#define NNC_PLAN_COST_H

#include "plan/plan.h"

enum {
    COST_PANEL = 16,      /* units of a gate side by side in packed weights: serves vectors of 4, 8 and 16 lanes */
    COST_COLUMNS = 64,    /* columns of a panel altogether, where there is only one gate */
    COST_PADDING = 4,     /* the last panel is as wide as its units ask, in steps of this */
    COST_STEP_CHUNK = 16, /* most time steps whose input projection is computed at once */
    COST_ROW_CHUNK = 64,  /* rows (steps times batch) that are enough for that */
    COST_BLOCK = 64,      /* terms summed in one go: longer sums are sums of such blocks, which keeps rounding small and
                           * the block of weights in the cache while several rows use it */
    COST_ROWS = 6         /* most rows in one register tile */
};

/* RECURRENT: sizes, and where its work space is divided, in floats. */
typedef struct {
    int64_t inputs, hidden, projected; /* I, H, P (P == H without proj_size) */
    unsigned gates;                    /* of the weights: LSTM 4, GRU 3, RNN 1 */
    unsigned columns;                  /* values a unit has in z: LSTM 4, GRU 4 (n of x, r, z, n of h), RNN 1; a GRU that
                                        * resets before the product 3 */
    int64_t panel;                     /* units of a full panel */
    int64_t steps;                     /* of one projection chunk */
    int64_t z_row;                     /* floats of one row of z: columns * H, H rounded up to COST_PADDING */
    int64_t z, h_next, extra;          /* offsets in work: projected inputs; the next h; what the cell needs besides */
    int64_t row;                       /* floats of one row of h_next and extra */
    int64_t work;                      /* floats in all */
} cost_recurrent;

cost_recurrent cost_of_recurrent(const plan_kernel *k);
/* Floats of work space for any kernel; 0 for most. */
int64_t cost_work_floats(const plan_kernel *k);
/* The largest chunk of a loop over a run-time dim: enough rows to fill the tiles of a blocked product. */
int64_t cost_chunk(const dim *symbol);

#endif
