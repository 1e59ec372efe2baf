/* reduce: what the files of reductions share; private to them. */
#ifndef NNC_KERNELS_REDUCE_H
#define NNC_KERNELS_REDUCE_H

#include "kernels/expression.h"

typedef struct {
    emit_context *e;
    cunit *u;
    const choice_reduction *choice;
    const plan_operand *x, *y;
    expression *computed; /* what x is made of as it is read; NULL: x lies in memory */
    bool stored;          /* and was put into y, from where it is read again */
    nest *outer, *inner;
    unsigned x_outer, y_outer, x_inner, y_inner; /* operand numbers */
    cexpr *weight, *bias;                        /* LAYER_NORM's tables, or NULL */
    unsigned weight_inner, bias_inner;
    cexpr *x_base, *y_base;                      /* offsets of the outer loops' element */
    const dim *count;                            /* elements of the inner nest */
    cblock *body;                                /* of the outer loops */
} reduction;

/* reduction.c. `reduced` has the bits of x's axes that are summed up, y_strides a stride for each axis of x (NULL: 0).
 * Operands may be added to the nests before they are closed. */
reduction reduction_new(emit_context *e, const plan_kernel *k, unsigned reduced, const dim *const *y_strides);
void reduction_close(reduction *r);
int64_t reduction_unrolled(const reduction *r); /* the choice's, of elements that stand in one loop */
cexpr *reduction_name(const reduction *r, const char *what);
/* Opens the loops over the first `axes` outer axes, and sets body and bases. */
void reduction_open(reduction *r, cblock *b, unsigned axes);
cexpr *reduction_first(const reduction *r);  /* the outer loops' element of x, which lies in memory */
cexpr *reduction_result(const reduction *r); /* and of y */

/* reduce_vector.c: SUM, MEAN, MAX, MIN, VAR, NORM, SOFTMAX, LOG_SOFTMAX, LAYER_NORM of float32. */
void reduction_in_vectors(reduction *r, const plan_kernel *k, cblock *b);

#endif
