/* training_pack: MODEL_pack, which puts parameters of the struct into the order in which kernels read them. */
#ifndef NNC_EMIT_TRAINING_PACK_H
#define NNC_EMIT_TRAINING_PACK_H

#include "emit/emit.h"
#include "kernels/kernel.h"

/* Adds `static void NAME_pack(NAME *self)`, which fills self->packs from self->parameters and constant tables; call it
 * wherever parameters have changed. Nothing where no kernel wants packs. */
void training_pack_function(emit_context *e, const emit_api *api);
/* The statement that calls it, if there is one. */
void training_pack_call(emit_context *e, cblock *b, const emit_api *api);

#endif
