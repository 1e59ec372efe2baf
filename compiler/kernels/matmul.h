/* matmul: the ways of a product of two run-time values, for matmul*.c and weight_grad.c alone. */
#ifndef NNC_KERNELS_MATMUL_H
#define NNC_KERNELS_MATMUL_H

#include "kernels/dots.h"

typedef struct {
    emit_context *e;
    const choice_matmul *choice;
    cexpr *a, *b, *y; /* addresses of the matrices */
    choice_matrices of;
    cexpr *terms;     /* how many: inner, or those of a block */
    cexpr *room;      /* for packed columns */
    cexpr *block;     /* of the panels: this one alone; NULL: all of them */
    const dim *all_rows; /* of a WEIGHT_GRAD, of which `of` has some at a time */
    bool adds; /* sums begin with what y holds, and are one run: WEIGHT_GRAD, of known rows: none is taken twice */
    bool backwards; /* the last term comes first */
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

/* Of a kernel; the addresses are those of its operands. */
matmul matmul_of(emit_context *e, const plan_kernel *k);

/* The function that puts columns side by side, or one behind the other. */
static inline const char *matmul_packer(const matmul *p) {
    return p->e->target->lanes > 1 ? emit_vector(p->e, "pack") : "nnc_v4_pack";
}

/* The product, whose addresses and strides are set, in one way. */
typedef void matmul_way(const matmul *p, cblock *b);
matmul_way matmul_emit_tiles, matmul_emit_elements; /* matmul_tiles.c */
matmul_way matmul_emit_stream;                      /* matmul_stream.c */
matmul_way matmul_emit_dots;                        /* matmul_dots.c */

/* Its sums of blocks of terms, which `part` emits, a row of columns each, and where turn is odd the last block first:
 * what the step before read last is still in the cache. They are added up in one order. */
typedef void matmul_part(const matmul *p, cblock *b, cexpr *block, cexpr *sums);
void matmul_emit_zigzag(const matmul *p, cblock *b, int64_t blocks, matmul_part *part); /* matmul_stream.c */

/* --- matmul_panels.c: matrices of trained params, which lie packed --- */
/* Declares the sums of d's rows of a with its columns of b, from column n on, and adds all panels. */
void matmul_add_panels(const matmul *p, cblock *b, const dots *d, cexpr *n, const char *const *sums);
/* A loop over the column groups of a panel, or the only one; and where a group's units begin in a row of dy. */
cblock *matmul_open_gates(const matmul *p, cblock *b, cexpr **group);
cexpr *matmul_gate(const matmul *p, cexpr *group);
/* How many blocks of panels there are: the last has what is left of them. */
int64_t matmul_panel_blocks(const matmul *p);

#endif
