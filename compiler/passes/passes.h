/* passes: IR -> IR, one pass a file, run by passes_run() in its order. Each pass states above its entry point what it
 * requires, preserves and breaks. Passes never include each other. */
#ifndef NNC_PASSES_PASSES_H
#define NNC_PASSES_PASSES_H

#include "ir/ir.h"

/* Runs every pass in order on a lowered model with bound weights; false after errors. */
bool passes_run(ir_model *m, diag_list *diags);

/* modes.c: divides a model with a loss into what its functions do (ir/training.h), right behind lowering; false after
 * errors. Models without a loss stay as they are. */
bool pass_modes(ir_model *m, diag_list *diags);
/* modes.c: of training->train: the batch's statistics where a BatchNorm is trained. Requires index checks. */
void pass_train_mode(ir_model *m, diag_list *diags);
/* A CONV1D whose weight is a param of the struct in another order than it has there (a transposed convolution's)
 * becomes a product with the windows of its input: kernels read such a param as it lies. In adjoint_convolution.c. */
void pass_multiply_turned(ir_model *m);

/* arrange_params.c: the weight of a CONV1D that is a view of a PARAM becomes a PARAM of its own, with the elements in
 * that order. Requires bound weights (without, for dumps, there is no data). Behind it kernels' weights are PARAMs. */
void pass_arrange_params(ir_model *m);
/* hoist.c: what does not depend on what a block carries leaves it: nodes that depend on no row move before the REPEAT,
 * those that depend on rows are computed for all of them at once, with the rounds as a leading dim. Requires: nothing.
 * Leaves rows and results of REPEATs that nobody uses any more to dce. */
void pass_hoist(ir_model *m);
/* bound_indices.c: finds what every index (of EMBEDDING, ONE_HOT, TAKE, GATHER, SCATTER_ADD) and every `lengths` may
 * be. Values in range by construction (argmax, clamp, constants) need nothing; what is made of inputs, sizes and
 * numbers alone gets an ir_bound_check; anything else is an error, and so is a divisor of int32 that may be 0.
 * Requires: nothing. Adds checks (and views). */
void pass_bound_indices(ir_model *m, diag_list *diags);
/* last_step.c: the last step of a forward RECURRENT's out (a SLICE of extent 1 at T-1 of the time axis, through
 * PERMUTE, RESHAPE that only drops or adds axes of size 1, and CAT along another axis) is its h_n, so that out need not
 * be kept. Not with lengths. */
void pass_last_step(ir_model *m);
/* fold.c: operators on constants and trivial views (PERMUTE by identity, RESHAPE to the same shape, SLICE of all,
 * RESHAPE of RESHAPE, PERMUTE of PERMUTE, CAT of one, CAST of CONST) disappear. */
void pass_fold(ir_model *m);
/* dce.c: nodes whose results nobody uses disappear; unused results of used nodes stay. Sources of inputs and states
 * stay, params that nothing reads go. Warns of layers and params on which no output or state depends. */
void pass_dce(ir_model *m, diag_list *diags);

#endif
