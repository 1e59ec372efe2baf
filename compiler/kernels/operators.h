/* operators: which emitter makes an operator's kernel, a row each; an operator that has none is an ice(). Sources,
 * views and CAT (a planner's join) have no kernels. */
#ifndef NNC_KERNELS_OPERATORS_H
#define NNC_KERNELS_OPERATORS_H

#include "kernels/kernel.h"

typedef void emit_kernel(emit_context *e, const plan_kernel *k, cfunction *f);

emit_kernel *emit_operator_of(ir_op op);

#endif
