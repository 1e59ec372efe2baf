/* optimizer: NAME_step: clipping, what each optimizer does to its parameters, and gradients back to zero. The formulas are
 * torch.optim's. */
#ifndef NNC_EMIT_OPTIMIZER_H
#define NNC_EMIT_OPTIMIZER_H

#include "emit/emit.h"
#include "kernels/kernel.h"

/* Adds nnc_status NAME_step(NAME *self, float lr) of a base model with optimizers; storage: "nnc_status", or
 * "static nnc_status". NAME_pack is there already. The struct has float parameters[], gradients[], moments[ir_moments() of
 * each] (moment k of parameter i at k * the parameters' floats + i) and int32_t steps[1]. */
void optimizer_step(emit_context *e, const emit_api *api, const char *storage);

#endif
