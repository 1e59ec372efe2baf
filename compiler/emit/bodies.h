/* bodies: which functions there are several of, one for each target of the file, and which of them is called. */
#ifndef NNC_EMIT_BODIES_H
#define NNC_EMIT_BODIES_H

#include "kernels/kernel.h"

/* Does the plan's procedure choose between bodies for several targets? Then the struct notes which, in
 * instruction_set. */
bool bodies_of(const plan *p, size_t target_count);        /* of this plan alone */
bool bodies_are_noted(const plan *p, size_t target_count); /* of any plan of the struct */
/* Calls one of some functions, which are alike but for their body, the one that reset noted, and returns what it gives:
 * a status, or NNC_OK. */
void bodies_dispatch(emit_context *e, cblock *b, const char *const *functions, const csignature *call,
                     bool has_status);

#endif
