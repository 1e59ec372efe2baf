/* procedure: a model's functions: reset, run, and weights_at where its weights stand beside the code. */
#ifndef NNC_EMIT_PROCEDURE_H
#define NNC_EMIT_PROCEDURE_H

#include "emit/emit.h"
#include "kernels/kernel.h"

/* Do kernels go through their weights backwards in every other run? */
bool procedure_has_turns(const plan *p);
/* Their kernels' functions must be in the unit; for the run function of several bodies, procedure_body's too, which is
 * the current body's. */
void procedure_body(emit_context *e, const emit_api *api);
void procedure_reset(emit_context *e, const emit_api *api);
void procedure_run(emit_context *e, const emit_api *api);
/* The run procedure of the context's plan as a function of this name. */
void procedure_function(emit_context *e, const emit_api *api, const char *storage, const char *name);
/* Into f: sets the states' first values, other than zeros. */
void procedure_states(emit_context *e, const emit_api *api, cfunction *f);
/* MODEL_weights_at, once the unit has all its weights, which stand beside the code. */
void procedure_weights_at(emit_context *e, const emit_api *api);

#endif
