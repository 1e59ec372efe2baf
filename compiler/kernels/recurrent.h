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

/* What a function of one step may take: tables, */
typedef enum { RECURRENT_W_IH, RECURRENT_W_HH, RECURRENT_W_HN, RECURRENT_W_HR, RECURRENT_TABLES } recurrent_table;
extern const char *const recurrent_table_names[RECURRENT_TABLES]; /* "w_ih" */

/* and behind them, in this order. */
typedef enum {
    RECURRENT_X,                /* fused: the step's row of x */
    RECURRENT_GATES,            /* the input's share of all gates */
    RECURRENT_SUMS,             /* of a batch: the product with the rows of h */
    RECURRENT_H, RECURRENT_C, RECURRENT_OUT,
    RECURRENT_KEPT,             /* for training, the sums; */
    RECURRENT_CELLS,            /* and c */
    RECURRENT_NEXT,             /* room for the next h, or for what is multiplied before it is made */
    RECURRENT_Q_X, RECURRENT_Q, /* int8: room for x quantised, and for what else a step multiplies */
    RECURRENT_TURN,             /* where it is odd, the panels are taken backwards */
    RECURRENT_PARAMETERS
} recurrent_parameter;

/* Such a function. Its parameters and what calls pass for them follow from this, so they cannot disagree. */
typedef struct {
    const char *name;
    weight_tables tables[RECURRENT_TABLES];  /* this layer's; without a pack: it takes no such */
    const char *types[RECURRENT_PARAMETERS]; /* NULL: it takes no such */
} recurrent_callee;

typedef struct {
    emit_context *e;
    const plan_kernel *k;
    const ir_attrs *attrs;
    const choice_recurrent *c; /* for the current body */
    const char *label;
    const char *shape, *title; /* lstm_128 and "LSTM of 128 units", or the label twice */
    weight_tables tables[RECURRENT_TABLES]; /* without a pack: there is no such table */
    /* names of constants: rows of gates and sums, inputs, hidden, projected (or hidden's, where there is no projection)
     */
    const char *row_constant, *sums_constant, *inputs_constant, *hidden_constant, *projected_constant;
    recurrent_product input_product, hidden_product, candidate_product, output_product;
    recurrent_callee step;         /* of one row */
    recurrent_callee reset, cells; /* of a batch, for one row of it */
} recurrent;

/* --- recurrent_function.c --- */
/* Adds the product's function, if no other is like it, and notes its name, which is SHAPE_WHAT at first. */
void recurrent_emit_product(const recurrent *r, recurrent_product *p, const char *what);
/* rows, x_row and y_row only count where the function takes them. */
void recurrent_emit_product_call(const recurrent *r, cblock *b, const recurrent_product *p, cexpr *rows, cexpr *x,
                                 cexpr *x_row, cexpr *y, cexpr *y_row);
/* A function of the shape, without a name yet. `known` becomes what its tables are in its body. */
cfunction *recurrent_begin(const recurrent *r, const recurrent_callee *c, const char *comment, weight_tables *known);
/* Ends it, and notes its name, or that of one that is like it. */
void recurrent_end(const recurrent *r, cfunction *f, recurrent_callee *c, const char *what);
/* values: of each parameter that it takes. */
void recurrent_emit_call(const recurrent *r, cblock *b, const recurrent_callee *c, cexpr *const *values);

/* `name` where rows that this pack is multiplied with are quantised, else NULL. */
static inline const char *recurrent_quantised(const pack *p, const char *name) {
    return p && p->format == FORMAT_INT8 ? name : NULL;
}
/* Does a step quantise what it multiplies, h among it? */
static inline bool recurrent_quantises_h(const recurrent *r) {
    return recurrent_quantised(r->c->hidden_pack, "h") || recurrent_quantised(r->c->output, "next");
}

/* recurrent_step.c: adds the function of one time step of one row. */
void recurrent_emit_step(recurrent *r);

/* recurrent_batch.c: adds the functions of one time step of a batch. h_row: floats from one row of h to the next, NULL
 * if known only at run time. */
void recurrent_emit_batch(recurrent *r, cexpr *h_row);

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
