/* product: rows of input times packed weights -> rows of output, in panels, blocks of terms and register tiles.
 *
 * Used for Linear, for the input's share of a recurrent layer's gates and for proj_size. Each output is bias, then the
 * terms in ascending order, in blocks of COST_BLOCK (a block's sum starts at zero where there is more than one block);
 * rows, tiles and vectors change nothing about that order. */
#ifndef NNC_EMIT_PRODUCT_H
#define NNC_EMIT_PRODUCT_H

#include "emit/pack.h"
#include "emit/tile.h"

typedef struct {
    const pack *pack;
    cexpr *table;               /* address of the packed weights */
    const char *x, *y;          /* pointers to the first row */
    cexpr *x_row, *y_row;       /* floats from one row to the next */
    cexpr *rows;                /* how many */
    const char *terms_name;     /* a constant that is pack->terms, for loops to end at; NULL: the number */
    int64_t y_columns;          /* floats a unit has in y: 1, or what the gates of a row of z need */
    bool padded;                /* y has room for the units that only fill up a panel */
    int64_t full_rows;          /* the largest number of rows, where it is known to be small; 0: unknown */
} product;

void product_emit(emit_context *e, cblock *b, const product *p);

/* Rows of input times one block of packed columns: y[row][j] += sum of the terms, for floats [0, columns) of a panel's
 * row. x and y are pointers to the rows. */
typedef struct {
    unsigned rows;
    const char *x[COST_ROWS];   /* row r begins at x[r] + x_offset[r] */
    int64_t x_offset[COST_ROWS];
    cexpr *y[COST_ROWS];
    cexpr *weights;             /* the row of term 0 */
    int64_t width, columns;     /* floats of a row of weights; of it, those that y takes */
    unsigned vectors, chains;
    tile_terms terms;
    cexpr *bias;                /* the sums start here and y is written; NULL: they start at zero, and */
    bool accumulate;            /* y is added to, or written */
    bool unroll_terms;
    const char *column;         /* name for the column's loop */
} product_block;

void product_emit_block(emit_context *e, cblock *b, const product_block *p);
/* The chains of a product with so many columns: a narrow one must have several to keep the processor busy. */
unsigned product_chains(const emit_context *e, int64_t columns, int64_t terms);
/* Packed weights as a table of the model: NAME. */
cexpr *product_table(emit_context *e, const pack *p, const char *name, const char *comment);

#endif
