/* kernel_recurrent: what the files of the RECURRENT emitter share; nobody else includes it.
 *
 * The layer becomes three functions: LAYER_input, the input's share of all gates for many time steps at once, a blocked
 * product; LAYER_step, one time step of one row (and one for several rows of a batch), where the sums start from what
 * the first left and end as complete gates in registers; and the kernel itself, the loop over time. */
#ifndef NNC_EMIT_KERNEL_RECURRENT_H
#define NNC_EMIT_KERNEL_RECURRENT_H

#include "emit/product.h"

typedef struct {
    emit_context *e;
    const plan_kernel *k;
    const ir_attrs *attrs;
    cost_recurrent cost;
    const char *label;
    bool projects, resets_before, has_cell, has_out;
    pack *input, *hidden, *candidate, *output; /* W_ih; W_hh; reset before: W_hn apart from the rest; proj_size: W_hr */
    cexpr *input_table, *hidden_table, *candidate_table, *output_table;
    /* names of constants: cost.z_row, inputs, hidden, projected (or hidden's, where there is no projection) */
    const char *row_constant, *inputs_constant, *hidden_constant, *projected_constant;
    bool input_rows_constant; /* the input function takes no `rows` */
    bool fused;               /* one step of one row: the input's share is computed in the step */
    bool chained;             /* the new h goes to a row of out, where the next step finds it */
    bool zigzag;              /* every other step takes the panels backwards */
    const char *input_function;
} recurrent;

/* A function that does one time step of so many rows. Parameters, each if there: x (fused), gates, h, c, out, next (room
 * for the next h), turn (zigzag), then the strides of rows that are not constant. */
typedef struct {
    const char *name;
    unsigned rows;
    bool gates, next;
} recurrent_step;

/* kernel_recurrent_step.c: adds the function, named `name`. */
recurrent_step recurrent_emit_step(const recurrent *r, unsigned rows, const char *name);
/* "static void" and what stands before it, for the functions of a layer: a large one stands apart from its caller, a call
 * of a small one would cost more than it brings. */
const char *recurrent_storage(const recurrent *r);
/* The rows' strides, from the views: constant, or NULL when they are not. */
typedef enum { RECURRENT_H, RECURRENT_C, RECURRENT_OUT } recurrent_rows;
const dim *recurrent_row_stride(const recurrent *r, recurrent_rows which);

/* kernel_recurrent_cell.c: complete sums -> gates -> c and h. The sums are named by gate, one letter each ("ifgo",
 * "rzn", "a") and `suffix`. */
typedef struct {
    const recurrent *recurrent;
    cblock *block;
    const char *suffix;      /* of this vector's variables */
    cexpr *gates;            /* address of this vector in the first column group of the row of projected inputs */
    int64_t width;           /* floats from one column group to the next */
    cexpr *candidate;        /* GRU that resets after the product: the n of x */
    cexpr *h, *c;            /* addresses of this vector of h and c */
    int64_t lanes;           /* how many of the lanes are real */
} recurrent_cell;

const char *recurrent_gate_letters(const recurrent *r);
/* Give the expression of the new h; c is stored. */
cexpr *recurrent_emit_cell(const recurrent_cell *cell);
/* GRU that resets before the product: gates r and z of a vector; gives r * h and stores z in its place in `gates`. */
cexpr *recurrent_emit_reset(const recurrent_cell *cell);

#endif
