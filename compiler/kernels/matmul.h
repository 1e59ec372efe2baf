/* matmul: the ways of a product of two run-time values, for the files matmul*.c alone. */
#ifndef NNC_KERNELS_MATMUL_H
#define NNC_KERNELS_MATMUL_H

#include "kernels/kernel.h"

typedef struct {
    emit_context *e;
    const choice_matmul *choice;
    cexpr *a, *b, *y; /* addresses of the matrices */
    choice_matrices of;
    cexpr *terms;     /* how many: inner, or those of a block */
    cexpr *room;      /* for packed columns */
    const dim *all_rows; /* of a WEIGHT_GRAD, of which `of` has some at a time */
    bool adds; /* sums begin with what y holds: WEIGHT_GRAD, whose rows are known: none is taken twice */
} matmul;

/* index * stride */
static inline cexpr *matmul_scaled(const matmul *p, cexpr *index, const dim *stride) {
    return c_mul(p->e->unit, index, emit_dim(p->e, stride));
}

/* The largest multiple of `by` that is no more than n. */
static inline cexpr *matmul_floor(const matmul *p, cexpr *n, int64_t by) {
    cunit *u = p->e->unit;
    return c_mul(u, c_binary(u, "/", n, c_int(u, by)), c_int(u, by));
}

/* The product, whose addresses and strides are set, in one way. */
typedef void matmul_way(const matmul *p, cblock *b);
matmul_way matmul_emit_tiles, matmul_emit_elements; /* matmul_tiles.c */
matmul_way matmul_emit_stream;                      /* matmul_stream.c */
matmul_way matmul_emit_dots;                        /* matmul_dots.c */

#endif
