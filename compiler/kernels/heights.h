/* heights: rows in tiles, as a choice_heights says. */
#ifndef NNC_KERNELS_HEIGHTS_H
#define NNC_KERNELS_HEIGHTS_H

#include "kernels/kernel.h"

/* A tile of the rows that begin at n. */
typedef void heights_body(const void *context, cblock *b, cexpr *n, const choice_tile *tile);

typedef struct {
    emit_context *e;
    cexpr *rows;       /* how many; what the choice knows, where it does */
    const char *index; /* the loop's */
    heights_body *body;
    const void *context;
} heights;

/* All rows, which fill a tile. What does not fill the last tile of an unknown number of rows is in it with rows of the
 * one before: they are computed twice, to the same bits, which costs less than taking the rest row by row. */
void heights_loop(const heights *h, cblock *b, const choice_heights *choice);
/* Where rows may be too few for a tile: gives the block that is to take them, by choice->row, and *b becomes the one
 * for enough of them. Else NULL. */
cblock *heights_open_few(const heights *h, cblock **b, const choice_heights *choice);
/* As many rows as only the running program knows, but no fewer than the tile has, in tiles of this
 * shape; of a clamped one there may be fewer, in its last tile too, and the body sees to it. */
void heights_loop_unknown(const heights *h, cblock *b, const choice_tile *tile);

#endif
