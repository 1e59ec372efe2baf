/* product: rows of input times packed weights -> rows of output, in panels and register tiles.
 *
 * Used for Linear and for all products of recurrent layers but the step of one row. Each output is bias, then the terms
 * in ascending order as tile.h says; rows, tiles and vectors change nothing about that order.
 */
#ifndef NNC_KERNELS_PRODUCT_H
#define NNC_KERNELS_PRODUCT_H

#include "kernels/tile.h"

typedef struct {
    const choice_product *choice; /* sums start from its pack's biases if all column groups have one, else from zero */
    weight_tables table;          /* the packed weights */
    const char *x, *y;            /* pointers to the first row */
    cexpr *x_row, *y_row;         /* floats from one row to the next */
    cexpr *rows;                  /* how many; what the choice knows, where it does */
    const char *terms_name;       /* a constant that is the pack's terms, for loops to end at; NULL: the number */
    int64_t y_columns;            /* floats a unit has in y: 1, or what the gates of a row need */
    const char *quantised;        /* int8: a pointer to room for all rows of x, pack_quantised() floats each */
    const char *turn;             /* a variable: where it is odd, the panels are taken backwards; NULL: never */
} product;

void product_emit(emit_context *e, cblock *b, const product *p);

/* Rows of input times packed columns: y[row][j] = start + sum of the terms, for floats [0, columns) of a panel's
 * row. x and y are pointers to the rows. */
typedef enum { PRODUCT_FROM_ZERO, PRODUCT_FROM_BIAS, PRODUCT_FROM_Y } product_start;

typedef struct {
    choice_tile tile;
    const char *x[COST_ROWS];   /* row r begins at x[r] + x_offset[r] */
    int64_t x_offset[COST_ROWS];
    cexpr *y[COST_ROWS];
    weight_tables weights;      /* weights_rows of the panel */
    int64_t panel;              /* which it is, or is like */
    int64_t columns;            /* of a row of weights, those that y takes */
    int64_t terms;
    cexpr *end;                 /* the expression for terms */
    product_start start;
    const char *column;         /* name for the column's loop */
} product_block;

void product_emit_block(emit_context *e, cblock *b, const product_block *p);
/* What loops call a panel; one unit alone is no panel. */
const char *product_panel_name(const pack *p);
/* Declares it, or another part, which is i, or last - i where the variable `turn` is odd: what a loop over i begins
 * with that takes the parts backwards every other time. */
void product_declare_part(emit_context *e, cblock *b, const char *name, const char *turn, cexpr *last);

#endif
