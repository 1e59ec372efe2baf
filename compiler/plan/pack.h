/* pack: weights in the order in which kernels read them, put there at compile time. A pack says which params lie where;
 * their values are read when it is filled.
 *
 * A matrix [gates * units, terms] becomes panels. A panel holds `panel` units (the last one as many as are left,
 * rounded up to `padding`); it has a row of biases, if there are any, and one row a term; a row holds, gate by gate,
 * one value for each unit of the panel:
 *
 *     b[g0 u0] b[g0 u1] … b[g1 u0] b[g1 u1] …
 *     w[g0 u0][0] w[g0 u1][0] … w[g1 u0][0] …           the factors of term 0
 *     w[g0 u0][1] …
 *
 * so that a kernel reads a panel once from front to back and ends with all gates of the same units. Weights that have
 * codes (format/format.h) lie in the same order in a table of their own, those of int8 four terms of a unit side by
 * side; so do scales, a row of them for each that a row of the matrix has, and the rows of biases. Units that only fill
 * up are zero; `tail` zeros stand behind the last panel, for vectors that are wider than it. A convolution's groups are
 * `matrices` such matrices, one below the other in the param, each in panels of its own.
 *
 * Where a param lives in the struct (plan/params.h), rows of biases stand in a table of their own, whatever the format:
 * the panels are the matrix alone, elements of the struct's arrays of parameters, gradients and moments.
 */
#ifndef NNC_PLAN_PACK_H
#define NNC_PLAN_PACK_H

#include "format/format.h"
#include "plan/cost.h"

enum { PACK_MAX_GATES = 4 };

/* The tables of a pack. FLOATS: all in one, of float32. */
typedef enum { PACK_FLOATS, PACK_CODES, PACK_SCALES, PACK_BIASES } pack_part;

typedef struct {
    weight_format format;
    int64_t units, terms, panel;
    int64_t matrices;
    unsigned gates;                /* column groups of a row */
    unsigned gate[PACK_MAX_GATES]; /* which gate of the matrix each group is */
    float scale[PACK_MAX_GATES];   /* multiplies its weights and biases */
    unsigned bias_from;            /* the groups from this one on have biases; gates: none has */
    const ir_param *weight;        /* row-major */
    const ir_param *bias, *second_bias;   /* [gates * units], added in double and rounded once; either may be NULL */
    bool first_bias_only[PACK_MAX_GATES]; /* groups whose second bias stands elsewhere */
    int64_t padding, tail;
    bool apart;                    /* biases: in a table of their own, in every format */
} pack;

int64_t pack_panels(const pack *p);                       /* the last, narrow one too */
int64_t pack_units(const pack *p, int64_t panel);         /* that are real */
int64_t pack_width(const pack *p, int64_t panel);         /* with those that fill up */
int64_t pack_row(const pack *p, int64_t panel);           /* floats of a row: gates * width */
int64_t pack_bias_floats(const pack *p, int64_t panel);   /* of the row of biases */
int64_t pack_offset(const pack *p, int64_t panel, pack_part part); /* where the panel begins */
int64_t pack_matrix(const pack *p, pack_part part);       /* elements of one matrix, with its tail; 0: no such table */
int64_t pack_elements(const pack *p, pack_part part);
/* "in panels of 8 units", or "unit by unit"; `unit` is what a gate's row is called. */
const char *pack_order(arena *a, const pack *p, const char *unit);
/* Where element i of the matrix, row-major, lies among its floats; biases apart, one matrix. */
int64_t pack_place_of(const pack *p, int64_t i);
/* Which part has the rows of biases. */
pack_part pack_part_of_biases(const pack *p);
/* Is a param there, and in the struct? Is one of a pack's? */
static inline bool pack_param_lives(const ir_param *p) { return p && ir_param_lives(p); }
bool pack_lives(const pack *p);
/* Terms in a block of its sums. */
static inline int64_t pack_block(const pack *p) { return p->format == FORMAT_INT8 ? FORMAT_BLOCK : COST_BLOCK; }
/* Does the matrix lie in the same order in both, biases apart? */
bool pack_same_order(const pack *a, const pack *b);
/* Do the matrix's elements lie as in the param? */
bool pack_is_row_major(const pack *p);
/* int8: floats that a row of the terms takes when it is quantised (runtime/narrow.h); of other formats 0. */
int64_t pack_quantised(const pack *p);
/* Whether every value that the part is made of is finite: tables print differently if not. */
bool pack_finite(const pack *p, pack_part part);
/* pack_elements() elements of that part of the pack `context`: floats; codes as int16_t, uint16_t or uint8_t; scales as
 * float, or uint16_t (bfloat16) of int8. */
void pack_fill_floats(void *context, float *values);
void pack_fill_codes(void *context, float *values);
void pack_fill_scales(void *context, float *values);
void pack_fill_biases(void *context, float *values);

#endif
