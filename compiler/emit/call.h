/* call: kernels as C functions, and the calls of them. */
#ifndef NNC_EMIT_CALL_H
#define NNC_EMIT_CALL_H

#include "kernels/kernel.h"

/* Visits the memory operands of a kernel and of what is inlined in it, each parameter once, in the order of the C
 * function's parameters. */
typedef void operand_visitor(void *context, const plan_operand *o, bool constant);
void call_operands(arena *a, const plan_kernel *k, operand_visitor *visit, void *context);

/* Adds the kernel's function for the current body to the unit. Nothing for a kernel that is a plain memset or memcpy,
 * nor in a wider body for one without vectors, which the first body's serves. */
void call_function(emit_context *e, const plan_kernel *k);
/* Does it want work space in the current body? */
bool call_takes_work(const emit_context *e, const plan_kernel *k);

/* Does a call of it want the counter of the rounds around? */
bool call_mentions_round(const emit_context *e, const plan_kernel *k);

/* Calls the kernel's function for the current target. base gives the address of a buffer's first element, as the
 * calling function knows it. */
typedef cexpr *buffer_base(void *context, const plan_buffer *b);
void call_kernel(emit_context *e, cblock *b, const plan_kernel *k, buffer_base *base, void *context);
/* The call alone, of a kernel that has a function. */
cexpr *call_expression(emit_context *e, const plan_kernel *k, buffer_base *base, void *context);

#endif
