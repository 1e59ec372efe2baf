/* expression: elementwise operators that are computed where another kernel reads their value (elementwise.c). */
#ifndef NNC_KERNELS_EXPRESSION_H
#define NNC_KERNELS_EXPRESSION_H

#include "kernels/nest.h"

typedef struct expression expression;

/* What the inlined kernel reads becomes operands of both nests, over the axes that stay and those that are worked on.
 * The names are the reader's own locals, NULL at the end. */
expression *expression_new(emit_context *e, const plan_kernel *inlined, nest *outer, nest *inner,
                           const char *const *names);
/* Where a vector of an operand begins, by its numbers in both nests, and the stride from lane to lane. */
typedef cexpr *expression_place(const void *context, unsigned outer, unsigned inner, const dim **stride);
/* What follows a convolution (plan_kernel.follow): it reads no memory but channels' numbers. */
expression *expression_of_sums(emit_context *e, const plan_kernel *follow);
/* The vector's sum is a variable. */
cexpr *expression_of_sum(expression *x, cblock *b, const char *sum, expression_place *place, const void *context);
/* A vector of the value, or its first `lanes` (NULL: all); locals are declared in b. */
cexpr *expression_vector(expression *x, cblock *b, expression_place *place, const void *context, cexpr *lanes);

#endif
