/* recurrent: what the files of the RECURRENT emitter share; nobody else includes it.
 *
 * The kernel itself is the loop over time; what it calls are functions of its shape (cell, sizes, strides, what is
 * chosen), which all layers and directions of that shape share: their tables are parameters. (Those of very small
 * layers know their tables, and are called after the layer.) SHAPE_input is the input's share of all gates for many
 * time steps at once, a blocked product. One row then has SHAPE_step, where the sums start from what the first left and
 * end as complete gates in registers; a batch has SHAPE_recurrent, the product with the rows of h, and SHAPE_cells,
 * which makes c and h of one row from both. */
#ifndef NNC_KERNELS_RECURRENT_H
#define NNC_KERNELS_RECURRENT_H

#include "kernels/product.h"

/* y = W x for rows of x, as a function: NAME(weights, rows, X, X_row, Y, Y_row). What is constant is no parameter. */
typedef struct {
    const char *name, *comment;
    const choice_product *choice;
    weight_tables table;         /* what this layer passes as weights */
    const char *x, *y;           /* names of the parameters */
    cexpr *rows, *x_row, *y_row; /* how many, and floats from one to the next; NULL: a parameter */
    int64_t y_columns;           /* floats a unit has in y */
    const char *terms_name;
    const char *quantised;       /* int8: a parameter, room for the rows of x quantised; NULL: none is needed */
    bool zigzag;                 /* a last parameter, turn: where it is odd, the panels are taken backwards */
} recurrent_product;

typedef struct {
    emit_context *e;
    const plan_kernel *k;
    const ir_attrs *attrs;
    const choice_recurrent *c; /* for the current body */
    const char *label;
    const char *shape, *title; /* lstm_128 and "LSTM of 128 units", or the label twice */
    weight_tables input_table, hidden_table, candidate_table, output_table; /* without a pack: there is no such table */
    /* names of constants: rows of gates and sums, inputs, hidden, projected (or hidden's, where there is no projection)
     */
    const char *row_constant, *sums_constant, *inputs_constant, *hidden_constant, *projected_constant;
    recurrent_product input_product, hidden_product, candidate_product, output_product;
    const char *step_function; /* of one row */
    const char *reset_function, *cells_function; /* of a batch, for one row of it */
    bool cells_take_weights;                     /* W_hh's, for b_hn */
} recurrent;

/* --- recurrent_function.c --- */
/* Adds the product's function, if no other is like it, and notes its name, which is SHAPE_WHAT at first. */
void recurrent_emit_product(const recurrent *r, recurrent_product *p, const char *what);
/* Tables as a function of the shape knows them: as parameters, which are added, or as they are. */
weight_tables recurrent_parameter(const recurrent *r, cfunction *f, const char *name, const weight_tables *table);
/* What a call of it passes for them: the number of arguments so far, and these if they are parameters. */
unsigned recurrent_argument(const recurrent *r, cexpr **arguments, unsigned count, const weight_tables *table);
/* A function of the shape: without a name yet. */
cfunction *recurrent_function(const recurrent *r, const char *comment);
/* Ends it; gives its name, or that of one that is like it. */
const char *recurrent_function_end(const recurrent *r, cfunction *f, const char *what);

/* `name` where rows that this pack is multiplied with are quantised, else NULL. */
static inline const char *recurrent_quantised(const pack *p, const char *name) {
    return p && p->format == FORMAT_INT8 ? name : NULL;
}
/* Does a step quantise what it multiplies, h among it? */
static inline bool recurrent_quantises_h(const recurrent *r) {
    return recurrent_quantised(r->c->hidden_pack, "h") || recurrent_quantised(r->c->output, "next");
}

/* recurrent_step.c: adds the function of one time step of one row, and notes its name. Parameters, each if there:
 * its tables, x (fused), gates, h, c, out, kept, cells (c that is kept), next (room for the next h), turn (zigzag). */
void recurrent_emit_step(recurrent *r);

/* recurrent_batch.c: adds the functions of one time step of a batch, and notes their names. h_row: floats from one row
 * of h to the next, NULL if known only at run time. */
void recurrent_emit_batch(recurrent *r, cexpr *h_row);

/* What a call of the cells function passes for b_hn, which lies in W_hh's tables. */
unsigned recurrent_cells_argument(const recurrent *r, cexpr **arguments, unsigned count);

/* recurrent_cell.c: complete sums -> gates -> c and h. The sums are named by gate, one letter each ("ifgo",
 * "rzn", "a") and `suffix`. */
typedef struct {
    const recurrent *recurrent;
    cblock *block;
    const char *suffix;      /* of this vector's variables */
    cexpr *gates;            /* address of this vector in the first column group of the row of projected inputs */
    int64_t width;           /* floats from one column group to the next */
    cexpr *candidate;        /* GRU that resets after the product: the n of x */
    cexpr *h, *c;            /* addresses of this vector of h and c */
    cexpr *kept, *cells;     /* of its first sum that is kept, and of its c; NULL: none is */
    int64_t lanes;           /* how many of the lanes are real */
} recurrent_cell;

const char *recurrent_gate_letters(const recurrent *r);
/* Give the expression of the new h; c is stored. */
cexpr *recurrent_emit_cell(const recurrent_cell *cell);
/* GRU that resets before the product: gates r and z of a vector; gives r * h and stores z in its place in `gates`. */
cexpr *recurrent_emit_reset(const recurrent_cell *cell);

#endif
