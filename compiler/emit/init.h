/* init: NAME_init: parameters as torch's modules draw them. */
#ifndef NNC_EMIT_INIT_H
#define NNC_EMIT_INIT_H

#include "emit/emit.h"
#include "kernels/kernel.h"

/* Adds void NAME_init(NAME *self, uint64_t seed): every parameter that lives in the struct by its ir_param.init (one of kind
 * NONE stays as it is), in the order of their keys; moments and steps are forgotten, NAME_pack is called. */
void init_function(emit_context *e, const emit_api *api);

#endif
