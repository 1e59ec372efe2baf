/* procedure: a model's reset and run functions. */
#ifndef NNC_EMIT_PROCEDURE_H
#define NNC_EMIT_PROCEDURE_H

#include "emit/emit.h"
#include "kernels/kernel.h"

/* Does the run function choose between bodies for several targets? Then the struct notes which, in instruction_set. */
bool procedure_has_bodies(const plan *p, size_t target_count);
/* Do kernels go through their weights backwards in every other run? */
bool procedure_has_turns(const plan *p);
/* Their kernels' functions must be in the unit; for the run function of several bodies, procedure_body's too, which is the
 * current body's. */
void procedure_body(emit_context *e, const emit_api *api);
void procedure_reset(emit_context *e, const emit_api *api);
void procedure_run(emit_context *e, const emit_api *api);

#endif
