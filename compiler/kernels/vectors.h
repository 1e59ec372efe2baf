/* vectors: loops along one axis, a vector of the target's lanes at a time, and what is left of it.
 *
 * The code for a whole vector and for what is left is made by the same callback, so every element goes through the same
 * operations wherever it stands. */
#ifndef NNC_KERNELS_VECTORS_H
#define NNC_KERNELS_VECTORS_H

#include "kernels/kernel.h"

typedef struct {
    emit_context *e;
    const dim *extent;
    const char *index; /* the loop's */
    cexpr *whole;      /* how many elements the whole vectors cover */
    bool rest;         /* there may be some more */
} vectors_axis;

/* Along an axis of this extent. Where it is a run-time dim, b gets a constant `whole`, and vectors_loop makes one that
 * is called `rest`. */
vectors_axis vectors_new(emit_context *e, cblock *b, const dim *extent, const char *index);
/* The elements from `at` on: the first `lanes` of a vector, all of it where lanes is NULL. */
typedef void vectors_body(void *context, cblock *b, cexpr *at, cexpr *lanes);
void vectors_loop(const vectors_axis *v, cblock *b, vectors_body *body, void *context);

/* A vector of elements array[offset], array[offset + stride], …; with stride 0 all are array[offset]. */
cexpr *vectors_load(emit_context *e, cexpr *array, cexpr *offset, const dim *stride, cexpr *lanes);
/* Stores to such elements; the stride is not 0. */
void vectors_store(emit_context *e, cblock *b, cexpr *array, cexpr *offset, const dim *stride, cexpr *value,
                   cexpr *lanes);
/* The same for bools: masks in vectors, int32 of 0 and 1 in memory. */
cexpr *vectors_load_mask(emit_context *e, cexpr *array, cexpr *offset, const dim *stride, cexpr *lanes);
void vectors_store_mask(emit_context *e, cblock *b, cexpr *array, cexpr *offset, const dim *stride, cexpr *mask,
                        cexpr *lanes);
/* value in its first `lanes`, `others` in the others; value where lanes is NULL. */
cexpr *vectors_join(emit_context *e, cexpr *value, cexpr *lanes, cexpr *others);

/* Calls of the target's functions by their names without prefix: "mul". On one lane C's operators take their place. */
cexpr *vectors_call0(emit_context *e, const char *function);
cexpr *vectors_call1(emit_context *e, const char *function, cexpr *a);
cexpr *vectors_call2(emit_context *e, const char *function, cexpr *a, cexpr *b);
cexpr *vectors_call3(emit_context *e, const char *function, cexpr *a, cexpr *b, cexpr *c);
void vectors_store_at(emit_context *e, cblock *b, cexpr *address, cexpr *value); /* a whole vector */
cexpr *vectors_number(emit_context *e, double number); /* splat(number) */
/* const nnc_v8 NAME = value; gives the name. */
cexpr *vectors_constant(emit_context *e, cblock *b, const char *name, cexpr *value);
/* A function of one argument by its name in the runtime, with the operator's parameters. */
cexpr *vectors_function(emit_context *e, ir_op op, const char *function, cexpr *x, const double *parameters);

#endif
